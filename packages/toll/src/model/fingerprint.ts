// A fingerprint of training data: SHA-256 over names, shapes, values and what they stand for, so that a model says
// which data it was made from without them.

import type { Samples } from '../base/index.js'

export async function fingerprint(data: Samples): Promise<string> {
  const meanings =
    data.kind === 'table'
      ? data.names.flatMap((name) => (data.meanings?.has(name) ? [[name, data.meanings.get(name)]] : []))
      : []
  const header =
    data.kind === 'table'
      ? JSON.stringify({ names: data.names, rows: data.rows, ...(meanings.length > 0 && { meanings }) })
      : JSON.stringify({ shape: data.shape })
  const chunks = data.kind === 'table' ? data.columns : [data.data]
  // Web Crypto has no streaming digest: each part is hashed, then the list of hashes.
  const digests = [await sha256(new TextEncoder().encode(header))]
  for (const { buffer, byteOffset, byteLength } of chunks)
    digests.push(await sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)))
  return `sha256:${await sha256(new TextEncoder().encode(digests.join()))}`
}

/** In hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
