// One thread at a time: a lock in shared memory (the simplest of Drepper, "Futexes are tricky", 2011, without its count
// of waiters).

/**
 * Runs `task` while no other thread that shares `cell` (one Int32, 0 when free) does. Blocks the thread until its turn;
 * not reentrant.
 */
export async function exclusive<T>(cell: Int32Array<SharedArrayBuffer>, task: () => Promise<T>): Promise<T> {
  acquire(cell)
  try {
    return await task()
  } finally {
    Atomics.store(cell, 0, 0)
    Atomics.notify(cell, 0, 1)
  }
}

/** Blocks the thread until the lock is its own, or until `patience` milliseconds are over. */
export function acquire(cell: Int32Array<SharedArrayBuffer>, patience = Infinity): void {
  const start = performance.now()
  while (Atomics.compareExchange(cell, 0, 0, 1) !== 0) {
    const left = patience - (performance.now() - start)
    if (left <= 0) return
    Atomics.wait(cell, 0, 1, left)
  }
}
