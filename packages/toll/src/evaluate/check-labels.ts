// Labels as they are given by programs: one per row, 0 or 1.

import { TollError } from '../base/index.js'

/** Labels as bytes. Errors: `length-mismatch`, `invalid-label` with the row. */
export function checkLabels(labels: ArrayLike<number>, rows: number): Uint8Array {
  if (labels.length !== rows)
    throw new TollError('length-mismatch', `expected ${rows} labels, one per row, got ${labels.length}`, {
      option: 'labels',
      value: labels.length,
      expected: `${rows} values`,
    })
  return Uint8Array.from(labels, (label, row) => {
    if (label === 0 || label === 1) return label
    throw new TollError('invalid-label', `labels are 0 (normal) or 1 (anomaly), row ${row + 1} has ${label}`, {
      option: 'labels',
      row,
      value: label,
      expected: '0 or 1',
    })
  })
}
