// Which rows train and which are held back, and labels as 0 and 1: small pure functions over row numbers.

import { TollError, locate, type Random } from '../base/index.js'

export interface Split {
  readonly train: Int32Array
  readonly held: Int32Array
}

/**
 * Splits the rows 0..n-1 at random into `round(share * n)` held-back rows and the rest, both in ascending order.
 * `share` in [0, 1). Error: `argument`.
 */
export function splitRows(n: number, share: number, random: Random): Split {
  if (!(share >= 0 && share < 1))
    throw new TollError('out-of-domain', `the held-back share must be at least 0 and below 1, got ${share}`, {
      option: 'share',
      value: share,
      expected: 'a number from 0 to below 1',
    })
  const order = random.permutation(n)
  const count = Math.round(share * n)
  return { held: order.slice(0, count).sort(), train: order.slice(count).sort() }
}

/** The rows whose label is `value`, in ascending order. */
export function rowsWith(labels: ArrayLike<number>, value: number): Int32Array {
  const rows: number[] = []
  for (let i = 0; i < labels.length; i++) if (labels[i] === value) rows.push(i)
  return Int32Array.from(rows)
}

/** The rows 0..n-1 that are not in `rows`, in ascending order. */
export function otherRows(n: number, rows: ArrayLike<number>): Int32Array {
  const taken = new Uint8Array(n)
  for (let i = 0; i < rows.length; i++) taken[rows[i]] = 1
  return rowsWith(taken, 0)
}

export type LabelValue = string | number | boolean | null

export interface LabelOptions {
  readonly anomaly?: LabelValue
  readonly normal?: LabelValue
  /** What the labels are from, for errors. */
  readonly column?: string
}

const anomalous = ['1', 'true', 'yes', 'anomaly', 'anomalous', 'abnormal', 'outlier', 'attack', 'fraud']
const normal = ['0', 'false', 'no', 'normal', 'inlier', 'benign']

/**
 * Labels as bytes, 1 = anomaly, from the values of a column. With `anomaly`, that value is the anomaly and everything
 * else normal; with `normal`, that value is normal and everything else an anomaly; without, the two values must be a
 * known pair: 0 and 1, true and false, or words such as normal and anomaly; one value alone must be the normal one of a
 * pair. Errors: `data` for missing labels, for values that are not two classes, or for a pair that does not say which
 * one is the anomaly; `argument` when both are named.
 */
export function anomalyLabels(values: readonly LabelValue[], { column, ...labels }: LabelOptions = {}): Uint8Array {
  try {
    return readLabels(values, labels)
  } catch (error) {
    throw column === undefined ? error : locate(error, `label column '${column}'`, { column })
  }
}

function readLabels(values: readonly LabelValue[], { anomaly, normal: usual }: Omit<LabelOptions, 'column'>) {
  if (anomaly !== undefined && usual !== undefined)
    throw new TollError('conflicting-options', 'name the anomalous label or the normal one, not both', {
      option: 'normal',
      value: usual,
    })
  const texts = values.map((value, row) => {
    if (value === null || value === '') throw new TollError('missing-label', `row ${row + 1} has no label`, { row })
    return labelText(value)
  })
  const seen = [...new Set(texts)]
  if (usual !== undefined) {
    const wanted = labelText(usual)
    if (!seen.includes(wanted))
      throw new TollError(
        'unknown-label',
        `no row has the normal label '${wanted}'; labels are ${seen.slice(0, 5).join(', ')}`,
        { option: 'normal', value: usual, expected: seen },
      )
    return Uint8Array.from(texts, (text) => Number(text !== wanted))
  }
  // No anomaly yet.
  if (seen.length === 1 && anomaly === undefined && normal.includes(seen[0])) return new Uint8Array(texts.length)
  if (seen.length !== 2 && anomaly === undefined) {
    throw new TollError(
      'ambiguous-labels',
      `labels must be two classes, got ${seen.length} ` +
        `(${seen.slice(0, 5).join(', ')}${seen.length > 5 ? ', ...' : ''}); name the anomalous one, or the ` +
        'normal one',
      { option: 'anomaly', expected: seen },
    )
  }
  if (anomaly !== undefined) {
    const wanted = labelText(anomaly)
    if (!seen.includes(wanted))
      throw new TollError(
        'unknown-label',
        `no row has the anomalous label '${wanted}'; labels are ${seen.slice(0, 5).join(', ')}`,
        { option: 'anomaly', value: anomaly, expected: seen },
      )
    if (seen.length < 2)
      throw new TollError('one-class', `labels must be two classes, every row has '${wanted}'`, {
        option: 'anomaly',
        value: anomaly,
      })
    return Uint8Array.from(texts, (text) => Number(text === wanted))
  }
  const positive = seen.filter((text) => anomalous.includes(text))
  const negative = seen.filter((text) => normal.includes(text))
  if (positive.length !== 1 || negative.length !== 1) {
    throw new TollError(
      'ambiguous-labels',
      `labels '${seen[0]}' and '${seen[1]}' do not say which is the anomaly; name it`,
      { option: 'anomaly', expected: seen },
    )
  }
  return Uint8Array.from(texts, (text) => Number(text === positive[0]))
}

/** Numbers and their texts are one label: 1, 1.0 and '1'; words ignore case and surrounding space. */
function labelText(value: LabelValue): string {
  const text = String(value).trim()
  return text !== '' && Number.isFinite(Number(text)) ? String(Number(text)) : text.toLowerCase()
}
