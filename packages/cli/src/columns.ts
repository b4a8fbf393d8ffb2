// Columns on the command line: lists of names, their kinds, and the columns that a model needs.

import { columnKinds, TollError, type ColumnKind } from 'toll/base'

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

/** Names of `known`, one by one or several in one with commas. */
export function readNamesIn(texts: readonly string[] = [], known: readonly string[]): string[] {
  return texts.flatMap((text) => (known.includes(text) ? [text] : text.split(',').map((part) => part.trim())))
}

/** `--types name=kind` texts, several in one with commas. Error: `argument`. */
export function readTypes(texts: readonly string[] = []): Record<string, ColumnKind> {
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
        return [name, known]
      }),
  )
}

/** A word as a POSIX shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
