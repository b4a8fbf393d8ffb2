// What every experiment tells its caller while it runs.

/** `done` of `total` units of work in this phase; totals of different phases are not comparable. */
export interface ExperimentProgress {
  /** Such as `shipped split` or `training`. */
  readonly phase: string
  readonly done: number
  readonly total: number
  /** What is being done or was just finished, in one line. */
  readonly message: string
}

export interface Watched {
  /** Stops the experiment with code `aborted`, within one stretch of training steps. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ExperimentProgress) => void
}
