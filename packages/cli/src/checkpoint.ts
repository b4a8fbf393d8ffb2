// The checkpoint of `toll fit`: a file beside the model, so that the same command again goes on where the last one
// stopped.

import type { Terminal } from './terminal.js'
import type { CheckpointStore } from 'toll/train'

/** Milliseconds between two writes: a fast fit is not slowed by its checkpoints. */
const rest = 2000

export interface ResumableStore extends CheckpointStore {
  /** Whether a checkpoint of this run is on disk. */
  readonly written: boolean
  /** Removes the file: only once the model is written, so that a full disk costs no training. */
  finish(): Promise<void>
}

export async function openCheckpoint(path: string, restart: boolean, terminal: Terminal): Promise<ResumableStore> {
  const { fileCheckpoint } = await import('toll/node')
  const file = fileCheckpoint(path)
  let written = false
  let last = -Infinity
  return {
    location: path,
    get written() {
      return written
    },
    read: async () => {
      const bytes = restart ? undefined : await file.read()
      written = bytes !== undefined
      if (written) terminal.note(`going on from ${path} (--restart starts again)`)
      return bytes
    },
    due: () => !written || performance.now() - last >= rest,
    write: async (bytes) => {
      await file.write(bytes)
      written = true
      last = performance.now()
    },
    remove: async () => undefined,
    finish: () => file.remove(),
  }
}
