// Ctrl-C and SIGTERM: the first one asks for a stop, which has a second; a second one, or that second's end, leaves at once.

/** Milliseconds between the request and the end. */
const patience = 900

export interface StopListener {
  readonly signal: AbortSignal
  /** 128 + the number of the system's signal that asked. */
  code(): number
  unguard(): void
  guard(): void
}

export function listenForStop(): StopListener {
  const controller = new AbortController()
  let exitCode = 130
  const listen = { SIGINT: () => stop(130), SIGTERM: () => stop(143) } as const
  const stop = (code: number) => {
    exitCode = code
    if (controller.signal.aborted) process.exit(code)
    controller.abort()
    setTimeout(() => process.exit(code), patience).unref()
  }
  const unguard = () => {
    for (const [name, handler] of Object.entries(listen)) process.off(name, handler)
  }
  const guard = () => {
    unguard()
    for (const [name, handler] of Object.entries(listen)) process.on(name, handler)
  }
  guard()
  return { signal: controller.signal, code: () => exitCode, unguard, guard }
}
