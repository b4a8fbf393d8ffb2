// What the missing trials of a sweep will take, by what finished ones of their kind took.

import type { RecordFormat } from './format.js'
import type { SweepTrial } from './sweep.js'

export interface Forecast {
  /** Of the missing trials, those of whose kind some have finished. */
  readonly trials: number
  /** Of one engine. */
  readonly seconds: number
}

export function forecastTrials<R extends object>(
  missing: readonly SweepTrial[],
  { took }: Pick<RecordFormat<R>, 'took'>,
  finished: readonly R[],
): Forecast {
  const times = finished.flatMap((record) => took(record) ?? [])
  const meanOf = (kind: string) => {
    const some = times.filter((time) => time.kind === kind)
    return some.reduce((sum, { seconds }) => sum + seconds / some.length, 0)
  }
  const means = new Map([...new Set(times.map(({ kind }) => kind))].map((kind) => [kind, meanOf(kind)]))
  const known = missing.filter(({ kind }) => means.has(kind))
  return { trials: known.length, seconds: known.reduce((sum, { kind }) => sum + means.get(kind)!, 0) }
}
