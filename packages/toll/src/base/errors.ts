// Every error of the library: one class with a code, a stable reason, typed details, and one sentence a person can act
// on. Programs read the data; only people read the message. docs/errors.md lists the reasons and what to do.

/**
 * The kind of an error, for programs that only distinguish a few.
 *
 * | code | meaning |
 * |---|---|
 * | `argument` | an option, parameter or argument outside its domain |
 * | `shape` | tensors, tables or images whose sizes do not fit together |
 * | `data` | values that cannot be used: infinity, text in a numeric column, labels that are not two classes |
 * | `format` | a file that is truncated, damaged or of another kind |
 * | `version` | a file made by a newer version |
 * | `not-found` | a file, column, data set or detector that does not exist |
 * | `device` | an accelerator, engine or optional package that is not available |
 * | `memory` | a computation that would take more memory than allowed |
 * | `diverged` | a training loss that became NaN or infinite |
 * | `aborted` | stopped by the caller's signal |
 * | `io` | the operating system refused to read or write |
 * | `network` | a download that failed |
 * | `checksum` | content that is not what its checksum says |
 * | `internal` | a bug of this library |
 */
export type ErrorCode =
  | 'argument'
  | 'shape'
  | 'data'
  | 'format'
  | 'version'
  | 'not-found'
  | 'device'
  | 'memory'
  | 'diverged'
  | 'aborted'
  | 'io'
  | 'network'
  | 'checksum'
  | 'internal'

/** Every reason of an error, with its code. A reason is never renamed; new ones may be added. */
export const errorReasons = {
  // Arguments and options
  'out-of-domain': 'argument',
  'wrong-type': 'argument',
  'unknown-parameter': 'argument',
  'missing-argument': 'argument',
  'conflicting-options': 'argument',
  'duplicate-name': 'argument',
  'reserved-name': 'argument',
  'not-applicable': 'argument',
  'unsupported-input': 'argument',
  'unsupported-format': 'argument',
  'invalid-query': 'argument',
  'checkpoint-mismatch': 'argument',
  'invalid-detector': 'argument',
  busy: 'argument',
  // Sizes
  'shape-mismatch': 'shape',
  'length-mismatch': 'shape',
  'wrong-input-kind': 'shape',
  'dtype-mismatch': 'shape',
  // Values
  'not-a-number': 'data',
  'not-finite': 'data',
  'decimal-comma': 'data',
  'not-a-time': 'data',
  'not-a-boolean': 'data',
  'mixed-kinds': 'data',
  'wrong-column-kind': 'data',
  'missing-name': 'data',
  'repeated-name': 'data',
  'numeric-header': 'data',
  'empty-column': 'data',
  'constant-data': 'data',
  'no-columns': 'data',
  'no-rows': 'data',
  'too-many-values': 'data',
  'too-few-rows': 'data',
  'no-scored-rows': 'data',
  'too-many-categories': 'data',
  'invalid-label': 'data',
  'missing-label': 'data',
  'unknown-label': 'data',
  'ambiguous-labels': 'data',
  'one-class': 'data',
  'invalid-weight': 'data',
  'invalid-index': 'data',
  'invalid-matrix': 'data',
  'dependent-columns': 'data',
  'undefined-measure': 'data',
  'score-not-finite': 'data',
  'invalid-p-value': 'data',
  'not-positive': 'data',
  'no-labels': 'data',
  'run-failed': 'data',
  'query-failed': 'data',
  'missing-group': 'data',
  'unordered-rows': 'data',
  'incomplete-window': 'data',
  'unusable-window': 'data',
  overflow: 'data',
  'unreadable-text': 'data',
  'no-held-out-scores': 'data',
  'degenerate-scores': 'data',
  'no-results': 'data',
  'inconsistent-results': 'data',
  'not-training-data': 'data',
  // Files
  'empty-file': 'format',
  'damaged-file': 'format',
  'wrong-file-kind': 'format',
  'not-utf8': 'format',
  'ragged-row': 'format',
  'line-too-long': 'format',
  'malformed-quotes': 'format',
  'malformed-json': 'format',
  'unnamed-column': 'format',
  'wrong-delimiter': 'format',
  'ambiguous-delimiter': 'format',
  'lines-outside-table': 'format',
  'mixed-line-ends': 'format',
  'duplicate-column': 'format',
  'schema-mismatch': 'format',
  'unsupported-content': 'format',
  'unsupported-node': 'format',
  'newer-version': 'version',
  // Things that are not there
  'unknown-file': 'not-found',
  'unknown-column': 'not-found',
  'unknown-variable': 'not-found',
  'ambiguous-variable': 'not-found',
  'unknown-dataset': 'not-found',
  'not-downloaded': 'not-found',
  'unknown-detector': 'not-found',
  'unknown-threshold': 'not-found',
  'unknown-output': 'not-found',
  'unknown-trial': 'not-found',
  // The machine
  'no-device': 'device',
  'engine-stopped': 'device',
  'out-of-memory': 'device',
  'missing-package': 'device',
  'too-large': 'memory',
  'loss-not-finite': 'diverged',
  'not-converged': 'diverged',
  aborted: 'aborted',
  'time-limit': 'aborted',
  'cannot-read': 'io',
  'cannot-write': 'io',
  'changed-file': 'io',
  'download-failed': 'network',
  'network-refused': 'network',
  'wrong-checksum': 'checksum',
  internal: 'internal',
} as const satisfies Readonly<Record<string, ErrorCode>>

/** Why an error was thrown, finer than its code and as stable. */
export type ErrorReason = keyof typeof errorReasons

/** What a program can know about an error; a field is there where it has a meaning. */
export interface ErrorDetails {
  /** Path or name of the source, as it was given. */
  readonly file?: string
  /** Line of a text file, from 1. */
  readonly line?: number
  /** Byte of a file, from 0. */
  readonly offset?: number
  /** Part of a file or a graph, such as a node or a tensor of a model. */
  readonly part?: string
  /** Row of a table or sample of an array, from 0, the header not counted. */
  readonly row?: number
  /** Column of a table. */
  readonly column?: string
  readonly columns?: readonly string[]
  /** Option of a library function, as it is spelled there. */
  readonly option?: string
  /** What was given. */
  readonly value?: unknown
  /** What is accepted in its place: names, kinds or a domain in words. */
  readonly expected?: string | readonly string[]
  /**
   * The bound that was not kept, in the unit of what it bounds: rows, columns, bytes; of what is too few, the least.
   */
  readonly limit?: number
  /** What solves it, as a value for `option`. */
  readonly suggestion?: unknown
  /** An optional package that has to be installed. */
  readonly package?: string
}

/** An error as plain data, for a log or another thread. */
export interface ErrorData {
  readonly code: ErrorCode
  readonly reason: ErrorReason
  readonly message: string
  readonly details: ErrorDetails
}

export class TollError extends Error {
  override readonly name = 'TollError'
  readonly code: ErrorCode
  readonly reason: ErrorReason
  readonly details: ErrorDetails
  readonly #sentence: string

  /** @param message one sentence; what is known of the place, the option and the value goes into the details as well */
  constructor(
    reason: ErrorReason,
    message: string,
    { cause, ...details }: ErrorDetails & { readonly cause?: unknown } = {},
  ) {
    const code = errorReasons[reason]
    super(code === 'internal' ? `internal: ${message}` : message, cause === undefined ? undefined : { cause })
    this.code = code
    this.reason = reason
    this.details = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined))
    this.#sentence = message
  }

  /**
   * The same error with the place that only the caller knows: `place` begins the message and is `details.file`, unless
   * other details are given for it. An error that has these details already stays as it is.
   */
  within(place: string, details: ErrorDetails = { file: place }): TollError {
    const names = Object.keys(details) as (keyof ErrorDetails)[]
    if (names.length > 0 && names.every((name) => this.details[name] !== undefined)) return this
    return new TollError(this.reason, `${place}: ${this.#sentence}`, { ...this.details, ...details, cause: this })
  }

  /** What `fromJSON` makes the error from again; a value that is no plain data becomes a string. */
  toJSON(): ErrorData {
    const { code, reason, message, details } = this
    return { code, reason, message, details: plain(details) as ErrorDetails }
  }

  static fromJSON({ code, reason, message, details }: ErrorData, cause?: unknown): TollError {
    const sentence = code === 'internal' ? message.slice('internal: '.length) : message
    return new TollError(reason, sentence, { ...details, cause })
  }
}

function plain(value: unknown): unknown {
  if (value === null || value === undefined || ['string', 'number', 'boolean'].includes(typeof value)) return value
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return plain(Array.from(value as Float64Array))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object') return typeof value === 'bigint' ? String(value) : typeof value
  if (Object.getPrototypeOf(value) !== Object.prototype) return Object.prototype.toString.call(value).slice(8, -1)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}

/** `error.within(...)` for an error of this library; anything else as it is. */
export function locate(error: unknown, place: string, details?: ErrorDetails): unknown {
  return error instanceof TollError ? error.within(place, details) : error
}

/** Throws an `internal` error unless `condition` holds: for invariants that only a bug of ours can break. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new TollError('internal', message)
}

/** Throws `aborted` when the signal has fired. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new TollError('aborted', 'stopped before it was finished', { cause: signal.reason })
}

/** The message of anything that was thrown, or of a row that cannot be used, to be shown to a person. */
export function messageOf(problem: unknown): string {
  const hasMessage = typeof problem === 'object' && problem !== null && 'message' in problem
  return hasMessage ? String(problem.message) : String(problem)
}
