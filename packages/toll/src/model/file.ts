// Model files: read from wherever they are, written to wherever they go.

import { locate, nameOfSource, readBytes, writeBytes, type FileSource, type FileTarget } from '../base/index.js'
import { checkEngine, release, sharedEngine, type Engine } from '../runtime/index.js'
import { Model } from './model.js'

export interface LoadOptions {
  /** Default: one that all models without an engine of their own share. */
  readonly engine?: Engine
  readonly signal?: AbortSignal
}

/**
 * Writes a model file: in Node to a path, whole or not at all; in a browser to a file that the visitor chose, or as a
 * download of that name. Errors: `not-found` (no such folder), `io`.
 */
export async function saveModel(model: Model, target: FileTarget): Promise<void> {
  await writeBytes(target, model.bytes)
}

/**
 * Reads a model file: a path in Node, an address, a Blob, a Response, bytes. Errors: `not-found`, `io`, `network`,
 * `format` (not a model file), `version` (made by a newer toll), `device`; each names the file.
 */
export async function loadModel(source: FileSource, options: LoadOptions = {}): Promise<Model> {
  const bytes = await readBytes(source, { signal: options.signal })
  checkEngine(options.engine)
  const engine = options.engine ?? (await sharedEngine())
  try {
    return new Model(bytes, engine)
  } catch (error) {
    throw locate(error, nameOfSource(source))
  } finally {
    // The model has a share of its own.
    if (options.engine === undefined) await release(engine)
  }
}
