// Decompression that a damaged or hostile file cannot turn against memory: output is counted as it appears and checked
// at the end. DEFLATE itself is fflate's; it verifies no checksums, so CRC-32 (RFC 1952) and Adler-32 (RFC 1950) are
// compared here.

import { Inflate } from 'fflate'
import { TollError, concatenate, messageOf } from '../base/index.js'
import type { ByteReader } from './bytes.js'

/** The most that one compressed part may grow to, in bytes, where no header promises a size: 1 GiB. */
export const largestInflated = 2 ** 30

/** DEFLATE cannot exceed about 1032 output bytes per input byte (zlib's technical notes). */
export const largestRatio = 1032

/** What the first bytes of the content promise: its whole size in bytes, or undefined while more bytes are needed. */
export type PromisedSize = (head: Uint8Array) => number | undefined

/** Raw DEFLATE data of at most `limit` bytes, lowered by what the content itself promises. */
export function inflateRaw(
  compressed: Uint8Array,
  reader: ByteReader,
  limit: number,
  promise?: PromisedSize,
): Uint8Array {
  const parts: Uint8Array[] = []
  let size = 0
  let bound = limit
  let promised = promise === undefined
  const inflate = new Inflate((part) => {
    size += part.length
    parts.push(part)
    if (!promised && promise) {
      if (parts.length > 1) parts.splice(0, parts.length, concat(parts, size))
      const total = promise(parts[0])
      if (total !== undefined) {
        promised = true
        bound = Math.min(bound, total)
      }
    }
    if (size > bound)
      reader.fail(`the compressed data holds more than the ${bound} bytes that its header promises or that are allowed`)
  })
  // Small steps bound how far the output can overshoot before it is counted.
  const step = 16384
  try {
    for (let at = 0; at < compressed.length || at === 0; at += step) {
      inflate.push(compressed.subarray(at, at + step), at + step >= compressed.length)
    }
  } catch (error) {
    if (error instanceof TollError) throw error
    reader.fail(`the compressed data is damaged or cut off (${messageOf(error)})`)
  }
  return concat(parts, size)
}

/** A gzip file (RFC 1952) of one member, as gzip and the publishers of data sets write them. */
export function gunzip(reader: ByteReader, limit = largestInflated, promise?: PromisedSize): Uint8Array {
  skipGzipHeader(reader)
  reader.need(8, 'the gzip trailer')
  const content = inflateRaw(reader.bytes.subarray(reader.offset, reader.bytes.length - 8), reader, limit, promise)
  reader.offset = reader.bytes.length - 8
  if (
    reader.uint32('the gzip checksum') !== crc32(content) ||
    reader.uint32('the gzip size') !== content.length % 2 ** 32
  ) {
    reader.fail('the gzip checksum does not match; the file is damaged', reader.bytes.length - 8)
  }
  return content
}

/** A zlib stream (RFC 1950). */
export function unzlib(compressed: Uint8Array, reader: ByteReader, limit: number, promise?: PromisedSize): Uint8Array {
  if (
    compressed.length < 6 ||
    (compressed[0] & 15) !== 8 ||
    ((compressed[0] << 8) | compressed[1]) % 31 !== 0 ||
    compressed[1] & 32
  ) {
    reader.fail('the compressed data has no valid zlib header')
  }
  const content = inflateRaw(compressed.subarray(2, -4), reader, limit, promise)
  const trailer = compressed.subarray(-4).reduce((sum, byte) => sum * 256 + byte, 0)
  if (trailer !== adler32(content))
    reader.fail('the checksum of the compressed data does not match; the file is damaged')
  return content
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** CRC-32 with the reflected polynomial 0xEDB88320, as in gzip and zip. */
export function crc32(bytes: Uint8Array): number {
  const table = Int32Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    return c
  })
  let crc = -1
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  // 3800 sums of bytes stay below 2^32, so the remainder can wait that long.
  for (let at = 0; at < bytes.length; at += 3800) {
    const end = Math.min(at + 3800, bytes.length)
    for (let i = at; i < end; i++) b += a += bytes[i]
    a %= 65521
    b %= 65521
  }
  return b * 65536 + a
}

function skipGzipHeader(reader: ByteReader): void {
  const head = reader.take(10, 'the gzip header')
  if (!isGzip(head) || head[2] !== 8) reader.fail('not a gzip file', 0, 'wrong-file-kind')
  const flags = head[3]
  if (flags & 4) reader.take(reader.uint16('the gzip extra field'), 'the gzip extra field')
  for (const bit of [8, 16]) if (flags & bit) while (reader.uint8('the gzip file name') !== 0);
  if (flags & 2) reader.take(2, 'the gzip header checksum')
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  return parts.length === 1 ? parts[0] : concatenate(parts, new Uint8Array(size))
}
