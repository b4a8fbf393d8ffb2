// One trial of the image protocol on one engine: train, look at validation images at every checkpoint, test the chosen
// checkpoints. Images are scaled by the graph that scores them, and scored in pieces, so that memory does not grow with
// their number.

import { TollError, version, type Engine } from 'toll'
import { quantile, throwIfAborted } from 'toll/base'
import { prepareImage, type ImagePreprocessing } from 'toll/data'
import { constantsOf, tollObjective, tollScore } from 'toll/detectors'
import { input } from 'toll/graph'
import { auroc, averagePrecision } from 'toll/metrics'
import { float32 } from 'toll/runtime'
import { adam, train, type Autoencoder, type CheckpointStore, type Measures, type NamedValues } from 'toll/train'
import { protocolNetwork, type ImageProtocol, type ImageSetting } from './protocol.js'
import {
  choices,
  type Choice,
  type Curve,
  type ImageRecord,
  type NetworkKey,
  type Machine,
  type PartHistogram,
  type TestMeasures,
} from './record.js'
import { pixelRows, type LabelledImages, type OneClassProblem } from './one-class.js'

export interface NetworkTrialOptions {
  readonly engine: Engine
  readonly protocol: ImageProtocol
  readonly problem: OneClassProblem
  readonly key: NetworkKey
  readonly setting: ImageSetting
  readonly id: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** Holds a half-done trial, and nothing once `finished` has its line. */
  readonly checkpoint?: CheckpointStore
  readonly signal?: AbortSignal
  readonly onSteps?: (finished: number) => void
}

/** Images scored in one run of the engine. */
export const piece = 32
const bins = 40

/** Parts of the scores of images, in order. */
interface Scores {
  readonly reconstruction: Float64Array
  readonly latentNorm: Float64Array
}

/** Errors: `diverged`, `aborted`, those of the engine. */
export async function runNetworkTrial(options: NetworkTrialOptions): Promise<ImageRecord> {
  const { engine, protocol, problem, key, setting, signal, onSteps, checkpoint } = options
  const network = protocolNetwork(protocol, setting.latent)
  const { preprocessing } = problem
  const score = (values: NamedValues, images: LabelledImages) =>
    scoreImages({ engine, network, preprocessing, signal }, values, images)
  let looked = performance.now()
  const trained = await train({
    engine,
    signal,
    parameters: network.parameters,
    buffers: network.buffers,
    objective: tollObjective(network, key.beta),
    optimizer: adam(),
    data: await prepareSamples(engine, problem),
    batch: setting.batch,
    learningRate: setting.learningRate,
    steps: setting.steps,
    seed: key.seed,
    ...(checkpoint && { checkpoint: { store: checkpoint, every: setting.validateEvery } }),
    onProgress: ({ step }) => onSteps?.(step),
    monitor: {
      every: setting.validateEvery,
      keep: ['auroc'],
      async evaluate(values) {
        const started = performance.now()
        const measures = validationMeasures(
          await score(values, problem.validation),
          problem.validation.labels,
          key.beta,
        )
        const seconds = { trainSeconds: (started - looked) / 1e3, validateSeconds: (performance.now() - started) / 1e3 }
        looked = performance.now()
        return { ...measures, ...seconds }
      },
    },
  })
  const { best, steps, measures } = trained.monitored!
  const chosen: Record<Choice, { step: number; values: NamedValues }> = {
    labelled: best.get('auroc')!,
    last: { step: setting.steps, values: trained.values },
  }
  const started = performance.now()
  const tested = new Map<number, Scores>()
  for (const { step, values } of Object.values(chosen))
    if (!tested.has(step)) tested.set(step, await score(values, problem.test))
  const { test, images, histograms } = testResults(problem, key.beta, chosen, tested)
  const total = (name: string) => round(measures.reduce((sum, at) => sum + at[name], 0))
  return {
    format: 1,
    id: options.id,
    ...key,
    className: problem.train.classes[key.class],
    network: network.name,
    setting,
    images,
    test,
    curve: curveOf(steps, measures, trained.history),
    histograms,
    seconds: {
      train: total('trainSeconds'),
      validate: total('validateSeconds'),
      test: round((performance.now() - started) / 1e3),
    },
    machine: options.machine,
    versions: { toll: version, ...options.versions },
    finished: new Date().toISOString(),
  }
}

async function prepareSamples(engine: Engine, { train: images, preprocessing }: OneClassProblem) {
  const pixels = input('pixels', ['rows', ...preprocessing.shape])
  const session = await engine.load({ outputs: { samples: prepareImage(preprocessing, pixels) } })
  try {
    const { shape, data } = pixelRows(images, 0, images.shape[0])
    const { samples } = await session.run({ pixels: float32(shape, data) })
    return { shape: samples.shape, data: samples.data as Float32Array }
  } finally {
    await session.close()
  }
}

interface Scorer {
  readonly engine: Engine
  readonly network: Autoencoder
  readonly preprocessing: ImagePreprocessing
  readonly signal?: AbortSignal
}

/** Both components, float64, finite. The values stand in the program as constants, which is what makes it fast. */
async function scoreImages(
  { engine, network, preprocessing, signal }: Scorer,
  values: NamedValues,
  { images }: LabelledImages,
): Promise<Scores> {
  const pixels = input('pixels', ['rows', ...preprocessing.shape])
  const { components } = tollScore(network, 1, prepareImage(preprocessing, pixels), constantsOf(network, values))
  const session = await engine.load({ outputs: components })
  const count = images.shape[0]
  const scores = { reconstruction: new Float64Array(count), latentNorm: new Float64Array(count) }
  try {
    for (let from = 0; from < count; from += piece) {
      throwIfAborted(signal)
      const { shape, data } = pixelRows(images, from, Math.min(from + piece, count))
      const result = await session.run({ pixels: float32(shape, data) })
      scores.reconstruction.set(result.reconstruction_error.data as Float64Array, from)
      scores.latentNorm.set(result.latent_norm.data as Float64Array, from)
    }
  } finally {
    await session.close()
  }
  for (const part of Object.values(scores)) {
    const bad = part.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0)
      throw new TollError('loss-not-finite', `the score of image ${bad} is ${part[bad]}; try a lower learning rate`)
  }
  return scores
}

function sum({ reconstruction, latentNorm }: Scores, beta: number): Float64Array {
  return reconstruction.map((error, i) => error + beta * latentNorm[i])
}

function meanWhere(values: Float64Array, labels: Uint8Array, label: number): number {
  let total = 0
  let count = 0
  for (let i = 0; i < values.length; i++) {
    if (labels[i] !== label) continue
    total += values[i]
    count++
  }
  return total / count
}

function validationMeasures(scores: Scores, labels: Uint8Array, beta: number): Measures {
  const { reconstruction, latentNorm } = scores
  return {
    auroc: auroc(sum(scores, beta), labels),
    normalReconstruction: meanWhere(reconstruction, labels, 0),
    normalLatentNorm: meanWhere(latentNorm, labels, 0),
    anomalousReconstruction: meanWhere(reconstruction, labels, 1),
    anomalousLatentNorm: meanWhere(latentNorm, labels, 1),
  }
}

function testResults(
  { train: trainImages, validation, test: { labels } }: OneClassProblem,
  beta: number,
  chosen: Readonly<Record<Choice, { step: number }>>,
  tested: ReadonlyMap<number, Scores>,
): Pick<ImageRecord, 'test' | 'images' | 'histograms'> {
  const measure = (step: number): TestMeasures => {
    const scores = tested.get(step)!
    const score = sum(scores, beta)
    return {
      step,
      auroc: auroc(score, labels),
      averagePrecision: averagePrecision(score, labels),
      aurocReconstruction: auroc(scores.reconstruction, labels),
      aurocLatentNorm: auroc(scores.latentNorm, labels),
    }
  }
  const last = tested.get(chosen.last.step)!
  return {
    test: Object.fromEntries(choices.map((choice) => [choice, measure(chosen[choice].step)])) as Record<
      Choice,
      TestMeasures
    >,
    images: {
      train: trainImages.shape[0],
      validation: validation.labels.length,
      test: labels.length,
      testAnomalies: labels.reduce((total, label) => total + label, 0),
    },
    histograms: {
      reconstruction: partHistogram(last.reconstruction, labels),
      latentNorm: partHistogram(last.latentNorm, labels),
    },
  }
}

/** The range ends at the 0.995 quantile, so that one far image does not flatten the picture. */
function partHistogram(values: Float64Array, labels: Uint8Array): PartHistogram {
  const low = values.reduce((a, b) => Math.min(a, b))
  const end = quantile(values, 0.995)
  const high = end > low ? end : low + 1
  const count = (label: number) => {
    const counts = new Array<number>(bins).fill(0)
    values.forEach((value, i) => {
      if (labels[i] === label) counts[Math.min(bins - 1, Math.floor((bins * (value - low)) / (high - low)))]++
    })
    return counts
  }
  return { range: [round(low), round(high)], normal: count(0), anomalous: count(1) }
}

function curveOf(
  steps: readonly number[],
  measures: readonly Measures[],
  { reconstruction, latentNorm }: Readonly<Record<string, readonly number[]>>,
): Curve {
  const since = (values: readonly number[]) =>
    steps.map((step, i) => {
      const stretch = values.slice(i === 0 ? 0 : steps[i - 1], step)
      return round(stretch.reduce((total, value) => total + value, 0) / stretch.length)
    })
  const column = (name: string) => measures.map((at) => round(at[name]))
  return {
    step: steps,
    trainReconstruction: since(reconstruction),
    trainLatentNorm: since(latentNorm),
    validationAuroc: column('auroc'),
    normalReconstruction: column('normalReconstruction'),
    normalLatentNorm: column('normalLatentNorm'),
    anomalousReconstruction: column('anomalousReconstruction'),
    anomalousLatentNorm: column('anomalousLatentNorm'),
  }
}

/** Six digits: what a curve shows. Measures of the test images are kept whole. */
function round(value: number): number {
  return Number(value.toPrecision(6))
}
