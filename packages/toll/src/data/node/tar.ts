// Chosen members of a tar stream (POSIX.1-1988 ustar; long names do not occur in the archives of the registry), in
// bounded memory.

import { TollError } from '../../base/index.js'

const block = 512

/** Contents of the members whose base name is in `sizes`, each at most that many bytes. Error: `format`. */
export async function readTarMembers(
  stream: AsyncIterable<Uint8Array>,
  sizes: ReadonlyMap<string, number>,
  archive: string,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  const input = stream[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  let offset = 0
  const fail = (problem: string): never => {
    throw new TollError('damaged-file', `${archive}, byte ${offset} of the unpacked archive: ${problem}`, {
      file: archive,
      offset,
    })
  }

  /** Moves `count` bytes into `target`, or drops them; false at the end of the stream before the first byte. */
  const move = async (count: number, target?: Uint8Array): Promise<boolean> => {
    let done = 0
    while (done < count) {
      if (rest.length === 0) {
        const next = await input.next()
        if (next.done) return done === 0 ? false : fail('the archive is cut off')
        rest = next.value
        continue
      }
      const part = rest.subarray(0, count - done)
      target?.set(part, done)
      done += part.length
      rest = rest.subarray(part.length)
    }
    offset += count
    return true
  }

  const header = new Uint8Array(block)
  while (found.size < sizes.size && (await move(block, header)) && header[0] !== 0) {
    const { name, size } = readHeader(header, fail)
    const limit = sizes.get(name)
    const padding = (block - (size % block)) % block
    if (limit === undefined) {
      if (size + padding > 0 && !(await move(size + padding))) fail('the archive is cut off')
      continue
    }
    if (size > limit) fail(`'${name}' has ${size} bytes, expected ${limit}`)
    const content = new Uint8Array(size)
    if (size > 0 && !(await move(size, content))) fail('the archive is cut off')
    if (padding > 0 && !(await move(padding))) fail('the archive is cut off')
    found.set(name, content)
  }
  const missing = [...sizes.keys()].filter((name) => !found.has(name))
  if (missing.length > 0) fail(`lacks ${missing.join(', ')}`)
  return found
}

/** Name at 0 (100 bytes), size at 124 (12, octal), checksum at 148 (8, octal; summed with itself as spaces). */
function readHeader(header: Uint8Array, fail: (problem: string) => never): { name: string; size: number } {
  const text = (from: number, length: number) =>
    new TextDecoder('latin1')
      .decode(header.subarray(from, from + length))
      .replace(/\0.*$/s, '')
      .trim()
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  const size = text(124, 12)
  if (parseInt(text(148, 8), 8) !== sum || !/^[0-7]+$/.test(size)) fail('this is no tar header')
  const path = text(0, 100)
  return { name: path.slice(path.lastIndexOf('/') + 1), size: parseInt(size, 8) }
}
