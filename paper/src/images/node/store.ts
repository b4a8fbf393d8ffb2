// Image trials on disk: the log, and a folder beside it with a checkpoint for every trial that is under way.

import { mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cannotWrite } from 'toll/base/node'
import { fileCheckpoint } from 'toll/train/node'
import { isBaseline, readLoggedRecord, type LoggedRecord } from '../detector-record.js'
import type { BaselineStore } from '../detector-trials.js'
import { imageRecordBegins } from '../record.js'
import type { ImageTrialStore } from '../trials.js'
import { openTrialLog } from '../../sweep/node/index.js'

/** A checkpoint is a hundred megabytes, and a minute of training is soon made up for. */
const minute = 60_000

export interface OpenImageStore extends ImageTrialStore, BaselineStore {
  append(record: LoggedRecord): Promise<void>
  close(): Promise<void>
}

export interface ImageStoreOptions {
  /** Told of lines in the log that are passed over. */
  readonly warn: (message: string) => void
  /** Milliseconds between two checkpoints of one trial; default a minute. */
  readonly rest?: number
}

/** The store of the log at `path`. Errors: those of `openTrialLog`. */
export async function openImageStore(
  path: string,
  { warn, rest = minute }: ImageStoreOptions,
): Promise<OpenImageStore> {
  const log = await openTrialLog<LoggedRecord>(path, { parse: readLoggedRecord, begins: imageRecordBegins, warn })
  const folder = `${path}.running`
  // The log is this process's alone: what it holds is read once.
  const records = [...(await log.read())]
  await sweep(folder, new Set(records.map(({ id }) => id)))
  return {
    read: async () => records.filter((record) => !isBaseline(record)),
    readBaselines: async () => records.filter(isBaseline),
    async append(record: LoggedRecord) {
      await log.append(record)
      records.push(record)
    },
    checkpoint(id) {
      const file = fileCheckpoint(join(folder, `${id}.safetensors`))
      let last = performance.now()
      return {
        location: file.location,
        read: () => file.read(),
        due: () => performance.now() - last >= rest,
        async write(bytes) {
          await mkdir(folder, { recursive: true }).catch((error: unknown) =>
            Promise.reject(cannotWrite(error, folder, `cannot make the folder ${folder}`)),
          )
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

/** Removes what a crash left: checkpoints of finished trials, and half-written files. */
async function sweep(folder: string, finished: ReadonlySet<string>): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const left = names.filter(
    (name) => finished.has(name.replace(/\.safetensors$/, '')) || !name.endsWith('.safetensors'),
  )
  for (const name of left) await rm(join(folder, name), { force: true })
}
