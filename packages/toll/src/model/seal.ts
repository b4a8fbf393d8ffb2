// The checksum of a model file: SHA-256 of all bytes before it, as the last entry of the file's metadata. ONNX files
// are messages whose entries can be appended, so that the checksum covers every byte and any ONNX runtime reads past
// it.

import { TollError, sha256 } from '../base/index.js'

/** The key of the metadata entry. */
export const checksumKey = 'toll.sha256'

const digits = 64

/** `metadata_props`, field 14 of a model: an entry of two texts. */
const entryStart = (() => {
  const key = new TextEncoder().encode(checksumKey)
  const size = 2 + key.length + 2 + digits
  return Uint8Array.of((14 << 3) | 2, size, (1 << 3) | 2, key.length, ...key, (2 << 3) | 2, digits)
})()

/** The file with its checksum at the end. */
export function seal(file: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(file.length + entryStart.length + digits)
  sealed.set(file)
  sealed.set(entryStart, file.length)
  sealed.set(new TextEncoder().encode(sha256(file)), file.length + entryStart.length)
  return sealed
}

/**
 * Verifies the checksum.
 *
 * @param claimed what the metadata of the file have under `checksumKey`
 * @returns whether there is one
 * @throws `checksum` (`wrong-checksum`) for a file that is not what was sealed.
 */
export function verifySeal(file: Uint8Array, claimed: string | undefined): boolean {
  const end = file.length - entryStart.length - digits
  const isLast = end >= 0 && entryStart.every((byte, i) => file[end + i] === byte)
  if (claimed === undefined && !isLast) return false
  const found = isLast ? sha256(file.subarray(0, end)) : undefined
  if (found !== undefined && found === claimed) return true
  throw new TollError(
    'wrong-checksum',
    'the model file is not what toll wrote: it was damaged on its way, or changed by another program. Get it again; ' +
      `if the change was meant, take the entry '${checksumKey}' out of its metadata; it is then loaded unchecked`,
    { part: checksumKey, value: found ?? 'no checksum at the end of the file', expected: claimed },
  )
}
