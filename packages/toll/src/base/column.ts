// What a column is: one notion for the source that reads it, the table, the model file, drift and reports.

/**
 * - `number`: any number;
 * - `boolean`: 1 is true, 0 is false;
 * - `category`: one of some strings, k for the k-th of them (from 0);
 * - `time`: seconds since 1970-01-01T00:00:00Z.
 */
export const columnKinds = ['number', 'boolean', 'category', 'time'] as const

export type ColumnKind = (typeof columnKinds)[number]

/** Kinds whose values are quantities, not codes. */
export type NumericKind = Exclude<ColumnKind, 'category'>

export interface Column {
  readonly name: string
  readonly kind: ColumnKind
}

export function namesOf(columns: readonly Pick<Column, 'name'>[]): string[] {
  return columns.map(({ name }) => name)
}

/** Names for a message: the first `max` of them, and how many more there are. */
export function listNames(names: readonly string[], max = 12): string {
  const listed = names.slice(0, max).join(', ')
  return names.length > max ? `${listed} and ${names.length - max} more` : listed
}
