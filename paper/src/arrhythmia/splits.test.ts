// The split and the floor, exactly: on data made for the test, and against the published facts where TOLL_DATA holds
// the files.

import { describe, expect, it } from 'vitest'
import { ndarray } from 'toll'
import { loadArrhythmia } from './node/index.js'
import { measureScores } from './protocol.js'
import { distanceToMean, randomSplit, shippedSplit, takeFloat32, takeLabels, type ArrhythmiaData } from './splits.js'

/** Rows 0..19: every fourth is anomalous; x = (row, 2 row). */
function smallData(): ArrhythmiaData {
  const y = Uint8Array.from({ length: 20 }, (_, row) => Number(row % 4 === 3))
  return {
    x: ndarray(
      Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? i / 2 : i - 1)),
      [20, 2],
    ),
    y,
    normalOrder: Array.from({ length: 15 }, (_, i) => 14 - i),
    anomalousOrder: [4, 2, 0, 1, 3],
  }
}

describe('the split of the reference code', () => {
  it('takes 20 % for test, 20 % for validation and the other normal rows for training, in the given order', () => {
    // Normal rows are 0 1 2 4 5 6 8 9 10 12 13 14 16 17 18, anomalous 3 7 11 15 19.
    const split = shippedSplit(smallData())
    expect([...split.test]).toEqual([18, 17, 16, 19])
    expect([...split.validation]).toEqual([14, 13, 12, 11])
    expect([...split.train]).toEqual([10, 9, 8, 6, 5, 4, 2, 1, 0])
  })

  it('draws random splits of the same sizes, equal for equal seeds', () => {
    const data = smallData()
    const [a, again, b] = [randomSplit(data, 5), randomSplit(data, 5), randomSplit(data, 6)]
    expect(again).toEqual(a)
    expect(b).not.toEqual(a)
    for (const { train, validation, test } of [a, b]) {
      expect([train.length, validation.length, test.length]).toEqual([9, 4, 4])
      expect(new Set([...train, ...validation, ...test]).size).toBe(17)
      expect([...takeLabels(data, train)]).toEqual(new Array(9).fill(0))
      expect([...takeLabels(data, test)]).toEqual([0, 0, 0, 1])
    }
  })

  it('takes rows and measures the distance to the training mean', () => {
    const data = smallData()
    expect(takeFloat32(data, [3, 1])).toEqual({ shape: [2, 2], data: Float32Array.of(3, 6, 1, 2) })
    // The mean of rows 1 and 3 is (2, 4); row r is |r - 2| sqrt(5) away.
    expect([...distanceToMean(data, [1, 3], [2, 5, 0])]).toEqual([0, 3 * Math.sqrt(5), 2 * Math.sqrt(5)])
  })

  it.each<[string, Partial<ArrhythmiaData>, string, RegExp]>([
    ['labels of another length', { y: [0, 1] }, 'shape', /20, 2.* 2/],
    ['a label that is neither 0 nor 1', { y: new Array(20).fill(2) }, 'data', /label 0 is 2/],
    ['too few anomalies', { y: Uint8Array.from({ length: 20 }, (_, i) => Number(i > 15)) }, 'data', /16 and 4/],
    ['an order of another length', { normalOrder: [0, 1] }, 'shape', /normal rows has 2 entries for 15 rows/],
    ['an order with a row twice', { anomalousOrder: [0, 1, 2, 3, 3] }, 'data', /0 to 4 once/],
  ])('refuses %s', (_, change, code, message) => {
    expect(() => shippedSplit({ ...smallData(), ...change })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
})

const folder = process.env.TOLL_DATA
if (!folder) console.log('skipped: the Arrhythmia facts need TOLL_DATA, a folder with the data sets')

describe.skipIf(!folder)('on the published data', () => {
  it('has the published sizes and floor on the shipped split', async () => {
    const data = await loadArrhythmia({ data: folder })
    expect(data.x.shape).toEqual([452, 274])
    const { train, validation, test } = shippedSplit(data)
    const anomalies = (rows: Int32Array) => takeLabels(data, rows).reduce((sum, label) => sum + label, 0)
    expect([train, validation, test].map((rows) => [rows.length, anomalies(rows)])).toEqual([
      [232, 0],
      [90, 13],
      [90, 13],
    ])
    const floor = measureScores(distanceToMean(data, train, test), takeLabels(data, test))
    expect(floor.f1).toBe(9 / 13)
    expect(floor.auroc).toBeCloseTo(0.8941, 4)
  })

  it('has the published floor over random splits: F1 50.0 with a spread of 10.5, AUROC 80', async () => {
    const data = await loadArrhythmia({ data: folder })
    const floors = Array.from({ length: 300 }, (_, seed) => {
      const { train, test } = randomSplit(data, seed)
      return measureScores(distanceToMean(data, train, test), takeLabels(data, test))
    })
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    // The standard error of 300 splits is 0.6 points of F1.
    expect(Math.abs(100 * mean(floors.map(({ f1 }) => f1)) - 50)).toBeLessThan(2)
    expect(Math.abs(100 * mean(floors.map(({ auroc }) => auroc)) - 80)).toBeLessThan(1.5)
  })
})
