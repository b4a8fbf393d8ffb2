// SHA-256 by Node, some fifteen times as fast as in JavaScript.

import { createHash } from 'node:crypto'

/** In hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
