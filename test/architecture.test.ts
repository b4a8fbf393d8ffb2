// The rooms and arrows of rooms.json, held against the imports that are really there.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const { problemOf, sources } = (await import(join(root, 'tools', 'rooms.mjs'))) as {
  problemOf: (file: string, specifier: string) => string | undefined
  sources: readonly string[]
}
const filesIn = (source: string) =>
  readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(source, name))
const importPattern =
  /^(?:import|export)\s+(?:type\s+)?(?:\{[^}]*\}|\*(?: as \w+)?|\w+)\s+from\s+'([^']+)'|\bimport\('([^']+)'\)/gm
/** Optional packages are loaded in Node by these functions. */
const loadPattern = /\b(?:loadPackage|packageFile)\('([^']+)'/g
const library = join(root, 'packages', 'toll', 'src')

describe('architecture', () => {
  it('imports only along the arrows, through doors, and packages only from their rooms', () => {
    const problems = sources.flatMap(filesIn).flatMap((file) => {
      const text = readFileSync(file, 'utf8')
      return [...text.matchAll(importPattern), ...text.matchAll(loadPattern)].flatMap(([, still, lazy]) => {
        const specifier = still ?? lazy
        const problem = problemOf(file, specifier)
        return problem ? [`${relative(root, file)}: '${specifier}': ${problem}`] : []
      })
    })
    expect(problems).toEqual([])
  })

  it('refuses what it is there to refuse', () => {
    expect(problemOf(join(library, 'graph', 'x.ts'), '../data/index.js')).toBe(
      "room 'graph' may not import room 'data'",
    )
    expect(problemOf(join(library, 'model', 'x.ts'), '../graph/lower.js')).toBe("import room 'graph' through its door")
    expect(problemOf(join(library, 'model', 'x.ts'), 'onnxruntime-node')).toBe(
      "only runtime may import 'onnxruntime-node'",
    )
    expect(problemOf(join(library, 'model', 'x.ts'), 'node:fs')).toBe(
      'what needs Node stands in packages/toll/src/model/node',
    )
    expect(problemOf(join(library, 'model', 'x.ts'), '../runtime/node/index.js')).toBe(
      "packages/toll/src/model runs in a browser and may not import 'runtime/node'",
    )
    expect(problemOf(join(library, 'model', 'x.ts'), '../../../cli/src/fit.js')).toBe(
      "'../../../cli/src/fit.js' is outside packages/toll/src",
    )
    expect(problemOf(join(library, 'model', 'x.ts'), '#onnxruntime-web')).toBe(
      "'#onnxruntime-web' is a file of another room than model",
    )
    expect(problemOf(join(library, 'model', 'x.ts'), '#nothing')).toBe(
      "'#nothing' is not among the imports of packages/toll/package.json",
    )
    expect(problemOf(join(root, 'packages', 'cli', 'src', 'x.ts'), '@duckdb/node-api')).toBe(
      "packages/cli does not import '@duckdb/node-api' in rooms.json",
    )
  })

  it('names the optional packages that package.json does, with their versions', async () => {
    const { optionalPackages } = (await import(join(root, 'packages', 'toll', 'dist', 'base', 'index.js'))) as {
      optionalPackages: Record<string, { version: string }>
    }
    const manifest = JSON.parse(readFileSync(join(root, 'packages', 'toll', 'package.json'), 'utf8')) as {
      peerDependencies: Record<string, string>
      peerDependenciesMeta: Record<string, { optional: boolean }>
    }
    const versions = Object.fromEntries(Object.entries(optionalPackages).map(([name, { version }]) => [name, version]))
    expect(versions).toEqual(manifest.peerDependencies)
    expect(Object.keys(manifest.peerDependenciesMeta)).toEqual(Object.keys(manifest.peerDependencies))
  })

  it('has a few doors, and one name for one thing at one address', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'packages', 'toll', 'package.json'), 'utf8')) as {
      exports: Record<string, { default: string }>
    }
    const doors = Object.keys(exports).filter((door) => door !== './package.json')
    expect(doors).toEqual([
      '.',
      ...['base', 'data', 'detectors', 'graph', 'metrics', 'node', 'report', 'runtime', 'train'].map((n) => `./${n}`),
    ])
    const addresses = new Map<string, string[]>()
    for (const door of doors) {
      const file = exports[door].default.replace('./dist/', '').replace(/\.js$/, '.ts')
      const text = readFileSync(join(library, file), 'utf8')
      expect(text, file).not.toMatch(/export \*/)
      for (const [, listed, room] of text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)) {
        const names = listed.split(',').map((name) => name.trim().replace(/^type /, ''))
        // The main door repeats what programs need of `base`.
        const shared = door === '.' && room === './base/index.js'
        for (const name of names.filter((name) => name !== '' && !shared))
          addresses.set(name, [...(addresses.get(name) ?? []), door])
      }
    }
    expect([...addresses].filter(([, at]) => at.length > 1)).toEqual([])
    expect(addresses.size).toBeGreaterThan(400)
    expect(addresses.size).toBeLessThanOrEqual(504)
  })

  it('has one version in every published package', async () => {
    const { version } = (await import(join(root, 'packages', 'toll', 'dist', 'base', 'version.js'))) as {
      version: string
    }
    for (const name of ['toll', 'cli']) {
      const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
        version: string
      }
      expect(manifest.version).toBe(version)
    }
  })
})
