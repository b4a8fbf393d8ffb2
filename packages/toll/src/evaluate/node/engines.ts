// Engines for independent runs side by side. Two with one thread each do more work than one with two.

import { availableParallelism } from 'node:os'
import { TollError } from '../../base/index.js'
import { openEngine, type Engine, type EngineOptions } from '../../runtime/node/index.js'

export interface EnginesOptions extends Pick<EngineOptions, 'device'> {
  /** Threads of each engine, 1 to 1024; default 1. Part of a result. */
  readonly threads?: number
  /**
   * How many engines, 1 to 64; default as many as the machine has threads for on the CPU, one on a GPU. Not part of a
   * result.
   */
  readonly workers?: number
}

/** Opens engines that compute alike. Errors: `argument` for options outside their domain, `device`. */
export async function openEngines({ device = 'cpu', threads = 1, workers }: EnginesOptions = {}): Promise<Engine[]> {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= 64)) {
    throw new TollError('out-of-domain', `workers must be an integer from 1 to 64, got ${workers}`, {
      option: 'workers',
      value: workers,
      expected: 'an integer from 1 to 64',
    })
  }
  const first = await openEngine({ device, threads })
  const count =
    workers ?? (first.device === 'cpu' ? Math.min(64, Math.max(1, Math.floor(availableParallelism() / threads))) : 1)
  const others = await Promise.allSettled(
    Array.from({ length: count - 1 }, () => openEngine({ device: first.device as EnginesOptions['device'], threads })),
  )
  const engines = [first, ...others.flatMap((other) => (other.status === 'fulfilled' ? [other.value] : []))]
  const failed = others.find((other) => other.status === 'rejected')
  if (failed) {
    await closeEngines(engines)
    throw failed.reason
  }
  return engines
}

export async function closeEngines(engines: readonly Engine[]): Promise<void> {
  await Promise.allSettled(engines.map((engine) => engine.close()))
}
