// Which columns of a source a model learns from, by name, and what the others are for.

import { TollError, listNames, namesOf, type Column, type ColumnKind, type OrderColumns } from '../base/index.js'

/** Columns by name, each for what it is; no column but a feature is learned from. */
export interface TrainingColumns extends OrderColumns {
  /** Features; default all that have no other use here. */
  readonly columns?: readonly string[]
  readonly exclude?: readonly string[]
  /** Kinds of features, where it is not what they look like. */
  readonly types?: Readonly<Record<string, ColumnKind>>
  /** Keys that name rows. */
  readonly id?: readonly string[]
  /** Labels of rows. */
  readonly label?: string
  /** Weights of rows in training, 0 or more. */
  readonly weight?: string
}

/**
 * The features among the columns of a source, in the order of `columns`, or of the source.
 *
 * @param file what the source is called, for errors
 * @throws `not-found` for a name that is no column, and for a kind of one that is no feature; `data` when no feature is
 * left (`no-columns`).
 */
export function chooseColumns(
  all: readonly Pick<Column, 'name'>[],
  { columns, exclude = [], types = {}, id = [], label, weight, group, time }: TrainingColumns,
  file: string,
): string[] {
  const known = namesOf(all)
  const others = { exclude, id, label: [label], weight: [weight], group: [group], time: [time] }
  for (const [option, names] of Object.entries({ columns: columns ?? [], ...others }))
    for (const name of names) if (name !== undefined && !known.includes(name)) throw unknown(name, known, file, option)
  const left = new Set(Object.values(others).flat())
  const features = (columns ? [...new Set(columns)] : known).filter((name) => !left.has(name))
  if (features.length === 0)
    throw new TollError('no-columns', `${file}: no columns are left to learn from`, { file, option: 'exclude' })
  for (const name of Object.keys(types))
    if (!features.includes(name)) throw unknown(name, features, file, 'types', ' to learn from')
  return features
}

function unknown(column: string, known: readonly string[], file: string, option: string, use = ''): TollError {
  return new TollError('unknown-column', `${file} has no column '${column}'${use}; it has ${listNames(known)}`, {
    file,
    column,
    option,
    expected: known,
  })
}
