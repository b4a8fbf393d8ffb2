// Combination by hand on tiny scores, and ensembles of detectors whose scores are known exactly.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, TollError, integer, type Domains, type NdArray } from '../base/index.js'
import { abs, cast, constant, div, input, interpret, maxOver, rowNorm, sub, type Tensor } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import {
  combine,
  comparable,
  drawGroups,
  ensemble,
  fitScoreScale,
  namedEnsemble,
  normalIndices,
  scoreRanks,
  standardizedScores,
  type Combination,
  type Detector,
  type FittedDetector,
} from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const four = Array.from({ length: 4 }, (_, i) => input(`s${i}`, ['n'], 'float64'))
const values = (outputs: Tensor, rows: readonly (readonly number[])[]) =>
  Array.from(interpret({ y: outputs }, { s: { shape: [rows.length, rows[0].length], data: rows.flat() } }).y.data)

describe('combination', () => {
  const rows = [
    [1, 5, -2, 4],
    [0, 0, 8, -4],
  ]
  const groups = [
    [0, 2],
    [1, 3],
  ]

  it.each<[Combination, number[]]>([
    ['average', [2, 1]],
    ['maximum', [5, 8]],
    // Row 1: maxima of the groups 1 and 5; averages -1/2 and 9/2. Row 2: 8 and 0; 4 and -2.
    ['aom', [3, 4]],
    ['moa', [4.5, 4]],
    ['rank', [2, 1]],
  ])('%s', (how, expected) => {
    const columns = Object.fromEntries(four.map((_, i) => [`s${i}`, { shape: [2], data: rows.map((row) => row[i]) }]))
    expect(Array.from(interpret({ y: combine(four, how, groups) }, columns).y.data)).toEqual(expected)
  })

  it('deals members into groups whose sizes differ by one at most', () => {
    const dealt = drawGroups(11, 4, Random.seeded(1))
    expect(dealt.map((group) => group.length)).toEqual([3, 3, 3, 2])
    expect(dealt.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, i) => i))
    expect(drawGroups(2, 5, Random.seeded(1)).map((group) => group.length)).toEqual([1, 1])
  })
})

describe('a scale of scores', () => {
  const two = input('s', ['n', 2], 'float64')
  const scale = fitScoreScale([Float64Array.of(1, 3, 2, 2), Float64Array.of(0, 0, 0, 8)])

  it('has the mean, the deviation and the distribution of each member', () => {
    expect(scale).toEqual({
      mean: [2, 2],
      sd: [Math.SQRT1_2, Math.sqrt(12)],
      distribution: [
        { scores: Float64Array.of(1, 2, 3), shares: Float64Array.of(1 / 8, 4 / 8, 7 / 8) },
        { scores: Float64Array.of(0, 8), shares: Float64Array.of(3 / 8, 7 / 8) },
      ],
    })
    const standard = values(standardizedScores(two, scale), [
      [2, 2],
      [3, 8],
    ])
    expect(standard[0]).toBe(0)
    expect(standard[2]).toBeCloseTo(Math.SQRT2, 14)
    expect(standard[3]).toBeCloseTo(Math.sqrt(3), 14)
  })

  it('draws outer scores in where asked, unless the others are equal', () => {
    const scores = Float64Array.of(100, 1, 3, 2, 2, 1, 3, 2, 2, -50)
    // -50 counts as 1 and 100 as 3.
    expect(fitScoreScale([scores], 0.2)).toMatchObject({
      mean: [expect.closeTo(2, 12)],
      sd: [expect.closeTo(Math.sqrt(0.6), 12)],
    })
    expect(fitScoreScale([scores])).toMatchObject({ mean: [expect.closeTo(6.6, 12)] })
    const mostlyEqual = Float64Array.of(7, 7, 7, 7, 7, 7, 7, 7, 7, 17)
    expect(fitScoreScale([mostlyEqual], 0.2)).toMatchObject({
      mean: [expect.closeTo(8, 12)],
      sd: [expect.closeTo(3, 12)],
    })
    expect(fitScoreScale([Float64Array.of(1, 5)], 0.9)).toMatchObject({ mean: [3], sd: [2] })
  })

  it('does not jump where scores are tied', () => {
    const valueOf = (differing: number) => {
      const {
        mean: [centre],
        sd: [sd],
      } = fitScoreScale([Float64Array.from({ length: 1000 }, (_, i) => Number(i < differing))], 0.1)
      return (1 - centre) / sd
    }
    for (const count of [49, 50, 51, 52, 60]) expect(valueOf(count) / valueOf(count - 1)).toBeCloseTo(1, 1)
  })

  it('divides by 1 where all scores are equal, and lets infinite ones count as the largest', () => {
    expect(fitScoreScale([Float64Array.of(7, 7, 7)]).sd).toEqual([1])
    expect(fitScoreScale([Float64Array.of(1, Infinity, 3, NaN, -Infinity)]).distribution).toEqual([
      { scores: Float64Array.of(1, 3), shares: Float64Array.of(0.2, 0.7) },
    ])
    expect(fitScoreScale([Float64Array.of(Infinity, Infinity)])).toEqual({
      mean: [0],
      sd: [1],
      distribution: [{ scores: Float64Array.of(0), shares: Float64Array.of(0.5) }],
    })
    expect(() => fitScoreScale([new Float64Array(0)])).toThrow(expect.objectContaining({ code: 'data' }) as Error)
  })

  it('ranks by the share of scores below, linear between them, and never reaches 0 or 1', () => {
    const one = input('s', ['n', 1], 'float64')
    const ranks = (...scores: number[]) =>
      values(
        scoreRanks(one, fitScoreScale([Float64Array.of(1, 2, 4)])),
        scores.map((score) => [score]),
      )
    const close = (actual: number[], expected: number[]) =>
      expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 14))
    close(ranks(1, 1.5, 2, 3, 4), [1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6])
    const sd = Math.sqrt(14 / 9)
    close(ranks(4 + sd, 4 + 3 * sd, 1 - sd), [1 - 1 / 12, 1 - 1 / 24, 1 / 12])
    expect(ranks(Infinity, -Infinity, 1e300)).toEqual([1, 0, 1])
    const far = ranks(5, 50, 500, 5000)
    expect(far.every((rank, i) => rank < 1 && (i === 0 || rank > far[i - 1]))).toBe(true)
  })

  it('gives ties the middle of their ranks, and does not jump at them', () => {
    const one = input('s', ['n', 1], 'float64')
    const tied = fitScoreScale([Float64Array.of(0, 5, 5 + 1e-12, 5, 9)])
    const ranks = values(scoreRanks(one, tied), [[5 - 1e-6], [5], [5 + 1e-6]])
    expect(tied.distribution[0].scores).toHaveLength(3)
    ranks.forEach((rank) => expect(rank).toBeCloseTo(0.5, 6))
    expect(ranks[0] < ranks[1] && ranks[1] < ranks[2]).toBe(true)
    const equal = values(scoreRanks(one, fitScoreScale([Float64Array.of(2, 2)])), [[1], [2], [3], [5]])
    expect(equal).toEqual([0.25, 0.5, 0.75, 0.875])
  })

  it('ranks members of different numbers of scores side by side', () => {
    const ranks = values(scoreRanks(two, scale), [
      [2, 4],
      [3, 8],
      [2.5, 0],
    ])
    const expected = [4 / 8, 5 / 8, 7 / 8, 7 / 8, 5.5 / 8, 3 / 8]
    expected.forEach((rank, i) => expect(ranks[i]).toBeCloseTo(rank, 14))
  })

  it('keeps a thousand knots of a long list', () => {
    const { scores, shares } = fitScoreScale([Float64Array.from({ length: 50_001 }, (_, i) => i)]).distribution[0]
    expect(scores).toEqual(Float64Array.from({ length: 1001 }, (_, i) => 50 * i))
    expect(shares[500]).toBeCloseTo(0.5, 12)
  })

  it('counts a score that is NaN as infinite', () => {
    const [a, b] = [input('a', ['n'], 'float64'), input('b', ['n'], 'float64')]
    const pair = (how: Combination) =>
      Array.from(
        interpret(
          { y: combine(comparable([a, b], scale, how), how, [[0, 1]]) },
          { a: { shape: [1], data: [NaN] }, b: { shape: [1], data: [2] } },
        ).y.data,
      )
    expect(pair('average')).toEqual([Infinity])
    expect(pair('maximum')).toEqual([Infinity])
    expect(pair('rank')[0]).toBeLessThan(1)
  })
})

/** Distance from the first kept training row, in units of `unit`: exact, and told apart by its summary. */
const anchored: Detector<{ unit: ReturnType<typeof integer> }> = {
  name: 'anchored',
  title: 'Distance from a row',
  idea: 'Far from the first row is strange.',
  reference: 'none',
  accepts: ['table', 'image'],
  precision: 'float64',
  takesWeights: true,
  parameters: { unit: integer({ default: 1, min: 1, doc: 'Unit.' }) } satisfies Domains,
  fit: async (data, { unit }, { seed, onProgress }) => {
    const [, d] = data.samples.shape
    const first = normalIndices(data)[0]
    const row = Float64Array.from(data.samples.data.subarray(first * d, (first + 1) * d))
    onProgress?.({ step: 1, steps: 2, values: { loss: unit } })
    return fitted(
      (x) => div(rowNorm(sub(x, constant(row, [1, d], 'float64'))), unit),
      { seed, rows: normalIndices(data).length, given: data.samples.shape[0] },
      true,
    )
  },
}

/** The largest absolute value, in float32. */
const largest: Detector = {
  name: 'largest',
  title: 'Largest value',
  idea: 'Large is strange.',
  reference: 'none',
  accepts: ['table'],
  precision: 'float32',
  takesWeights: false,
  parameters: {},
  fit: async (data) => {
    if (!(data.samples.data instanceof Float32Array)) throw new TollError('internal', 'expected float32')
    return fitted((x) => maxOver(abs(x), [1]), {}, false)
  },
}

function fitted(
  score: (x: Tensor) => Tensor,
  summary: Record<string, unknown>,
  containsTrainingRows: boolean,
): FittedDetector {
  return { score: (x) => ({ score: cast(score(x), 'float64') }), summary, containsTrainingRows }
}

const samples = (...rows: readonly (readonly number[])[]): NdArray => ({
  shape: [rows.length, rows[0].length],
  data: Float64Array.from(rows.flat()),
})

/** Scores and components of rows under a fitted detector, by the interpreter. */
function scored(detector: FittedDetector, ...rows: readonly (readonly number[])[]) {
  const x = input('x', ['n', rows[0].length], 'float64')
  const { score, components } = detector.score(x)
  const values = interpret({ ...components, score }, { x: { shape: [rows.length, rows[0].length], data: rows.flat() } })
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, Array.from(data)]))
}

interface Summary {
  readonly members: readonly {
    readonly detector: string
    readonly mean: number
    readonly sd: number
    readonly seed?: number
    readonly rows?: number
    readonly given?: number
  }[]
  readonly rows: { readonly learning: number; readonly standardising: number }
  readonly groups?: readonly (readonly string[])[]
}

describe('an ensemble', () => {
  const square = samples([0, 0], [3, 4], [0, 4], [3, 0])
  const pair = ensemble([{ detector: anchored }, { detector: largest }])
  const defaults = { combination: 'average', groups: 5, standardiseBy: 0.2, subsample: 0 } as const

  it('averages standardised scores, and shows them as parts', async () => {
    const model = await pair.fit({ samples: square }, defaults, { engine, seed: 1 })
    // Distances 0, 5, 4, 3: mean 3, variance 14 / 4. Largest values 0, 4, 4, 3: mean 11 / 4, variance 43 / 16.
    const { score, anchored: distances, largest: values } = scored(model, [3, 4], [6, 8])
    const close = (actual: number[], expected: number[]) =>
      expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 12))
    close(distances, [2 / Math.sqrt(3.5), 7 / Math.sqrt(3.5)])
    close(values, [1.25 / Math.sqrt(43 / 16), 5.25 / Math.sqrt(43 / 16)])
    close(score, [(distances[0] + values[0]) / 2, (distances[1] + values[1]) / 2])
    expect(model.containsTrainingRows).toBe(true)
    expect((model.summary as unknown as Summary).rows).toEqual({ learning: 4, standardising: 4 })
  })

  it('knows no units: a member in thousandths weighs the same', async () => {
    const context = { engine, seed: 1 }
    const thousandths = ensemble([{ detector: anchored, parameters: { unit: 1000 } }, { detector: largest }])
    const [a, b] = [
      await pair.fit({ samples: square }, defaults, context),
      await thousandths.fit({ samples: square }, defaults, context),
    ]
    scored(a, [3, 4], [9, 9]).score.forEach((value, i) =>
      expect(scored(b, [3, 4], [9, 9]).score[i]).toBeCloseTo(value, 12),
    )
  })

  it('standardises by normal rows that no member learned from', async () => {
    const random = Random.seeded(5)
    const many = samples(...Array.from({ length: 110 }, () => [random.normal(), random.normal()]))
    const labels = Uint8Array.from({ length: 110 }, (_, i) => Number(i % 11 === 0))
    const model = await pair.fit({ samples: many, labels }, defaults, { engine, seed: 1 })
    const summary = model.summary as unknown as Summary
    expect(summary.rows).toEqual({ learning: 80, standardising: 20 })
    expect(summary.members[0]).toMatchObject({ detector: 'anchored', rows: 80, given: 90 })
    const whole = await pair.fit({ samples: many, labels }, { ...defaults, standardiseBy: 0 }, { engine, seed: 1 })
    expect((whole.summary as unknown as Summary).rows).toEqual({ learning: 100, standardising: 100 })
  })

  it('learns from a sample of the normal rows, and standardises by all that are held back', async () => {
    const random = Random.seeded(5)
    const many = samples(...Array.from({ length: 110 }, () => [random.normal(), random.normal()]))
    const labels = Uint8Array.from({ length: 110 }, (_, i) => Number(i % 11 === 0))
    const sampled = async (subsample: number) =>
      (await pair.fit({ samples: many, labels }, { ...defaults, subsample }, { engine, seed: 1 }))
        .summary as unknown as Summary
    const summary = await sampled(30)
    expect(summary.rows).toEqual({ learning: 30, standardising: 20 })
    expect(summary.members[0]).toMatchObject({ rows: 30, given: 30 })
    expect(await sampled(30)).toEqual(summary)
    expect(await sampled(80)).toEqual(await sampled(0))
    await expect(sampled(1)).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringMatching(/subsample.*got 1/) as string,
    })
  })

  it('gives every member a seed of its own, the same ones for the same seed', async () => {
    const triple = ensemble([{ detector: anchored }, { detector: anchored }, { detector: anchored }], {
      combination: 'moa',
      groups: 2,
    })
    const parameters = {
      combination: triple.parameters.combination.default,
      groups: triple.parameters.groups.default,
      standardiseBy: 0,
      subsample: 0,
    }
    const seeds = async (seed: number) =>
      ((await triple.fit({ samples: square }, parameters, { engine, seed })).summary as unknown as Summary).members.map(
        (member) => member.seed,
      )
    const [first, again, other] = [await seeds(1), await seeds(1), await seeds(2)]
    expect(new Set([...first, ...other]).size).toBe(6)
    expect(again).toEqual(first)
    const { summary } = await triple.fit({ samples: square }, parameters, { engine, seed: 1 })
    expect((summary as unknown as Summary).groups?.flat().sort()).toEqual(['anchored', 'anchored_2', 'anchored_3'])
  })

  it('forms the groups that members name', async () => {
    const member = (group: number, unit: number) => ({ detector: anchored, parameters: { unit }, group })
    const grouped = ensemble([member(7, 1), { detector: largest, group: 2 }, member(7, 3)])
    const model = await grouped.fit({ samples: square }, { ...defaults, combination: 'moa' }, { engine, seed: 1 })
    expect((model.summary as unknown as Summary).groups).toEqual([['anchored', 'anchored_2'], ['largest']])
    const { score, anchored: first, anchored_2: second, largest: values } = scored(model, [3, 4], [0.1, 4], [6, 0])
    score.forEach((value, i) => expect(value).toBeCloseTo(Math.max((first[i] + second[i]) / 2, values[i]), 12))
    expect(new Set(score.map((value, i) => Math.abs(value - values[i]) < 1e-9)).size).toBe(2)
    expect(() => ensemble([member(1, 1), { detector: largest }])).toThrow(
      /either every member of an ensemble has a group or none has, got 1 of 2/,
    )
  })

  it('reports a thousand steps per member, in rising order', async () => {
    const reports: number[][] = []
    await pair.fit({ samples: square }, defaults, {
      engine,
      seed: 1,
      onProgress: ({ step, steps }) => reports.push([step, steps]),
    })
    expect(reports).toEqual([
      [500, 2000],
      [1000, 2000],
      [2000, 2000],
    ])
  })

  it('takes what all members take', () => {
    expect([pair.accepts, pair.takesWeights, pair.precision]).toEqual([['table'], false, 'float64'])
    const both = ensemble([{ detector: anchored }, { detector: anchored }])
    expect([both.accepts, both.takesWeights]).toEqual([['table', 'image'], true])
  })

  it('refuses one member, no common kind of sample, and parameters that a member refuses', async () => {
    const refusal = (message: RegExp) =>
      expect.objectContaining({ code: 'argument', message: expect.stringMatching(message) }) as Error
    expect(() => ensemble([{ detector: anchored }])).toThrow(refusal(/at least 2 members, got 1/))
    expect(() => ensemble([{ detector: largest }, { detector: { ...anchored, accepts: ['image'] } }])).toThrow(
      refusal(/no kind of sample in common/),
    )
    expect(() => ensemble([{ detector: anchored, parameters: { unit: 0 } }, { detector: largest }])).toThrow(
      refusal(/anchored parameter 'unit'/),
    )
    expect(() => ensemble([{ detector: anchored }, { detector: largest }], { groups: 0 })).toThrow(refusal(/'groups'/))
    const one = { samples: samples([1, 2]) }
    await expect(pair.fit(one, defaults, { engine, seed: 1 })).rejects.toMatchObject({ code: 'data' })
  })

  it('by names takes any list of what is known', async () => {
    const named = namedEnsemble([anchored, largest], ['anchored', 'largest'])
    expect(named.parameters.members).toMatchObject({
      default: ['anchored', 'largest'],
      values: ['anchored', 'largest'],
      fewest: 2,
    })
    const model = await named.fit(
      { samples: square },
      { members: ['largest', 'largest'], ...defaults },
      { engine, seed: 1 },
    )
    expect(Object.keys(scored(model, [1, 2]))).toEqual(['largest', 'largest_2', 'score'])
    expect(model.containsTrainingRows).toBe(false)
  })
})
