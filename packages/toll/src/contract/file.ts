// What the model file promises: plain ONNX that scores as the library does, in any runtime and after any number of
// loads, in bounded memory, and honest about what it holds.

import type { Table } from '../base/index.js'
import { input, interpret, readModel, topological } from '../graph/index.js'
import { Model, moveThresholds, type Manifest } from '../model/index.js'
import { decodeModel } from '../onnx/index.js'
import { float64, type Engine, type HostTensors } from '../runtime/index.js'
import { demand, demandClose, gridSamples, type Check, type Subject } from './subject.js'

/** Operator sets of which every runtime has kernels; the domain of ai.onnx is ''. */
const plainDomains = ['', 'ai.onnx.ml']

export const fileChecks: readonly Check[] = [
  {
    name: 'save-and-load',
    promise: 'The bytes of a model make a model with the same scores, parts, decisions and manifest, to the bit.',
    async run(subject) {
      const model = await subject.model()
      const loaded = new Model(model.bytes.slice(), subject.engine)
      try {
        const [before, after] = [await model.score(subject.probe), await loaded.score(subject.probe)]
        demandClose(after.score, before.score, 0, 'loaded')
        demandClose(after.isAnomaly, before.isAnomaly, 0, 'decisions of the loaded model')
        for (const name of model.manifest.parts)
          demandClose(after.parts[name], before.parts[name], 0, `part '${name}' of the loaded model`)
        demand(
          JSON.stringify(loaded.manifest) === JSON.stringify(model.manifest),
          'the loaded model has another manifest',
        )
      } finally {
        await loaded.close()
      }
    },
  },
  {
    name: 'plain-onnx',
    promise:
      'The file is plain ONNX, one input per column, and scores the same in ONNX Runtime as in the float64 ' +
      'interpreter.',
    async run(subject) {
      const { bytes, manifest } = await subject.model()
      const { opsets, graph } = decodeModel(bytes)
      const foreign = [...Object.keys(opsets), ...graph.nodes.map(({ domain = '' }) => domain)].find(
        (domain) => !plainDomains.includes(domain),
      )
      demand(foreign === undefined, `the file needs operators of the domain '${foreign}'`)
      const ports = portsOf(manifest)
      demand(
        graph.inputs.map(({ name }) => name).join() === ports.join(),
        `the file takes ${graph.inputs.map(({ name }) => name).join()}, its manifest says ${ports.join()}`,
      )
      const calibrated = manifest.heldBack.source === 'held-back' && manifest.heldBack.scores.length > 0
      const expected = ['score', ...manifest.parts, ...(calibrated ? ['p_value'] : []), 'is_anomaly']
      demand(
        graph.outputs.map(({ name }) => name).join() === expected.join(),
        `the file gives ${graph.outputs.map(({ name }) => name).join()}, expected ${expected.join()}`,
      )

      const feeds = feedsOf(manifest, subject.probe)
      const { outputs } = readModel(bytes)
      const exact = interpret(Object.fromEntries(expected.map((name) => [name, outputs[name]])), feeds)
      const engine = await scoredBy(subject, bytes, feeds)
      const rows = subject.probe.rows
      const tolerance = subject.detector.precision === 'float32' ? 1e-4 : 1e-6
      for (const name of expected.slice(0, -1)) {
        demand(
          engine[name].shape.join() === String(rows),
          `output '${name}' has the shape (${engine[name].shape.join(', ')}), expected (${rows})`,
        )
        // A p-value is a count of held-back scores: rounding of the score moves it by one of them.
        const allowed = name === 'p_value' ? 1 / manifest.heldBack.scores.length : tolerance
        demandClose(
          engine[name].data as Float64Array,
          exact[name].data,
          allowed,
          `output '${name}' in ONNX Runtime against the interpreter`,
        )
      }
      const { score, isAnomaly } = await (await subject.model()).score(subject.probe)
      demandClose(engine.score.data as Float64Array, score, 2e-6, 'the file against the library')
      demandClose(
        engine.is_anomaly.data as Uint8Array,
        isAnomaly,
        0,
        "output 'is_anomaly' of the file against the library",
      )
    },
  },
  {
    name: 'memory',
    promise: 'The file says how many rows one run takes at most, and the library never runs more.',
    async run(subject) {
      const { bytes, manifest } = await subject.model()
      const { largestBatch } = manifest
      demand(
        largestBatch !== undefined && Number.isSafeInteger(largestBatch) && largestBatch >= 1,
        `the manifest's largestBatch is ${largestBatch}`,
      )
      // Smaller than any that a detector of four columns has a reason for, so that a few thousand rows are several
      // runs.
      const limit = Math.min(largestBatch, 1000)
      const batches: number[] = []
      const model = new Model(
        moveThresholds(bytes, { ...manifest, largestBatch: limit }),
        watching(subject.engine, batches),
      )
      const rows = 2 * limit + 1
      const table: Table = {
        kind: 'table',
        rows,
        columns: subject.probe.columns.map((column) => ({
          ...column,
          values: Float64Array.from({ length: rows }, (_, i) => column.values[i % column.values.length]),
        })),
      }
      try {
        const { score } = await model.score(table)
        demand(score.length === rows, `${rows} rows have ${score.length} scores`)
      } finally {
        await model.close()
      }
      demand(
        Math.max(...batches) <= limit && batches.reduce((total, batch) => total + batch, 0) === rows,
        `at a largest batch of ${limit}, ${rows} rows ran as ${batches.join(' + ')}`,
      )
    },
  },
  {
    name: 'summary',
    promise: 'What fitting found is plain JSON of finite numbers.',
    async run(subject) {
      const { summary } = await subject.fitDirectly({ samples: gridSamples(60, 3) })
      demand(Object.keys(summary).length > 0, 'the summary says nothing')
      const problem = impureIn(summary, 'summary')
      demand(problem === undefined, `${problem} is not JSON`)
    },
  },
  {
    name: 'training-rows',
    promise: 'A scorer that holds values of the training rows says so.',
    async run(subject) {
      const samples = gridSamples(100, 3)
      const fitted = await subject.fitDirectly({ samples })
      if (fitted.containsTrainingRows) return
      const { score } = fitted.score(input('x', ['batch', 3], subject.detector.precision))
      const held = new Set<number>()
      for (const node of topological([score])) {
        if (node.op.name === 'constant')
          for (const value of node.attrs.data as Float32Array | Float64Array) held.add(Math.fround(value))
      }
      const means = [0, 1, 2].map((c) =>
        samples.data.reduce((total, value, i) => (i % 3 === c ? total + value / 100 : total), 0),
      )
      for (const [what, centre] of [
        ['', [0, 0, 0]],
        ['centred ', means],
      ] as const) {
        const found = samples.data.filter((value, i) => held.has(Math.fround(value - centre[i % 3]))).length
        demand(
          found < samples.data.length / 2,
          `the scorer holds ${found} of ${samples.data.length} ${what}training values, but ` +
            "'containsTrainingRows' is false",
        )
      }
    },
  },
]

function portsOf({ input: port }: Manifest): string[] {
  return port.kind === 'table' ? port.columns.map((column) => column.input) : [port.input]
}

function feedsOf(manifest: Manifest, table: Table): HostTensors {
  return Object.fromEntries(
    portsOf(manifest).map((name, i) => [name, float64([table.rows, 1], table.columns[i].values)]),
  )
}

async function scoredBy({ scoreOnnx, engine }: Subject, bytes: Uint8Array, feeds: HostTensors): Promise<HostTensors> {
  if (scoreOnnx) return scoreOnnx(bytes, feeds)
  const session = await engine.load({ model: bytes })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

/** The engine, noting the rows of every run. */
function watching(engine: Engine, batches: number[]): Engine {
  return {
    device: engine.device,
    threads: engine.threads,
    close: () => engine.close(),
    async load(program) {
      const session = await engine.load(program)
      return {
        inputs: session.inputs,
        outputs: session.outputs,
        run: (feeds) => {
          batches.push(Object.values(feeds)[0].shape[0])
          return session.run(feeds)
        },
        loop: (options) => session.loop(options),
        close: () => session.close(),
      }
    },
  }
}

/** Where something is no JSON, or undefined. */
function impureIn(value: unknown, path: string): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path} = ${value}`
  if (Array.isArray(value)) return firstOf(value.map((item, i) => () => impureIn(item, `${path}[${i}]`)))
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return firstOf(
      Object.entries(value).map(
        ([key, item]) =>
          () =>
            impureIn(item, `${path}.${key}`),
      ),
    )
  }
  return `${path} (${typeof value})`
}

function firstOf(problems: readonly (() => string | undefined)[]): string | undefined {
  for (const problem of problems) {
    const found = problem()
    if (found !== undefined) return found
  }
  return undefined
}
