// Ctrl-C, SIGTERM and SIGHUP: the first one asks for a stop, which has a second; a second one, or that second's end,
// leaves at once.

/** Milliseconds between the request and the end. */
const patience = 900

export interface StopListener {
  readonly signal: AbortSignal
  /** 128 + the number of the system's signal that asked. */
  readonly code: () => number
  readonly unguard: () => void
  readonly guard: () => void
}

/** `lastWords` is called before a process that did not stop by itself is ended. */
export function listenForStop(lastWords: () => void): StopListener {
  const controller = new AbortController()
  let exitCode = 130
  const stop = (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP', code: number) => {
    // By the system's own hand: leaving through Node would wait for native code in a worker.
    const leave = () => {
      unguard()
      process.kill(process.pid, name)
    }
    if (controller.signal.aborted) return leave()
    exitCode = code
    controller.abort()
    setTimeout(() => {
      lastWords()
      leave()
    }, patience).unref()
  }
  const listen = {
    SIGINT: () => stop('SIGINT', 130),
    SIGTERM: () => stop('SIGTERM', 143),
    SIGHUP: () => stop('SIGHUP', 129),
  } as const
  // Changed only where it must be: taking the last listener away loses a signal that has come and waits for its turn.
  let guarded = false
  const unguard = () => {
    if (!guarded) return
    guarded = false
    for (const [name, handler] of Object.entries(listen)) process.off(name, handler)
  }
  const guard = () => {
    if (guarded) return
    guarded = true
    for (const [name, handler] of Object.entries(listen)) process.on(name, handler)
  }
  guard()
  return { signal: controller.signal, code: () => exitCode, unguard, guard }
}
