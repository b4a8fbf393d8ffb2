// A worker thread for the test of its link: does what `argument` says.

import { parentPort, workerData } from 'node:worker_threads'
import type { Call } from './protocol.js'

const stop = new Int32Array((workerData as { stop: SharedArrayBuffer }).stop)

parentPort!.on('message', ({ id, method, argument }: Call) => {
  if (method === 'shutDown') {
    parentPort!.close()
  } else if (argument === 'exit') {
    process.exit(3)
  } else if (argument === 'throw') {
    throw new Error('out of the blue')
  } else if (argument === 'wait for stop') {
    Atomics.wait(stop, 0, 0, 10_000)
  } else if (argument === 'refuse') {
    const error = {
      reason: 'unusable-data',
      details: { row: 7 },
      message: 'no such row',
      cause: new Error('native words'),
    }
    parentPort!.postMessage({ id, error })
  } else {
    parentPort!.postMessage({ id, value: argument })
  }
})
