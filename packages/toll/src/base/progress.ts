// What long work tells its caller while it runs, and how it is stopped.

/**
 * `done` of `total` units of work in this phase, a fraction where one is under way; totals of different phases are not
 * comparable.
 */
export interface PhaseProgress {
  /** Such as `shipped split`, `training` or `beta 1, k 2`. */
  readonly phase: string
  readonly done: number
  readonly total: number
  /** What is being done or was just finished, in one line. */
  readonly message: string
}

export interface Watched {
  /** Stops the work with code `aborted`, within one stretch of training steps or a tenth of a second of integration. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: PhaseProgress) => void
}
