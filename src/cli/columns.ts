// Which columns of a source are features, and what the others are for.

import { TollError } from '../base/index.js'
import type { ColumnInfo } from '../data/node/index.js'

export interface ColumnFlags {
  readonly columns?: readonly string[]
  readonly exclude?: readonly string[]
  readonly id?: readonly string[]
  readonly label?: string
  readonly weight?: string
  readonly group?: string
  readonly time?: string
}

/**
 * The columns to learn from: those named, or all that are not excluded and have no other use. Columns that hold no numbers are an error
 * (`data`) that says how to leave them out: none is dropped silently.
 */
export function chooseColumns(all: readonly Pick<ColumnInfo, 'name' | 'kind'>[], flags: ColumnFlags, source: string): string[] {
  const known = new Map(all.map((column) => [column.name, column]))
  const listed = (texts: readonly string[] = []) => texts.flatMap((text) => (known.has(text) ? [text] : text.split(',').map((part) => part.trim())))
  const spoken = [...(flags.id ?? []), ...[flags.label, flags.weight, flags.group, flags.time].filter((name) => name !== undefined)]
  const excluded = listed(flags.exclude)
  for (const name of [...listed(flags.columns), ...excluded, ...spoken]) {
    if (!known.has(name)) throw new TollError('not-found', `${source} has no column '${name}'; it has ${shorten([...known.keys()])}`)
  }
  const left = new Set([...excluded, ...spoken])
  const chosen = (flags.columns ? [...new Set(listed(flags.columns))] : [...known.keys()]).filter((name) => !left.has(name))
  if (chosen.length === 0) throw new TollError('data', `${source}: no columns are left to learn from`)
  const unusable = chosen.filter((name) => ['text', 'time'].includes(known.get(name)!.kind))
  if (unusable.length > 0) {
    const names = unusable.map((name) => `${name} (${known.get(name)!.kind})`)
    throw new TollError('data', `${source}: ${unusable.length === 1 ? 'column' : 'columns'} ${shorten(names)} ${unusable.length === 1 ? 'holds' : 'hold'} no numbers; `
      + `leave ${unusable.length === 1 ? 'it' : 'them'} out with --exclude ${shellWord(unusable.join(','))}`)
  }
  return chosen
}

/** All columns that a model takes must be there, by name; the order does not matter. */
export function requireColumns(all: readonly Pick<ColumnInfo, 'name'>[], needed: readonly string[], source: string): void {
  const known = new Set(all.map(({ name }) => name))
  const missing = needed.filter((name) => !known.has(name))
  if (missing.length === 0) return
  throw new TollError('not-found', `${source} lacks ${missing.length === 1 ? 'column' : 'columns'} ${shorten(missing)}, which the model was trained on; it has ${shorten([...known])}`)
}

export function shorten(names: readonly string[], most = 12): string {
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
}

/** A word as a POSIX shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
