// Rows that belong together and follow each other: the groups of a table, each in its order.

import { TollError, type RowOrder } from '../base/index.js'

/**
 * The rows of each group by rising time; rows of equal time stay in the order given. Groups in the order of their first
 * rows.
 *
 * @throws `shape` when there is not one group or time per row; `data` when a time is not finite.
 */
export function sequencesOf(rows: number, { groups, time }: RowOrder): Int32Array[] {
  for (const [what, values] of Object.entries({ groups, times: time })) {
    if (values && values.length !== rows)
      throw new TollError('length-mismatch', `expected ${rows} ${what}, one per row, got ${values.length}`, {
        option: what === 'times' ? 'time' : what,
        value: values.length,
        expected: `${rows} values`,
      })
  }
  const members = new Map<string | number, number[]>()
  for (let row = 0; row < rows; row++) {
    if (time && !Number.isFinite(time[row]))
      throw new TollError(
        'not-a-time',
        `the time of row ${row + 1} is ${time[row]}; every row needs one to be put in order`,
        { row, option: 'time', value: time[row] },
      )
    const key = groups ? groups[row] : ''
    const known = members.get(key)
    if (known) known.push(row)
    else members.set(key, [row])
  }
  return [...members.values()].map((list) =>
    Int32Array.from(time ? list.sort((a, b) => time[a] - time[b] || a - b) : list),
  )
}
