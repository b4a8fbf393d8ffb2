// A worker thread for the test of its link: does what `argument` says.

import { parentPort, workerData } from 'node:worker_threads'
import { TollError } from '../../base/index.js'
import { sendError, type Call } from './protocol.js'

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
    const details = { row: 3, column: 'a', value: [1n, Infinity], expected: ['x'], cause: new Error('native words') }
    parentPort!.postMessage({ id, error: sendError(new TollError('not-a-number', 'no such row', details)) })
  } else {
    parentPort!.postMessage({ id, value: argument })
  }
})
