// Golden files of classical detectors: what scikit-learn scores on hashed rows, and how far ours are from it.
//
//     x[r, c] = u(s, i) + u(s + 1, i) + u(s + 2, i) + u(s + 3, i),  i = r d + c;  column 1 = 0.7 column 0 + 0.3 column
//     1;  rounded to float32.
//     Training rows have s = seed; test rows s = seed + 10, and every fifth from row 0 on is an anomaly: times 1.8,
//     rounded to float32.
//
// A file lists the first scores of the test rows for any of: `ocsvm` and `kde` (several settings each), `pca95`,
// `lof20`, `knn5` (the number in the name is the share of variance in percent, or k), `iforest` (means over 20 seeds),
// and `metrics` of the first kNN's scores and of tied ones.

import type { Engine, NdArray } from 'toll'
import { resolveParameters, type ParameterValue } from 'toll/base'
import { detectors } from 'toll/detectors'
import { input } from 'toll/graph'
import { auroc, averagePrecision, confusion, f1Score, predictShare } from 'toll/metrics'
import type { Reader } from './golden.js'
import { hashed } from './hash.js'

/** One comparison: fine when `deviation` is at most `tolerance`. */
export interface Finding {
  readonly what: string
  readonly deviation: number
  readonly tolerance: number
}

/** Largest absolute difference over the largest absolute value of the reference. */
const scoreTolerance = 1e-4
const forestTolerance = 0.02
const forestSeeds = 20

interface Rows {
  readonly train: NdArray<Float64Array>
  readonly test: NdArray<Float64Array>
  readonly labels: Uint8Array
}

interface Fitted {
  readonly scores: Float64Array
  readonly summary: Readonly<Record<string, unknown>>
}

/** Whether an object read from a golden file is of this format. */
export function isClassical(file: Reader): boolean {
  return file.has('train') && file.has('test')
}

/** Fits every detector that the file has scores of. Errors: `format`. */
export async function* compareClassical(file: Reader, engine: Engine): AsyncGenerator<Finding> {
  const rows = rowsOf(file)
  const run = (detector: string, parameters: Record<string, ParameterValue>, seed = 0) =>
    fitAndScore(engine, detector, parameters, rows, seed)
  const ranking = (what: string, { scores }: Fitted, section: Reader): Finding[] =>
    section.has('auroc')
      ? [
          {
            what: `${what}, AUROC`,
            deviation: Math.abs(auroc(scores, rows.labels) - section.number('auroc')),
            tolerance: scoreTolerance,
          },
        ]
      : []
  let found = 0
  for (const section of file.has('ocsvm') ? file.list('ocsvm') : []) {
    const [nu, gamma, vectors] = ['nu', 'gamma', 'supportVectors'].map((key) => section.number(key))
    const what = `OC-SVM, nu ${nu}, gamma ${gamma}`
    const fitted = await run('oc-svm', { nu, gamma, tolerance: 1e-6 })
    yield scoresAgree(what, fitted.scores, section.numbers('scores'))
    yield {
      what: `${what}, support vectors`,
      deviation: Math.abs((fitted.summary.supportVectors as number) - vectors) / vectors,
      tolerance: 0.01,
    }
    yield* ranking(what, fitted, section)
    found++
  }
  for (const section of file.has('kde') ? file.list('kde') : []) {
    const bandwidth = section.number('bandwidth')
    const fitted = await run('kde', { bandwidth })
    yield scoresAgree(`KDE, bandwidth ${bandwidth}`, fitted.scores, section.numbers('scores'))
    yield* ranking(`KDE, bandwidth ${bandwidth}`, fitted, section)
    found++
  }
  for (const { key, number } of numbered(file, 'pca')) {
    const section = file.inside(key)
    const components = section.count('components')
    // With every direction kept, the reference's errors are rounding and ours are not defined: the number of directions
    // is all there is to compare.
    const keepsAll = components >= Math.min(...rows.train.shape)
    const fitted = await run('pca', { variance: number / 100, score: keepsAll ? 'mahalanobis' : 'reconstruction' })
    if (!keepsAll)
      yield scoresAgree(`PCA, ${number} % of the variance`, fitted.scores, section.numbers('reconstructionError'))
    yield {
      what: `PCA, ${number} %, components`,
      deviation: Math.abs((fitted.summary.components as number) - components),
      tolerance: 0,
    }
    found++
  }
  for (const { key, number } of numbered(file, 'lof')) {
    const fitted = await run('lof', { k: number })
    yield scoresAgree(
      `LOF, k ${number}`,
      fitted.scores.map((factor) => factor - 1.5),
      file.inside(key).numbers('scores'),
    )
    yield* ranking(`LOF, k ${number}`, fitted, file.inside(key))
    found++
  }
  for (const [i, { key, number }] of numbered(file, 'knn').entries()) {
    const fitted = await run('knn', { k: number })
    yield scoresAgree(`kNN, k ${number}`, fitted.scores, file.inside(key).numbers('scores'))
    yield* ranking(`kNN, k ${number}`, fitted, file.inside(key))
    // One set of measures stands in the file: that of the first.
    if (i === 0 && file.has('metrics')) yield* neighbourMetrics(fitted.scores, rows.labels, file.inside('metrics'))
    found++
  }
  if (file.has('iforest')) {
    yield await forest(
      file.inside('iforest').numbers('meanScores'),
      async (seed) => (await run('isolation-forest', {}, seed)).scores,
    )
    found++
  }
  if (file.has('metrics')) {
    yield* tiedMetrics(file.inside('metrics'))
    found++
  }
  if (found === 0) throw file.refuse('one of ocsvm, kde, pca95, lof20, knn5, iforest, metrics')
}

async function forest(
  expected: readonly number[],
  scoresOf: (seed: number) => Promise<Float64Array>,
): Promise<Finding> {
  const mean = new Float64Array(expected.length)
  for (let seed = 0; seed < forestSeeds; seed++) {
    const scores = await scoresOf(seed)
    for (let i = 0; i < mean.length; i++) mean[i] += scores[i] / forestSeeds
  }
  const deviation = Math.max(...expected.map((value, i) => Math.abs(mean[i] - value)))
  return { what: `isolation forest, mean of ${forestSeeds} seeds`, deviation, tolerance: forestTolerance }
}

function* neighbourMetrics(scores: Float64Array, labels: Uint8Array, metrics: Reader): Generator<Finding> {
  const measured = {
    averagePrecisionKnn: () => averagePrecision(scores, labels),
    f1At20Percent: () => f1Score(confusion(predictShare(scores, 0.8), labels)),
  }
  yield* measuresAgree(metrics, measured)
}

function* tiedMetrics(metrics: Reader): Generator<Finding> {
  const [scores, labels] = [metrics.numbers('tiedScores'), Uint8Array.from(metrics.numbers('labels'))]
  yield* measuresAgree(metrics, {
    aurocWithTies: () => auroc(scores, labels),
    averagePrecisionWithTies: () => averagePrecision(scores, labels),
  })
}

function* measuresAgree(metrics: Reader, measured: Readonly<Record<string, () => number>>): Generator<Finding> {
  for (const [name, measure] of Object.entries(measured)) {
    if (metrics.has(name)) yield { what: name, deviation: Math.abs(measure() - metrics.number(name)), tolerance: 1e-9 }
  }
}

function scoresAgree(what: string, scores: ArrayLike<number>, expected: readonly number[]): Finding {
  const largest = Math.max(...expected.map(Math.abs))
  // A NaN stays one: Math.max spreads it.
  return {
    what,
    deviation: Math.max(...expected.map((value, i) => Math.abs(scores[i] - value))) / largest,
    tolerance: scoreTolerance,
  }
}

/** The keys of a name followed by a number. */
function numbered(file: Reader, name: string): { key: string; number: number }[] {
  return file
    .keys()
    .filter((key) => new RegExp(`^${name}\\d+$`).test(key))
    .map((key) => ({ key, number: Number(key.slice(name.length)) }))
}

async function fitAndScore(
  engine: Engine,
  name: string,
  given: Record<string, ParameterValue>,
  { train, test }: Rows,
  seed: number,
): Promise<Fitted> {
  const detector = detectors.get(name)!
  const fitted = await detector.fit({ samples: train }, resolveParameters(detector.parameters, given), { engine, seed })
  const x = input('x', ['batch', test.shape[1]], 'float64')
  const session = await engine.load({ inputs: [x], outputs: { score: fitted.score(x).score } })
  try {
    const { score } = await session.run({ x: { dtype: 'float64', shape: test.shape, data: test.data } })
    return { scores: score.data as Float64Array, summary: fitted.summary }
  } finally {
    await session.close()
  }
}

function rowsOf(file: Reader): Rows {
  const seed = file.number('seed')
  const [train, test] = ['train', 'test'].map((key): readonly [number, number] => {
    const shape = file.numbers(key)
    if (shape.length !== 2 || !shape.every((size) => Number.isInteger(size) && size >= 2))
      throw file.refuse(`rows and columns, at least 2 of each, in '${key}'`)
    return [shape[0], shape[1]]
  })
  if (train[1] !== test[1]) throw file.refuse("as many columns in 'test' as in 'train'")
  const labels = Uint8Array.from({ length: test[0] }, (_, row) => Number(row % 5 === 0))
  const rows = hashedRows(test, seed + 10)
  const stretched = rows.data.map((value, i) => (labels[Math.floor(i / test[1])] ? Math.fround(1.8 * value) : value))
  return { train: hashedRows(train, seed), test: { shape: rows.shape, data: stretched }, labels }
}

function hashedRows([n, d]: readonly [number, number], seed: number): NdArray<Float64Array> {
  const data = Float64Array.from(
    { length: n * d },
    (_, i) => hashed(seed, i) + hashed(seed + 1, i) + hashed(seed + 2, i) + hashed(seed + 3, i),
  )
  for (let row = 0; row < n; row++) data[row * d + 1] = 0.7 * data[row * d] + 0.3 * data[row * d + 1]
  return { shape: [n, d], data: data.map(Math.fround) }
}
