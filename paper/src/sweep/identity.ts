// What a trial's numbers depend on, as a short name.

/** SHA-256 over the settings as JSON and the data's bytes, 16 hexadecimal digits. */
export async function fingerprintSettings(settings: unknown, data: ArrayBufferView): Promise<string> {
  const head = new TextEncoder().encode(JSON.stringify(settings))
  const all = new Uint8Array(head.length + data.byteLength)
  all.set(head)
  all.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), head.length)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all))
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
