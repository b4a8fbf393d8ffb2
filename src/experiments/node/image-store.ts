// Image trials on disk: the log, and a folder beside it with a checkpoint for every trial that is under way.

import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeIo } from '../../base/node/index.js'
import { fileCheckpoint } from '../../train/node/index.js'
import { readImageRecord, type ImageRecord } from '../image-record.js'
import type { ImageTrialStore } from '../image-trials.js'
import { openTrialLog } from './trial-log.js'

/** Milliseconds between two checkpoints of one trial: a hundred megabytes each, and a minute of training is soon made up for. */
const rest = 60_000

export interface OpenImageStore extends ImageTrialStore {
  close(): Promise<void>
}

/** The store of the log at `path`. Errors: those of `openTrialLog`. */
export async function openImageStore(path: string, warn: (message: string) => void): Promise<OpenImageStore> {
  const log = await openTrialLog<ImageRecord>(path, { parse: readImageRecord, warn })
  const folder = `${path}.running`
  return {
    read: () => log.read(),
    append: (record) => log.append(record),
    checkpoint(id) {
      const file = fileCheckpoint(join(folder, `${id}.safetensors`))
      let last = performance.now()
      return {
        location: file.location,
        read: () => file.read(),
        async write(bytes) {
          if (performance.now() - last < rest) return
          await mkdir(folder, { recursive: true }).catch((error: unknown) => Promise.reject(describeIo(error, `cannot make the folder ${folder}`)))
          await file.write(bytes)
          last = performance.now()
        },
        remove: async () => undefined,
        finish: () => file.remove(),
      }
    },
    async close() {
      await log.close()
      // Stays where a half-done trial is in it.
      await rmdir(folder).catch(() => undefined)
    },
  }
}
