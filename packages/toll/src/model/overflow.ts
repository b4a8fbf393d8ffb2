// Numbers that are too large to learn from: finite themselves, but not what is computed from them.

import { TollError, namesOf, type Samples } from '../base/index.js'

/** Numbers whose squares no float64 holds. */
const maxMagnitude = 1e150

/**
 * An error of a stage of a fit; where something did not become finite, and columns hold numbers that are the reason,
 * an error that names them (`overflow`).
 */
export function explainOverflow(error: unknown, given: Samples): unknown {
  if (!(error instanceof TollError) || given.kind !== 'table') return error
  // An input that is not finite itself has another reason, `not-finite`.
  const notFinite = error.code === 'diverged' || error.reason === 'overflow' || error.reason === 'score-not-finite'
  const columns = notFinite
    ? namesOf(given.columns.filter(({ values }) => values.some((value) => Math.abs(value) > maxMagnitude)))
    : []
  if (columns.length === 0) return error
  const [verb, them] = columns.length === 1 ? ['holds', 'the column'] : ['hold', 'the columns']
  return new TollError(
    'overflow',
    `${columns.length === 1 ? 'column' : 'columns'} ${columns.slice(0, 12).join(', ')} ${verb} numbers beyond ` +
      `${maxMagnitude}, which cannot be scaled; correct them, or leave ${them} out`,
    { columns, limit: maxMagnitude, cause: error },
  )
}
