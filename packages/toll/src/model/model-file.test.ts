// Model files: every committed format loads and scores as it did, what is damaged or foreign is refused, and disks hold
// whole files only.

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, tableFromColumns, tableFromRows, type Table } from '../base/index.js'
import { decodeModel, encodeModel } from '../onnx/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine, openReference } from '../runtime/node/index.js'
import { loadModel, manifestFormat, manifestKey, Model, readManifest, saveModel } from './index.js'

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'test', 'models')
const formats = readdirSync(folder).filter((name) => name.endsWith('.onnx'))
const scratch = mkdtempSync(join(tmpdir(), 'toll-model-'))

interface Expected {
  readonly names: string[]
  readonly probe: (number | string | null)[][]
  readonly score: number[]
  readonly isAnomaly: number[]
  readonly parts: Record<string, number[]>
  readonly threshold: { readonly value: number }
}

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

function probeOf({ names, probe }: Expected): Table {
  return tableFromColumns(Object.fromEntries(names.map((name, i) => [name, probe.map((row) => row[i]) as number[]])))
}

const close = (actual: ArrayLike<number>, expected: readonly number[], relative: number) =>
  expected.forEach((value, i) => expect(Math.abs(actual[i] - value)).toBeLessThanOrEqual(relative * Math.abs(value)))

describe('every format that was ever written', () => {
  it('has a committed file, the current one too', () => {
    expect(formats).toEqual(Array.from({ length: manifestFormat }, (_, i) => `format-${i + 1}.onnx`))
  })

  it.each(formats)('%s loads and scores as it did', async (name) => {
    const expected = JSON.parse(readFileSync(join(folder, name.replace('.onnx', '.json')), 'utf8')) as Expected
    const model = await loadModel(join(folder, name), { engine })
    const { score, isAnomaly, parts, imputed } = await model.score(probeOf(expected))
    close(score, expected.score, 1e-5)
    expect([...isAnomaly]).toEqual(expected.isAnomaly)
    for (const [part, values] of Object.entries(expected.parts)) close(parts[part], values, 1e-5)
    expect(model.manifest.threshold.value).toBe(expected.threshold.value)
    expect(imputed).toBe(1)
    const reference = await loadModel(join(folder, name), { engine: openReference() })
    close((await reference.score(probeOf(expected))).score, expected.score, 1e-4)
  })
})

describe('a file', () => {
  const bytes = readFileSync(join(folder, formats[formats.length - 1]))
  const withManifest = (change: (manifest: Record<string, unknown>) => void) => {
    const model = decodeModel(bytes)
    const manifest = JSON.parse(model.metadata[manifestKey]) as Record<string, unknown>
    change(manifest)
    return encodeModel({ ...model, metadata: { ...model.metadata, [manifestKey]: JSON.stringify(manifest) } })
  }

  it('keeps its bytes through save and load', async () => {
    const path = join(scratch, 'model.onnx')
    await saveModel(new Model(bytes, engine), path)
    expect(readFileSync(path)).toEqual(bytes)
    expect((await loadModel(path, { engine })).manifest).toEqual(readManifest(bytes))
    expect(readdirSync(scratch)).toEqual(['model.onnx'])
  })

  it('says what is missing, foreign, newer or damaged, and names the file', async () => {
    const refused = async (content: Uint8Array | string, code: string, message: RegExp) => {
      const path = join(scratch, 'model.onnx')
      writeFileSync(path, content)
      await expect(loadModel(path, { engine })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
      })
    }
    await expect(loadModel(join(scratch, 'nothing.onnx'), { engine })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/nothing\.onnx/) as string,
    })
    await expect(loadModel(scratch, { engine })).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/folder/) as string,
    })
    await expect(saveModel(new Model(bytes, engine), join(scratch, 'no', 'such', 'folder.onnx'))).rejects.toMatchObject(
      { code: 'not-found' },
    )
    await refused('', 'format', /model\.onnx/)
    await refused('a,b\n1,2\n', 'format', /model\.onnx/)
    await refused(encodeModel({ ...decodeModel(bytes), metadata: {} }), 'format', /not made by toll/)
    await refused(
      withManifest((manifest) => {
        manifest.format = 99
      }),
      'version',
      /format 99, this version of toll reads up to 2; update toll/,
    )
    await refused(
      withManifest((manifest) => {
        delete manifest.input
      }),
      'format',
      /'input' is missing/,
    )
    await refused(
      withManifest((manifest) => {
        manifest.threshold = { kind: 'quantile' }
      }),
      'format',
      /threshold/,
    )
  })

  it('refuses every truncation and survives mutations', async () => {
    const random = Random.seeded(2)
    for (let length = 0; length < bytes.length; length += 97) {
      expect(() => new Model(bytes.subarray(0, length), engine)).toThrow(
        expect.objectContaining({ name: 'TollError', code: 'format' }),
      )
    }
    const manifestStart = bytes.indexOf(manifestKey)
    for (let i = 0; i < 600; i++) {
      const damaged = Uint8Array.from(bytes)
      for (let k = 0; k <= random.integer(3); k++) {
        const at = i % 2 ? random.integer(bytes.length) : manifestStart + random.integer(bytes.length - manifestStart)
        damaged[at] = random.integer(256)
      }
      try {
        const model = new Model(damaged, engine)
        if (i % 30 === 0)
          await model
            .score(tableFromRows([[20, 0, 1e4]], ['temperature', 'load', 'score']))
            .finally(() => model.close())
      } catch (error) {
        expect(error).toMatchObject({ name: 'TollError' })
        expect((error as { code: string }).code).toMatch(/format|version|not-found|data|shape/)
      }
    }
  })
})
