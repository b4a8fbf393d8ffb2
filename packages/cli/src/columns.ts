// Which columns of a source are features and as what they are read, and what the others are for.

import { TollError, columnKinds, type Column, type ColumnKind } from 'toll/base'

export interface ColumnFlags {
  readonly columns?: readonly string[]
  readonly exclude?: readonly string[]
  readonly types?: readonly string[]
  readonly id?: readonly string[]
  readonly label?: string
  readonly weight?: string
  readonly group?: string
  readonly time?: string
}

/**
 * The columns to learn from: those named, or all that are not excluded and have no other use. Errors: `not-found`,
 * `data` when none is left.
 */
export function chooseColumns(all: readonly Pick<Column, 'name'>[], flags: ColumnFlags, source: string): string[] {
  const known = new Map(all.map((column) => [column.name, column]))
  const listed = (texts: readonly string[] = []) =>
    texts.flatMap((text) => (known.has(text) ? [text] : text.split(',').map((part) => part.trim())))
  const spoken = [
    ...(flags.id ?? []),
    ...[flags.label, flags.weight, flags.group, flags.time].filter((name) => name !== undefined),
  ]
  const excluded = listed(flags.exclude)
  for (const name of [...listed(flags.columns), ...excluded, ...spoken]) {
    if (!known.has(name))
      throw new TollError('unknown-column', `${source} has no column '${name}'; it has ${shorten([...known.keys()])}`)
  }
  const left = new Set([...excluded, ...spoken])
  const chosen = (flags.columns ? [...new Set(listed(flags.columns))] : [...known.keys()]).filter(
    (name) => !left.has(name),
  )
  if (chosen.length === 0) throw new TollError('no-columns', `${source}: no columns are left to learn from`)
  return chosen
}

/**
 * `--types name=kind` texts, several in one with commas. Errors: `argument`; `not-found` for a column that is not
 * learned from.
 */
export function readTypes(
  texts: readonly string[] = [],
  columns: readonly string[],
  source: string,
): Record<string, ColumnKind> {
  return Object.fromEntries(
    texts
      .flatMap((text) => text.split(/(?<==(?:number|boolean|category|time)),/))
      .map((text) => {
        const at = text.lastIndexOf('=')
        const [name, kind] = [text.slice(0, at).trim(), text.slice(at + 1).trim()]
        const known = columnKinds.find((candidate) => candidate === kind)
        if (at < 1 || !known)
          throw new TollError(
            'out-of-domain',
            `--types takes name=kind, kind being one of ${columnKinds.join(', ')}, got '${text}'`,
          )
        if (!columns.includes(name))
          throw new TollError(
            'unknown-column',
            `--types ${text}: ${source} has no column '${name}' to learn from; it has ${shorten(columns)}`,
          )
        return [name, known]
      }),
  )
}

/**
 * All these columns must be there, by name; the order does not matter. `why` they are needed ends the message. Error:
 * `not-found`.
 */
export function requireColumns(
  all: readonly Pick<Column, 'name'>[],
  needed: readonly string[],
  source: string,
  why = ', which the model was trained on',
): void {
  const known = new Set(all.map(({ name }) => name))
  const missing = needed.filter((name) => !known.has(name))
  if (missing.length === 0) return
  throw new TollError(
    'unknown-column',
    `${source} lacks ${missing.length === 1 ? 'column' : 'columns'} ${shorten(missing)}${why}; it has ` +
      `${shorten([...known])}`,
  )
}

export function shorten(names: readonly string[], most = 12): string {
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
}

/** A word as a POSIX shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
