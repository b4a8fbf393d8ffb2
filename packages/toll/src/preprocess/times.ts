// A column of times as positions of a sample: where in the training span it lies (the trend), and its phase in each
// cycle that training saw at least twice and in more than one phase: the day, the week, the mean Gregorian year. The
// trend runs from 0 to 1 over the span of training and goes on logarithmically, so that a model in use is not alarmed
// by the passing of time, but is by a date centuries off.

import * as v from 'valibot'
import { finite, type Infer } from '../base/index.js'
import { add, concat, constant, div, log, max, min, mul, sin, sub, type Tensor } from '../graph/index.js'
import { row } from './numbers.js'
import type { NumberSummary } from './summary.js'

/** Seconds. */
const cycles = { day: 86_400, week: 604_800, year: 31_556_952 } as const

export type Cycle = keyof typeof cycles

export const timeEncoder = v.object({
  kind: v.literal('time'),
  /** What a missing time becomes, in seconds since 1970 UTC. */
  fill: finite,
  /** The first and the last time of training. */
  from: finite,
  to: finite,
  cycles: v.array(v.picklist(['day', 'week', 'year'])),
  /** Of the trend, then of sine and cosine of each cycle. */
  centre: v.array(finite),
  divisor: v.array(finite),
})

export type TimeEncoder = Infer<typeof timeEncoder>

/** A phase that varies less than this is one phase. */
const leastSpread = 1e-3

export function fitTimes(
  column: Float64Array,
  { min: from, max: to, median }: NumberSummary,
  scaled: boolean,
): TimeEncoder {
  const known = column.filter((time) => !Number.isNaN(time))
  const parts = (cycle: Cycle) =>
    [0, Math.PI / 2].map((phase) =>
      momentsOf(known.map((time) => Math.sin(((2 * Math.PI) / cycles[cycle]) * time + phase))),
    )
  const trend = momentsOf(known.map((time) => (to > from ? (time - from) / (to - from) : 0)))
  const seen = (Object.keys(cycles) as Cycle[])
    .filter((cycle) => to - from >= 2 * cycles[cycle])
    .map((cycle) => ({ cycle, moments: parts(cycle) }))
    .filter(({ moments }) => moments.some(({ sd }) => sd > leastSpread))
  const all = [trend, ...seen.flatMap(({ moments }) => moments)]
  return {
    kind: 'time',
    fill: median,
    from,
    to,
    cycles: seen.map(({ cycle }) => cycle),
    centre: all.map(({ mean }) => (scaled ? mean : 0)),
    divisor: all.map(({ sd }) => (scaled && sd > leastSpread ? sd : 1)),
  }
}

function momentsOf(values: Float64Array): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) }
}

/** Positions that the column takes. */
export function widthOfTimes({ centre }: TimeEncoder): number {
  return centre.length
}

/** Filled times (n, 1) float64 to (n, width). */
export function encodeTimes(x: Tensor, { from, to, cycles: seen, centre, divisor }: TimeEncoder): Tensor {
  const place = div(sub(x, from), to > from ? to - from : cycles.year)
  const beyond = (distance: Tensor) => log(add(max(distance, 0), 1))
  const trend = sub(add(max(min(place, 1), 0), beyond(sub(place, 1))), beyond(mul(place, -1)))
  const phases = seen.flatMap((cycle) =>
    [0, Math.PI / 2].map((phase) => sin(add(mul(x, (2 * Math.PI) / cycles[cycle]), phase))),
  )
  return div(sub(concat([trend, ...phases], 1), row(centre)), row(divisor))
}

/** The time that the trend stands for, within the span of training: (n, width) to (n, 1) in seconds. */
export function decodeTimes(trend: Tensor, { from, to, centre, divisor }: TimeEncoder): Tensor {
  const place = max(min(add(mul(trend, divisor[0]), centre[0]), 1), 0)
  return add(mul(place, constant(to - from, [], 'float64')), from)
}
