// Detectors on one table: shared splits, ranks, intervals, and a failure that stops nobody.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, table, type Table } from '../base/index.js'
import type { Engine } from '../runtime/index.js'
import {
  compareOnTable,
  renderTableComparison,
  resampledMean,
  type CompareTableOptions,
  type TableComparison,
} from './index.js'
import { closeEngines, openEngines } from './node/index.js'

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
const compare = (more: Partial<CompareTableOptions> = {}): Promise<TableComparison> =>
  compareOnTable({
    data,
    labels,
    engines,
    methods: [{ detector: 'mean-distance' }, { detector: 'pca' }],
    splits: 3,
    ...more,
  })

/** Without what a clock says. */
const numbersOf = ({ methods, failed }: TableComparison) => ({
  failed,
  methods: methods.map(({ fitSeconds: _, scoreSeconds: __, ...method }) => method),
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

describe('compareOnTable', () => {
  it('splits each class by itself and ranks by mean AUROC', async () => {
    const result = await compare()
    expect(result.rows).toEqual({ all: 120, anomalies: 12, columns: 3, train: 65, test: 48, testAnomalies: 5 })
    expect(result.methods.map(({ detector }) => detector)).toEqual(['pca', 'mean-distance'])
    const [best, other] = result.methods
    expect(best.auroc.mean).toBe(1)
    expect(best.behind).toBeUndefined()
    expect(other.behind!.mean).toBeCloseTo(other.auroc.mean - best.auroc.mean, 12)
    expect(other.auroc.splits).toBe(3)
  })

  it('gives the same numbers for the same seed, whatever the number of engines, and others for another', async () => {
    const first = numbersOf(await compare())
    expect(numbersOf(await compare({ engines: engines.slice(0, 1) }))).toEqual(first)
    expect(numbersOf(await compare({ seed: 1 }))).not.toEqual(first)
  })

  it('trains on all rows where that is asked for', async () => {
    expect((await compare({ trainOn: 'all', splits: 1 })).rows).toMatchObject({ train: 72, test: 48 })
  })

  it('has a bootstrap interval with one split', async () => {
    const { methods } = await compare({ splits: 1 })
    const {
      auroc: { mean, interval, sd },
    } = methods[1]
    expect(sd).toBeUndefined()
    expect(interval!.low < mean && mean < interval!.high).toBe(true)
  })

  it('says why a detector failed and ranks the others', async () => {
    const result = await compare({
      methods: [{ detector: 'toll', parameters: { steps: 100_000_000 } }, { detector: 'pca' }],
      limit: 0.5,
      splits: 2,
    })
    expect(result.methods.map(({ detector }) => detector)).toEqual(['pca'])
    expect(result.failed).toEqual([
      {
        detector: 'toll',
        title: expect.any(String),
        failure: expect.stringMatching(/^it took longer than 0\.5 s on split [12]$/),
      },
    ])
    const { text, html, json } = await renderTableComparison(result, { source: 'rows.csv' })
    for (const shown of [text, html]) expect(shown).toContain('it took longer than 0.5 s')
    expect(JSON.parse(json)).toMatchObject({
      source: 'rows.csv',
      failed: [{ detector: 'toll' }],
      methods: [{ detector: 'pca' }],
    })
  })

  it('fills gaps with the median of the training rows', async () => {
    const gaps = table(
      data.names,
      data.columns.map((column) => column.map((value, i) => (i % 7 === 3 ? NaN : value))),
    )
    expect((await compare({ data: gaps, splits: 1 })).methods).toHaveLength(2)
  })

  it.each<[string, Partial<CompareTableOptions>, string, RegExp]>([
    ['no detector', { methods: [] }, 'argument', /no detector/],
    ['an unknown detector', { methods: [{ detector: 'nothing' }] }, 'not-found', /nothing/],
    [
      'an unknown parameter',
      { methods: [{ detector: 'pca', parameters: { nothing: 1 } }] },
      'argument',
      /'nothing' does not exist/,
    ],
    ['a share of 1', { testShare: 1 }, 'argument', /'testShare'/],
    ['too few labels', { labels: labels.subarray(1) }, 'shape', /expected 120 labels/],
    ['no anomaly', { labels: new Uint8Array(120) }, 'data', /at least 1 anomalies, got 0/],
    ['one normal row', { labels: new Uint8Array(120).fill(1, 1) }, 'data', /at least 2 normal rows, got 1/],
    [
      'a table in which all fail',
      { data: table(['a'], [new Float64Array(120).fill(Infinity)]) },
      'data',
      /no detector could be compared; mean-distance: .*infinity/,
    ],
  ])('refuses %s', async (_, change, code, message) => {
    await expect(compare(change)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})
