// Every error of the library: one class, a machine-readable code, one sentence a person can act on.

/**
 * What went wrong, for programs.
 *
 * | code | meaning |
 * |---|---|
 * | `argument` | an option, parameter or argument outside its domain |
 * | `shape` | tensors, tables or images whose sizes do not fit together |
 * | `data` | values that cannot be used: infinity, text in a numeric column, labels that are not two classes |
 * | `format` | a file that is truncated, damaged or of another kind |
 * | `version` | a file made by a newer version |
 * | `not-found` | a file, column, data set or detector that does not exist |
 * | `device` | an accelerator or engine that is not there |
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

export class TollError extends Error {
  override readonly name = 'TollError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(code === 'internal' ? `internal: ${message}` : message, options)
    this.code = code
  }
}

/** Throws an `internal` error unless `condition` holds: for invariants that only a bug of ours can break. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new TollError('internal', message)
}

/** Throws `aborted` when the signal has fired. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new TollError('aborted', 'stopped before it was finished', { cause: signal.reason })
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
