// The stages of a fit, seen from outside: the graph is composed once, components are what a detector declares, and a
// threshold changes nothing else in a file.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, TollError, tableFromRows, type Domains } from '../base/index.js'
import { detectorNamed, detectors, type Detector, type Scored } from '../detectors/index.js'
import { abs, add, constant, maxOver, rowNorm, sub, type Tensor } from '../graph/index.js'
import { decodeModel, encodeModel, type OnnxModel } from '../onnx/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { Model, fit, type FitOptions } from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

function madeTable(names: readonly string[] = ['a', 'b'], rows = 100) {
  const random = Random.seeded(1)
  return tableFromRows(
    Array.from({ length: rows }, () => names.map(() => random.normal())),
    names,
  )
}

/** The norm of a row, and its largest value, as components of their sum. */
function parts(x: Tensor): Scored {
  const [norm, largest] = [rowNorm(x), maxOver(abs(x), [1])]
  return {
    score: add(norm, largest),
    components: { norm, largest },
    details: { shifted: sub(x, constant(1, [], 'float64')) },
  }
}

/** A detector that learns nothing, and counts how often its scorer is built. */
function counting(more: Partial<Detector> = {}): { detector: Detector; built: string[] } {
  const built: string[] = []
  return {
    built,
    detector: {
      name: 'parts',
      title: 'Norm and largest value',
      idea: 'Far rows are strange.',
      reference: 'none needed',
      accepts: ['table'],
      precision: 'float64',
      takesWeights: false,
      parameters: {},
      components: () => ['norm', 'largest'],
      details: () => ['shifted'],
      fit: () =>
        Promise.resolve({
          score: (x) => {
            built.push(x.shape.join())
            return parts(x)
          },
          summary: { rows: 1 },
          containsTrainingRows: false,
        }),
      ...more,
    },
  }
}

describe('a fit', () => {
  it.each([100, 10])('composes the graph once, for %d rows', async (rows) => {
    const { detector, built } = counting()
    const model = await fit(madeTable(['a', 'b'], rows), { engine, detector })
    expect(built).toEqual(['batch,2'])
    expect(model.manifest.parts).toEqual(['norm', 'largest'])
    const { score, parts } = await model.score(tableFromRows([[1, 1]], ['a', 'b']))
    expect(parts.norm[0] + parts.largest[0]).toBe(score[0])
  })

  it('builds what was calibrated: the scores in the file are those of the file', async () => {
    const table = madeTable()
    const model = await fit(table, { engine, detector: detectorNamed('knn') })
    const { scores } = model.manifest.heldBack
    const { score, pValue } = await new Model(model.bytes, engine).score(table)
    const found = new Map(Array.from(score, (value, row) => [value, row]))
    expect(scores).toHaveLength(10)
    expect(scores.every((value) => found.has(value))).toBe(true)
    expect(pValue![found.get(scores[9])!]).toBe(2 / 11)
  })

  it.each<[string, Partial<Detector>, RegExp]>([
    [
      'lacks one',
      { components: () => ['norm', 'largest', 'third'] },
      /components 'norm', 'largest', 'third'.* 'norm', 'largest'/,
    ],
    ['has one more', { components: () => ['norm'] }, /components 'norm', its scorer computes 'norm', 'largest'/],
    ['declares none', { components: undefined }, /components none/],
    ['has another detail', { details: () => ['moved'] }, /details 'moved', its scorer computes 'shifted'/],
  ])('refuses a detector whose scorer %s', async (_, more, message) => {
    await expect(fit(madeTable(), { engine, detector: counting(more).detector })).rejects.toMatchObject({
      code: 'argument',
      reason: 'invalid-detector',
      message: expect.stringMatching(message),
    })
  })

  it.each(['score', 'p_value', 'is_anomaly', 'is_anomaly_x', 'threshold', 'threshold_x', 'largest', 'shifted', ''])(
    "refuses a component called '%s', before anything is fitted",
    async (name) => {
      let fits = 0
      const detector = counting({
        components: () => ['norm', 'largest', name],
        fit: () => Promise.reject(new Error(`fit ${++fits}`)),
      }).detector
      const error = await fit(madeTable(), { engine, detector }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'argument', reason: 'reserved-name', details: { value: name } })
      expect(fits).toBe(0)
    },
  )

  it('takes columns that are called like a component or a detail', async () => {
    const { detector } = counting()
    const model = await fit(madeTable(['norm', 'shifted']), { engine, detector })
    expect(decodeModel(model.bytes).graph.inputs.map(({ name }) => name)).toEqual(['norm_', 'shifted_'])
    for (const [name, column] of [
      ['ecod', 'surprise'],
      ['pca', 'coordinates'],
      ['gaussian-mixture', 'joint'],
    ]) {
      const { manifest } = await fit(madeTable(['a', column]), { engine, detector: detectorNamed(name) })
      expect(manifest.input.kind === 'table' && manifest.input.columns[1].input).toBe(`${column}_`)
    }
  })

  it('names the components of every detector of the list as the detector declares them', async () => {
    for (const detector of detectors.values()) {
      const parameters = {
        ...('steps' in detector.parameters && { steps: 3 }),
        ...('length' in detector.parameters && { length: 0.01 }),
      }
      const options = { engine, detector, parameters } as FitOptions<Domains>
      for (const weighted of detector.takesWeights ? [false, true] : [false]) {
        const { manifest } = await fit(madeTable(), {
          ...options,
          ...(weighted && { weights: new Float32Array(100).fill(1) }),
        })
        expect(manifest.parts).toEqual(detector.components?.(manifest.parameters, { weighted }) ?? [])
      }
    }
  })
})

describe('another threshold', () => {
  const bytesOf = (model: OnnxModel, part: Partial<OnnxModel['graph']>) =>
    encodeModel({
      ...model,
      metadata: {},
      graph: { ...model.graph, nodes: [], inputs: [], outputs: [], initializers: [], values: [], ...part },
    })

  it('rewrites the threshold and the manifest, every other byte stays', async () => {
    const model = await fit(madeTable(), { engine, detector: detectorNamed('pca') })
    const moved = model.withThreshold({ kind: 'quantile', quantile: 0.5 })
    const [before, after] = [decodeModel(model.bytes), decodeModel(moved.bytes)]
    const withoutThreshold = ({ graph }: OnnxModel) => graph.initializers.filter(({ name }) => name !== 'threshold')
    for (const part of ['nodes', 'inputs', 'outputs', 'values'] as const)
      expect(bytesOf(after, { [part]: after.graph[part] })).toEqual(bytesOf(before, { [part]: before.graph[part] }))
    expect(bytesOf(after, { initializers: withoutThreshold(after) })).toEqual(
      bytesOf(before, { initializers: withoutThreshold(before) }),
    )
    const { threshold, ...rest } = moved.manifest
    expect(threshold.value).not.toBe(model.manifest.threshold.value)
    expect({ ...rest, threshold: model.manifest.threshold }).toEqual(model.manifest)
    // There and back again is the same file.
    expect(moved.withThreshold({ kind: 'quantile', quantile: 0.99 }).bytes).toEqual(model.bytes)
  })

  it('that has a name is an output beside the others, and goes without a trace', async () => {
    const model = await fit(madeTable(), { engine, detector: detectorNamed('mean-distance') })
    const strict = model.withThreshold({ kind: 'fixed', value: 9 }, { name: 'strict' })
    const outputs = ({ bytes }: Model) => decodeModel(bytes).graph.outputs.map(({ name }) => name)
    expect(outputs(strict)).toEqual([...outputs(model), 'is_anomaly_strict'])
    const nodesOf = ({ bytes }: Model) => decodeModel(bytes).graph.nodes
    expect(nodesOf(strict).slice(0, -1)).toEqual(nodesOf(model))
    expect(decodeModel(strict.withoutThreshold('strict').bytes).graph).toEqual(decodeModel(model.bytes).graph)
  })
})

it('a fit that fails leaves no session open', async () => {
  const open = new Set<number>()
  let count = 0
  const watching: Engine = {
    device: engine.device,
    threads: engine.threads,
    close: () => engine.close(),
    load: async (program) => {
      const session = await engine.load(program)
      const id = count++
      open.add(id)
      return {
        inputs: session.inputs,
        outputs: session.outputs,
        run: (feeds) => session.run(feeds),
        loop: (options) => session.loop(options),
        close: async () => {
          open.delete(id)
          await session.close()
        },
      }
    },
  }
  const refused = fit(madeTable(), { engine: watching, detector: counting().detector, threshold: { kind: 'f-score' } })
  await expect(refused).rejects.toBeInstanceOf(TollError)
  expect([count > 1, open.size]).toEqual([true, 0])
})
