// The images of a protocol and the published list of its validation rows, from the registry's files on this machine.

import { readNpy, toIndices } from '../../data/index.js'
import { loadImages, readDatasetFile, type DataFolders } from '../../data/node/index.js'
import type { ImageProtocol } from '../image-protocol.js'
import { checkImageData, type ImageData } from '../one-class.js'

/** Errors: `not-found` with the command that gets the files; `checksum`, `format`, `io`; `data` for rows that do not fit the images. */
export async function loadImageData({ dataset, labels, split }: ImageProtocol, folders: DataFolders = {}): Promise<ImageData> {
  const { train, test } = await loadImages(dataset, { ...folders, labels })
  const rows = readNpy(await readDatasetFile('toll-splits', split, folders))
  const data = { train, test, validationRows: toIndices(rows, train.shape[0]) }
  checkImageData(data)
  return data
}
