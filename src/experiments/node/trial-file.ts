// Finished trials in a file of one JSON line each (NDJSON), so that a stopped experiment goes on where it was.

import { appendFile, readFile, truncate } from 'node:fs/promises'
import { TollError, messageOf } from '../../base/index.js'
import { describeIo } from '../../base/node/index.js'
import { readTrial, type StoredTrial, type TrialStore } from '../trials.js'

/**
 * A store in the file at `path`, made with the first trial. A last line that was cut off while it was written is removed.
 * Errors: `io`, `not-found` (no such folder), `format` with the line that is no trial.
 */
export function trialFile(path: string): TrialStore {
  return {
    async read() {
      const bytes = await readFile(path).catch((error: unknown) => {
        const failure = describeIo(error, `cannot read ${path}`)
        if (failure.code === 'not-found') return Buffer.alloc(0)
        throw failure
      })
      const end = bytes.lastIndexOf(10) + 1
      const trials = bytes.toString('utf8', 0, end).split('\n').slice(0, -1).map((line, i) => parseLine(line, `${path}, line ${i + 1}`))
      if (end < bytes.length) await truncate(path, end).catch((error: unknown) => Promise.reject(describeIo(error, `cannot write ${path}`)))
      return trials
    },
    async append(trial) {
      await appendFile(path, `${JSON.stringify(trial)}\n`).catch((error: unknown) => {
        throw describeIo(error, `cannot write ${path}`)
      })
    },
  }
}

function parseLine(line: string, where: string): StoredTrial {
  try {
    return readTrial(JSON.parse(line))
  } catch (error) {
    throw new TollError('format', `${where} is not a finished trial (${messageOf(error)}); choose another file or remove the line`, { cause: error })
  }
}
