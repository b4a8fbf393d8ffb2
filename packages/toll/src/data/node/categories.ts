// The strings of a column as codes: k for the k-th category, in order of first appearance.

import type { DuckDBVector } from '@duckdb/node-api'
import { invariant } from '../../base/index.js'
import { validityOf } from './duck.js'

/**
 * Bytes of a string record of DuckDB: its length and, up to 12 bytes, itself, padded with zeros; else a prefix and a
 * pointer.
 */
const recordWords = 4
const inlineBytes = 12
/** Records whose codes are remembered: 64 KB of them. */
const slots = 4096

/**
 * Turning 2 million short cells into strings takes 1.5 s, as long as reading 20 million numbers. So the bytes of a
 * record are looked up first, among those seen last, where their hash says; only what is not there becomes a string.
 */
export class CategoryCodes {
  readonly #categories: string[] = []
  readonly #codes = new Map<string, number>()
  readonly #records = new Uint32Array(recordWords * slots)
  /** The record of zeros is the empty string. */
  readonly #known = new Float64Array(slots).fill(NaN)
  /** Grows as cells are read. */
  readonly categories: readonly string[] = this.#categories

  /** @param missing strings that stand for nothing, as the empty one does */
  constructor(readonly missing: ReadonlySet<string>) {}

  /** The code of a cell, surrounding space aside; NaN for a missing one. */
  codeOf(cell: string): number {
    const text = cell.trim()
    if (text === '' || this.missing.has(text)) return NaN
    const known = this.#codes.get(text)
    if (known !== undefined) return known
    this.#codes.set(text, this.#categories.length)
    return this.#categories.push(text) - 1
  }

  /** The codes of the rows `from`..`from + count` of a VARCHAR vector, written to `codes` from `at` on. */
  read(vector: DuckDBVector, from: number, count: number, codes: Float64Array, at: number): void {
    const valid = validityOf(vector)
    const words = recordsOf(vector)
    const [records, known] = [this.#records, this.#known]
    for (let row = from; row < from + count; row++) {
      const to = at + row - from
      if (valid !== undefined && !((valid[row >> 5] >>> (row & 31)) & 1)) {
        codes[to] = NaN
        continue
      }
      const [a, b, c, d] = [words[4 * row], words[4 * row + 1], words[4 * row + 2], words[4 * row + 3]]
      const inline = a <= inlineBytes
      const slot = hash(a, b, c, d) & (slots - 1)
      const place = recordWords * slot
      if (
        inline &&
        records[place] === a &&
        records[place + 1] === b &&
        records[place + 2] === c &&
        records[place + 3] === d
      ) {
        codes[to] = known[slot]
        continue
      }
      codes[to] = this.codeOf(String(vector.getItem(row)))
      if (!inline) continue
      records.set([a, b, c, d], place)
      known[slot] = codes[to]
    }
  }
}

function hash(a: number, b: number, c: number, d: number): number {
  const mixed = Math.imul(Math.imul(Math.imul(b, 0x9e3779b1) ^ c, 0x85ebca6b) ^ d, 0xc2b2ae35) ^ a
  return mixed ^ (mixed >>> 15)
}

function recordsOf(vector: DuckDBVector): Uint32Array {
  const view = 'dataView' in vector ? vector.dataView : undefined
  invariant(view instanceof DataView, 'a vector of DuckDB that should be VARCHAR is not')
  return new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4)
}
