// What a line of a trial log is: how it begins, which versions are read, what identifies its trial, and how SQL sees
// it. Formats are data, so that logs of all experiments are read, joined and queried by the same code.

import { TollError } from 'toll'

export interface RecordFormat<R extends object> {
  /** Of its trials, for people, such as `benchmark trial`. */
  readonly name: string
  /** The newest that `read` takes. A line without a version is of the first. */
  readonly version: number
  /**
   * What every line begins with, such as `{"format":`: where one is cut off and another follows on the same line, the
   * other is found by it.
   */
  readonly begins: readonly string[]
  /** Whether a parsed line is meant to be of this format, whatever else is wrong with it. */
  readonly owns: (line: Readonly<Record<string, unknown>>) => boolean
  /** The record of a parsed line. Error: `format` with what is wrong. */
  readonly read: (value: unknown) => R
  /** The id of the trial that it is the record of. */
  identify(this: void, record: R): string
  /** What its trial took, by kinds as `SweepTrial.kind` has them; undefined where the line does not say. */
  took(this: void, record: R): TrialTime | undefined
  readonly views: readonly TrialView<R>[]
}

export interface TrialTime {
  readonly kind: string
  readonly seconds: number
}

/** A view over the table `records`, which holds the lines as they are. */
export interface TrialView<R> {
  readonly name: string
  /** Whether the record is one of the view's rows. A view without any is left out. */
  has(this: void, record: R): boolean
  readonly sql: string
  /** The query that shows its trials. */
  readonly shown: string
}

/** Reads a parsed line. Errors: `version` for a newer one; `format`. */
export function readRecord<R extends object>(
  { version, read }: Pick<RecordFormat<R>, 'version' | 'read'>,
  value: unknown,
): R {
  const { format } = (value ?? {}) as { readonly format?: unknown }
  if (typeof format === 'number' && format > version)
    throw new TollError('newer-version', `it is of format ${format}, this version reads up to ${version}`, {
      value: format,
      limit: version,
    })
  return read(value)
}

/** Lines of any of the formats. */
export function anyOf(formats: readonly RecordFormat<object>[]): RecordFormat<object> {
  const ownerOf = (value: unknown) =>
    formats.find(({ owns }) => owns((value ?? {}) as Readonly<Record<string, unknown>>))
  return {
    name: 'trial',
    version: Infinity,
    begins: [...new Set(formats.flatMap(({ begins }) => begins))],
    owns: (line) => ownerOf(line) !== undefined,
    read(value) {
      const owner = ownerOf(value)
      if (!owner) throw new TollError('wrong-file-kind', 'it is no trial of any experiment')
      return readRecord(owner, value)
    },
    identify: (record) => ownerOf(record)!.identify(record),
    took: (record) => ownerOf(record)!.took(record),
    views: formats.flatMap((format) =>
      format.views.map((view) => ({
        ...view,
        has: (record: object) => ownerOf(record) === format && view.has(record),
      })),
    ),
  }
}
