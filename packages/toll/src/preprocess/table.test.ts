import { describe, expect, it } from 'vitest'
import { Random, TollError, namesOf, tableFromColumns, type ColumnValues } from '../base/index.js'
import { input, interpret } from '../graph/index.js'
import {
  fitTablePreprocessing,
  inferSchema,
  positionsOf,
  prepareTable,
  restoreTable,
  summarize,
  tableParameters,
  type TablePreprocessing,
} from './index.js'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
type Scale = TablePreprocessing['scale']

function fitted(columns: Readonly<Record<string, ColumnValues>>, scale: Scale = 'standard'): TablePreprocessing {
  const table = tableFromColumns(columns)
  return fitTablePreprocessing(table, summarize(table), { scale })
}

/** Rows by column, texts and numbers, to samples and back. */
function run(preprocessing: TablePreprocessing, columns: Readonly<Record<string, readonly (number | string)[]>>) {
  const rows = Object.values(columns)[0].length
  const inputs = Object.entries(columns).map(([name, values]) =>
    input(name, ['n', 1], typeof values[0] === 'string' ? 'string' : 'float64'),
  )
  const samples = prepareTable(preprocessing, inputs, 'float64')
  const feeds = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [
      name,
      typeof values[0] === 'string'
        ? { shape: [rows, 1], data: values as string[] }
        : { shape: [rows, 1], data: Float64Array.from(values as number[]) },
    ]),
  )
  const results = interpret({ samples, restored: restoreTable(preprocessing, samples) }, feeds)
  const width = results.samples.shape[1]
  const lay = (data: ArrayLike<number>, size: number) =>
    upTo(rows).map((row) => Array.from(data).slice(row * size, (row + 1) * size))
  return { samples: lay(results.samples.data, width), restored: lay(results.restored.data, inputs.length) }
}

describe('columns of numbers', () => {
  it('are filled with the median, centred and scaled, and gaps of training have a position', () => {
    const preprocessing = fitted({ a: [1, 2, 3, 6], b: [0, NaN, 4, NaN] })
    expect(positionsOf(preprocessing)).toEqual([[0], [1, 2]])
    const { samples, restored } = run(preprocessing, { a: [3, NaN], b: [4, NaN] })
    const sd = Math.sqrt(3.5)
    // b: mean 2, sd 2, median 2; half of its rows are gaps.
    expect(samples[0]).toEqual([0, 1, -1])
    expect(samples[1][0]).toBeCloseTo((2.5 - 3) / sd, 14)
    expect(samples[1].slice(1)).toEqual([0, 1])
    expect(restored).toEqual([
      [3, 4],
      [2.5, 2],
    ])
  })

  it('can go through their quantiles: in order, of unit spread, and onwards beyond the training range', () => {
    const random = Random.seeded(1)
    const x = upTo(5000).map(() => Math.exp(3 * random.normal()))
    const preprocessing = fitted({ x, c: upTo(5000).map((i) => i % 2) }, 'quantile')
    const scaled = run(preprocessing, { x, c: x.map(() => 0) }).samples.map(([first]) => first)
    expect(Math.hypot(...scaled) / Math.sqrt(5000)).toBeCloseTo(1, 1)
    expect(scaled.reduce((sum, value) => sum + value, 0) / 5000).toBeCloseTo(0, 1)
    const order = (values: number[]) => upTo(values.length).sort((a, b) => values[a] - values[b])
    expect(order(scaled)).toEqual(order(x))
    const top = Math.max(...x)
    const far = run(preprocessing, { x: [top, 2 * top, 3 * top], c: [0, 0, 0] })
    const [at, twice, thrice] = far.samples.map(([first]) => first)
    expect(thrice - twice).toBeCloseTo(twice - at, 9)
    expect(twice - at).toBeGreaterThan(0.1)
    far.restored.forEach(([value], i) => expect(value / top).toBeCloseTo(i + 1, 9))
  })

  it('of one value are centred and not divided, whatever the scale', () => {
    for (const scale of tableParameters.scale.values) {
      const { samples } = run(fitted({ x: [7, 7, 7] }, scale), { x: [7, 8] })
      expect(samples[1][0] - samples[0][0], scale).toBeCloseTo(1, 14)
    }
  })
})

describe('columns of texts', () => {
  const protocol = [
    ...new Array<string>(60).fill('tcp'),
    ...new Array<string>(30).fill('udp'),
    ...new Array<string | null>(8).fill(null),
    'icmp',
    'gre',
  ]

  it('have a position for each frequent text, one for gaps, one for all others', () => {
    const preprocessing = fitted({ protocol })
    expect(preprocessing.columns[0]).toMatchObject({
      name: 'protocol',
      kind: 'category',
      categories: ['tcp', 'udp', '', 'gre', 'icmp'],
    })
    expect(
      fitted({ protocol: [...protocol, ...protocol, ...protocol, ...protocol, ...protocol].slice(0, 499) }).columns[0],
    ).toMatchObject({ categories: ['tcp', 'udp', '', 'icmp'] })
    expect(positionsOf(preprocessing)).toEqual([upTo(6)])
    const { samples, restored } = run(preprocessing, { protocol: ['tcp', 'udp', '', 'sctp'] })
    const shares = [0.6, 0.3, 0.08, 0.01, 0.01, 0]
    samples.forEach((sample, row) =>
      sample.forEach((value, place) => {
        expect(value).toBeCloseTo(
          (Number(place === [0, 1, 2, 5][row]) - shares[place]) / Math.sqrt(4 * Math.max(shares[place], 0.01)),
          14,
        )
      }),
    )
    expect(restored).toEqual([[0], [1], [2], [5]])
  })

  it('weigh as much as a column of numbers', () => {
    const preprocessing = fitted({ protocol: protocol.map((text) => text ?? 'none') })
    const { samples } = run(preprocessing, { protocol: protocol.map((text) => text ?? 'none') })
    expect(samples.flat().reduce((sum, value) => sum + value * value, 0) / 100).toBeCloseTo(1, 10)
  })

  it('are 0 and 1 without scaling', () => {
    expect(run(fitted({ protocol }, 'none'), { protocol: ['udp', 'x'] }).samples).toEqual([
      [0, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ])
  })
})

describe('columns of times', () => {
  const start = Date.UTC(2024, 0, 1)
  const hourly = (days: number) => upTo(24 * days).map((hour) => new Date(start + 3_600_000 * hour))

  it('have a trend and the phases of cycles that training saw twice', () => {
    expect(fitted({ at: hourly(1.5) }).columns[0]).toMatchObject({ kind: 'time', cycles: [] })
    expect(fitted({ at: hourly(3) }).columns[0]).toMatchObject({ kind: 'time', cycles: ['day'] })
    expect(fitted({ at: hourly(15) }).columns[0]).toMatchObject({ cycles: ['day', 'week'] })
    expect(fitted({ at: upTo(900).map((day) => new Date(start + 86_400_000 * day)) }).columns[0]).toMatchObject({
      cycles: ['week', 'year'],
    })
  })

  it('tell hours apart and days not, beside the trend', () => {
    const preprocessing = fitted({ at: hourly(15) }, 'none')
    const seconds = [0, 6, 12, 24, 24 * 7].map((hour) => start / 1000 + 3600 * hour)
    const { samples, restored } = run(preprocessing, { at: seconds })
    expect(samples.map(([, sine, cosine]) => [sine, cosine].map((value) => Math.round(1e6 * value) / 1e6 + 0))).toEqual(
      [
        [0, 1],
        [1, 0],
        [0, -1],
        [0, 1],
        [0, 1],
      ],
    )
    for (const phase of [3, 4]) expect(samples[4][phase]).toBeCloseTo(samples[0][phase], 8)
    restored.forEach(([time], row) => expect(time).toBeCloseTo(seconds[row], 3))
  })

  it('go on slowly after training, and tell a date that is far off', () => {
    const preprocessing = fitted({ at: hourly(10) })
    const trend = (day: number) => run(preprocessing, { at: [start / 1000 + 86_400 * day] }).samples[0][0]
    const steps = [0, 10, 20, 1000, -20_000].map(trend)
    expect(steps[1] - steps[0]).toBeGreaterThan(steps[2] - steps[1])
    expect(steps[3]).toBeGreaterThan(steps[1] + 10)
    expect(steps[4]).toBeLessThan(steps[0] - 20)
  })

  it('become the median where they are missing', () => {
    const preprocessing = fitted(
      { at: [new Date(start), new Date(start + 1000), new Date(start + 4000), null] },
      'none',
    )
    const { samples } = run(preprocessing, { at: [NaN, start / 1000 + 1] })
    // The median is the second time, a quarter of the span in; the last position is that of gaps.
    expect(samples).toEqual([
      [0.25, 1],
      [0.25, 0],
    ])
  })
})

describe('a schema', () => {
  const ids = upTo(100).map((i) => `user-${i}`)

  it('leaves out constants, keys and empty columns, with the reason', () => {
    const { table, leftOut } = inferSchema(
      tableFromColumns({
        id: ids,
        kind: upTo(100).map((i) => 'abc'[i % 3]),
        fixed: upTo(100).map(() => 4),
        same: upTo(100).map(() => 'x'),
        none: upTo(100).map(() => NaN),
        x: upTo(100),
        some: upTo(100).map((i) => (i < 50 ? 1 : NaN)),
      }),
    )
    expect(namesOf(table.columns)).toEqual(['kind', 'x', 'some'])
    expect(leftOut).toEqual([
      { name: 'id', reason: 'identifier' },
      { name: 'fixed', reason: 'constant' },
      { name: 'same', reason: 'constant' },
      { name: 'none', reason: 'empty' },
    ])
  })

  it('takes what it is told, and constants alone', () => {
    const told = inferSchema(
      tableFromColumns({
        id: ids,
        code: upTo(100).map((i) => i % 4),
        text: upTo(100).map((i) => (i % 2 ? '1.5' : '2')),
      }),
      { id: 'category', code: 'category', text: 'number' },
    )
    expect(told.leftOut).toEqual([])
    expect(summarize(told.table)).toMatchObject([
      { kind: 'category', distinct: 100 },
      {
        kind: 'category',
        frequent: [
          ['0', 25],
          ['1', 25],
          ['2', 25],
          ['3', 25],
        ],
      },
      { kind: 'number', min: 1.5, max: 2 },
    ])
    expect(inferSchema(tableFromColumns({ a: [1], b: ['x'] }))).toMatchObject({
      leftOut: [],
      table: { columns: [{ name: 'a' }, { name: 'b' }] },
    })
  })

  it('refuses what cannot be', () => {
    const refusal = (work: () => unknown) => {
      try {
        work()
        return 'nothing'
      } catch (error) {
        return error instanceof TollError ? `${error.code}: ${error.message}` : String(error)
      }
    }
    expect(refusal(() => inferSchema(tableFromColumns({ a: [1, 2] }), { b: 'number' }))).toMatch(
      /^not-found: there is no column 'b'/,
    )
    expect(refusal(() => inferSchema(tableFromColumns({ a: ['1', 'x'] }), { a: 'number' }))).toBe(
      "data: column 'a' holds 'x' in row 2; expected a number",
    )
    expect(refusal(() => inferSchema(tableFromColumns({ a: ['2024-02-29', '2024-02-30'] }), { a: 'time' }))).toBe(
      "data: column 'a' holds '2024-02-30' in row 2; expected a time",
    )
    expect(refusal(() => inferSchema(tableFromColumns({ id: ids })))).toMatch(
      /^data: no column is left to learn from: id \(identifier\)/,
    )
    expect(refusal(() => summarize(tableFromColumns({ a: ['x', 'a\0b'] })))).toMatch(
      /^data: column 'a' holds a text with NUL.* in row 2/,
    )
  })
})
