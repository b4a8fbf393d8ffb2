// Where the script of an engine's worker thread comes from.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { invariant } from '../../base/index.js'

/** A file next to this one; or, where this one became a part of a bundle, its text, which needs no other file. */
export type WorkerScript = URL | { readonly source: string }

export async function workerScript(): Promise<WorkerScript> {
  // Joined and not resolved against a URL, which bundlers would take for an asset.
  const self = import.meta.url as string | undefined
  const file = self && join(dirname(fileURLToPath(self)), 'ort-worker.js')
  if (file && existsSync(file)) return pathToFileURL(file)
  const { workerSource } = await import('./worker-source.js')
  invariant(workerSource !== undefined, 'the script of the worker thread is missing; npm run build makes it')
  return { source: workerSource }
}
