// SHA-256 where there is no synchronous one: in browsers.

import { sha256 as digest } from '@noble/hashes/sha2.js'

/** In hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return Array.from(digest(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
