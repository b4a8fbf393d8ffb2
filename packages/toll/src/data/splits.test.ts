import { expect, test } from 'vitest'
import { Random } from '../base/index.js'
import { anomalyLabels, datasets, otherRows, rowsWith, splitRows } from './index.js'

test('a split is seeded, disjoint, complete and sorted', () => {
  const { train, held } = splitRows(100, 0.1, Random.seeded(3))
  expect(splitRows(100, 0.1, Random.seeded(3))).toEqual({ train, held })
  expect([held.length, train.length]).toEqual([10, 90])
  expect([...train, ...held].sort((a, b) => a - b)).toEqual([...Array(100).keys()])
  expect([...train]).toEqual([...train].sort((a, b) => a - b))
  expect(splitRows(5, 0, Random.seeded(1)).held.length).toBe(0)
  expect(() => splitRows(5, 1, Random.seeded(1))).toThrow('at least 0 and below 1, got 1')
})

test('rows by label and the others', () => {
  expect(rowsWith([1, 0, 1, 2], 1)).toEqual(Int32Array.of(0, 2))
  expect(otherRows(4, [2, 0])).toEqual(Int32Array.of(1, 3))
})

test('labels become 0 and 1 where it is clear which is which', () => {
  expect(anomalyLabels(['0', '1.0', ' 1', 0])).toEqual(Uint8Array.of(0, 1, 1, 0))
  expect(anomalyLabels([true, false])).toEqual(Uint8Array.of(1, 0))
  expect(anomalyLabels(['Normal', 'attack', 'normal'])).toEqual(Uint8Array.of(0, 1, 0))
  expect(anomalyLabels(['a', 'b', 'c'], { anomaly: 'B' })).toEqual(Uint8Array.of(0, 1, 0))
  expect(anomalyLabels([3, 1, 2], { anomaly: '2' })).toEqual(Uint8Array.of(0, 0, 1))
  expect(anomalyLabels(['Normal.', 'smurf.', 'neptune.', 'normal.'], { normal: 'normal.' })).toEqual(
    Uint8Array.of(0, 1, 1, 0),
  )
  expect(() => anomalyLabels(['a', 'b'], { normal: 'c' })).toThrow(/no row has the normal label 'c'; labels are a, b/)
  expect(() => anomalyLabels(['a', 'b'], { normal: 'a', anomaly: 'b' })).toThrow(/not both/)
  expect(() => anomalyLabels(['a', 'b'])).toThrow("labels 'a' and 'b' do not say which is the anomaly; name it")
  expect([...anomalyLabels([0, 0]), ...anomalyLabels(['Normal'])]).toEqual([0, 0, 0])
  expect(() => anomalyLabels([1, 1])).toThrow('labels must be two classes, got 1 (1)')
  expect(() => anomalyLabels(['a', 'a'])).toThrow('labels must be two classes, got 1 (a)')
  expect(() => anomalyLabels([0, 1, 2])).toThrow('labels must be two classes, got 3 (0, 1, 2)')
  expect(() => anomalyLabels([0, null])).toThrow('row 2 has no label')
  expect(() => anomalyLabels(['x', 'y'], { anomaly: 'z' })).toThrow("no row has the anomalous label 'z'")
})

test('the registry is complete: addresses, terms, sizes and a checksum for everything', () => {
  expect(datasets.map(({ name }) => name)).toEqual([
    'mnist',
    'fashion-mnist',
    'cifar-10',
    'cifar-100',
    'arrhythmia',
    'toll-splits',
  ])
  for (const { downloads, licence, citation, kind, classes } of datasets) {
    expect([licence, citation].every((text) => text.length > 2)).toBe(true)
    expect((classes?.length ?? 0) > 0).toBe(kind === 'images')
    for (const { urls, files, md5 } of downloads) {
      for (const url of urls) expect(new URL(url).protocol).toMatch(/^https?:$/)
      for (const { sha256, bytes } of files) {
        expect(sha256 ?? md5).toMatch(/^([0-9a-f]{64}|[0-9a-f]{32})$/)
        expect(bytes).toBeGreaterThan(0)
      }
    }
  }
  expect(new Set(datasets.find(({ name }) => name === 'cifar-100')?.classes).size).toBe(100)
})
