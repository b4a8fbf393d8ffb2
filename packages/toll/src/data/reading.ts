// What was said about a file when a model learned from it, and what is said about another one now.

import { TollError, type Reading } from '../base/index.js'
import type { DialectOptions } from './dialect.js'

export interface LearnedReading {
  /**
   * How the table was read that a model learned from (`Manifest.reading`): taken where nothing else is said, as far as
   * it means anything for a file of this format. Another word now is an error (`conflicting-options`).
   */
  readonly learned?: Reading
}

/** The options with what was learned. Error: `argument`. */
export function withLearned<T extends Reading & LearnedReading>({ learned = {}, ...options }: T): Omit<T, 'learned'> {
  const said = new Map<string, unknown>(Object.entries(options).filter(([, value]) => value !== undefined))
  for (const [name, before] of Object.entries(learned)) {
    if (!said.has(name) || alike(said.get(name), before)) continue
    throw new TollError(
      'conflicting-options',
      `${name} is ${show(said.get(name))}, but the model learned from a table that was read with ${show(before)}; ` +
        `leave ${name} out, or fit a model to tables that are written so`,
      { option: name, value: said.get(name), expected: show(before) },
    )
  }
  return { ...learned, ...Object.fromEntries(said) } as unknown as Omit<T, 'learned'>
}

/** Refuses what means nothing for a source that is no delimited text. Error: `argument`. */
export function refuseDialect(options: DialectOptions, name: string, kind: string): void {
  const option = (['delimiter', 'header', 'skip', 'comment'] as const).find((key) => options[key] !== undefined)
  if (option === undefined) return
  throw new TollError('not-applicable', `${option} is for delimited text, and ${name} is ${kind}; leave it out`, {
    file: name,
    option,
    value: options[option],
  })
}

function alike(now: unknown, before: unknown): boolean {
  const plain = (value: unknown) => JSON.stringify(Array.isArray(value) ? value.map(String).sort() : value)
  return plain(now) === plain(before)
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.map((item) => JSON.stringify(item)).join(', ') : JSON.stringify(value)
}
