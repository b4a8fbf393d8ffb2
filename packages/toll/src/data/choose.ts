// Columns of a source by name.

import { TollError, namesOf, type Column } from '../base/index.js'
import type { ColumnRequest } from './columns.js'

/** The columns of a source by their names. Error: `not-found`, with the name that was meant where one is alike. */
export function columnFinder<C extends Column>(columns: readonly C[], source: string): (name: string) => C {
  const byName = new Map(columns.map((column) => [column.name, column]))
  return (name) => {
    const found = byName.get(name)
    if (found) return found
    const alike = columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
    const shown = namesOf(columns.slice(0, 20)).join(', ')
    throw new TollError(
      'unknown-column',
      `${source} has no column '${name}'; ` +
        `${alike ? `did you mean '${alike.name}'?` : `it has ${shown}${columns.length > 20 ? ', ...' : ''}`}`,
      { file: source, column: name, expected: namesOf(columns), ...(alike && { suggestion: alike.name }) },
    )
  }
}

/** What is asked of the columns of a source. */
export interface ColumnChoice {
  /** Default: all columns, as what they hold. */
  readonly columns?: readonly ColumnRequest[]
  readonly exclude?: readonly string[]
}

/**
 * The columns asked for, less those to leave out, each with the kind that it is read as.
 * Errors: `not-found`; `argument` for a column that is asked for twice; `data` where none is left.
 */
export function chooseColumns(
  all: readonly Column[],
  { columns, exclude = [] }: ColumnChoice,
  source: string,
): Column[] {
  const find = columnFinder(all, source)
  const done = new Set<string>()
  const left = new Set(exclude.map((name) => find(name).name))
  const chosen = (columns ?? all).flatMap((request): Column[] => {
    const { name, kind } = typeof request === 'string' ? find(request) : { ...find(request.name), kind: request.kind }
    if (done.has(name))
      throw new TollError('duplicate-name', `column '${name}' of ${source} is asked for twice`, {
        file: source,
        column: name,
        option: 'columns',
      })
    done.add(name)
    return left.has(name) ? [] : [{ name, kind }]
  })
  if (chosen.length === 0)
    throw new TollError('no-columns', `${source}: no columns are left to read`, { file: source, option: 'exclude' })
  return chosen
}
