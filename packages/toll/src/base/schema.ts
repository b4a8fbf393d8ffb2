// Plain data from outside, such as the manifest of a file, against a declared schema: the TypeScript type is inferred
// from the schema, so that what is checked is what the code relies on.

import * as v from 'valibot'
import { TollError } from './errors.js'

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

/** The type that a schema describes, read-only at every depth. */
export type Infer<S extends v.GenericSchema> = DeepReadonly<v.InferOutput<S>>

/** A number that JSON can hold: neither NaN nor infinite. */
export const finite = v.pipe(v.number(), v.finite('a finite number'))

export const count = v.pipe(v.number(), v.safeInteger('a whole number'), v.minValue(0, 'a whole number of at least 0'))

export const positiveCount = v.pipe(
  v.number(),
  v.safeInteger('a whole number'),
  v.minValue(1, 'a whole number of at least 1'),
)

/** A smallest and a largest value. */
export const range = v.pipe(
  v.tuple([finite, finite]),
  v.check(([low, high]) => low <= high, 'a smallest and a largest value'),
)

/**
 * The value as what the schema says. Fields that the schema does not name stay as they are.
 *
 * @param what begins the message, such as `the manifest of the model`
 * @throws `format` (`damaged-file`), with the first field that does not fit as `part`.
 */
export function requireSchema<S extends v.GenericSchema>(schema: S, value: unknown, what: string): Infer<S> {
  const { issues } = v.safeParse(schema, value, { abortEarly: true })
  if (!issues) return value as Infer<S>
  const [issue] = issues
  const part = v.getDotPath(issue) ?? undefined
  const expected = issue.kind === 'schema' && issue.expected !== null ? issue.expected : issue.message
  const problem = issue.received === 'undefined' ? 'is missing' : `must be ${expected}, got ${issue.received}`
  throw new TollError('damaged-file', `${what} is damaged: ${part === undefined ? 'it' : `'${part}'`} ${problem}`, {
    part,
    expected,
    value: issue.received,
  })
}
