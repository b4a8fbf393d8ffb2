// What the laboratory's experiments share: how they are watched and stopped, the times they look at, and rows of plain numbers.

import { TollError, type Matrix, type Watched } from '../base/index.js'
import type { IntegrateOptions } from './dormand-prince.js'

/** The watching of integration number `index` of `total`. */
export function watch({ signal, onProgress }: Watched, phase: string, index: number, total: number): Pick<IntegrateOptions, 'signal' | 'onProgress'> {
  return {
    signal,
    onProgress: ({ time, end, steps }) =>
      onProgress?.({ phase, done: index + time / end, total, message: `${phase}: time ${time.toPrecision(3)} of ${end.toPrecision(3)}, ${steps} steps` }),
  }
}

/** 0, then `points` times up to `end`, evenly spaced in their logarithm from `first` on. */
export function logTimes(first: number, end: number, points: number): number[] {
  if (!(first > 0 && first < end)) throw new TollError('argument', `the first time must be above 0 and below the end ${end}, got ${first}`)
  return [0, ...Array.from({ length: points }, (_, i) => (i === points - 1 ? end : first * (end / first) ** (i / (points - 1))))]
}

/** 0 to `end` in `points` equal steps. */
export function evenTimes(end: number, points: number): number[] {
  return Array.from({ length: points + 1 }, (_, i) => (end * i) / points)
}

/** A matrix as a list of its rows. */
export function rowsOf({ shape: [rows, columns], data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, r) => Array.from(data.subarray(r * columns, (r + 1) * columns)))
}

/** Refuses a list of option values that is empty, or has one outside what `accept` takes (code `argument`). */
export function checkList(name: string, values: readonly number[], accept: (value: number) => boolean, wanted: string): void {
  if (values.length === 0) throw new TollError('argument', `${name} must name at least one value, got none`)
  const bad = values.find((value) => !accept(value))
  if (bad !== undefined) throw new TollError('argument', `every value of ${name} must be ${wanted}, got ${bad}`)
}
