// The files of onnxruntime-web, where they do not come: it says only that no backend is there, and bundlers that do not
// place files leave them behind, so what the page asked for is asked for once more.

import { TollError } from '../base/index.js'

/**
 * The error for a file that the page asked for since `start` (milliseconds of `performance.now`) and did not get, or
 * undefined where all of them came or nothing is known of them.
 */
export async function missingWasmFile(start: number, cause: unknown): Promise<TollError | undefined> {
  for (const { name: address, startTime } of performance.getEntriesByType('resource')) {
    if (startTime < start || !/\.(wasm|mjs)([?#]|$)/.test(address)) continue
    const problem = await whyMissing(address)
    if (problem === undefined) continue
    return new TollError(
      'unknown-file',
      `the engine's file ${address} ${problem}; copy onnxruntime-web/dist/${address.match(/[^/?#]+(?=[?#]|$)/)?.[0]} ` +
        'there, or name its folder with the option wasmPaths of openEngine',
      { file: address, option: 'wasmPaths', cause },
    )
  }
  return undefined
}

async function whyMissing(address: string): Promise<string | undefined> {
  try {
    const { ok, status, headers } = await fetch(address, { method: 'HEAD' })
    if (!ok) return `does not come (status ${status})`
    return headers.get('Content-Type')?.startsWith('text/html') ? 'comes as a page of HTML' : undefined
  } catch {
    return 'cannot be reached'
  }
}
