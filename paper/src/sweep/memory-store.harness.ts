// A store of trials in memory, for tests.

import type { TrialStore } from './sweep.js'

export function memoryStore<R>(records: readonly R[] = []): TrialStore<R> & { readonly trials: R[] } {
  const trials = [...records]
  return {
    trials,
    read: () => Promise.resolve([...trials]),
    append: (trial) => Promise.resolve(void trials.push(trial)),
  }
}
