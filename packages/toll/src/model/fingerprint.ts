// A fingerprint of training data: SHA-256 over names, shapes, values and what they stand for, so that a model says
// which data it was made from without them.

import { namesOf, type Samples, type Table } from '../base/index.js'

export async function fingerprint(data: Samples): Promise<string> {
  const header = data.kind === 'table' ? headerOf(data) : { shape: data.shape }
  const chunks = data.kind === 'table' ? data.columns.map(({ values }) => values) : [data.data]
  // Web Crypto has no streaming digest: each part is hashed, then the list of hashes.
  const digests = [await sha256(new TextEncoder().encode(JSON.stringify(header)))]
  for (const { buffer, byteOffset, byteLength } of chunks)
    digests.push(await sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)))
  return `sha256:${await sha256(new TextEncoder().encode(digests.join()))}`
}

/** In the words of the first files, in which only columns that are not simply numbers say what they are. */
function headerOf({ columns, rows }: Table): object {
  const meanings = columns
    .filter(({ kind }) => kind !== 'number')
    .map((column) => [
      column.name,
      column.kind === 'category' ? { kind: 'text', texts: column.categories } : { kind: column.kind },
    ])
  return { names: namesOf(columns), rows, ...(meanings.length > 0 && { meanings }) }
}

/** In hexadecimal digits. */
async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
