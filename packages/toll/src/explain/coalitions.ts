// Rows made of a row and the typical row: what a score is asked about when nothing but the score is known. The players
// are columns, or square tiles of an image. A player whose values are those of the typical row cannot change a score;
// it is left out.

import type { NdArray, Samples, Table, TableColumn } from '../base/index.js'
import type { TypicalValue } from './explanation.js'
import { cellOf } from './typical.js'

export interface Players {
  /** Players that can change the score. */
  readonly count: number
  /** Columns or pixels in all. */
  readonly size: number
  /** A row for each set of players: those in it as in the row, the others typical. */
  rows(sets: readonly Uint8Array[]): Samples
  /** One value per player to one per column or pixel; a tile's value is shared evenly over its pixels. */
  spreadOut(values: Float64Array): Float64Array
}

/** More tiles than this along a side of an image make them larger. */
const tilesPerSide = 14

/** The players of row `row` of `data`. `typical` has one row, with the columns in the same order. */
export function playersOf(data: Samples, row: number, typical: Samples): Players {
  return data.kind === 'table' ? columnPlayers(data, row, typical as Table) : tilePlayers(data, row, typical as NdArray)
}

function columnPlayers(data: Table, row: number, typical: Table): Players {
  const place = new Map(data.columns.map((column) => [column.name, column]))
  const cells = typical.columns.map((column) => [cellOf(column, 0), cellOf(place.get(column.name)!, row)])
  // A category is its index among the two.
  const codeOf = (cell: TypicalValue | null, column: number) =>
    cell === null ? NaN : typeof cell === 'string' ? cells[column].indexOf(cell) : cell
  const [usual, own] = [0, 1].map((which) => cells.map((pair, column) => codeOf(pair[which], column)))
  const players = cells.flatMap(([before, after], i) => (before === after ? [] : [i]))
  const at = new Map(players.map((column, player) => [column, player]))
  return {
    count: players.length,
    size: own.length,
    rows: (sets) => ({
      ...typical,
      rows: sets.length,
      columns: typical.columns.map((column, c): TableColumn => {
        const player = at.get(c)
        const values = Float64Array.from(sets, (set) => (player !== undefined && set[player] === 1 ? own[c] : usual[c]))
        return column.kind === 'category'
          ? { ...column, values, categories: cells[c].map((cell) => String(cell ?? '')) }
          : { ...column, values }
      }),
    }),
    spreadOut: (values) => {
      const all = new Float64Array(own.length)
      players.forEach((column, player) => {
        all[column] = values[player]
      })
      return all
    },
  }
}

function tilePlayers({ shape, data }: NdArray, row: number, typical: NdArray): Players {
  const [, channels, height, width] = shape
  const size = channels * height * width
  const own = data.subarray(row * size, (row + 1) * size)
  const side = Math.ceil(Math.max(height, width) / tilesPerSide)
  const across = Math.ceil(width / side)
  const tileOf = (p: number) =>
    Math.floor((Math.floor(p / width) % height) / side) * across + Math.floor((p % width) / side)
  const differing = new Set<number>()
  own.forEach((value, p) => {
    if (value !== typical.data[p]) differing.add(tileOf(p))
  })
  const at = new Map([...differing].map((tile, player) => [tile, player]))
  const playerOf = Array.from({ length: size }, (_, p) => at.get(tileOf(p)) ?? -1)
  return {
    count: differing.size,
    size,
    rows: (sets) => {
      const pixels = new Float32Array(sets.length * size)
      sets.forEach((set, s) => {
        for (let p = 0; p < size; p++)
          pixels[s * size + p] = playerOf[p] >= 0 && set[playerOf[p]] === 1 ? own[p] : typical.data[p]
      })
      return { kind: 'images', shape: [sets.length, ...shape.slice(1)], data: pixels }
    },
    spreadOut: (values) => {
      const pixels = new Float64Array(values.length)
      for (const player of playerOf) if (player >= 0) pixels[player]++
      return Float64Array.from(playerOf, (player) => (player < 0 ? 0 : values[player] / pixels[player]))
    },
  }
}
