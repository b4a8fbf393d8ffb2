// What a manifest says of each column of the rows, in one shape: the only place of this room that reads the kinds of
// columns.

import { isoTime, type Column } from '../base/index.js'
import type { Manifest } from '../model/index.js'
import type { ColumnProfile, NumberProfile } from '../preprocess/index.js'
import { showNumber } from './words.js'

export interface ColumnFacts extends Column {
  /** Training rows, and those of them without a value. */
  readonly rows: number
  readonly missing: number
  /** Different values; 1000 means as many or more. */
  readonly distinct: number
  /** Of numbers and times: lowest, lower quartile, median, upper quartile, highest, as they are shown. */
  readonly five?: readonly [string, string, string, string, string]
  /** How the rows given to fit were distributed. */
  readonly profile?: ColumnProfile
}

/** The columns of the rows, for windows those of the row itself, in the order of the model. Empty for images. */
export function columnFacts({
  input,
  profile = [],
  window,
}: Pick<Manifest, 'input' | 'profile' | 'window'>): ColumnFacts[] {
  if (input.kind !== 'table') return []
  const byName = new Map(input.columns.map((column) => [column.name, column]))
  const profiles = new Map(profile.map((column) => [column.name, column]))
  const names = window ? window.columns : input.columns.map(({ name }) => name)
  return names.map((name) => {
    const column = byName.get(window ? `${name}@0` : name)!
    const { kind, rows, missing, distinct } = column
    // Over days, seconds say nothing.
    const time = (value: number) =>
      column.kind === 'time' && column.max - column.min > 86_400
        ? isoTime(Math.round(value)).replace(/T(\d\d:\d\d):\d\dZ$/, ' $1')
        : isoTime(Math.round(value))
    const shown = (value: number) => (kind === 'time' ? time(value) : showNumber(value))
    return {
      name,
      kind,
      rows,
      missing,
      distinct,
      ...(column.kind !== 'category' && {
        five: [
          shown(column.min),
          shown(column.quartiles[0]),
          shown(column.median),
          shown(column.quartiles[1]),
          shown(column.max),
        ] as const,
      }),
      ...(profiles.has(name) && { profile: profiles.get(name) }),
    }
  })
}

/** Bars of a small histogram. */
const bars = 24

/**
 * Counts between quantiles as bars of equal width: those of a bin spread evenly over it. Tails far beyond the 1 % and
 * 99 % quantiles are gathered at the ends, so that one wild value leaves something to see. Undefined for a column that
 * holds one value or none.
 */
export function barsOf({ edges, range }: NumberProfile, counts: ArrayLike<number>): number[] | undefined {
  if (!range || range[0] === range[1] || edges.length === 0) return undefined
  const spread = edges[edges.length - 1] - edges[0]
  const low = Math.max(range[0], edges[0] - spread)
  const high = Math.min(range[1], edges[edges.length - 1] + spread)
  const width = (high - low) / bars
  if (!(width > 0)) return undefined
  const heights = new Array<number>(bars).fill(0)
  const at = (value: number) => Math.min(bars - 1, Math.max(0, Math.floor((value - low) / width)))
  for (let b = 0; b < counts.length; b++) {
    const from = Math.max(low, b === 0 ? range[0] : edges[b - 1])
    const to = Math.min(high, b === edges.length ? range[1] : edges[b])
    if (!(to > from)) heights[at(to)] += counts[b]
    else
      for (let bar = at(from); bar <= at(to); bar++) {
        const overlap = Math.min(to, low + (bar + 1) * width) - Math.max(from, low + bar * width)
        heights[bar] += (counts[b] * Math.max(0, overlap)) / (to - from)
      }
  }
  return heights
}
