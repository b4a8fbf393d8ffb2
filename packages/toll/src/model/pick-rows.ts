// Single rows of a scored stream, kept with their values: those of the highest scores, or those that are named. Memory
// holds these rows only.

import { TollError, messageOf, takeRows, type CellValue, type InvalidRow, type Samples } from '../base/index.js'
import type { ScoredBatch } from './stream.js'

export interface PickedRow {
  /** Row of the stream, from 0. */
  readonly row: number
  readonly score: number
  readonly pValue?: number
  readonly isAnomaly: boolean
  /** The row as the model was given it, alone. */
  readonly samples: Samples
  /** Its cells that came along, by column. */
  readonly passthrough: ReadonlyMap<string, CellValue>
}

/** A row that could not be scored. */
export interface UnscoredRow extends InvalidRow, Pick<PickedRow, 'row' | 'passthrough'> {}

export interface PickedRows {
  readonly picked: readonly PickedRow[]
  /** Of the rows that could have been picked, those without a score. */
  readonly invalid: readonly UnscoredRow[]
  /** Rows of the whole stream. */
  readonly rows: number
}

/** A row of the batch at hand, which may be picked. */
type Candidate = Pick<PickedRow, 'row' | 'score'>

/** Keeps the rows of the highest scores, highest first, of equal ones the first. */
export class HighestRows {
  readonly #count: number
  #picked: readonly PickedRow[] = []

  constructor(count: number) {
    this.#count = count
  }

  get picked(): readonly PickedRow[] {
    return this.#picked
  }

  push(batch: ScoredBatch): void {
    const { score, invalid, firstRow } = batch
    const lowest = this.#picked.length < this.#count ? undefined : this.#picked[this.#count - 1].score
    const fresh: Candidate[] = []
    for (let row = 0; row < score.length; row++)
      if (!invalid.has(row) && (lowest === undefined || score[row] > lowest))
        fresh.push({ row: firstRow + row, score: score[row] })
    // Only what is kept is copied, so that no batch stays in memory.
    const candidates: readonly (Candidate | PickedRow)[] = [...this.#picked, ...fresh]
    this.#picked = candidates
      .toSorted((a, b) => b.score - a.score || a.row - b.row)
      .slice(0, this.#count)
      .map((kept) => ('samples' in kept ? kept : pick(batch, kept.row - firstRow)))
  }
}

/**
 * Rows of a stream: the `top` highest scores, or `rows` (from 0) in the order in which they are named. Rows without a
 * score are not picked.
 */
export async function pickRows(
  scored: AsyncIterable<ScoredBatch> | Iterable<ScoredBatch>,
  wanted: { readonly top: number } | { readonly rows: readonly number[] },
): Promise<PickedRows> {
  const named = 'rows' in wanted ? new Set(wanted.rows) : undefined
  const highest = 'top' in wanted ? new HighestRows(wanted.top) : undefined
  const found = new Map<number, PickedRow>()
  const invalid: UnscoredRow[] = []
  let rows = 0
  for await (const batch of scored) {
    const { firstRow } = batch
    highest?.push(batch)
    for (const [row, problem] of batch.invalid)
      if (!named || named.has(firstRow + row))
        invalid.push({ ...problem, row: firstRow + row, passthrough: cellsOfRow(batch, row) })
    for (const row of named ?? []) {
      const inBatch = row - firstRow
      if (inBatch >= 0 && inBatch < batch.score.length && !batch.invalid.has(inBatch))
        found.set(row, pick(batch, inBatch))
    }
    rows = firstRow + batch.score.length
  }
  const picked = highest ? highest.picked : [...(named ?? [])].flatMap((row) => found.get(row) ?? [])
  return { picked, invalid, rows }
}

/** What a row (from 0) is called: its key, or without one its number from 1. */
export function titleOf(key: CellValue | undefined, row: number): string | number {
  return key === undefined || key === null ? row + 1 : typeof key === 'number' ? key : String(key)
}

/** The error where not one row has a score; `first` is the first of them, which `title` names. */
export function noScoredRows(first?: InvalidRow, title?: string | number): TollError {
  const why = first && `; the first: ${title === undefined ? '' : `row ${title}: `}${messageOf(first)}`
  return new TollError('no-scored-rows', `no row could be scored${why ?? ''}`, {
    ...(first && { cause: new TollError(first.reason, messageOf(first), { column: first.column }) }),
  })
}

function pick(batch: ScoredBatch, row: number): PickedRow {
  const { score, pValue, isAnomaly, samples, firstRow } = batch
  return {
    row: firstRow + row,
    score: score[row],
    ...(pValue && { pValue: pValue[row] }),
    isAnomaly: isAnomaly[row] === 1,
    samples: takeRows(samples, [row]),
    passthrough: cellsOfRow(batch, row),
  }
}

/** The cells of a row of a batch that came along, by column. */
export function cellsOfRow({ passthrough }: Pick<ScoredBatch, 'passthrough'>, row: number): Map<string, CellValue> {
  return new Map([...passthrough].map(([name, values]): [string, CellValue] => [name, values[row]]))
}
