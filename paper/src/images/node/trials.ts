// Image trials of this machine: data from its folders, trials from and to a log.

import type { DataFolders } from 'toll/data/node'
import { engineVersions, type Engine } from 'toll/runtime/node'
import type { ImageProtocol, ImageSetting } from '../protocol.js'
import type { ImageRecord } from '../record.js'
import { runImageTrials, type WantedTrials } from '../trials.js'
import type { Watched } from 'toll/base'
import { loadImageData } from './data.js'
import { openImageStore } from './store.js'
import { describeMachine } from './machine.js'

export interface LoggedTrialsOptions extends Watched {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  readonly wanted: WantedTrials
  readonly engines: readonly Engine[]
  /** Path of the log, made if missing. */
  readonly log: string
  /** Told of lines in the log that are passed over. */
  readonly warn: (message: string) => void
  readonly onTrial?: (record: ImageRecord, secondsLeft: number) => void
  readonly folders?: DataFolders
}

/**
 * Runs what the log lacks and returns all that is wanted. Errors: those of `runImageTrials`, `openTrialLog` and
 * `loadImageData`.
 */
export async function runLoggedTrials({ log, warn, folders, ...options }: LoggedTrialsOptions): Promise<ImageRecord[]> {
  const data = await loadImageData(options.protocol, folders)
  const store = await openImageStore(log, { warn })
  try {
    return await runImageTrials({
      ...options,
      data,
      store,
      machine: describeMachine(options.engines[0]),
      versions: engineVersions(),
    })
  } finally {
    await store.close()
  }
}
