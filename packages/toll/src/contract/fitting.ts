// What fitting promises: the same result for the same seed, no memory of other fits, anomalies left out, weights taken
// or refused, and an end when the caller asks for it.

import { rowCount, type NdArray } from '../base/index.js'
import type { Model } from '../model/index.js'
import {
  demand,
  demandClose,
  demandRefusal,
  demandTyped,
  gridSamples,
  normalTable,
  type Check,
  type Subject,
} from './subject.js'

export const fittingChecks: readonly Check[] = [
  {
    name: 'same-seed',
    promise: 'The same data, parameters and seed give the same file to the bit.',
    async run(subject) {
      const [first, again] = [await subject.model(), await subject.fit(subject.data)]
      demand(sameBytes(first.bytes, again.bytes), 'two fits of the same data with the same seed gave different files')
    },
  },
  {
    name: 'fit-twice',
    promise: 'A fit leaves nothing behind: after fitting other data, fitting again gives what the first fit gave.',
    async run(subject) {
      const samples = gridSamples(120, 3)
      const once = await subject.scoreDirectly(await subject.fitDirectly({ samples }), samples)
      await subject.fitDirectly({ samples: gridSamples(80, 5, 7) }, { seed: 11 })
      const twice = await subject.scoreDirectly(await subject.fitDirectly({ samples }), samples)
      demandClose(twice, once, 0, 'fitted again')
    },
  },
  {
    name: 'labels',
    promise:
      'Rows labelled as anomalies do not enter the fit; labels that are not 0 or 1, or not one per row, are refused.',
    async run(subject) {
      const clean = gridSamples(150, 3)
      const labels = Uint8Array.from({ length: 180 }, (_, i) => Number(i % 6 === 5))
      const polluted = interleaved(clean, labels, 500)
      const expected = await subject.scoreDirectly(await subject.fitDirectly({ samples: clean }), clean)
      const actual = await subject.scoreDirectly(await subject.fitDirectly({ samples: polluted, labels }), clean)
      demandClose(actual, expected, 1e-6, 'fitted with labelled anomalies among the rows')
      const rows = rowCount(subject.probe)
      await demandRefusal(subject.fit(subject.probe, { labels: new Uint8Array(rows).fill(2) }), ['data'], 'labels of 2')
      await demandRefusal(
        subject.fit(subject.probe, { labels: new Uint8Array(rows - 1) }),
        ['shape'],
        'a label too few',
      )
      await demandRefusal(
        subject.fit(subject.probe, { labels: new Uint8Array(rows).fill(1) }),
        ['data'],
        'no normal row',
      )
    },
  },
  {
    name: 'weights',
    promise:
      'Weights of rows change the fit, and negative ones are refused; a detector that does not take weights ' +
      'refuses them all.',
    async run(subject) {
      const rows = rowCount(subject.data)
      if (!subject.detector.takesWeights) {
        await demandRefusal(
          subject.fit(subject.data, { weights: new Float32Array(rows).fill(1) }),
          ['argument'],
          'weights',
        )
        return
      }
      const weights = Float32Array.from({ length: rows }, (_, i) => Number(i % 3 === 0))
      const { score } = await (await subject.fit(subject.data, { weights })).score(subject.probe)
      const { score: plain } = await (await subject.model()).score(subject.probe)
      demand(score.every(Number.isFinite), 'weighted rows gave a score that is not finite')
      demand(
        score.some((value, i) => value !== plain[i]),
        'weights changed no score: they were ignored',
      )
      await demandRefusal(
        subject.fit(subject.data, { weights: weights.map(() => -1) }),
        ['data', 'argument'],
        'negative weights',
      )
      await demandRefusal(
        subject.fit(subject.data, { weights: weights.map(() => NaN) }),
        ['data', 'argument'],
        'weights that are NaN',
      )
      await demandRefusal(
        subject.fit(subject.data, { weights: weights.map(() => 0) }),
        ['data', 'argument'],
        'weights that are all 0',
      )
    },
  },
  {
    name: 'progress',
    promise: 'What a fit reports of its progress rises from 0 to at most its end, with finite values.',
    async run(subject) {
      let last = 0
      await subject.fit(normalTable(120), {
        onProgress: ({ step, steps, values }) => {
          demand(
            Number.isFinite(steps) && step >= last && step <= steps,
            `progress went from ${last} to ${step} of ${steps}`,
          )
          demand(Object.values(values).every(Number.isFinite), `progress reports ${JSON.stringify(values)}`)
          last = step
        },
      })
    },
  },
  {
    name: 'checkpoints',
    promise: 'A fit that keeps checkpoints, stopped and fitted again, ends in the same file to the bit.',
    async run(subject) {
      if (!subject.detector.keepsCheckpoints) return
      const [whole, again] = [await subject.model(), await resumed(subject)]
      demand(sameBytes(whole.bytes, again.bytes), 'the fit that was stopped ended in another file')
    },
  },
  {
    name: 'abort',
    promise:
      'An abort stops a fit with the code aborted: one that has not begun, and one that reports progress ' +
      'before its end.',
    async run(subject) {
      const samples = gridSamples(200, 4)
      await demandRefusal(
        subject.fitDirectly({ samples }, { signal: AbortSignal.abort() }),
        ['aborted'],
        'a fit whose signal has fired',
      )
      const controller = new AbortController()
      let early = false
      const fit = subject.fitDirectly(
        { samples },
        {
          signal: controller.signal,
          onProgress: ({ step, steps }) => {
            early ||= !controller.signal.aborted && step < steps
            controller.abort()
          },
        },
      )
      await fit.then(
        () => {
          demand(!early, 'a fit whose signal fired at its first report went on to its end')
        },
        (error: unknown) => demandTyped(error, ['aborted'], 'a fit whose signal fired while it ran'),
      )
      const model = await subject.model()
      await demandRefusal(
        model.score(subject.probe, { signal: AbortSignal.abort() }),
        ['aborted'],
        'scoring with a signal that has fired',
      )
    },
  },
]

/** A fit that is stopped at its first checkpoint, and fitted again with what it wrote. */
async function resumed(subject: Subject): Promise<Model> {
  const stop = new AbortController()
  let written: Uint8Array | undefined
  let removed = false
  const store = {
    location: 'a checkpoint of the check',
    read: () => Promise.resolve(written),
    due: () => written === undefined,
    write: (bytes: Uint8Array) => {
      written = bytes.slice()
      stop.abort()
      return Promise.resolve()
    },
    remove: () => {
      removed = true
      return Promise.resolve()
    },
  }
  const checkpoint = { store, every: 1 }
  const what = 'a fit that is stopped at its first checkpoint'
  await demandRefusal(subject.fit(subject.data, { checkpoint, signal: stop.signal }), ['aborted'], what)
  demand(written !== undefined, 'the fit wrote no checkpoint')
  const model = await subject.fit(subject.data, { checkpoint })
  demand(removed, 'the checkpoint is still there after the fit')
  return model
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** The clean samples in order where the label is 0, and rows of `far` where it is 1. */
function interleaved(clean: NdArray, labels: Uint8Array, far: number): NdArray<Float64Array> {
  const d = clean.shape[1]
  const data = new Float64Array(labels.length * d).fill(far)
  let next = 0
  labels.forEach((label, row) => {
    if (label === 0) data.set(clean.data.subarray(next * d, ++next * d), row * d)
  })
  return { shape: [labels.length, d], data }
}
