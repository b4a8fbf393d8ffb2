import { describe, expect, it } from 'vitest'
import {
  auroc,
  aurocOf,
  averagePrecision,
  averagePrecisionOf,
  bootstrapInterval,
  bootstrapIntervals,
  confusionOf,
  f1Score,
  histogram,
  meanInterval,
  studentQuantile,
} from './index.js'

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('bootstrap interval', () => {
  const labels = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0))
  const scores = labels.map((label, i) => ((i * 7919) % 397) / 397 + 0.4 * label)

  it('holds the value, is a pure function of its seed, and covers the same replicates for every measure', () => {
    const one = bootstrapInterval(aurocOf, scores, labels, { seed: 3 })
    const both = bootstrapIntervals({ auroc: aurocOf, ap: averagePrecisionOf }, scores, labels, { seed: 3 })
    expect(one.value).toBe(auroc(scores, labels))
    expect(both.ap.value).toBe(averagePrecision(scores, labels))
    expect(both.auroc).toEqual(one)
    expect(one).toMatchObject({ level: 0.95, replicates: 1000 })
    expect(one.low).toBeLessThan(one.value)
    expect(one.high).toBeGreaterThan(one.value)
    expect(bootstrapInterval(aurocOf, scores, labels, { seed: 4 })).not.toEqual(one)
  })

  it('is as wide as the standard error of Hanley and McNeil (1982) says', () => {
    const { value: a, low, high } = bootstrapInterval(aurocOf, scores, labels)
    const [anomalies, normals] = [100, 300]
    const q1 = a / (2 - a)
    const q2 = (2 * a * a) / (1 + a)
    const variance =
      (a * (1 - a) + (anomalies - 1) * (q1 - a * a) + (normals - 1) * (q2 - a * a)) / (anomalies * normals)
    expect((high - low) / (2 * 1.96 * Math.sqrt(variance))).toBeCloseTo(1, 0)
    expect((high + low) / 2).toBeCloseTo(a, 2)
  })

  it('keeps the size of each class: recall of n anomalies is a multiple of 1 / n, exactly distributed', () => {
    // Two anomalies, one above the threshold: a replicate catches 0, 1 or 2 with chances 1/4, 1/2, 1/4.
    const seen = [0, 0, 0]
    bootstrapInterval(
      (counts) => {
        expect(counts.anomalies.reduce((a, b) => a + b)).toBe(2)
        expect(counts.normals.reduce((a, b) => a + b)).toBe(3)
        const caught = confusionOf(counts, 2).truePositives
        seen[caught]++
        return caught / 2
      },
      [1, 3, 0, 0, 2],
      [1, 1, 0, 0, 0],
      { replicates: 4000 },
    )
    expect(seen[0] + seen[1] + seen[2]).toBe(4001)
    // Five standard deviations of the binomial counts.
    expect(Math.abs(seen[1] - 2000)).toBeLessThan(5 * Math.sqrt(4000 / 4))
    expect(Math.abs(seen[0] - 1000)).toBeLessThan(5 * Math.sqrt((4000 * 3) / 16))
  })

  it('has no width where there is nothing to resample', () => {
    expect(bootstrapInterval(aurocOf, [1, 2], [0, 1])).toEqual({
      value: 1,
      low: 1,
      high: 1,
      level: 0.95,
      replicates: 1000,
    })
  })

  it('narrows with the level', () => {
    const wide = bootstrapInterval(aurocOf, scores, labels, { level: 0.99 })
    const narrow = bootstrapInterval(aurocOf, scores, labels, { level: 0.5 })
    expect(wide.low).toBeLessThan(narrow.low)
    expect(wide.high).toBeGreaterThan(narrow.high)
  })

  it('refuses bad options, bad rows and measures that are not finite', () => {
    expect(() => bootstrapInterval(aurocOf, scores, labels, { level: 1 })).toThrow(
      thrown('argument', /'level'.*below 1, got 1/),
    )
    expect(() => bootstrapInterval(aurocOf, scores, labels, { replicates: 0 })).toThrow(
      thrown('argument', /'replicates'/),
    )
    expect(() => bootstrapInterval(aurocOf, scores, labels, { seed: -1 })).toThrow(thrown('argument', /'seed'/))
    expect(() => bootstrapInterval(aurocOf, [1, 2], [0, 0])).toThrow(thrown('data', /both classes/))
    expect(() => bootstrapIntervals({ odd: () => NaN }, scores, labels)).toThrow(thrown('data', /'odd'.*NaN/))
    expect(() => bootstrapInterval((c) => f1Score(confusionOf(c, NaN)), scores, labels)).toThrow(
      thrown('argument', /NaN/),
    )
  })
})

describe('mean interval', () => {
  it('equals scipy: mean, both deviations, Student interval', () => {
    const result = meanInterval([65.4, 61.5, 69.2, 53.8, 76.9])
    expect(result.count).toBe(5)
    expect(result.mean).toBeCloseTo(65.36, 12)
    expect(result.populationSd).toBeCloseTo(7.700025973982169, 12)
    expect(result.sampleSd).toBeCloseTo(8.608890753169078, 12)
    expect(result.interval!.low).toBeCloseTo(54.67065028732066, 11)
    expect(result.interval!.high).toBeCloseTo(76.04934971267937, 11)
    // t = 2.131846786326649 for 0.9 and 4 degrees, confirmed by the incomplete beta function; scipy's own inverse is
    // 5e-9 off here.
    expect(meanInterval([65.4, 61.5, 69.2, 53.8, 76.9], 0.9).interval!.low).toBeCloseTo(
      65.36 - (2.131846786326649 * 8.608890753169078) / Math.sqrt(5),
      11,
    )
  })

  it('keeps the interval inside the range of what is possible', () => {
    const all = meanInterval([0.5, 0.9]).interval!
    expect(all.low).toBeLessThan(0)
    expect(all.high).toBeGreaterThan(1)
    expect(meanInterval([0.5, 0.9], 0.95, { low: 0, high: 1 }).interval).toEqual({ low: 0, high: 1 })
    expect(meanInterval([0.5, 0.9], 0.95, { low: -3, high: 1 }).interval).toEqual({ low: all.low, high: 1 })
  })

  it('of one value has no interval', () => {
    expect(meanInterval([3])).toEqual({ count: 1, mean: 3, populationSd: 0, sampleSd: undefined, interval: undefined })
  })

  it('refuses nothing, NaN and levels outside (0, 1)', () => {
    expect(() => meanInterval([])).toThrow(thrown('data', /none/))
    expect(() => meanInterval([1, NaN])).toThrow(thrown('data', /value 1 is NaN/))
    expect(() => meanInterval([1, 2], 1)).toThrow(thrown('argument', /level/))
    expect(() => meanInterval([1], 0)).toThrow(thrown('argument', /level/))
    expect(() => studentQuantile(0.95, 1.5)).toThrow(thrown('argument', /1\.5/))
  })

  it('Student quantiles equal scipy to 12 digits', () => {
    const expected = {
      1: 12.706204736174694,
      2: 4.302652729749462,
      3: 3.1824463052837078,
      4: 2.7764451051977934,
      9: 2.262157162798205,
      10: 2.2281388519862744,
      99: 1.9842169515864174,
      1000: 1.9623390808264083,
    }
    for (const [degrees, t] of Object.entries(expected))
      expect(studentQuantile(0.95, Number(degrees)) / t).toBeCloseTo(1, 12)
    expect(studentQuantile(0.99, 7)).toBeCloseTo(3.4994832973504924, 11)
    expect(studentQuantile(0.5, 1)).toBeCloseTo(1, 14)
  })
})

describe('histogram', () => {
  const values = [0.1, 0.2, 0.3, 0.3, 0.6, 0.7, 1.0, 0.95, 0.5, 0.25]

  it('equals numpy.histogram, but that 0.6 is on the edge between two bins of 0.2 and not below it', () => {
    expect([...histogram(values, { bins: 5, range: [0, 1] }).counts]).toEqual([1, 4, 1, 2, 2])
    const free = histogram(values, { bins: 3 })
    expect([...free.counts]).toEqual([5, 2, 3])
    expect(free.edges[0]).toBe(0.1)
    expect(free.edges[3]).toBe(1)
    expect([...histogram([2, 2, 2], { bins: 4 }).edges]).toEqual([1.5, 1.75, 2, 2.25, 2.5])
    expect([...histogram([2, 2, 2], { bins: 4 }).counts]).toEqual([0, 0, 3, 0])
  })

  it('counts what lies outside', () => {
    const { counts, below, above } = histogram(values, { bins: 4, range: [0.2, 0.7] })
    expect([...counts]).toEqual([4, 0, 1, 2])
    expect([below, above]).toEqual([1, 2])
  })

  it('puts a value on an edge into the bin right of it, the last edge into the last bin', () => {
    const hundredths = Array.from({ length: 101 }, (_, i) => i / 100)
    expect([...histogram(hundredths, { bins: 10 }).counts]).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 11])
  })

  it('refuses what cannot be counted', () => {
    expect(() => histogram([1, Infinity])).toThrow(thrown('data', /value 1 is Infinity/))
    expect(() => histogram([1, NaN], { range: [0, 1] })).toThrow(thrown('data', /value 1 is NaN/))
    expect(() => histogram([])).toThrow(thrown('data', /range/))
    expect(() => histogram([1], { bins: 0 })).toThrow(thrown('argument', /bins/))
    expect(() => histogram([1], { range: [1, 1] })).toThrow(thrown('argument', /ascend/))
    expect(() => histogram([1], { range: [0, Infinity] })).toThrow(thrown('argument', /finite/))
  })
})
