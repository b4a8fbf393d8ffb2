// Training state as bytes, in the safetensors layout: an 8-byte length, a JSON header, raw little-endian tensors. Any
// language reads it. Apart from tensors it holds one JSON record (step, random state, history) under `__metadata__`,
// and the SHA-256 of it all: a flipped bit would train another model, and nothing would tell.

import { TollError, messageOf, parseJson, sha256, sizeOf } from '../base/index.js'

export interface Checkpoint<R> {
  readonly record: R
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
}

/** Where checkpoints of a run are kept. `write` replaces the last one whole or not at all. */
export interface CheckpointStore {
  /** For messages. */
  readonly location: string
  read(): Promise<Uint8Array | undefined>
  /**
   * Whether it wants a checkpoint now: gathering one takes a tenth of a second for a network of millions of parameters.
   * Default always.
   */
  due?(): boolean
  write(bytes: Uint8Array): Promise<void>
  remove(): Promise<void>
}

export function encodeCheckpoint<R>({ record, tensors }: Checkpoint<R>): Uint8Array {
  let end = 0
  const entries = [...tensors].map(([name, { shape, data }]) => {
    const start = end
    end += data.byteLength
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }] as const
  })
  const body = new Uint8Array(end)
  let at = 0
  for (const { data } of tensors.values()) {
    body.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  const layout = Object.fromEntries(entries)
  const text = JSON.stringify(record)
  const json = new TextEncoder().encode(
    JSON.stringify({ __metadata__: { record: text, sha256: checksumOf(text, layout, body) }, ...layout }),
  )
  const headerSize = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + headerSize + end).fill(0x20, 8 + json.length, 8 + headerSize)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerSize), true)
  bytes.set(json, 8)
  bytes.set(body, 8 + headerSize)
  return bytes
}

/** Reads what `encodeCheckpoint` wrote; anything else is refused with code `format`. */
export function decodeCheckpoint<R>(bytes: Uint8Array, isRecord: (value: unknown) => value is R): Checkpoint<R> {
  const fail = (problem: string, cause?: unknown) =>
    new TollError('damaged-file', `not a whole checkpoint: ${problem}; delete the file to start again`, { cause })
  if (bytes.length < 8) throw fail(`${bytes.length} bytes`)
  const headerSize = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (headerSize > bytes.length - 8) throw fail(`a header of ${headerSize} bytes in a file of ${bytes.length}`)
  const body = bytes.subarray(8 + headerSize)
  let layout: Record<string, unknown>
  let record: unknown
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerSize))
    const { __metadata__: metadata, ...rest } = parseJson(json) as Record<string, unknown>
    const { record: text, sha256: expected } = metadata as Record<string, unknown>
    if (typeof text !== 'string' || checksumOf(text, rest, body) !== expected) throw fail('its checksum is another one')
    layout = rest
    record = parseJson(text)
  } catch (error) {
    if (error instanceof TollError && error.reason === 'damaged-file') throw error
    throw fail(`its header is damaged (${messageOf(error)})`, error)
  }
  if (!isRecord(record)) throw fail('its record is not of this kind')
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>()
  for (const [name, entry] of Object.entries(layout)) {
    const {
      dtype,
      shape,
      data_offsets: range,
    } = (entry ?? {}) as { dtype?: unknown; shape?: readonly number[]; data_offsets?: readonly number[] }
    const fits =
      dtype === 'F32' &&
      isSizes(shape) &&
      isSizes(range) &&
      range.length === 2 &&
      range[1] <= body.length &&
      range[1] - range[0] === 4 * sizeOf(shape)
    if (!fits) throw fail(`tensor '${name}' does not fit the file`)
    // A copy of its own, aligned; `slice` would not do, which for a Buffer is a view.
    tensors.set(name, { shape, data: new Float32Array(new Uint8Array(body.subarray(range[0], range[1])).buffer) })
  }
  return { record, tensors }
}

function checksumOf(record: string, layout: Readonly<Record<string, unknown>>, body: Uint8Array): string {
  return sha256(new TextEncoder().encode(JSON.stringify([record, Object.entries(layout), sha256(body)])))
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}
