// A reader of zip archives that trusts no size in them (PKWARE APPNOTE 6.3): the central directory, then one member at
// a time. Stored and deflated members; ZIP64 sizes, since numpy writes them. No encryption, no archives in several
// parts.

import type { ByteReader } from './bytes.js'
import { crc32, inflateRaw, largestInflated, largestRatio } from './inflate.js'

export interface ZipMember {
  readonly name: string
  readonly method: number
  readonly checksum: number
  readonly compressedSize: number
  readonly size: number
  readonly localOffset: number
}

const endSignature = 0x06054b50
const centralSignature = 0x02014b50
const localSignature = 0x04034b50
const sentinel = 0xffffffff

/** The members of the archive in `reader`, in the order of its directory. */
export function readZipDirectory(reader: ByteReader): ZipMember[] {
  const end = findEnd(reader)
  reader.offset = end + 10
  const count = reader.uint16('the number of members')
  const size = reader.uint32('the directory size')
  const start = reader.uint32('the directory offset')
  // A ZIP64 archive marks the fields as full; only its per-member fields are needed below 4 GiB.
  if (start === sentinel || count === 0xffff)
    reader.fail('archives beyond 4 GiB or 65534 members are not read', end, 'unsupported-content')
  if (start + size > end) reader.fail('the directory lies outside the file', end)
  reader.offset = start
  return Array.from({ length: count }, () => readMember(reader, end))
}

/** The content of one member. */
export function readZipMember(reader: ByteReader, member: ZipMember): Uint8Array {
  reader.offset = member.localOffset
  if (reader.uint32('a member') !== localSignature)
    reader.fail(`member '${member.name}' is not where the directory says`, member.localOffset)
  reader.take(22, 'a member header')
  const nameLength = reader.uint16('a member header')
  const extraLength = reader.uint16('a member header')
  reader.take(nameLength + extraLength, 'a member header')
  const at = reader.offset
  const stored = reader.take(member.compressedSize, `member '${member.name}'`)
  if (member.method !== 0 && member.method !== 8)
    reader.fail(
      `member '${member.name}' is packed with method ${member.method}; 0 and 8 are read`,
      at,
      'unsupported-content',
    )
  if (member.size > largestInflated || member.size > stored.length * largestRatio + 1024) {
    reader.fail(`member '${member.name}' claims ${member.size} bytes from ${stored.length}`, at)
  }
  const content = member.method === 0 ? stored : inflateRaw(stored, reader, member.size)
  if (content.length !== member.size || crc32(content) !== member.checksum)
    reader.fail(`member '${member.name}' does not match its checksum`, at)
  return content
}

/** The end record sits in the last 22 + 65535 bytes, behind a comment of the length it names. */
function findEnd(reader: ByteReader): number {
  const last = reader.bytes.length - 22
  for (let at = last; at >= 0 && at >= last - 65535; at--) {
    reader.offset = at
    if (reader.bytes[at] !== 0x50 || reader.uint32('the end record') !== endSignature) continue
    reader.offset = at + 20
    if (reader.uint16('the end record') === last - at) return at
  }
  return reader.fail(
    'the directory at the end is missing; the archive is cut off or is not a zip file',
    0,
    'wrong-file-kind',
  )
}

function readMember(reader: ByteReader, end: number): ZipMember {
  const at = reader.offset
  if (at + 46 > end || reader.uint32('a directory entry') !== centralSignature)
    reader.fail('the directory is damaged', at)
  reader.take(4, 'a directory entry')
  const flags = reader.uint16('a directory entry')
  const method = reader.uint16('a directory entry')
  reader.take(4, 'a directory entry')
  const checksum = reader.uint32('a directory entry')
  let compressedSize = reader.uint32('a directory entry')
  let size = reader.uint32('a directory entry')
  const nameLength = reader.uint16('a directory entry')
  const extraLength = reader.uint16('a directory entry')
  const commentLength = reader.uint16('a directory entry')
  reader.take(8, 'a directory entry')
  const localOffset = reader.uint32('a directory entry')
  const name = new TextDecoder().decode(reader.take(nameLength, 'a member name'))
  const extraEnd = reader.offset + extraLength
  reader.need(extraLength + commentLength, 'a directory entry')
  if (flags & 1) reader.fail(`member '${name}' is encrypted`, at, 'unsupported-content')
  while (reader.offset + 4 <= extraEnd) {
    const id = reader.uint16('an extra field')
    const next = reader.offset + 2 + reader.uint16('an extra field')
    const read64 = () => reader.uint32('a 64-bit size') + reader.uint32('a 64-bit size') * 2 ** 32
    if (id === 1 && size === sentinel) size = read64()
    if (id === 1 && compressedSize === sentinel) compressedSize = read64()
    reader.offset = next
  }
  reader.offset = extraEnd + commentLength
  return { name, method, checksum, compressedSize, size, localOffset }
}
