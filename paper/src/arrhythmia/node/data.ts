// The Arrhythmia data and the paper's order of its rows, from the registry's files on this machine.

import { readMat, readNpy, toFloat64, toIndices } from 'toll/data'
import { readDatasetFile, type DataFolders } from 'toll/node'
import type { ArrhythmiaData } from '../splits.js'

/** Errors: `not-found` with the command that gets the files; `checksum`, `format`, `io`. */
export async function loadArrhythmia(folders: DataFolders = {}): Promise<ArrhythmiaData> {
  const table = await readDatasetFile('arrhythmia', 'arrhythmia.mat', folders)
  const order = async (name: string) => {
    const array = readNpy(await readDatasetFile('toll-splits', `randomized_${name}_indices_arrhythmia.npy`, folders))
    return toIndices(array, array.data.length)
  }
  return {
    x: toFloat64(readMat(table, 'X')),
    y: readMat(table, 'y').data,
    normalOrder: await order('normal'),
    anomalousOrder: await order('anomalous'),
  }
}
