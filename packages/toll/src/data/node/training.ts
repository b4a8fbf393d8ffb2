// What a model learns from, out of a table that holds other columns too: features, and labels, weights, groups and
// times of the rows where columns are named for them.

import {
  TollError,
  orderColumns,
  readOrder,
  type CellValue,
  type ColumnKind,
  type RowOrder,
  type Table,
  type TimeUnit,
} from '../../base/index.js'
import { chooseColumns, type TrainingColumns } from '../choose-columns.js'
import { anomalyLabels, type LabelValue } from '../splits.js'
import { tooManyCategories } from '../categories.js'
import type { TableSource } from './table.js'

export interface ReadTrainingOptions extends TrainingColumns {
  /** The label that means anomaly, or the one that means normal, where the labels do not say so themselves. */
  readonly anomaly?: LabelValue
  readonly normal?: LabelValue
  /** Of times that are numbers; default seconds. */
  readonly timeUnit?: TimeUnit
  /** A column whose values name the rows; it comes along. */
  readonly rowNames?: string
  readonly signal?: AbortSignal
}

/** The options of `fit` that are about data, ready to be passed on. */
export interface TrainingRows extends RowOrder {
  readonly data: Table
  /** As they were given. */
  readonly types: Readonly<Record<string, ColumnKind>>
  /** Columns of so many different strings that they were not kept: they name the rows. */
  readonly leftOut: readonly { readonly name: string; readonly reason: 'identifier' }[]
  /** 1 = anomaly. */
  readonly labels?: Uint8Array
  readonly weights?: Float64Array
  readonly rowNames?: readonly CellValue[]
}

/**
 * Reads a whole table for training. Features are what is not named for another use.
 *
 * @throws errors as the source's; `not-found` and `data` as `chooseColumns`, `anomalyLabels` and `readOrder`; `data`
 * for a column that is to be a category and has more than 2^20 (`too-many-categories`).
 */
export async function readTraining(source: TableSource, options: ReadTrainingOptions = {}): Promise<TrainingRows> {
  const { types = {}, label, anomaly, normal, weight, timeUnit, rowNames, signal } = options
  const file = source.name
  const features = chooseColumns(source.columns, options, file)
  const kindOf = new Map(source.columns.map(({ name, kind }) => [name, kind]))
  const requests = features.map((name) => ({ name, kind: types[name] ?? kindOf.get(name)! }))
  const { table, passthrough, leftOut } = await source.readBatch({
    columns: weight === undefined ? requests : [...requests, { name: weight, kind: 'number' }],
    passthrough: [...new Set([label, rowNames, ...orderColumns(options)].filter((name) => name !== undefined))],
    signal,
    keys: 'leave out',
  })
  checkLeftOut(leftOut, features, types, file)
  return {
    data: weight === undefined ? table : { ...table, columns: table.columns.slice(0, -1) },
    types,
    leftOut: leftOut.map((name) => ({ name, reason: 'identifier' })),
    ...readOrder(passthrough, options, { file, timeUnit }),
    ...(label !== undefined && { labels: anomalyLabels(passthrough.get(label)!, { column: label, anomaly, normal }) }),
    ...(weight !== undefined && { weights: table.columns.at(-1)!.values }),
    ...(rowNames !== undefined && { rowNames: passthrough.get(rowNames) }),
  }
}

function checkLeftOut(
  leftOut: readonly string[],
  features: readonly string[],
  types: Readonly<Record<string, ColumnKind>>,
  file: string,
): void {
  const wanted = leftOut.find((name) => Object.hasOwn(types, name))
  if (wanted !== undefined) throw tooManyCategories(wanted, file)
  if (leftOut.length === features.length)
    throw new TollError(
      'no-columns',
      `${file}: no columns are left to learn from, since ${leftOut.slice(0, 12).join(', ')} ` +
        `${leftOut.length === 1 ? 'names' : 'name'} the rows`,
      { file, columns: leftOut },
    )
}
