// The images of a protocol and the published list of its validation rows, from the registry's files on this machine.

import { readNpy, toIndices } from 'toll/data'
import { loadImages, readDatasetFile, type DataFolders } from 'toll/node'
import type { ImageProtocol } from '../protocol.js'
import { checkImageData, type ImageData } from '../one-class.js'

export interface ImageDataOptions extends DataFolders {
  /** Whether networks run, which takes the validation rows; default true. */
  readonly networks?: boolean
}

/**
 * Errors: `not-found` with the command that gets the files; `checksum`, `format`, `io`; `data` for rows that do not fit
 * the images.
 */
export async function loadImageData(
  protocol: ImageProtocol,
  { networks = true, ...folders }: ImageDataOptions = {},
): Promise<ImageData> {
  const { train, test } = await loadImages(protocol.dataset, { ...folders, labels: protocol.labels })
  const validationRows = networks ? await loadValidationRows(protocol, folders) : new Int32Array(0)
  const data = { train, test, validationRows }
  checkImageData(data)
  return data
}

/** The published rows alone. Errors as `loadImageData`. */
export async function loadValidationRows(
  { split }: Pick<ImageProtocol, 'split'>,
  folders: DataFolders = {},
): Promise<Int32Array> {
  return toIndices(readNpy(await readDatasetFile('toll-splits', split, folders)), 2 ** 31)
}
