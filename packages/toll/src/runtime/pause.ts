// Keeps a thread that computes in JavaScript responsive: lets timers and messages through now and then.

/** A function that waits for one turn of the event loop if the last one is more than `milliseconds` ago. */
export function pauseEvery(milliseconds: number): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < milliseconds) return
    await new Promise((resolve) => setTimeout(resolve, 0))
    last = performance.now()
  }
}
