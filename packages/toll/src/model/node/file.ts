// Reading and writing model files.

import { readFile } from 'node:fs/promises'
import { locate } from '../../base/index.js'
import { describeIo, writeFileAtomic } from '../../base/node/index.js'
import type { Engine } from '../../runtime/index.js'
import { Model } from '../index.js'

/** Writes the model file whole or not at all. Errors: `not-found` (no such folder), `io`. */
export async function saveModel(model: Model, path: string): Promise<void> {
  await writeFileAtomic(path, model.bytes)
}

/**
 * Reads a model file. Errors: `not-found`, `io`, `format` (not a model file), `version` (made by a newer toll); each
 * names the file.
 */
export async function loadModel(path: string, engine: Engine): Promise<Model> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw describeIo(error, `cannot read ${path}`)
  })
  try {
    return new Model(bytes, engine)
  } catch (error) {
    throw locate(error, path)
  }
}
