// What the laboratory's experiments share: how they are watched and stopped, the times they look at, and rows of plain
// numbers.

import { TollError } from 'toll'
import { describeDomain, real, throwIfAborted, type Matrix, type RealDomain, type Watched } from 'toll/base'
import type { IntegrateOptions } from './dormand-prince.js'

/**
 * The watching of integration number `index` of `total`; it is `share` of that unit of work, and measuring the rest.
 */
export function watch(
  { signal, onProgress }: Watched,
  phase: string,
  index: number,
  total: number,
  share = 1,
): Pick<IntegrateOptions, 'signal' | 'onProgress'> {
  return {
    signal,
    onProgress: ({ time, end, steps }) =>
      onProgress?.({
        phase,
        done: index + (share * time) / end,
        total,
        message: `${phase}: time ${time.toPrecision(3)} of ${end.toPrecision(3)}, ${steps} steps`,
      }),
  }
}

/** Milliseconds between two looks at the event loop. */
const stretch = 50

/**
 * Measures every state in turn; stops with code `aborted` between two of them. `onShare` hears which share of them is
 * done.
 */
export async function measure<State, Result>(
  states: readonly State[],
  of: (state: State, index: number) => Result,
  signal?: AbortSignal,
  onShare?: (share: number) => void,
): Promise<Result[]> {
  const results: Result[] = []
  let last = performance.now()
  for (const [i, state] of states.entries()) {
    results.push(of(state, i))
    if (performance.now() - last <= stretch) continue
    onShare?.((i + 1) / states.length)
    await new Promise((resolve) => setTimeout(resolve, 0))
    throwIfAborted(signal)
    last = performance.now()
  }
  return results
}

/** 0, then `points` times up to `end`, evenly spaced in their logarithm from `first` on. */
export function logTimes(first: number, end: number, points: number): number[] {
  if (!(first > 0 && first < end))
    throw new TollError(
      'out-of-domain',
      `the first time reported must be above 0 and below the stopping time ${end}, got ${first}`,
    )
  return [
    0,
    ...Array.from({ length: points }, (_, i) => (i === points - 1 ? end : first * (end / first) ** (i / (points - 1)))),
  ]
}

/** 0 to `end` in `points` equal steps. */
export function evenTimes(end: number, points: number): number[] {
  return Array.from({ length: points + 1 }, (_, i) => (end * i) / points)
}

/** A matrix as a list of its rows. */
export function rowsOf({ shape: [rows, columns], data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, r) => Array.from(data.subarray(r * columns, (r + 1) * columns)))
}

/** An option that is a list of numbers. */
export interface ListDomain {
  readonly each: Pick<RealDomain, 'kind' | 'min' | 'max' | 'aboveMin'>
  /** How many values it takes. */
  readonly fewest: number
  readonly most: number
  readonly default: readonly number[]
  /** What it does, with its unit; one sentence. */
  readonly doc: string
}

/** A list in words, such as `1 to 24 values, each a finite number at least 0`. */
export function describeList({ each, fewest, most }: ListDomain): string {
  return (
    `${fewest === most ? fewest : `${fewest} to ${most}`} values, each ` +
    `${describeDomain({ ...each, default: 0, doc: '' })}`
  )
}

/** Refuses a list outside its domain (code `argument`); `name` is what messages call it. */
export function resolveList(
  name: string,
  domain: ListDomain,
  given: readonly number[] = domain.default,
): readonly number[] {
  const { kind, min = -Infinity, max = Infinity, aboveMin } = domain.each
  const inside = (value: number) =>
    Number.isFinite(value) &&
    (kind === 'real' || Number.isSafeInteger(value)) &&
    (aboveMin ? value > min : value >= min) &&
    value <= max
  if (given.length >= domain.fewest && given.length <= domain.most && given.every(inside)) return given
  throw new TollError(
    'out-of-domain',
    `${name} must be ${describeList(domain)}, got ${given.length === 0 ? 'none' : given.join(',')}`,
  )
}

/** Weights of the norm term that are compared: as many as a chart tells apart. */
export const betaList: ListDomain = {
  each: { kind: 'real', min: 0, max: 1e9 },
  fewest: 1,
  most: 6,
  default: [0, 1],
  doc: 'weights beta of the norm term, one run each; 0 is the plain autoencoder',
}

/** The variances of two axes. */
export const varianceList: ListDomain = {
  each: { kind: 'real', min: 0, aboveMin: true, max: 1e9 },
  fewest: 2,
  most: 2,
  default: [4, 1],
  doc: 'variances of the data along the two axes, the larger first',
}

/** The two variances, the larger first (code `argument`). */
export function resolveVariances(given?: readonly number[]): readonly [number, number] {
  const [first, second] = resolveList('variances', varianceList, given)
  if (second > first)
    throw new TollError('out-of-domain', `variances must have the larger one first, got ${first},${second}`)
  return [first, second]
}

/** The relative error that one step of integration may have. */
export function toleranceOf(value: number): RealDomain {
  return real({
    default: value,
    min: Number.EPSILON,
    max: 0.01,
    doc: 'relative error that one step of the integration may have, from machine precision',
  })
}

/** Refuses a list of option values that is empty, or has one outside what `accept` takes (code `argument`). */
export function checkList(
  name: string,
  values: readonly number[],
  accept: (value: number) => boolean,
  wanted: string,
): void {
  if (values.length === 0) throw new TollError('out-of-domain', `${name} must name at least one value, got none`)
  const bad = values.find((value) => !accept(value))
  if (bad !== undefined) throw new TollError('out-of-domain', `every value of ${name} must be ${wanted}, got ${bad}`)
}
