// Known numbers of the real data sets; skipped without the folder that TOLL_DATA names.

import { describe, expect, test } from 'vitest'
import { readMat, readNpy, toFloat64, toIndices } from '../index.js'
import { loadImages, openTable, readArrayFile, readDatasetFile, locateDataset } from './index.js'

const data = process.env.TOLL_DATA
if (!data) console.log('real data sets: skipped, TOLL_DATA names no folder')

describe.skipIf(!data)('real data', () => {
  test('CIFAR-10: records and L1 contrast of the airplanes', async () => {
    const { train, test: held } = await loadImages('cifar-10')
    expect([train.shape, held.shape]).toEqual([
      [50_000, 3, 32, 32],
      [10_000, 3, 32, 32],
    ])
    // x / 255 less its mean, over its mean absolute value: the extremes over class 0.
    let [low, high] = [Infinity, -Infinity]
    for (let i = 0; i < 50_000; i++) {
      if (train.labels[i] !== 0) continue
      const x = Float64Array.from(train.pixels.subarray(i * 3072, (i + 1) * 3072), (value) => value / 255)
      const mean = x.reduce((sum, value) => sum + value, 0) / 3072
      const scale = x.reduce((sum, value) => sum + Math.abs(value - mean), 0) / 3072
      for (const value of x) {
        low = Math.min(low, (value - mean) / scale)
        high = Math.max(high, (value - mean) / scale)
      }
    }
    expect(low).toBeCloseTo(-28.94083453598571, 4)
    expect(high).toBeCloseTo(13.802961825439636, 4)
  })

  test('arrhythmia: 452 x 274 with 66 outliers, and the raw table with 408 missing cells', async () => {
    const bytes = await readDatasetFile('arrhythmia', 'arrhythmia.mat')
    const x = readMat(bytes, 'X')
    const y = readMat(bytes, 'y')
    expect([x.shape, y.shape, toFloat64(y).data.reduce((sum, value) => sum + value, 0)]).toEqual([
      [452, 274],
      [452, 1],
      66,
    ])
    const { files } = await locateDataset('arrhythmia')
    const raw = await (await openTable(files.get('arrhythmia.data') ?? '', { header: false, format: 'csv' })).read()
    expect([raw.rows, raw.columns.length]).toEqual([452, 280])
    const missing = raw.columns.map(({ values }) => values.reduce((sum, value) => sum + Number(Number.isNaN(value)), 0))
    expect(missing.reduce((sum, count) => sum + count, 0)).toBe(408)
    // Without its five incomplete columns and the class the raw table is the ODDS matrix.
    const kept = raw.columns.slice(0, 279).filter((_, c) => missing[c] === 0)
    expect(kept.length).toBe(274)
    expect(kept.every(({ values }, c) => values.every((value, r) => value === x.data[r * 274 + c]))).toBe(true)
  })

  test('split files: unique rows', async () => {
    for (const set of ['cifar10', 'cifar100', 'fmnist', 'mnist']) {
      const rows = toIndices(readNpy(await readDatasetFile('toll-splits', `10000_val_indices_${set}.npy`)), 70_000)
      expect([rows.length, new Set(rows).size]).toEqual([10_000, 10_000])
    }
    for (const [set, count] of [
      ['normal', 386],
      ['anomalous', 66],
    ] as const) {
      const { files } = await locateDataset('toll-splits')
      const order = await readArrayFile(files.get(`randomized_${set}_indices_arrhythmia.npy`) ?? '')
      expect([order.data.length, new Set(order.data).size]).toEqual([count, count])
    }
  })

  test('every ODDS file of the folder reads', async () => {
    const shapes: Record<string, number[]> = {
      cardio: [1831, 21],
      letter: [1600, 32],
      lympho: [148, 18],
      musk: [3062, 166],
      optdigits: [5216, 64],
      pima: [768, 8],
      vowels: [1456, 12],
    }
    for (const [name, shape] of Object.entries(shapes)) {
      expect([name, (await readArrayFile(`${data}/odds/${name}.mat`, { variable: 'X' })).shape]).toEqual([name, shape])
    }
  })
})
