// Messages to bytes and back: one walk over the table of layouts in each direction, on the primitives of
// @bufbuild/protobuf/wire. Source: the protobuf encoding guide. Stricter than protobuf in three places: a field of the
// wrong wire type is an error and not an unknown field, text must be UTF-8, and a single message that comes twice is an
// error (merging it could take quadratic time).

import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { TollError, invariant, messageOf } from '../base/index.js'
import { LAYOUTS, type Message, type MessageName } from './schema.js'

/** Messages inside messages, as in protobuf's own parsers; three levels per nested graph. */
const DEEPEST = 100
/**
 * Messages in one file: about 200,000 nodes with attributes. Bounds the memory that a small hostile file can ask for.
 */
const MOST_MESSAGES = 1 << 20
/** A protobuf message is smaller than 2 GiB. */
const MOST_BYTES = 2 ** 31 - 1

type Packed = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array

interface Numbers<A extends Packed> {
  readonly wire: WireType
  allocate(size: number): A
  read(reader: BinaryReader, into: A, at: number): void
  write(writer: BinaryWriter, from: A, at: number): void
}

function numbers<A extends Packed>(spec: Numbers<A>): Numbers<A> {
  return spec
}

const NUMBERS: Readonly<Record<string, Numbers<Packed>>> = {
  float: numbers({
    wire: WireType.Bit32,
    allocate: (size) => new Float32Array(size),
    read(reader, into, at) {
      into[at] = reader.float()
    },
    write(writer, from, at) {
      writer.float(from[at])
    },
  }),
  double: numbers({
    wire: WireType.Bit64,
    allocate: (size) => new Float64Array(size),
    read(reader, into, at) {
      into[at] = reader.double()
    },
    write(writer, from, at) {
      writer.double(from[at])
    },
  }),
  int32: numbers({
    wire: WireType.Varint,
    allocate: (size) => new Int32Array(size),
    read(reader, into, at) {
      into[at] = reader.int32()
    },
    write(writer, from, at) {
      writer.int32(from[at])
    },
  }),
  int64: numbers({
    wire: WireType.Varint,
    allocate: (size) => new BigInt64Array(size),
    read(reader, into, at) {
      into[at] = BigInt(reader.int64())
    },
    write(writer, from, at) {
      writer.int64(from[at])
    },
  }),
  uint64: numbers({
    wire: WireType.Varint,
    allocate: (size) => new BigUint64Array(size),
    read(reader, into, at) {
      into[at] = BigInt(reader.uint64())
    },
    write(writer, from, at) {
      writer.uint64(from[at])
    },
  }),
}

interface Field {
  readonly name: string
  readonly number: number
  readonly kind: string
  readonly repeated: boolean
}

const FIELDS: Readonly<Record<string, ReadonlyMap<number, Field>>> = Object.fromEntries(
  Object.entries(LAYOUTS).map(([type, layout]) => [
    type,
    new Map(
      Object.entries<readonly [number, string]>(layout).map(([name, [number, kind]]) => [
        number,
        { name, number, kind: kind.replace('[]', ''), repeated: kind.endsWith('[]') },
      ]),
    ),
  ]),
)

/** A typed array that grows while values arrive, so that values scattered over a message cost linear time. */
class Growing {
  #data: Packed
  #length = 0

  constructor(readonly numbers: Numbers<Packed>) {
    this.#data = numbers.allocate(0)
  }

  /** Room for `count` more values. */
  reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#data.length) return
    const grown = this.numbers.allocate(Math.max(needed, 2 * this.#data.length))
    new Uint8Array(grown.buffer).set(new Uint8Array(this.#data.buffer))
    this.#data = grown
  }

  read(reader: BinaryReader): void {
    this.numbers.read(reader, this.#data, this.#length++)
  }

  finish(): Packed {
    return this.#length === this.#data.length ? this.#data : this.#data.slice(0, this.#length)
  }
}

/** Reads one message of the layout `type` (code `format`, with the field's path and byte offset). */
export function decodeMessage<N extends MessageName>(bytes: Uint8Array, type: N): Message<N> {
  return new Decoding(bytes).whole(type) as Message<N>
}

class Decoding {
  readonly #bytes: Uint8Array
  readonly #reader: BinaryReader
  readonly #path: string[] = []
  #messages = 0

  constructor(bytes: Uint8Array) {
    // A plain view: the slice() of Node's Buffer would share memory where Uint8Array's copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#reader = new BinaryReader(this.#bytes)
  }

  whole(type: MessageName): Record<string, unknown> {
    try {
      return this.#message(type, this.#bytes.length)
    } catch (cause) {
      const where = this.#path.length > 0 ? `, field ${this.#path.join('.')}` : ''
      const at = Math.min(this.#reader.pos, this.#bytes.length)
      throw new TollError(
        'damaged-file',
        `expected an ONNX ${type.toLowerCase()} message, got bytes that do not parse: ${messageOf(cause)}` +
          ` (byte ${at} of ${this.#bytes.length}${where}); the file is damaged, incomplete or of another kind`,
        { part: this.#path.join('.'), offset: at, cause },
      )
    }
  }

  #message(type: string, end: number): Record<string, unknown> {
    if (++this.#messages > MOST_MESSAGES) throw new Error(`more than ${MOST_MESSAGES} messages`)
    const message: Record<string, unknown> = {}
    while (this.#reader.pos < end) {
      const [number, wire] = this.#reader.tag()
      const field = FIELDS[type].get(number)
      if (field) this.#field(message, field, wire, end)
      else this.#reader.skip(wire, number)
      if (this.#reader.pos > end) throw new Error('a field runs past the end of its message')
    }
    for (const name of Object.keys(message)) {
      const value = message[name]
      if (value instanceof Growing) message[name] = value.finish()
    }
    return message
  }

  #field(message: Record<string, unknown>, field: Field, wire: WireType, end: number): void {
    const { name, kind, repeated } = field
    if (!repeated) {
      this.#path.push(name)
      if (FIELDS[kind] && message[name] !== undefined) throw new Error('the message comes twice')
      message[name] = this.#single(kind, wire, end)
    } else if (NUMBERS[kind]) {
      this.#path.push(name)
      const list = (message[name] ??= new Growing(NUMBERS[kind])) as Growing
      this.#run(
        list.numbers.wire,
        wire,
        end,
        (count) => list.reserve(count),
        () => list.read(this.#reader),
      )
    } else {
      const list = (message[name] ??= []) as unknown[]
      this.#path.push(`${name}[${list.length}]`)
      if (kind === 'int')
        this.#run(
          WireType.Varint,
          wire,
          end,
          () => undefined,
          () => list.push(this.#integer()),
        )
      else list.push(this.#single(kind, wire, end))
    }
    this.#path.pop()
  }

  /** One value of a list of numbers, or a packed run of them: writers may choose. */
  #run(own: WireType, wire: WireType, end: number, reserve: (count: number) => void, read: () => void): void {
    if (wire !== WireType.LengthDelimited) {
      expectWire(own, wire)
      reserve(1)
      return read()
    }
    const stop = this.#length(end)
    reserve(this.#count(own, stop))
    while (this.#reader.pos < stop) read()
    if (this.#reader.pos > stop) throw new Error('a number runs past the end of its list')
  }

  /**
   * How many whole values the packed run up to `stop` holds (a rest is an error later); the last byte of a varint has
   * its high bit clear.
   */
  #count(own: WireType, stop: number): number {
    const size = stop - this.#reader.pos
    if (own !== WireType.Varint) return Math.floor(size / (own === WireType.Bit32 ? 4 : 8))
    let count = 0
    for (let i = this.#reader.pos; i < stop; i++) if (this.#bytes[i] < 0x80) count++
    return count
  }

  #single(kind: string, wire: WireType, end: number): unknown {
    switch (kind) {
      case 'refused':
        throw new Error('this part of ONNX is not supported')
      case 'int':
        expectWire(WireType.Varint, wire)
        return this.#integer()
      case 'float':
        expectWire(WireType.Bit32, wire)
        return this.#reader.float()
    }
    expectWire(WireType.LengthDelimited, wire)
    if (kind === 'string') return this.#reader.string(true)
    if (kind === 'bytes') return this.#reader.bytes()
    if (this.#path.length > DEEPEST) throw new Error(`messages nested deeper than ${DEEPEST} levels`)
    return this.#message(kind, this.#length(end))
  }

  /** Reads a length and returns where its content stops. */
  #length(end: number): number {
    const size = this.#reader.uint32()
    const stop = this.#reader.pos + size
    if (stop > end) throw new Error(`a length of ${size} bytes where ${Math.max(0, end - this.#reader.pos)} are left`)
    return stop
  }

  #integer(): number {
    const value = this.#reader.int64()
    if (!Number.isSafeInteger(Number(value))) throw new Error(`the integer ${value} is beyond 2^53`)
    return Number(value)
  }
}

function expectWire(expected: WireType, got: WireType): void {
  if (got !== expected) throw new Error(`wire type ${got} where ${expected} was expected`)
}

/**
 * Writes one message, fields in the order of the table, lists of numbers packed: the same message gives the same bytes.
 * A number that its field cannot hold, or a message of 2 GiB, is an `argument` error.
 */
export function encodeMessage<N extends MessageName>(message: Message<N>, type: N): Uint8Array {
  const writer = new BinaryWriter()
  let written = 0

  function writeMessage(content: Readonly<Record<string, unknown>>, name: string, depth: number): void {
    if (depth > DEEPEST)
      throw new TollError(
        'out-of-domain',
        `the ONNX ${type.toLowerCase()} nests messages deeper than ${DEEPEST} levels`,
        { limit: DEEPEST },
      )
    for (const field of FIELDS[name].values()) {
      const value = content[field.name]
      if (value === undefined) continue
      if (!field.repeated) writeSingle(field, value, depth)
      else if (NUMBERS[field.kind]) writeRun(field, value as Packed, NUMBERS[field.kind])
      else if (field.kind === 'int') writeIntegers(field, value as readonly number[])
      else for (const item of value as readonly unknown[]) writeSingle(field, item, depth)
    }
  }

  function writeRun(field: Field, values: Packed, numbers: Numbers<Packed>): void {
    if (values.length === 0) return
    writer.tag(field.number, WireType.LengthDelimited).fork()
    for (let i = 0; i < values.length; i++) numbers.write(writer, values, i)
    writer.join()
  }

  function writeIntegers(field: Field, values: readonly number[]): void {
    if (values.length === 0) return
    writer.tag(field.number, WireType.LengthDelimited).fork()
    for (const value of values) writer.int64(integer(field, value))
    writer.join()
  }

  function writeSingle(field: Field, value: unknown, depth: number): void {
    switch (field.kind) {
      case 'int':
        writer.tag(field.number, WireType.Varint).int64(integer(field, value as number))
        return
      case 'float':
        writer.tag(field.number, WireType.Bit32).float(value as number)
        return
    }
    writer.tag(field.number, WireType.LengthDelimited)
    if (field.kind === 'string') writer.string(value as string)
    else if (field.kind === 'bytes') writer.bytes(counted(value as Uint8Array))
    else {
      invariant(FIELDS[field.kind], `no layout for ${field.kind}`)
      writer.fork()
      writeMessage(value as Readonly<Record<string, unknown>>, field.kind, depth + 1)
      writer.join()
    }
  }

  function integer(field: Field, value: number): number {
    if (!Number.isSafeInteger(value)) {
      throw new TollError(
        'out-of-domain',
        `field ${field.name} of an ONNX file must be an integer within 2^53, got ${value}`,
        { part: field.name, value, expected: 'an integer within 2^53' },
      )
    }
    return value
  }

  function counted(bytes: Uint8Array): Uint8Array {
    written += bytes.byteLength
    if (written > MOST_BYTES) {
      throw new TollError(
        'out-of-domain',
        `the tensors of an ONNX file must stay below 2 GiB together, got at least ${written} bytes`,
        { value: written, limit: MOST_BYTES },
      )
    }
    return bytes
  }

  writeMessage(message, type, 0)
  return writer.finish()
}
