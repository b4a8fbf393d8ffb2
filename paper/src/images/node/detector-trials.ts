// Trials of detectors on images of this machine: data from its folders, trials from and to the log of image trials.

import type { DataFolders } from 'toll/data/node'
import { loadImages } from 'toll/data/node'
import { engineVersions } from 'toll/runtime/node'
import type { BaselineRecord } from '../detector-record.js'
import { runBaselineTrials, type BaselineTrialsOptions } from '../detector-trials.js'
import { imageProtocols } from '../protocol.js'
import { openImageStore } from './store.js'
import { describeMachine } from './machine.js'

export interface LoggedBaselinesOptions extends Omit<
  BaselineTrialsOptions,
  'images' | 'store' | 'machine' | 'versions'
> {
  /** Path of the log, made if missing. */
  readonly log: string
  /** Told of lines in the log that are passed over. */
  readonly warn: (message: string) => void
  readonly folders?: DataFolders
}

/**
 * Runs what the log lacks and returns all that is wanted. Errors: those of `runBaselineTrials`, `openTrialLog` and
 * `loadImages`.
 */
export async function runLoggedBaselines({
  log,
  warn,
  folders = {},
  ...options
}: LoggedBaselinesOptions): Promise<BaselineRecord[]> {
  const { dataset } = options.wanted
  const images = await loadImages(dataset, { ...folders, labels: imageProtocols[dataset].labels })
  const store = await openImageStore(log, { warn })
  try {
    return await runBaselineTrials({
      ...options,
      images,
      store,
      machine: describeMachine(options.engines[0]),
      versions: engineVersions(),
    })
  } finally {
    await store.close()
  }
}
