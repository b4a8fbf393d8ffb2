import { describe, expect, it } from 'vitest'
import {
  Random,
  choice,
  describeDomain,
  flag,
  integer,
  joinRows,
  list,
  ndarray,
  parseParameter,
  real,
  resolveParameters,
  table,
  tableFromArray,
  tableFromRows,
  tableToArray,
  takeRows,
  takeSamples,
  images,
  type Domains,
  type Table,
} from './index.js'

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error

describe('random', () => {
  it('is a stream that a seed names and a state restores', () => {
    const draw = (random: Random) => [random.uniform(), random.integer(1000), random.normal(), ...random.sample(50, 5)]
    const expected = draw(Random.seeded(5))
    expect(draw(Random.seeded(5))).toEqual(expected)
    expect(draw(Random.seeded(6))).not.toEqual(expected)
    const random = Random.seeded(5)
    draw(random)
    const state = JSON.parse(JSON.stringify(random.state())) as number[]
    expect(draw(Random.fromState(state))).toEqual(draw(random))
  })

  it('forks independent streams by name without advancing', () => {
    const random = Random.seeded(1)
    const [a, b] = [random.fork('a').uniform(), random.fork('b').uniform()]
    expect(a).not.toBe(b)
    expect(random.fork('a').uniform()).toBe(a)
    expect(random.state()).toEqual(Random.seeded(1).state())
  })

  it('has the moments it should', () => {
    const random = Random.seeded(2)
    const n = 200_000
    const normal = Float64Array.from({ length: n }, () => random.normal())
    const mean = normal.reduce((a, b) => a + b) / n
    const variance = normal.reduce((a, b) => a + (b - mean) ** 2, 0) / n
    const fourth = normal.reduce((a, b) => a + (b - mean) ** 4, 0) / n / variance ** 2
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n))
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n))
    expect(Math.abs(fourth - 3)).toBeLessThan(5 * Math.sqrt(24 / n))
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < n; i++) counts[random.integer(10)]++
    const chiSquare = counts.reduce((sum, count) => sum + (count - n / 10) ** 2 / (n / 10), 0)
    expect(chiSquare).toBeLessThan(33.7) // 0.9999 quantile at 9 degrees of freedom
  })

  it('samples without replacement, every order equally often', () => {
    const random = Random.seeded(3)
    expect([...random.permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(new Set(random.sample(1e9, 1000)).size).toBe(1000)
    const orders = new Map<string, number>()
    for (let i = 0; i < 24_000; i++) {
      const key = random.sample(4, 3).join()
      orders.set(key, (orders.get(key) ?? 0) + 1)
    }
    expect(orders.size).toBe(24)
    const chiSquare = [...orders.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(61) // 0.99999 quantile at 23 degrees of freedom
    expect(() => random.sample(3, 4)).toThrow(refusal('argument', /4 different values from 3/))
  })

  it('refuses seeds that are no 32-bit integers', () => {
    for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 32])
      expect(() => Random.seeded(seed)).toThrow(refusal('argument', /seed must be an integer from 0 to 4294967295/))
  })
})

describe('parameters', () => {
  const domains = {
    rate: real({ default: 0.1, min: 0, aboveMin: true, max: 1, doc: 'a rate' }),
    count: integer({ default: 3, min: 1, doc: 'a count' }),
    mode: choice({ values: ['fast', 'exact'], default: 'fast', doc: 'a mode' }),
    trace: flag({ default: false, doc: 'a flag' }),
    parts: list({ values: ['a', 'b', 'c'], default: ['b', 'a'], fewest: 2, doc: 'some names' }),
  } satisfies Domains

  it('take defaults and keep what is given', () => {
    expect(resolveParameters(domains)).toEqual({ rate: 0.1, count: 3, mode: 'fast', trace: false, parts: ['b', 'a'] })
    expect(resolveParameters(domains, { rate: 1, trace: true, parts: ['c', 'c'] })).toEqual({
      rate: 1,
      count: 3,
      mode: 'fast',
      trace: true,
      parts: ['c', 'c'],
    })
  })

  it.each<[Record<string, unknown>, RegExp]>([
    [{ rate: 0 }, /'rate' must be a finite number above 0 and at most 1, got 0/],
    [{ rate: NaN }, /'rate'/],
    [{ rate: '0.5' }, /'rate'.*got "0.5"/],
    [{ rate: 1.01 }, /'rate'/],
    [{ count: 1.5 }, /'count' must be an integer at least 1, got 1.5/],
    [{ count: Infinity }, /'count'/],
    [{ mode: 'slow' }, /'mode' must be one of fast, exact, got "slow"/],
    [{ trace: 1 }, /'trace' must be true or false/],
    [{ parts: ['a', 'd'] }, /'parts' must be a list of at least 2 of a, b, c, got \["a","d"\]/],
    [{ parts: ['a'] }, /'parts'/],
    [{ parts: 'a,b' }, /'parts'.*got "a,b"/],
    [{ unknown: 1 }, /'unknown' does not exist; known: rate, count, mode, trace, parts/],
    [{ toString: 1 }, /'toString' does not exist/],
  ])('refuse %j', (given, message) => {
    expect(() => resolveParameters(domains, given)).toThrow(refusal('argument', message))
  })

  it('come from text', () => {
    expect(parseParameter(domains.rate, '1e-3')).toBe(0.001)
    expect(parseParameter(domains.count, ' ')).toBeNaN()
    expect(parseParameter(domains.mode, 'exact')).toBe('exact')
    expect(parseParameter(domains.trace, 'true')).toBe(true)
    expect(() => resolveParameters(domains, { trace: parseParameter(domains.trace, 'yes') as boolean })).toThrow(
      /true or false, got "yes"/,
    )
    expect(parseParameter(domains.parts, ' b, a,,b ')).toEqual(['b', 'a', 'b'])
    expect(parseParameter(domains.parts, '')).toEqual([])
    expect(describeDomain(domains.count)).toBe('an integer at least 1')
    expect(describeDomain(domains.parts)).toBe('a list of at least 2 of a, b, c')
  })
})

describe('arrays and tables', () => {
  it('check their shapes', () => {
    expect(ndarray(new Float32Array(6), [2, 3]).shape).toEqual([2, 3])
    expect(() => ndarray(new Float32Array(5), [2, 3])).toThrow(refusal('shape', /needs 6 values, got 5/))
    expect(() => ndarray(new Float32Array(0), [-1, 0])).toThrow(refusal('shape', /non-negative/))
    expect(() => table(['a', 'b'], [new Float64Array(2), new Float64Array(3)])).toThrow(
      refusal('shape', /'b' has 3 rows, column 'a' has 2/),
    )
    expect(() => table(['a', 'a'], [new Float64Array(2), new Float64Array(2)])).toThrow(
      refusal('data', /'a' appears twice/),
    )
    expect(() => table([''], [new Float64Array(2)])).toThrow(refusal('data', /column 1 has no name/))
    expect(() => table(['a'], [])).toThrow(refusal('shape', /1 column names for 0 columns/))
    expect(() => tableFromRows([[1, 2], [3]])).toThrow(refusal('shape', /row 2 has 1 values, expected 2/))
    expect(() => tableFromArray(ndarray(new Float32Array(8), [2, 2, 2]))).toThrow(refusal('shape', /\(n, d\)/))
  })

  it('turn into each other', () => {
    const rows = tableFromRows(
      [
        [1, 2],
        [3, NaN],
        [5, 6],
      ],
      ['a', 'b'],
    )
    expect(rows.columns).toEqual([
      { name: 'a', kind: 'number', values: Float64Array.of(1, 3, 5) },
      { name: 'b', kind: 'number', values: Float64Array.of(2, NaN, 6) },
    ])
    expect(tableToArray(rows)).toEqual({ shape: [3, 2], data: Float64Array.of(1, 2, 3, NaN, 5, 6) })
    expect(tableFromArray(tableToArray(rows), ['a', 'b'])).toEqual(rows)
    expect(takeRows(rows, [2, 0]).columns.map(({ values }) => values)).toEqual([
      Float64Array.of(5, 1),
      Float64Array.of(6, 2),
    ])
    expect(takeSamples({ shape: [3, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }, [2, 2])).toEqual({
      shape: [2, 1, 2],
      data: Float32Array.of(5, 6, 5, 6),
    })
  })
})

describe('rows of several tables', () => {
  it('keep their values and categories, however each table numbers its categories', () => {
    const part = (values: number[], categories: string[]): Table => ({
      kind: 'table',
      columns: [
        { name: 'n', kind: 'number', values: Float64Array.from(values) },
        { name: 't', kind: 'category', values: Float64Array.from(values, (_, row) => row), categories },
      ],
      rows: values.length,
    })
    const joined = joinRows([part([1, NaN], ['a', 'b']), part([3], ['b'])])
    expect(joined).toEqual({
      kind: 'table',
      columns: [
        { name: 'n', kind: 'number', values: Float64Array.of(1, NaN, 3) },
        { name: 't', kind: 'category', values: Float64Array.of(0, 1, 1), categories: ['a', 'b'] },
      ],
      rows: 3,
    })
  })

  it('are samples of arrays too, and refuse what differs', () => {
    expect(
      joinRows([images(Float32Array.of(1, 2), [1, 1, 1, 2]), images(Float32Array.of(3, 4, 5, 6), [2, 1, 1, 2])]),
    ).toEqual({
      kind: 'images',
      shape: [3, 1, 1, 2],
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
    })
    expect(() =>
      joinRows([images(Float32Array.of(1, 2), [1, 1, 1, 2]), images(Float32Array.of(1), [1, 1, 1, 1])]),
    ).toThrow(refusal('shape', /cannot be joined/))
    expect(() => joinRows([tableFromRows([[1]], ['a']), tableFromRows([[1]], ['b'])])).toThrow(
      refusal('shape', /a and b cannot be joined/),
    )
    expect(() => joinRows([])).toThrow(refusal('shape', /got none/))
  })
})
