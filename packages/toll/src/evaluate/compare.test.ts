// Detectors on one table: shared splits, ranks, intervals, and a failure that stops nobody.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, namesOf, table, type Table } from '../base/index.js'
import { detectors, meanDistance, pca, toll, type Detector } from '../detectors/index.js'
import type { Engine } from '../runtime/index.js'
import { compare, renderComparison, type CompareOptions, type Comparison } from './index.js'
import { closeEngines, openEngines } from './node/index.js'
import { resampledMean } from './resampled-mean.js'

let engines: Engine[]
beforeAll(async () => {
  engines = await openEngines({ threads: 1, workers: 2 })
})
afterAll(() => closeEngines(engines))

const labels = Uint8Array.from({ length: 120 }, (_, i) => Number(i % 10 === 0))

/** Two tied columns and a free one; anomalies break the tie, which only detectors that see columns together find. */
function makeTable(): Table {
  const random = Random.seeded(5)
  const a = Float64Array.from(labels, () => random.normal())
  return table(
    ['a', 'b', 'c'],
    [a, a.map((value, i) => value + 0.05 * random.normal() + (labels[i] ? 1.5 : 0)), a.map(() => random.normal())],
  )
}

const data = makeTable()
const run = ({ table = data, labels: given = labels, ...more }: Changes = {}): Promise<Comparison> =>
  compare(table, given, { engines, detectors: [meanDistance, pca], splits: 3, ...more })
type Changes = Partial<CompareOptions> & { readonly table?: Table; readonly labels?: ArrayLike<number> }

/** Without what a clock says. */
const numbersOf = ({ ranking, failed }: Comparison) => ({
  failed,
  ranking: ranking.map(({ fitSeconds: _, scoreSeconds: __, ...compared }) => compared),
})

describe('a mean over splits', () => {
  it('has the interval of Nadeau and Bengio', () => {
    // t at 97.5 % with 2 degrees of freedom; s = 1.
    const half = 4.302652729749464 * Math.sqrt(1 / 3 + 0.5)
    expect(resampledMean([1, 2, 3], 0.5)).toEqual({
      splits: 3,
      mean: 2,
      sd: 1,
      interval: { low: expect.closeTo(2 - half, 10), high: expect.closeTo(2 + half, 10) },
    })
    expect(resampledMean([0.7], 0.5)).toEqual({ splits: 1, mean: 0.7 })
  })
})

describe('compare', () => {
  it('splits each class by itself and ranks by mean AUROC', async () => {
    const result = await run()
    expect(result.rows).toEqual({ all: 120, anomalies: 12, columns: 3, train: 65, test: 48, testAnomalies: 5 })
    expect(result.ranking.map(({ detector }) => detector)).toEqual(['pca', 'mean-distance'])
    const [best, other] = result.ranking
    expect(best.auroc.mean).toBe(1)
    expect(best.behind).toBeUndefined()
    expect(other.behind!.mean).toBeCloseTo(other.auroc.mean - best.auroc.mean, 12)
    expect(other.auroc.splits).toBe(3)
  })

  it('gives the same numbers for the same seed, whatever the number of engines, and others for another', async () => {
    const first = numbersOf(await run())
    expect(numbersOf(await run({ engines: engines.slice(0, 1) }))).toEqual(first)
    expect(numbersOf(await run({ seed: 1 }))).not.toEqual(first)
  })

  it('trains on all rows where that is asked for', async () => {
    expect((await run({ trainOn: 'all', splits: 1 })).rows).toMatchObject({ train: 72, test: 48 })
  })

  it('has a bootstrap interval with one split', async () => {
    const { ranking } = await run({ splits: 1 })
    const {
      auroc: { mean, interval, sd },
    } = ranking[1]
    expect(sd).toBeUndefined()
    expect(interval!.low < mean && mean < interval!.high).toBe(true)
  })

  it('says why a detector failed and ranks the others', async () => {
    const result = await run({
      detectors: [toll, pca],
      parameters: { toll: { steps: 100_000_000 } },
      limit: 0.5,
      splits: 2,
    })
    expect(result.ranking.map(({ detector }) => detector)).toEqual(['pca'])
    expect(result.failed).toEqual([
      {
        detector: 'toll',
        title: expect.any(String),
        split: expect.any(Number),
        code: 'aborted',
        reason: 'time-limit',
        message: expect.stringMatching(/^it took longer than 0\.5 s on split [12]$/),
        details: { option: 'limit', limit: 0.5 },
      },
    ])
    const { text, html, json } = await renderComparison(result, { source: 'rows.csv' })
    for (const shown of [text, html]) expect(shown).toContain('it took longer than 0.5 s')
    expect(JSON.parse(json)).toMatchObject({
      source: 'rows.csv',
      failed: [{ detector: 'toll' }],
      ranking: [{ detector: 'pca' }],
    })
  })

  it('fills gaps with the median of the training rows', async () => {
    const gaps = table(
      namesOf(data.columns),
      data.columns.map(({ values }) => values.map((value, i) => (i % 7 === 3 ? NaN : value))),
    )
    expect((await run({ table: gaps, splits: 1 })).ranking).toHaveLength(2)
  })

  it('compares a detector that is not of this library, and by default all that are', async () => {
    const own = { ...meanDistance, name: 'own', title: 'Own' } as Detector
    const { ranking } = await run({ detectors: [own], splits: 1 })
    expect(ranking).toMatchObject([{ detector: 'own', title: 'Own', auroc: { splits: 1 } }])
    const all = await run({ detectors: undefined, splits: 1, limit: 1 })
    const names = [...all.ranking, ...all.failed].map(({ detector }) => detector)
    expect(names.sort()).toEqual([...detectors.keys()].sort())
  })

  it.each<[string, Changes, string, RegExp]>([
    ['no detector', { detectors: [] }, 'missing-argument', /no detector/],
    ['parameters of an unknown detector', { parameters: { nothing: {} } }, 'unknown-detector', /nothing/],
    ['two of one name', { detectors: [pca, pca] }, 'duplicate-name', /'pca'/],
    ['an unknown parameter', { parameters: { pca: { nothing: 1 } } }, 'unknown-parameter', /'nothing' does not exist/],
    ['a share of 1', { testShare: 1 }, 'out-of-domain', /'testShare'/],
    ['several splits by time', { time: labels, splits: 2 }, 'out-of-domain', /with times there is one split/],
    ['too few labels', { labels: labels.subarray(1) }, 'length-mismatch', /expected 120 labels/],
    ['labels that are none', { labels: labels.map((label) => 2 * label) }, 'invalid-label', /row 1 has 2/],
    ['no anomaly', { labels: new Uint8Array(120) }, 'one-class', /at least 1 anomalies, got 0/],
    ['one normal row', { labels: new Uint8Array(120).fill(1, 1) }, 'too-few-rows', /at least 2 normal rows, got 1/],
    [
      'a table in which all fail',
      { table: table(['a'], [new Float64Array(120).fill(Infinity)]) },
      'no-results',
      /no detector could be compared; mean-distance: .*infinity/,
    ],
  ])('refuses %s', async (_, change, reason, message) => {
    await expect(run(change)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) })
  })
})
