// A checkpoint in a file, replaced whole each time it is written.

import { readFile, rm } from 'node:fs/promises'
import { cannotRead, writeFileAtomic } from '../../base/node/index.js'
import type { CheckpointStore } from '../index.js'

export function fileCheckpoint(path: string): CheckpointStore {
  return {
    location: path,
    async read() {
      return readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw cannotRead(error, path, `cannot read the checkpoint ${path}`)
      })
    },
    write: (bytes) => writeFileAtomic(path, bytes),
    remove: () => rm(path, { force: true }),
  }
}
