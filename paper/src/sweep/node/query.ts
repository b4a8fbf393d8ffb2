// Questions to trial logs, in SQL.

import { queryRecords, type QueryResult } from 'toll/node'
import type { RecordFormat } from '../format.js'

/**
 * Answers over the views of the kinds of trials that there are, and over `records`, the lines as they are. Without
 * `sql` the trials of the first kind are shown. Errors: those of `queryRecords`.
 */
export function queryTrials<R extends object>(
  { views }: Pick<RecordFormat<R>, 'views'>,
  records: readonly R[],
  sql?: string,
): Promise<QueryResult> {
  const present = views.filter(({ has }) => records.some(has))
  return queryRecords({
    records,
    views: Object.fromEntries(present.map((view) => [view.name, view.sql])),
    sql: sql ?? present[0]?.shown ?? 'SELECT * FROM records',
  })
}
