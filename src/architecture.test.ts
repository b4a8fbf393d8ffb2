// The rooms and arrows of rooms.json, held against the imports that are really there.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { version } from './base/index.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'src')
const { problemOf } = (await import(join(root, 'tools', 'rooms.mjs'))) as { problemOf: (file: string, specifier: string) => string | undefined }
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => join(source, name))
const importPattern = /^(?:import|export)\s+(?:type\s+)?(?:\{[^}]*\}|\*(?: as \w+)?|\w+)\s+from\s+'([^']+)'|\bimport\('([^']+)'\)/gm

describe('architecture', () => {
  it('imports only along the arrows, through doors, and packages only from their rooms', () => {
    const problems = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(importPattern)].flatMap(([, still, lazy]) => {
      const specifier = still ?? lazy
      const problem = problemOf(file, specifier)
      return problem ? [`${relative(root, file)}: '${specifier}': ${problem}`] : []
    }))
    expect(problems).toEqual([])
  })

  it('refuses what it is there to refuse', () => {
    expect(problemOf(join(source, 'graph', 'x.ts'), '../data/index.js')).toBe("room 'graph' may not import room 'data'")
    expect(problemOf(join(source, 'model', 'x.ts'), '../graph/lower.js')).toBe("import room 'graph' through its door")
    expect(problemOf(join(source, 'model', 'x.ts'), 'onnxruntime-node')).toBe("only runtime may import 'onnxruntime-node'")
    expect(problemOf(join(source, 'model', 'x.ts'), 'node:fs')).toBe('what needs Node stands in src/model/node')
    expect(problemOf(join(source, 'model', 'x.ts'), '../runtime/node/index.js')).toBe("src/model runs in a browser and may not import 'runtime/node'")
  })

  it('names every room in the package exports and the right version', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string; exports: Record<string, unknown> }
    const doors = files.map((file) => relative(source, file)).filter((name) => /^(?!cli|server)[^/]+(\/node)?\/index\.ts$/.test(name))
    expect(Object.keys(manifest.exports)).toEqual(expect.arrayContaining(doors.map((name) => `./${dirname(name)}`)))
    expect(version).toBe(manifest.version)
  })
})
