// What an operator meets: how many of the first k rows to look at are anomalies, and how many alerts a day a threshold
// makes.

import { TollError } from '../base/index.js'
import type { ScoreCounts } from './counts.js'

/**
 * Share of anomalies among the k highest scores. Of rows with equal scores at the end of the list, the expected share
 * in random order; with fewer than k rows, of all.
 *
 * @param k at least 1
 */
export function precisionAtOf(
  { scores, anomalies, normals, totalAnomalies, totalNormals }: ScoreCounts,
  k: number,
): number {
  if (!(Number.isInteger(k) && k >= 1))
    throw new TollError('out-of-domain', `precision needs a number of rows of at least 1, got ${k}`, {
      option: 'k',
      value: k,
      expected: 'an integer of at least 1',
    })
  const wanted = Math.min(k, totalAnomalies + totalNormals)
  let [found, taken] = [0, 0]
  for (let i = 0; i < scores.length && taken < wanted; i++) {
    const here = anomalies[i] + normals[i]
    const share = Math.min(1, (wanted - taken) / here)
    found += share * anomalies[i]
    taken += share * here
  }
  return found / wanted
}

export interface AlertRate {
  /** Time that the rows cover. */
  readonly days: number
  readonly alerts: number
  readonly perDay: number
  /** Alerts on normal rows, a day. */
  readonly falsePerDay: number
  /** Most alerts on one day, counted from midnight UTC where times are of a calendar. */
  readonly busiestDay: number
}

/** Seconds of a day. */
const day = 86_400

/**
 * Alerts a day, one per row that is called. n different times cover n / (n - 1) times what lies between the first and
 * the last, so that each stands for an equal part.
 *
 * @param decisions 1 = called
 * @param labels 1 = anomaly
 * @param time in seconds, any order
 * @throws `shape` when lengths differ; `data` when all rows have one time.
 */
export function alertRate(decisions: ArrayLike<number>, labels: ArrayLike<number>, time: ArrayLike<number>): AlertRate {
  const n = time.length
  if (decisions.length !== n || labels.length !== n)
    throw new TollError('length-mismatch', `${n} times but ${decisions.length} decisions and ${labels.length} labels`, {
      option: 'time',
      value: n,
      expected: `${decisions.length} times`,
    })
  let [first, last, alerts, falsely] = [Infinity, -Infinity, 0, 0]
  const perDay = new Map<number, number>()
  for (let row = 0; row < n; row++) {
    first = Math.min(first, time[row])
    last = Math.max(last, time[row])
    if (decisions[row] !== 1) continue
    alerts++
    falsely += 1 - labels[row]
    const date = Math.floor(time[row] / day)
    perDay.set(date, (perDay.get(date) ?? 0) + 1)
  }
  if (!(last > first))
    throw new TollError('constant-data', `alerts a day need rows of different times, got ${n} at the same time`, {
      option: 'time',
      value: n,
    })
  const moments = new Set(Array.from(time)).size
  const days = ((last - first) * (moments / (moments - 1))) / day
  return {
    days,
    alerts,
    perDay: alerts / days,
    falsePerDay: falsely / days,
    busiestDay: Math.max(0, ...perDay.values()),
  }
}
