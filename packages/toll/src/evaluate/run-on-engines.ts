// Independent tasks over several engines: each engine takes the next task when it is free. Results come in the order of
// the tasks, so that they do not depend on which engine was faster.

import { TollError, throwIfAborted } from '../base/index.js'
import type { Engine } from '../runtime/index.js'

/**
 * Runs every task on one of the engines. The first failure stops the others through the signal that they are given;
 * when all have stopped, it is thrown.
 *
 * @throws `argument` without engines, or when they compute differently: results would depend on who took which task.
 */
export async function runOnEngines<Task, Result>(
  engines: readonly Engine[],
  tasks: readonly Task[],
  run: (task: Task, engine: Engine, signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  checkEngines(engines)
  const stop = new AbortController()
  const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const results = new Array<Result>(tasks.length)
  const failures: unknown[] = []
  let next = 0
  const work = async (engine: Engine) => {
    try {
      while (next < tasks.length) {
        throwIfAborted(stopped)
        const at = next++
        results[at] = await run(tasks[at], engine, stopped)
      }
    } catch (error) {
      failures.push(error)
      stop.abort()
    }
  }
  await Promise.all(engines.slice(0, Math.max(1, tasks.length)).map(work))
  if (failures.length > 0) throw failures[0]
  return results
}

/** Equal devices and threads give equal bits. */
export function checkEngines(engines: readonly Engine[]): void {
  if (engines.length === 0)
    throw new TollError('out-of-domain', 'an experiment needs at least one engine, got none', {
      option: 'engines',
      value: 0,
      limit: 1,
    })
  const [first] = engines
  const other = engines.find(({ device, threads }) => device !== first.device || threads !== first.threads)
  if (other) {
    const [a, b] = [first, other].map(({ device, threads }) => `${device} with ${threads} threads`)
    throw new TollError('out-of-domain', `the engines of one experiment must be alike, got ${a} and ${b}`, {
      option: 'engines',
      value: b,
      expected: a,
    })
  }
}
