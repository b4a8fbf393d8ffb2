// The mean of repeated runs (seeds, splits) with its spread and a Student-t interval. Over random splits of one data
// set the runs share rows, so the interval understates the uncertainty about new data (Nadeau and Bengio 2003); over
// seeds it is exact for normal errors.

import { TollError } from '../base/index.js'
import type { Interval } from './bootstrap.js'

export interface MeanInterval {
  readonly count: number
  readonly mean: number
  /** Standard deviation with divisor n (ddof 0), as the paper's code reports it. */
  readonly populationSd: number
  /** Standard deviation with divisor n - 1 (ddof 1); undefined for one value. */
  readonly sampleSd: number | undefined
  /**
   * mean -+ t sampleSd / sqrt(n) with n - 1 degrees of freedom, cut at the ends of the range; undefined for one value.
   */
  readonly interval: Interval | undefined
}

/**
 * Mean, both standard deviations and the two-sided interval of the mean.
 *
 * @param level in (0, 1), default 0.95
 * @param range what values are possible, default all: no more of the interval is given, which keeps its coverage
 * @throws `data` when there are no values or one is not finite; `argument` when the level is outside (0, 1).
 */
export function meanInterval(
  values: ArrayLike<number>,
  level = 0.95,
  range: Interval = { low: -Infinity, high: Infinity },
): MeanInterval {
  const count = values.length
  if (count === 0)
    throw new TollError('too-few-rows', 'a mean needs at least one value, got none', { value: 0, limit: 1 })
  let mean = 0
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(values[i]))
      throw new TollError('not-finite', `a mean needs finite values, value ${i} is ${values[i]}`, {
        row: i,
        value: values[i],
      })
    mean += values[i] / count
  }
  let squares = 0
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2
  const populationSd = Math.sqrt(squares / count)
  const t = studentQuantile(level, Math.max(count - 1, 1))
  if (count === 1) return { count, mean, populationSd, sampleSd: undefined, interval: undefined }
  const sampleSd = Math.sqrt(squares / (count - 1))
  const half = (t * sampleSd) / Math.sqrt(count)
  return {
    count,
    mean,
    populationSd,
    sampleSd,
    interval: { low: Math.max(range.low, mean - half), high: Math.min(range.high, mean + half) },
  }
}

/**
 * The t for which a Student variable with `degrees` degrees of freedom lies in [-t, t] with probability `level`.
 * Bisection in theta = atan(t / sqrt(degrees)), where the probability is a finite trigonometric sum (Abramowitz and
 * Stegun 26.7.3-4).
 *
 * @param level in (0, 1)
 * @param degrees integer of at least 1
 */
export function studentQuantile(level: number, degrees: number): number {
  if (!(level > 0 && level < 1))
    throw new TollError('out-of-domain', `a confidence level must lie between 0 and 1, got ${level}`, {
      option: 'level',
      value: level,
      expected: 'a number above 0 and below 1',
    })
  if (!Number.isInteger(degrees) || degrees < 1)
    throw new TollError('out-of-domain', `degrees of freedom must be an integer of at least 1, got ${degrees}`, {
      option: 'degrees',
      value: degrees,
      expected: 'an integer of at least 1',
    })
  let low = 0
  let high = Math.PI / 2
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return Math.sqrt(degrees) * Math.tan(middle)
    if (centralProbability(middle, degrees) < level) low = middle
    else high = middle
  }
}

/** P(|T| <= sqrt(degrees) tan(theta)). All terms are positive; the sum stops when they no longer count. */
function centralProbability(theta: number, degrees: number): number {
  const sin = Math.sin(theta)
  const cos = Math.cos(theta)
  const odd = degrees % 2
  let term = odd ? sin * cos : sin
  let sum = 0
  for (let k = odd + 2; k <= degrees && term > sum * 1e-17; k += 2) {
    sum += term
    term *= (cos * cos * (k - 1)) / k
  }
  return odd ? (2 / Math.PI) * (theta + sum) : sum
}
