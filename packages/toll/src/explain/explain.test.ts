// Explanations against what they promise: sums, closed forms, a fine reference integral, planted columns, and the same
// again.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  Random,
  TollError,
  namesOf,
  table,
  tableFromArray,
  tableFromRows,
  takeRows,
  type Table,
} from '../base/index.js'
import { readArrayFile } from '../data/node/index.js'
import { detectorNamed, type Detector, type ScoreExplanation } from '../detectors/index.js'
import { abs, add, constant, mul, reshape, rowNorm, rowNormOperand, slice, tanh } from '../graph/index.js'
import { fit, Model } from '../model/index.js'
import type { NumberSummary } from '../preprocess/index.js'
import { openReference, type Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { describeExplanation, describeMethod, explain, nearestRows, ranked, type Explanation } from './index.js'
import { integrateGradients } from './path-integral.js'
import { explains, readScoreGraph } from './score-graph.js'
import { typicalRow } from './typical.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0)
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Columns of unlike units, the last two tied to the first ones. */
function madeTable(rows: number, seed: number): Table {
  const random = Random.seeded(seed)
  const [a, b, c, d] = Array.from({ length: 4 }, (_, i) =>
    Float64Array.from({ length: rows }, () => 10 ** (i - 1) * (random.normal() + i)),
  )
  const tied = (x: Float64Array, factor: number) =>
    x.map((value, row) => factor * value + b[row] + 0.05 * factor * random.normal())
  return table(['a', 'b', 'c', 'd', 'e', 'f'], [a, b, c, d, tied(a, 30), tied(c, -2)])
}

/** Twelve columns that each follow from the others: mixtures of four factors with noise. */
function factorTable(rows: number, seed: number): Table {
  const random = Random.seeded(seed)
  const loadings = Array.from({ length: 12 }, () => Array.from({ length: 4 }, () => random.normal()))
  const columns = loadings.map(() => new Float64Array(rows))
  for (let row = 0; row < rows; row++) {
    const factors = Array.from({ length: 4 }, () => random.normal())
    loadings.forEach((loading, c) => {
      columns[c][row] = loading.reduce((total, weight, k) => total + weight * factors[k], 0.2 * random.normal())
    })
  }
  return table(
    columns.map((_, c) => `x${c}`),
    columns,
  )
}

/** The largest difference of a row's parts from its score, relative to it. */
function worstSum({ rows, base }: Explanation): number {
  return Math.max(...rows.map(({ contributions, score }) => Math.abs(sum(contributions) + base.value - score) / score))
}

/** Moves one column of each row by `size` standard deviations, through the middle; returns which. */
function plant(table: Table, model: Model, size: number, seed: number): number[] {
  const random = Random.seeded(seed)
  const columns =
    model.manifest.input.kind === 'table' ? (model.manifest.input.columns as readonly NumberSummary[]) : []
  const varying = columns.flatMap(({ sd, distinct }, i) => (sd > 0 && distinct > 2 ? [i] : []))
  return Array.from({ length: table.rows }, (_, row) => {
    const column = varying[random.integer(varying.length)]
    const { mean, sd } = columns[column]
    const { values } = table.columns[column]
    values[row] += (values[row] >= mean ? -size : size) * sd
    return column
  })
}

const firstShare = ({ rows }: Explanation, planted: readonly number[]) =>
  rows.filter((row) => ranked(row)[0] === planted[row.row]).length / rows.length

describe('Toll', () => {
  it.each([
    [{}, 1],
    [{ beta: 0 }, 2],
    [{ beta: 1000, latent: 2 }, 3],
    [{ beta: 1, steps: 3 }, 4],
  ])('with %j adds up to the score on every row, the remainder small before it is spread', async (parameters, seed) => {
    const table = madeTable(300, seed)
    const model = await fit(table, { engine, parameters: { steps: 150, ...parameters } })
    const far = takeRows(
      table,
      Array.from({ length: 100 }, (_, i) => i),
    )
    plant(far, model, 5 * seed, seed)
    far.columns[0].values[7] = NaN
    for (const rows of [table, far]) {
      const explanation = await explain(model, rows)
      expect(explanation).toMatchObject({
        method: 'gradients',
        columns: namesOf(table.columns),
        base: { name: 'code of a typical row' },
      })
      expect(explanation.rows).toHaveLength(rows.rows)
      expect(worstSum(explanation)).toBeLessThan(1e-9)
      expect(median(explanation.rows.map(({ remainder }) => Math.abs(remainder)))).toBeLessThan(0.01)
      const { score, parts } = await model.score(rows)
      for (const row of explanation.rows) {
        expect(row.score).toBe(score[row.row])
        expect(Math.abs(sum(row.parts.reconstruction) - parts.reconstruction_error[row.row])).toBeLessThanOrEqual(
          1e-9 * row.score,
        )
      }
      if ('beta' in parameters && parameters.beta === 0)
        expect(explanation.rows.every(({ parts: { latent } }) => latent.every((part) => part === 0))).toBe(true)
    }
  })

  it('shares the norm of a code as a fine midpoint sum does, on the interpreter as on the engine', async () => {
    const table = madeTable(200, 5)
    const model = await fit(table, { engine, parameters: { steps: 100 } })
    const some = takeRows(table, [0, 1, 2])
    const explanation = await explain(model, some)
    const detector = detectorNamed('toll')
    if (!explains(detector)) throw new Error('Toll says what makes its score')
    const graph = readScoreGraph(model, detector)
    const latent = graph.terms.find(({ name }) => name === 'latent')
    if (latent?.by !== 'gradients') throw new Error('Toll explains its latent norm by gradients')
    const [residuals, path] = [await engine.load(graph.residuals), await engine.load(latent.path)]
    const samplesOf = async (rows: Table) =>
      (await residuals.run(model.inputs(rows).tensors(0, rows.rows))).samples.data as Float32Array
    const start = await samplesOf(typicalRow(model.manifest) as Table)
    const ends = await samplesOf(some)
    const steps = 4000
    for (const [i, row] of explanation.rows.entries()) {
      const way = Array.from(start, (from, c) => ends[6 * i + c] - from)
      const points = Float32Array.from(
        { length: 6 * steps },
        (_, at) => start[at % 6] + ((Math.floor(at / 6) + 0.5) / steps) * way[at % 6],
      )
      const { gradient } = await path.run({ points: { dtype: 'float32', shape: [steps, 6], data: points } })
      for (const c of way.keys()) {
        let mean = 0
        for (let step = 0; step < steps; step++) mean += (gradient.data[6 * step + c] as number) / steps
        expect(Math.abs(row.parts.latent[c] - 10 * mean * way[c])).toBeLessThan(0.005 * row.score)
      }
    }
    await Promise.all([residuals.close(), path.close()])
    const reference = openReference()
    const again = await explain(new Model(model.bytes, reference), some, { points: 110 })
    await reference.close()
    again.rows.forEach((row, i) =>
      row.contributions.forEach((value, c) =>
        expect(Math.abs(value - explanation.rows[i].contributions[c])).toBeLessThan(0.02 * row.score),
      ),
    )
  })

  it('ranks a planted column first in at least 90 % of the rows', async () => {
    const table = factorTable(800, 6)
    const model = await fit(
      takeRows(
        table,
        Array.from({ length: 600 }, (_, i) => i),
      ),
      { engine, parameters: { steps: 400 } },
    )
    const rest = takeRows(
      table,
      Array.from({ length: 200 }, (_, i) => 600 + i),
    )
    const planted = plant(rest, model, 10, 6)
    expect(firstShare(await explain(model, rest), planted)).toBeGreaterThanOrEqual(0.9)
  })

  const data = process.env.TOLL_DATA && join(process.env.TOLL_DATA, 'odds', 'cardio.mat')
  it.skipIf(!data || !existsSync(data))(
    'ranks a planted column first on cardio (needs TOLL_DATA with odds/cardio.mat)',
    async () => {
      const [x, y] = [await readArrayFile(data!, { variable: 'X' }), await readArrayFile(data!, { variable: 'y' })]
      const all = tableFromArray({ shape: x.shape, data: Float64Array.from(x.data) })
      const normal = Array.from({ length: all.rows }, (_, row) => row).filter((row) => Number(y.data[row]) === 0)
      const model = await fit(takeRows(all, normal.slice(100)), { engine, parameters: { steps: 1000 } })
      const rest = takeRows(all, normal.slice(0, 100))
      const planted = plant(rest, model, 10, 3)
      const explanation = await explain(model, rest)
      expect(firstShare(explanation, planted)).toBeGreaterThanOrEqual(0.9)
      expect(worstSum(explanation)).toBeLessThan(1e-9)
      expect(median(explanation.rows.map(({ remainder }) => Math.abs(remainder)))).toBeLessThan(0.01)
    },
    120_000,
  )

  it('explains images per pixel, from the file alone', async () => {
    const random = Random.seeded(8)
    const pixels = Float32Array.from({ length: 60 * 64 }, (_, i) => (i % 64 < 32 ? 0.8 : 0.1) + 0.05 * random.normal())
    const images = { shape: [60, 1, 8, 8], data: pixels }
    const model = new Model(
      (await fit({ kind: 'images', ...images }, { engine, parameters: { steps: 40, batch: 20 } })).bytes,
      engine,
    )
    const odd = { shape: [1, 1, 8, 8], data: pixels.slice(0, 64) }
    odd.data[50] = 3
    const explanation = await explain(model, { kind: 'images', ...odd })
    expect(explanation.shape).toEqual([1, 8, 8])
    expect(explanation.typical[3]).toBeCloseTo(0.8, 1)
    expect(explanation.typical[40]).toBeCloseTo(0.1, 1)
    expect(worstSum(explanation)).toBeLessThan(1e-9)
    expect(ranked(explanation.rows[0])[0]).toBe(50)
  })
})

describe("a detector of one's own", () => {
  /** score = ||x|| + 3 tanh(|x_1|), both components, for columns that are scaled already. */
  const own: Detector = {
    name: 'norm-and-first',
    title: 'Norm and first column',
    idea: 'Far rows are strange, those that are far in the first column most of all.',
    reference: 'none needed',
    accepts: ['table'],
    precision: 'float64',
    takesWeights: false,
    parameters: {},
    components: () => ['norm', 'first'],
    details: () => ['samples'],
    explanation: ({ samples, norm }) => ({
      samples,
      base: 'first column of a typical row',
      terms: [
        {
          name: 'distance',
          title: 'the distance',
          output: 'norm',
          weight: 1,
          by: 'squares',
          residual: rowNormOperand(norm)!,
        },
        { name: 'first', title: 'the first column', output: 'first', weight: 3, by: 'gradients' },
      ],
    }),
    fit: () =>
      Promise.resolve({
        score: (x) => {
          const [norm, first] = [rowNorm(x), tanh(reshape(abs(slice(x, 1, 0, 1)), [x.shape[0]]))]
          return { score: add(norm, mul(first, 3)), components: { norm, first }, details: { samples: x } }
        },
        summary: { rows: 1 },
        containsTrainingRows: false,
      }),
  }
  const names = ['a', 'b', 'c']
  const table = tableFromRows(
    Array.from({ length: 61 }, (_, row) => names.map((__, c) => Math.sin((row - 30) * (c + 1)))),
    names,
  )
  const fitted = () => fit(table, { engine, detector: own, scale: 'none', holdOut: 0 })

  it('explains by its own terms what was saved and loaded', async () => {
    const loaded = new Model((await fitted()).bytes.slice(), engine)
    const row = tableFromRows([[2, -3, 0.5]], names)
    const { method, terms, base, rows } = await explain(loaded, row, { detector: own, tolerance: 1e-6 })
    expect(method).toBe('gradients')
    expect(terms).toEqual([
      { name: 'distance', title: 'the distance', by: 'squares' },
      { name: 'first', title: 'the first column', by: 'gradients' },
    ])
    // The medians are 0, so that all of the path belongs to the first column.
    expect(base).toEqual({ name: 'first column of a typical row', value: expect.closeTo(0, 12) as number })
    const norm = Math.hypot(2, -3, 0.5)
    const distance = [4 / norm, 9 / norm, 0.25 / norm]
    distance.forEach((share, c) => expect(rows[0].parts.distance[c]).toBeCloseTo(share, 12))
    const first = [3 * Math.tanh(2), 0, 0]
    first.forEach((share, c) => expect(rows[0].parts.first[c]).toBeCloseTo(share, 12))
    rows[0].contributions.forEach((share, c) => expect(share).toBeCloseTo(distance[c] + first[c], 12))
    expect(rows[0].score).toBeCloseTo(norm + first[0], 12)
    expect(Math.abs(rows[0].remainder)).toBeLessThan(1e-6)
    expect(describeMethod({ terms })).toBe(
      'The distance is shared over columns by squared residual, the first column by integrated gradients along the ' +
        'straight way from a typical row, the training median of every column.',
    )
  })

  it('is explained by Shapley values where nothing says what makes its score', async () => {
    const model = await fitted()
    const some = takeRows(table, [0, 1])
    const without = { ...own, explanation: undefined }
    for (const options of [{}, { detector: without }, { detector: { ...own, components: () => ['other'] } }]) {
      const explanation = await explain(model, some, options)
      expect([explanation.method, explanation.terms]).toEqual(['shapley', []])
      expect(worstSum(explanation)).toBeLessThan(1e-9)
    }
  })

  it.each<[string, (explanation: ScoreExplanation) => ScoreExplanation, RegExp]>([
    ['no terms', (it) => ({ ...it, terms: [] }), /no terms/],
    [
      'terms that are not the score',
      (it) => ({ ...it, terms: it.terms.slice(0, 1) }),
      /row 1 add up to .* its score is/,
    ],
    ['an unknown output', (it) => ({ ...it, terms: [{ ...it.terms[0], output: 'sum' }] }), /output 'sum'/],
    [
      'two terms of one name',
      (it) => ({ ...it, terms: [it.terms[0], it.terms[0]] }),
      /two terms are called 'distance'/,
    ],
    [
      'a weight that is no number',
      (it) => ({ ...it, terms: it.terms.map((term) => ({ ...term, weight: NaN })) }),
      /weight NaN/,
    ],
    [
      'other samples',
      (it) => ({ ...it, samples: constant([1, 2, 3], [1, 3], 'float64') }),
      /residual of term 'distance'/,
    ],
  ])('is refused for %s', async (_, change, message) => {
    const detector: Detector = { ...own, explanation: (...given) => change(own.explanation!(...given)) }
    await expect(explain(await fitted(), takeRows(table, [0]), { detector })).rejects.toMatchObject({
      code: 'argument',
      reason: 'invalid-detector',
      message: expect.stringMatching(message),
    })
  })

  it('is refused for a model that another detector made', async () => {
    await expect(explain(await fitted(), table, { detector: detectorNamed('toll') })).rejects.toMatchObject({
      reason: 'not-applicable',
      details: { option: 'detector', value: 'toll', expected: 'norm-and-first' },
    })
  })
})

describe('integrated gradients', () => {
  it('of the norm of a linear code follow the closed form', async () => {
    // f = ||W x|| on a path from 0: the gradient along it is constant, a_i = x_i (W^T W x)_i / ||W x||.
    const w = [
      [1, 2, -1],
      [0.5, -1, 3],
    ]
    const apply = (x: ArrayLike<number>) => w.map((row) => row.reduce((total, weight, i) => total + weight * x[i], 0))
    const slope = (x: ArrayLike<number>) => {
      const code = apply(x)
      return [0, 1, 2].map((i) => w.reduce((total, row, k) => total + row[i] * code[k], 0) / (Math.hypot(...code) || 1))
    }
    const f = (points: Float64Array, count: number) => {
      const at = Array.from({ length: count }, (_, p) => points.subarray(3 * p, 3 * p + 3))
      return Promise.resolve({ values: at.map((x) => Math.hypot(...apply(x))), gradients: at.flatMap(slope) })
    }
    const x = [1, -2, 0.5]
    const [{ shares, remainder, points }] = await integrateGradients(
      f,
      [{ to: x, value: Math.hypot(...apply(x)), tolerance: 1e-9 }],
      { from: new Float64Array(3), value: 0, points: 1000, pointsPerCall: 7 },
    )
    slope(x).forEach((g, i) => expect(shares[i]).toBeCloseTo(x[i] * g, 12))
    expect([Math.abs(remainder) < 1e-12, points]).toEqual([true, 11])
  })

  it('find a kink by halving', async () => {
    // f = max(0, x - 1/3) + y^2 from (0, 0) to (1, 1): shares 2/3 and 1.
    const f = (points: Float64Array, count: number) => {
      const at = Array.from({ length: count }, (_, p) => [points[2 * p], points[2 * p + 1]])
      return Promise.resolve({
        values: at.map(([x, y]) => Math.max(0, x - 1 / 3) + y * y),
        gradients: at.flatMap(([x, y]) => [Number(x > 1 / 3), 2 * y]),
      })
    }
    const [{ shares, remainder, points }] = await integrateGradients(
      f,
      [{ to: [1, 1], value: 5 / 3, tolerance: 1e-4 }],
      { from: new Float64Array(2), value: 0, points: 1000, pointsPerCall: 100 },
    )
    expect(Math.abs(shares[0] - 2 / 3)).toBeLessThan(2e-4)
    expect(shares[1]).toBeCloseTo(1, 10)
    expect(Math.abs(remainder)).toBeLessThanOrEqual(1e-4)
    expect(points).toBeLessThan(200)
  })
})

describe('Shapley values', () => {
  it.each(['hbos', 'ecod', 'copod'])(
    'of %s, a sum over columns, are what each column adds, whatever the orders',
    async (name) => {
      const table = madeTable(300, 9)
      const model = await fit(table, { engine, detector: detectorNamed(name) })
      const some = takeRows(table, [3, 4, 5])
      const [all, drawn] = [await explain(model, some), await explain(model, some, { evaluations: 1, seed: 4 })]
      const medians =
        model.manifest.input.kind === 'table'
          ? (model.manifest.input.columns as readonly NumberSummary[]).map((column) => column.median)
          : []
      for (const [i, row] of all.rows.entries()) {
        for (const c of table.columns.keys()) {
          const alone = {
            ...some,
            rows: 1,
            columns: some.columns.map((column, j) => ({
              ...column,
              values: Float64Array.of(j === c ? column.values[i] : medians[j]),
            })),
          }
          expect(row.contributions[c]).toBeCloseTo((await model.score(alone)).score[0] - all.base.value, 9)
          expect(drawn.rows[i].contributions[c]).toBeCloseTo(row.contributions[c], 9)
        }
        expect([...row.standardErrors!]).toEqual([0, 0, 0, 0, 0, 0])
      }
    },
  )

  it.each(['knn', 'isolation-forest', 'pca', 'mcd'])(
    'of %s add up, drawn ones lie around those of all sets, and the same seed draws the same',
    async (name) => {
      const table = madeTable(200, 10)
      const model = await fit(table, { engine, detector: detectorNamed(name) })
      const some = takeRows(table, [0, 1, 1])
      const exact = await explain(model, some)
      const drawn = await explain(model, some, { evaluations: 50, seed: 1 })
      expect(exact.rows[0].evaluations).toBe(62)
      for (const explanation of [exact, drawn]) expect(worstSum(explanation)).toBeLessThan(1e-9)
      expect(drawn.rows[1].contributions).toEqual(drawn.rows[2].contributions)
      expect(await explain(model, some, { evaluations: 50, seed: 1 })).toEqual(drawn)
      const many = await Promise.all(
        Array.from(
          { length: 40 },
          async (_, k) =>
            (await explain(model, takeRows(some, [0]), { evaluations: 50, seed: k })).rows[0].contributions,
        ),
      )
      exact.rows[0].contributions.forEach((value, c) => {
        const mean = sum(many.map((values) => values[c])) / 40
        const sd = Math.sqrt(sum(many.map((values) => (values[c] - mean) ** 2)) / 39)
        expect(Math.abs(mean - value)).toBeLessThan(5 * (sd / Math.sqrt(40)) + 1e-9 * exact.rows[0].score)
      })
    },
  )
})

describe('bad input', () => {
  it('refuses by name, or lists the rows and explains the rest', async () => {
    const table = madeTable(60, 11)
    const model = await fit(table, { engine, parameters: { steps: 5 } })
    const bad = takeRows(table, [0, 1, 2])
    bad.columns[1].values[1] = Infinity
    bad.columns[2].values[2] = 1e300
    const code = (work: Promise<unknown>) =>
      work.then(
        () => 'fine',
        (error: unknown) => (error instanceof TollError ? error.code : 'other'),
      )
    expect(await code(explain(model, bad))).toBe('data')
    const marked = await explain(model, bad, { invalidRows: 'mark' })
    expect([...marked.invalid.keys(), ...marked.rows.map(({ row }) => row)].sort()).toEqual([0, 1, 2])
    expect(marked.invalid.get(1)).toEqual({
      reason: 'not-finite',
      column: 'b',
      message: "column 'b' is Infinity in row 2",
    })
    for (const options of [{ tolerance: 0 }, { points: 10 }, { evaluations: 0 }, { seed: -1 }])
      expect(await code(explain(model, table, options))).toBe('argument')
    const renamed = table.columns.map((column) => ({ ...column, name: column.name === 'f' ? 'g' : column.name }))
    expect(await code(explain(model, { ...table, columns: renamed }))).toBe('not-found')
    expect(await code(explain(model, table, { signal: AbortSignal.abort() }))).toBe('aborted')
    expect(await code(nearestRows(model, table, [table], { count: 0 }))).toBe('argument')
  })
})

describe('nearest rows', () => {
  it('are found over batches, in scaled units, without rows that cannot be used', async () => {
    const table = madeTable(80, 12)
    const model = await fit(table, { engine, parameters: { steps: 5 } })
    const [first, second] = [takeRows(table, [0, 1, 2, 3]), takeRows(table, [4, 5, 2])]
    first.columns[0].values[0] = Infinity
    const [near] = await nearestRows(model, takeRows(table, [2]), [first, second], { count: 3 })
    expect(near.slice(0, 2)).toEqual([
      { row: 2, distance: 0 },
      { row: 6, distance: 0 },
    ])
    const columns =
      model.manifest.input.kind === 'table' ? (model.manifest.input.columns as readonly NumberSummary[]) : []
    const distances = [1, 3, 4, 5].map((row) =>
      Math.hypot(...columns.map(({ sd }, c) => (table.columns[c].values[row] - table.columns[c].values[2]) / sd)),
    )
    expect(near[2].distance).toBeCloseTo(Math.min(...distances), 10)
  })
})

describe('documents', () => {
  it('list columns by size beside their values, missing ones as null', async () => {
    const table = madeTable(60, 13)
    const model = await fit(table, { engine, parameters: { steps: 5 } })
    const one = takeRows(table, [4])
    one.columns[3].values[0] = NaN
    const [row] = describeExplanation(model, one, await explain(model, one), ['key']).rows
    expect(row.row).toBe('key')
    expect(row.columns.find(({ column }) => column === 'd')!.value).toBe(null)
    expect(sum(row.columns.map(({ contribution }) => contribution)) + row.base).toBeCloseTo(row.score, 9)
    const sizes = row.columns.map(({ contribution }) => Math.abs(contribution))
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
  })
})
