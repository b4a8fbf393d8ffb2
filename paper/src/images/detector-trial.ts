// One trial of a detector on images, one class being the normal one: pixels to features, fit, scores of the test
// images; for OC-SVM over its grid, with and without a look at labels.

import { TollError, version, type Engine } from 'toll'
import { Random, resolveParameters, throwIfAborted, type Domains, type Values } from 'toll/base'
import { fitImagePreprocessing, prepareImage, rowsWith, takeImages, type ImageSet } from 'toll/data'
import {
  detectorNamed,
  directionsFor,
  fitPrincipalBasis,
  principalCoordinates,
  runDetector,
  type Rows,
} from 'toll/detectors'
import { add, cast, input, matmul, maxOver, mul, reshape, square, sub, sum, type Tensor } from 'toll/graph'
import { auroc, averagePrecision } from 'toll/metrics'
import { float32, float64 } from 'toll/runtime'
import { svmGrid, type DetectorRecipe } from './recipes.js'
import type { DetectorKey, DetectorMeasures, DetectorRecord } from './detector-record.js'
import type { Machine } from './record.js'
import { pixelRows } from './one-class.js'

/** Features of the class that an engine had last: seeds and detectors that share them do not pay for them again. */
export class FeatureCache {
  #name = ''
  #features: { readonly train: Rows; readonly test: Rows } | undefined

  async take(
    name: string,
    prepare: () => Promise<{ train: Rows; test: Rows }>,
  ): Promise<{ readonly train: Rows; readonly test: Rows }> {
    if (!this.#features || this.#name !== name) {
      this.#features = undefined
      this.#features = await prepare()
      this.#name = name
    }
    return this.#features
  }
}

export interface DetectorTrialOptions {
  readonly engine: Engine
  /** Of this engine. */
  readonly features: FeatureCache
  readonly recipe: DetectorRecipe
  readonly key: DetectorKey
  readonly id: string
  readonly images: { readonly train: ImageSet; readonly test: ImageSet }
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Share of the trial that is done, in [0, 1]. */
  readonly onShare?: (share: number) => void
}

/** Images that one run of the engine turns into features. */
const piece = 256

/**
 * Errors: `data` for a class with fewer than two training images, or test images of one kind; those of the detector;
 * `aborted`.
 */
export async function runDetectorTrial(options: DetectorTrialOptions): Promise<DetectorRecord> {
  const { engine, recipe, key, images, signal } = options
  const trainRows = rowsWith(images.train.labels, key.class)
  if (trainRows.length < 2)
    throw new TollError(
      'too-few-rows',
      `${trainRows.length} training images are of class ${key.class}; at least 2 are needed`,
    )
  const labels = Uint8Array.from(images.test.labels, (label) => Number(label !== key.class))
  const started = performance.now()
  const [scale, variance] = [recipe.scale[key.dataset], recipe.variance]
  const { train, test } = await options.features.take(`${key.class} ${scale} ${variance}`, () =>
    prepareFeatures({ engine, scale, variance, signal }, takeImages(images.train, trainRows), images.test),
  )
  const prepared = performance.now()
  const measured = await (recipe.tuned === 'nothing' ? runPlain : runGrid)(options, { train, test, labels })
  return {
    format: 2,
    id: options.id,
    ...key,
    className: images.train.classes[key.class],
    scale,
    variance,
    features: train.shape[1],
    images: {
      train: trainRows.length,
      test: labels.length,
      testAnomalies: labels.reduce((total, label) => total + label, 0),
    },
    tested: measured,
    seconds: { prepare: (prepared - started) / 1e3, run: (performance.now() - prepared) / 1e3 },
    machine: options.machine,
    versions: { toll: version, ...options.versions },
    finished: new Date().toISOString(),
  }
}

interface Preparation {
  readonly engine: Engine
  readonly scale: 'minmax' | 'contrast'
  readonly variance: number
  readonly signal?: AbortSignal
}

/** Scaled pixels, or their principal components by the training images; both (n, d). */
async function prepareFeatures(
  { engine, scale, variance, signal }: Preparation,
  train: ImageSet,
  test: ImageSet,
): Promise<{ train: Rows; test: Rows }> {
  const preprocessing = fitImagePreprocessing({ shape: train.shape, data: Float64Array.from(train.pixels) }, { scale })
  const size = preprocessing.shape.reduce((product, side) => product * side, 1)
  const pixels = input('pixels', ['rows', ...preprocessing.shape])
  const flat = cast(reshape(prepareImage(preprocessing, pixels), ['rows', size]), 'float64')
  const trainPixels = await runOverImages(engine, pixels, flat, train, signal)
  if (variance === 1) return { train: trainPixels, test: await runOverImages(engine, pixels, flat, test, signal) }
  const basis = await fitPrincipalBasis({ samples: trainPixels }, engine, signal)
  const components = principalCoordinates(flat, basis, directionsFor(basis, variance))
  return {
    train: await runOverImages(engine, pixels, components, train, signal),
    test: await runOverImages(engine, pixels, components, test, signal),
  }
}

async function runOverImages(
  engine: Engine,
  pixels: Tensor,
  features: Tensor,
  images: ImageSet,
  signal?: AbortSignal,
): Promise<Rows> {
  const count = images.shape[0]
  const width = Number(features.shape[1])
  const data = new Float64Array(count * width)
  const session = await engine.load({ inputs: [pixels], outputs: { features } })
  try {
    for (let from = 0; from < count; from += piece) {
      throwIfAborted(signal)
      const rows = pixelRows(images, from, Math.min(from + piece, count))
      data.set(
        (await session.run({ pixels: float32(rows.shape, rows.data) })).features.data as Float64Array,
        from * width,
      )
    }
  } finally {
    await session.close()
  }
  return { shape: [count, width], data }
}

interface Features {
  readonly train: Rows
  readonly test: Rows
  /** 1 = anomaly, of the test images. */
  readonly labels: Uint8Array
}

type Parameters = Partial<Values<Domains>>

async function scoreTest(
  { engine, recipe, key, signal }: DetectorTrialOptions,
  { train, test }: Features,
  parameters: Parameters,
  onFit?: (share: number) => void,
) {
  const {
    scores: [scores],
  } = await runDetector({
    detector: detectorNamed(key.detector),
    parameters: { ...recipe.parameters, ...parameters },
    train,
    scored: [test],
    engine,
    seed: key.seed,
    signal,
    onFit,
  })
  return scores
}

async function runPlain(options: DetectorTrialOptions, features: Features): Promise<DetectorRecord['tested']> {
  const scores = await scoreTest(options, features, {}, options.onShare)
  options.onShare?.(1)
  return { unlabelled: measure(scores, features.labels, options, {}), labelled: [] }
}

/** Every point of the grid is fitted once; then each draw of labelled test images chooses among them. */
async function runGrid(options: DetectorTrialOptions, features: Features): Promise<DetectorRecord['tested']> {
  const { gammas, nus, holdout, draws, nu } = svmGrid
  const { labels, train } = features
  const points = [
    { nu, gamma: 1 / (await largestSquaredDistance(options.engine, train, options.signal)) },
    ...nus.flatMap((one) => gammas.map((gamma) => ({ nu: one, gamma }))),
  ]
  const scored: { nu: number; gamma: number; scores: Float64Array }[] = []
  for (const [i, point] of points.entries()) {
    scored.push({ ...point, scores: await scoreTest(options, features, point) })
    options.onShare?.((i + 1) / points.length)
  }
  const [free, ...grid] = scored
  const random = Random.seeded(options.key.seed).fork('labelled test images')
  const labelled = Array.from({ length: draws }, (): DetectorMeasures => {
    // Of both kinds, so that there is something to choose by on few images too.
    const chosen = new Set(
      [0, 1].flatMap((kind) => {
        const rows = rowsWith(labels, kind)
        return Array.from(random.sample(rows.length, Math.max(1, Math.round(holdout * rows.length))), (i) => rows[i])
      }),
    )
    const [choosing, rest] = [true, false].map((inside) =>
      Array.from(labels.keys()).filter((row) => chosen.has(row) === inside),
    )
    const pick = (values: Float64Array | Uint8Array, rows: readonly number[]) => rows.map((row) => values[row])
    const best = nus.map((one) => {
      const candidates = grid.filter((point) => point.nu === one)
      const areas = candidates.map(({ scores }) => auroc(pick(scores, choosing), pick(labels, choosing)))
      const winner = candidates[areas.indexOf(Math.max(...areas))]
      return measure(pick(winner.scores, rest), pick(labels, rest), options, { nu: winner.nu, gamma: winner.gamma })
    })
    return best.reduce((a, b) => (b.auroc > a.auroc ? b : a))
  })
  return { unlabelled: measure(free.scores, labels, options, { nu: free.nu, gamma: free.gamma }), labelled }
}

function measure(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { recipe, key }: DetectorTrialOptions,
  given: Readonly<Record<string, number>>,
): DetectorMeasures {
  const parameters = resolveParameters(detectorNamed(key.detector).parameters, { ...recipe.parameters, ...given })
  return { auroc: auroc(scores, labels), averagePrecision: averagePrecision(scores, labels), parameters }
}

/** max |x_i - x_j|^2 over rows (n, d), by products of pieces with all. */
async function largestSquaredDistance(
  engine: Engine,
  { shape: [n, d], data }: Rows,
  signal?: AbortSignal,
): Promise<number> {
  const [a, b] = [input('a', ['some', d], 'float64'), input('b', [n, d], 'float64')]
  const squares = (rows: Tensor) => sum(square(rows), [1], true)
  const distances = sub(add(squares(a), reshape(squares(b), [1, n])), mul(matmul(a, b, { transposeB: true }), 2))
  const session = await engine.load({ inputs: [a, b], outputs: { largest: maxOver(distances, [0, 1]) } })
  try {
    let largest = 0
    for (let from = 0; from < n; from += piece) {
      throwIfAborted(signal)
      const to = Math.min(from + piece, n)
      const { largest: found } = await session.run({
        a: float64([to - from, d], data.slice(from * d, to * d)),
        b: float64([n, d], data),
      })
      largest = Math.max(largest, found.data[0] as number)
    }
    return largest
  } finally {
    await session.close()
  }
}
