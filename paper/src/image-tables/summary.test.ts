import { describe, expect, it } from 'vitest'
import { digits, makeRecord, type MadeTrial } from '../images/made-records.harness.js'
import {
  compareWithPlain,
  paperTables,
  findUnevenAverages,
  selectTrials,
  summarizeImages,
  type ImageSelection,
} from './index.js'
import { imageProtocols } from '../images/index.js'
import { rankDescending } from './summary.js'

/** Student's t for 95 % with one degree of freedom. */
const t1 = Math.tan(0.475 * Math.PI)

const names = ['a', 'b']
const selection: ImageSelection = {
  protocol: imageProtocols.mnist,
  setting: makeRecord({ class: 0, className: 'a', beta: 0, seed: 0, labelled: 1, last: 1 }).setting,
  classes: names,
}

const trial = (normal: number, beta: number, seed: number, labelled: number, more: Partial<MadeTrial> = {}) =>
  makeRecord({ class: normal, className: names[normal], beta, seed, labelled, last: labelled - 0.1, ...more })

const seeds01 = [trial(0, 1000, 0, 0.9), trial(0, 1000, 1, 0.8), trial(1, 1000, 0, 0.7), trial(1, 1000, 1, 0.9)]

describe('selection', () => {
  it('passes over other data sets, settings and repeated lines, and sorts', () => {
    const records = [
      ...seeds01.toReversed(),
      trial(0, 0, 0, 0.6),
      { ...seeds01[0], test: { ...seeds01[0].test, labelled: { ...seeds01[0].test.labelled, auroc: 0.1 } } },
      trial(0, 1000, 2, 0.5, { dataset: 'fashion-mnist' }),
      trial(0, 1000, 2, 0.5, { setting: { batch: 64 } }),
    ]
    // The records come in reverse, so that the line with 0.1 is the second of its id.
    expect(
      selectTrials(records, selection).map(({ beta, class: normal, seed, test }) => [
        beta,
        normal,
        seed,
        test.labelled.auroc,
      ]),
    ).toEqual([
      [0, 0, 0, 0.6],
      [1000, 0, 0, 0.9],
      [1000, 0, 1, 0.8],
      [1000, 1, 0, 0.7],
      [1000, 1, 1, 0.9],
    ])
  })

  it('refuses two different trials of one key, and classes that the names do not have', () => {
    const other = trial(0, 1000, 0, 0.3, { id: 'other' })
    expect(() => selectTrials([...seeds01, other], selection)).toThrow(
      expect.objectContaining({
        code: 'data',
        message: expect.stringMatching(/and other are both of class 0, beta 1000, seed 0/),
      }),
    )
    expect(() => selectTrials([trial(0, 1, 0, 0.5, { className: 'x' })], selection)).toThrow(
      expect.objectContaining({ code: 'data', message: expect.stringMatching(/class 0 'x', MNIST has 'a' there/) }),
    )
    expect(() => selectTrials([trial(0, 1, 0, 0.5, { class: 2, className: 'c' })], selection)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/has classes 0 to 1/) }),
    )
  })
})

describe('summary', () => {
  it('has mean, standard deviation and interval of each class over its seeds, by both choices', () => {
    const {
      classes: [a, b],
    } = summarizeImages(seeds01, names, 1000)
    expect([a.name, a.seeds, b.name]).toEqual(['a', [0, 1], 'b'])
    expect(a.auroc!.labelled.mean).toBeCloseTo(0.85, 14)
    expect(a.auroc!.labelled.populationSd).toBeCloseTo(0.05, 14)
    // sd with n - 1 is 0.1 / sqrt 2, over sqrt 2 seeds: 0.05.
    expect(a.auroc!.labelled.interval!.low).toBeCloseTo(0.85 - t1 * 0.05, 12) // The upper end, 1.485, is cut.
    expect(a.auroc!.labelled.interval!.high).toBe(1)
    expect(a.auroc!.last.mean).toBeCloseTo(0.75, 14)
  })

  it('averages over classes within a seed, and over the seeds that every class has', () => {
    const { average, classes } = summarizeImages([...seeds01, trial(1, 1000, 2, 0.1)], names, 1000)
    expect(classes[1].seeds).toEqual([0, 1, 2])
    expect(average.seeds).toEqual([0, 1])
    // Seed 0: (0.9 + 0.7) / 2, seed 1: (0.8 + 0.9) / 2.
    expect(average.auroc!.labelled.mean).toBeCloseTo(0.825, 14)
    expect(average.auroc!.labelled.populationSd).toBeCloseTo(0.025, 14)
    expect(average.auroc!.labelled.interval).toEqual({ low: expect.closeTo(0.825 - t1 * 0.025, 12), high: 1 })
  })

  it('leaves blank what did not run', () => {
    const { average, classes } = summarizeImages([trial(0, 1000, 0, 0.9)], names, 1000)
    expect(classes[0].auroc!.labelled).toMatchObject({ mean: 0.9, count: 1, interval: undefined })
    expect(classes[1]).toEqual({ name: 'b', seeds: [] })
    expect(average).toEqual({ seeds: [] })
    expect(summarizeImages(seeds01, names, 10).classes.every(({ auroc }) => auroc === undefined)).toBe(true)
  })
})

describe('paired differences', () => {
  const plain = [trial(0, 0, 0, 0.8), trial(0, 0, 1, 0.78), trial(1, 0, 0, 0.75), trial(1, 0, 5, 0.1)]

  it('are over the seeds that ran both ways', () => {
    const {
      classes: [a, b],
      average,
    } = compareWithPlain([...plain, ...seeds01], names, 1000)
    expect([a.seeds, b.seeds, average.seeds]).toEqual([[0, 1], [0], [0]])
    // 0.1 and 0.02.
    expect(a.difference!.labelled.mean).toBeCloseTo(0.06, 14)
    expect(a.difference!.labelled.populationSd).toBeCloseTo(0.04, 14)
    expect(a.difference!.labelled.interval!.low).toBeCloseTo(0.06 - t1 * 0.04, 12)
    expect([a.plain!.labelled.mean, a.toll!.labelled.mean].map((value) => Number(value.toFixed(12)))).toEqual([
      0.79, 0.85,
    ])
    expect(b.difference!.labelled.mean).toBeCloseTo(-0.05, 14)
    expect(b.difference!.labelled.interval).toBeUndefined()
    // Seed 0: (0.1 - 0.05) / 2.
    expect(average.difference!.last.mean).toBeCloseTo(0.025, 14)
  })

  it('are blank without a pair, and refused for beta 0', () => {
    const { classes, average } = compareWithPlain(seeds01, names, 1000)
    expect(classes[0]).toEqual({ name: 'a', seeds: [] })
    expect(average).toEqual({ seeds: [] })
    expect(() => compareWithPlain(plain, names, 0)).toThrow(
      expect.objectContaining({ code: 'argument', message: expect.stringMatching(/above 0, got 0/) }),
    )
  })
})

it('ranks from the highest, with the mean of their places for ties', () => {
  expect(rankDescending([3, 5, 5, undefined, 1])).toEqual([3, 1.5, 1.5, undefined, 4])
  expect(rankDescending([2, 2, 2])).toEqual([2, 2, 2])
})

describe('the paper', () => {
  const tables = Object.values(paperTables)

  it('has ten classes a column and eleven columns a table', () => {
    for (const { toll, baselines, plain } of tables) {
      expect(baselines).toHaveLength(10)
      for (const { auroc, sd } of [toll, ...baselines, ...(plain ? [plain] : [])]) {
        expect(auroc).toHaveLength(digits.length)
        expect([undefined, digits.length]).toContain(sd?.length)
      }
    }
  })

  it('prints averages that are those of its classes but for six', () => {
    expect(
      tables.map((table) => findUnevenAverages(table).map(({ method, mean }) => [method, Number(mean.toFixed(2))])),
    ).toEqual([
      [
        ['AnoGAN', 91.27],
        ['KDE', 86.93],
        ['MEMGAN', 96.33],
      ],
      [
        ['DAGMM', 53.71],
        ['ALAD', 58.2],
        ['MEMGAN', 65.42],
      ],
    ])
  })

  it('has Toll first on ten and on five classes, as its text says', () => {
    expect(
      tables.map(
        ({ toll, baselines }) =>
          toll.auroc.filter((value, c) => baselines.every(({ auroc }) => auroc[c] <= value)).length,
      ),
    ).toEqual([10, 5])
  })
})
