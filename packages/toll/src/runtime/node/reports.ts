// Nothing leaves the machine: onnxruntime-node reports to its maker some seconds after it loads, unless a variable of
// the process's environment says no. It is set before the library loads, and a value that the owner set stands.

import { Session } from 'node:inspector'
import { isMainThread } from 'node:worker_threads'
import { TollError } from '../../base/index.js'

const variable = 'ORT_DISABLE_TELEMETRY'

/** Milliseconds that a main thread may be busy. */
const patience = 30_000

/**
 * Switches the reports off for the process. Native code sees the main thread's environment only; a worker has a copy of
 * its own and lets the main thread set it, which takes until that thread comes to it.
 *
 * @throws `device` (`no-device`) where the main thread does not come to it.
 */
export async function switchOffReports(): Promise<void> {
  if (isMainThread) process.env[variable] ??= '1'
  // A variable that the process was started with is in the copy, too.
  else if (process.env[variable] === undefined) await inMainThread(`process.env.${variable} ??= '1'`)
}

function inMainThread(expression: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = new Session()
    const done = (error?: unknown) => {
      clearTimeout(timer)
      session.disconnect()
      if (error) reject(refusal(error))
      else resolve()
    }
    // The timer also keeps this thread alive: a session does not.
    const timer = setTimeout(() => done(new Error('the main thread is blocked')), patience)
    try {
      session.connectToMainThread()
      session.post('Runtime.evaluate', { expression }, (error, answer) => done(error ?? answer.exceptionDetails))
    } catch (error) {
      done(error)
    }
  })
}

function refusal(cause: unknown): TollError {
  return new TollError(
    'no-device',
    `onnxruntime-node reports to its maker unless ${variable} is set before it loads, and from this worker thread ` +
      `that cannot be done; start the process with ${variable}=1, or open an engine in the main thread first`,
    { option: 'device', cause },
  )
}
