// How far a sweep is: work of all trials, those that a store held among them. The estimate counts only what was done
// since the start.

import type { Watched } from 'toll/base'
import type { SweepTrial } from './sweep.js'

const workOf = (trials: readonly SweepTrial[]) => trials.reduce((sum, { work }) => sum + work, 0)

export class SweepProgress {
  readonly #total: number
  readonly #trials: number
  readonly #known: number
  readonly #onProgress: Watched['onProgress']
  readonly #running = new Map<string, { readonly first: number; last: number }>()
  readonly #started = performance.now()
  #finished: number

  constructor(trials: readonly SweepTrial[], missing: readonly SweepTrial[], onProgress: Watched['onProgress']) {
    const distinct = [...new Map(trials.map((trial) => [trial.id, trial])).values()]
    this.#total = workOf(distinct)
    this.#trials = distinct.length
    this.#known = this.#total - workOf(missing)
    this.#finished = distinct.length - missing.length
    this.#onProgress = onProgress
  }

  /** `done` of the trial's work. */
  reach({ id, name }: SweepTrial, done: number, detail?: string): void {
    const running = this.#running.get(id)
    // A trial that continues from its checkpoint begins there.
    if (running) running.last = Math.max(running.last, done)
    else this.#running.set(id, { first: Math.max(0, done - 1), last: done })
    const what = detail === undefined ? name : `${name}: ${detail}`
    this.#onProgress?.({
      phase: 'trials',
      done: this.#done,
      total: this.#total,
      message: `${what}; ${this.#finished} of ${this.#trials} trials done`,
    })
  }

  finish(trial: SweepTrial): void {
    this.#finished++
    this.reach(trial, trial.work)
  }

  secondsLeft(): number {
    const worked = [...this.#running.values()].reduce((sum, { first, last }) => sum + last - first, 0)
    return ((performance.now() - this.#started) / 1e3 / Math.max(1, worked)) * (this.#total - this.#done)
  }

  get #done(): number {
    return this.#known + [...this.#running.values()].reduce((sum, { last }) => sum + last, 0)
  }
}
