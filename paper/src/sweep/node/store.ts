// The store of a sweep on disk: a log that this process writes, others that it reads beside it, and a folder beside the
// log with a checkpoint for every trial that is under way.

import { access, mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TollError } from 'toll'
import { cannotWrite, fileCheckpoint } from 'toll/node'
import type { RecordFormat } from '../format.js'
import type { TrialStore } from '../sweep.js'
import { openTrialLog, readTrialLog } from './trial-log.js'

/** A checkpoint is a hundred megabytes, and a minute of training is soon made up for. */
const minute = 60_000

export interface OpenTrialStore<R extends object> extends Required<TrialStore<R>> {
  close(): Promise<void>
}

export interface TrialStoreOptions<R extends object> {
  readonly format: RecordFormat<R>
  /** Told of lines in the logs that are passed over. */
  readonly warn: (message: string) => void
  /** Milliseconds between two checkpoints of one trial; default a minute. */
  readonly rest?: number
}

/**
 * The trials of several logs, each once: where logs were joined or overlap, the first of equal ones counts. Error:
 * `io`.
 */
export async function readTrials<R extends object>(
  paths: readonly string[],
  { format, warn }: Omit<TrialStoreOptions<R>, 'rest'>,
): Promise<R[]> {
  const logs = await Promise.all(paths.map((path) => readTrialLog(path, { format, warn })))
  const byId = new Map<string, R>()
  for (const record of logs.flat()) {
    const id = format.identify(record)
    if (!byId.has(id)) byId.set(id, record)
  }
  return [...byId.values()]
}

/**
 * The store of the log at the first path, which is made if missing, with what the others hold. Errors: those of
 * `openTrialLog`; `not-found` for one of the others.
 */
export async function openTrialStore<R extends object>(
  [path, ...others]: readonly string[],
  { format, warn, rest = minute }: TrialStoreOptions<R>,
): Promise<OpenTrialStore<R>> {
  for (const other of others) {
    await access(other).catch((error: unknown) => {
      throw new TollError('unknown-file', `there is no trial log ${other}`, { file: other, cause: error })
    })
  }
  const log = await openTrialLog(path, { format, warn })
  const folder = `${path}.running`
  // The log is this process's alone: what it holds is read once.
  const records = [...(await log.read()), ...(await readTrials(others, { format, warn }))]
  await removeLeftovers(folder, new Set(records.map(format.identify)))
  return {
    read: async () => records,
    async append(record) {
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
async function removeLeftovers(folder: string, finished: ReadonlySet<string>): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const left = names.filter(
    (name) => finished.has(name.replace(/\.safetensors$/, '')) || !name.endsWith('.safetensors'),
  )
  for (const name of left) await rm(join(folder, name), { force: true })
}
