// Model files: every committed format loads and scores as it did, what is damaged or foreign is refused, and disks hold
// whole files only.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, namesOf, tableFromColumns, tableFromRows, type Table } from '../base/index.js'
import { decodeModel, encodeModel, makeNode, type OnnxModel } from '../onnx/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine, openReference } from '../runtime/node/index.js'
import { detectorNamed } from '../detectors/index.js'
import { fit, loadModel, manifestFormat, manifestKey, Model, readManifest, saveModel } from './index.js'

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
afterAll(async () => {
  await engine.close()
  rmSync(scratch, { recursive: true })
})

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
        expect((error as { code: string }).code).toMatch(/format|version|not-found|data|shape|checksum/)
      }
    }
  })
})

describe('a file from elsewhere', () => {
  const columns = (random: Random) =>
    Object.fromEntries(
      ['a', 'threshold_page', 'c'].map((name) => [name, Array.from({ length: 120 }, () => random.integer(1000))]),
    )
  const rows = tableFromColumns({
    ...columns(Random.seeded(1)),
    c: Array.from({ length: 120 }, (_, i) => 'xyz'[i % 3]),
  })
  let whole: Uint8Array
  let onnx: OnnxModel
  beforeAll(async () => {
    const model = await fit(rows, {
      engine,
      detector: detectorNamed('isolation-forest'),
      parameters: { trees: 3 },
      seed: 1,
    })
    whole = model.withThreshold({ kind: 'quantile', quantile: 0.9 }, { name: 'page' }).bytes
    const { metadata, ...rest } = decodeModel(whole)
    onnx = { ...rest, metadata: { [manifestKey]: metadata[manifestKey] } }
  })
  type Loose = Record<string, unknown>
  const withManifest = (change: (manifest: Loose) => void): Uint8Array => {
    const manifest = JSON.parse(onnx.metadata[manifestKey]) as Loose
    change(manifest)
    return encodeModel({ ...onnx, metadata: { [manifestKey]: JSON.stringify(manifest) } })
  }
  const withGraph = (change: (graph: OnnxModel['graph']) => OnnxModel['graph']): Uint8Array =>
    encodeModel({ ...onnx, graph: change(onnx.graph) })
  const metadataWithout = (bytes: Uint8Array) => {
    const { 'toll.sha256': _, ...metadata } = decodeModel(bytes).metadata
    return metadata
  }
  const refusal = (bytes: Uint8Array): unknown => {
    try {
      void new Model(bytes, engine)
    } catch (error) {
      return error
    }
    return undefined
  }
  const refused = (message: RegExp, reason = 'damaged-file') =>
    expect.objectContaining({ name: 'TollError', reason, message: expect.stringMatching(message) as string }) as unknown

  it('has a checksum that any change of a bit breaks, and says where it has none', () => {
    expect(new Model(whole, engine).hasChecksum).toBe(true)
    expect(new Model(encodeModel(onnx), engine).hasChecksum).toBe(false)
    const random = Random.seeded(3)
    const refusedCode = { code: expect.stringMatching(/^(checksum|format)$/) as string }
    const damagedAt = (bit: number) => {
      const damaged = Uint8Array.from(whole)
      damaged[bit >> 3] ^= 1 << (bit & 7)
      return damaged
    }
    const content = 8 * encodeModel({ ...decodeModel(whole), metadata: metadataWithout(whole) }).length
    for (let i = 0; i < 300; i++) {
      const bit = random.integer(content)
      expect(refusal(damagedAt(bit)), `bit ${bit}`).toMatchObject(refusedCode)
    }
    // Of the checksum itself: refused, or no checksum any more, and the same content.
    for (let bit = content; bit < 8 * whole.length; bit++) {
      const damaged = damagedAt(bit)
      const problem = refusal(damaged)
      if (problem === undefined) expect(new Model(damaged, engine).hasChecksum, `bit ${bit}`).toBe(false)
      else expect(problem, `bit ${bit}`).toMatchObject(refusedCode)
    }
    const { metadata, ...rest } = decodeModel(whole)
    const written = encodeModel({ ...rest, metadata: { ...metadata, note: 'by another program' } })
    expect(refusal(written)).toEqual(refused(/changed by another program.*toll\.sha256/, 'wrong-checksum'))
  })

  it('scores with a column that is called like a constant of a threshold', async () => {
    const model = new Model(whole, engine)
    const { alarms, score } = await model.score(rows)
    const { value } = model.manifest.thresholds!.page
    expect([...alarms.page]).toEqual(Array.from(score, (each) => Number(each > value)))
    await model.close()
  })

  it('is refused where manifest and graph disagree', () => {
    const { graph } = onnx
    const number = (key: string, value: unknown) => (manifest: Loose) => {
      ;(manifest.threshold as Loose)[key] = value
    }
    expect(refusal(withManifest(number('value', 0.5)))).toEqual(refused(/decides 'is_anomaly' by .* threshold 0\.5/))
    const renamed = withManifest((manifest) => {
      ;(manifest.input as { columns: Loose[] }).columns[0].input = 'other'
    })
    expect(refusal(renamed)).toEqual(refused(/input 'a'/))
    const withoutScores = withManifest((manifest) => {
      ;(manifest.heldBack as Loose).scores = [0.1, 0.2]
    })
    expect(refusal(withoutScores)).toEqual(refused(/p-value/))
    const unknownPart = withManifest((manifest) => {
      manifest.parts = ['depth']
    })
    expect(refusal(unknownPart)).toEqual(refused(/output 'path_length', of which its manifest knows nothing/))
    const shorter = withGraph(({ nodes, outputs, ...rest }) => ({
      ...rest,
      nodes: [
        ...nodes.map((node) => ({
          ...node,
          inputs: node.inputs.map((name) => (name === 'score' ? 'raw' : name)),
          outputs: node.outputs.map((name) => (name === 'score' ? 'raw' : name)),
        })),
        makeNode('ReduceMax', ['raw'], ['score'], { keepdims: { type: 'int', value: 1 } }),
      ],
      outputs,
    }))
    expect(refusal(shorter)).toEqual(refused(/output 'score' of float64 \(1\), expected float64 \(batch\)/))
    const looped = withGraph(({ nodes, ...rest }) => ({
      ...rest,
      nodes: nodes.map((node) => (node.op === 'Reshape' ? { ...node, op: 'Loop' } : node)),
    }))
    expect(refusal(looped)).toMatchObject({ name: 'TollError', code: 'format' })
    expect(namesOf(graph.inputs as never)).toContain('threshold_page')
  })

  it('is refused when a tree has a cycle', () => {
    const cyclic = withGraph(({ nodes, ...rest }) => ({
      ...rest,
      nodes: nodes.map((node) => {
        const next = node.attributes.nodes_truenodeids
        if (next?.type !== 'ints') return node
        const at = next.value.findIndex((id) => id > 0)
        const value = next.value.map((id, i) => (i === at ? 0 : id))
        return { ...node, attributes: { ...node.attributes, nodes_truenodeids: { type: 'ints' as const, value } } }
      }),
    }))
    expect(refusal(cyclic)).toEqual(refused(/must point forward/, 'unsupported-node'))
  })

  it('is refused with a field for whatever its manifest holds', async () => {
    const paths: string[][] = []
    const walk = (value: unknown, path: string[]) => {
      if (path.length > 0) paths.push(path)
      if (typeof value !== 'object' || value === null) return
      for (const key of Object.keys(value).slice(0, 8)) walk((value as Loose)[key], [...path, key])
    }
    walk(JSON.parse(onnx.metadata[manifestKey]), [])
    const odd = [null, 0, -1, 1.5, 1e300, '', 'x', [], {}, [null], true, 'image', { kind: 'x' }, 2 ** 53]
    const random = Random.seeded(4)
    let count = 0
    for (const path of paths) {
      for (let k = 0; k < 3; k++) {
        const bytes = withManifest((manifest) => {
          let holder: Loose = manifest
          for (const key of path.slice(0, -1)) holder = holder[key] as Loose
          const last = path[path.length - 1]
          if (k === 0) delete holder[last]
          else holder[last] = odd[random.integer(odd.length)]
        })
        const problem = refusal(bytes)
        if (problem !== undefined) {
          expect(problem, path.join('.')).toMatchObject({
            name: 'TollError',
            code: path.join() === 'format' ? (expect.stringMatching(/format|version/) as string) : 'format',
          })
          count++
        } else if (k === 1) {
          const model = new Model(bytes, engine)
          await model.score(rows).finally(() => model.close())
        }
      }
    }
    expect(count).toBeGreaterThan(paths.length)
  })

  it('is refused when its manifest nests too deeply', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    const bytes = encodeModel({ ...onnx, metadata: { [manifestKey]: `{"format":2,"training":${deep}}` } })
    expect(refusal(bytes)).toEqual(refused(/nests more than 200 levels/))
  })
})
