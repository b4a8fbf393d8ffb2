// Consecutive rows of a source, and which of them cannot be used: one vocabulary for readers, models and explanations.

import { TollError, messageOf, type ErrorDetails, type ErrorReason } from './errors.js'
import type { Samples } from './samples.js'
import type { Table } from './table.js'

/** A cell as the source has it: a string of a text file stays one; null where nothing is. */
export type CellValue = string | number | boolean | null

/** Consecutive rows of a table. */
export interface RowBatch<S extends Samples = Table> {
  /** Rows of a table; in a stream also images. */
  readonly table: S
  /** Further columns by name, one value per row: keys, labels, groups, times. */
  readonly passthrough?: ReadonlyMap<string, readonly CellValue[]>
  /** Rows of the source before these; default 0, in a stream the rows before. */
  readonly firstRow?: number
  /** Rows (from 0) that are known to be unusable. */
  readonly invalid?: ReadonlyMap<number, InvalidRow>
}

/** The values of a column as cells; undefined where the table has no such column. */
export function cellsOf({ columns }: Table, name: string): CellValue[] | undefined {
  const column = columns.find((candidate) => candidate.name === name)
  return (
    column &&
    Array.from(column.values, (value) =>
      Number.isNaN(value) ? null : column.kind === 'category' ? column.categories[value] : value,
    )
  )
}

/** What a row that cannot be used does: stops everything (default), or is marked while the others are used. */
export type InvalidRows = 'throw' | 'mark'

/** Why a row cannot be used. */
export interface InvalidRow {
  readonly reason: ErrorReason
  /** One sentence for people. */
  readonly message: string
  /** The column that is at fault, where it is one. */
  readonly column?: string
}

/** Checks rows one by one: throws at the first invalid one, or keeps the first reason of each. */
export class RowCheck {
  readonly #invalid: Map<number, InvalidRow>
  readonly #policy: InvalidRows

  /** @param known rows that are invalid already */
  constructor(policy: InvalidRows = 'throw', known: ReadonlyMap<number, InvalidRow> = new Map()) {
    this.#policy = policy
    this.#invalid = new Map(known)
  }

  /** In the order of the rows. */
  get invalid(): ReadonlyMap<number, InvalidRow> {
    return new Map([...this.#invalid].sort(([a], [b]) => a - b))
  }

  /**
   * @param row from 0
   * @param advice what to do about it: ends the message of an error, not that of a marked row
   */
  reject(
    row: number,
    problem: InvalidRow,
    { advice, ...details }: ErrorDetails & { readonly advice?: string } = {},
  ): void {
    if (this.#policy === 'throw') {
      const { reason, column } = problem
      throw new TollError(reason, `${messageOf(problem)}${advice === undefined ? '' : `; ${advice}`}`, {
        row,
        ...(column !== undefined && { column }),
        ...details,
      })
    }
    if (!this.#invalid.has(row)) this.#invalid.set(row, problem)
  }
}
