// Rows that cannot be used: one vocabulary for readers, models and explanations.

import { TollError, messageOf, type ErrorDetails, type ErrorReason } from './errors.js'

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
  readonly #invalid = new Map<number, InvalidRow>()
  readonly #policy: InvalidRows

  constructor(policy: InvalidRows = 'throw') {
    this.#policy = policy
  }

  /** By row, in the order in which they were found. */
  get invalid(): ReadonlyMap<number, InvalidRow> {
    return this.#invalid
  }

  /**
   * @param row from 0
   * @param advice what to do about it: ends the message of an error, not that of a marked row
   */
  reject(row: number, problem: InvalidRow, { advice, ...details }: ErrorDetails & { readonly advice?: string }): void {
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
