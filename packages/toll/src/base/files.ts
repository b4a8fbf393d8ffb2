// Files in a browser: read from addresses and from what a visitor chose, written as downloads and to files that a
// visitor chose.

import { TollError } from './errors.js'
import { writeHandle, type FileTarget } from './file-source.js'

/** The content of a source: a browser has no paths. */
export { contentOf as readBytes } from './file-source.js'

/** Offers a download of that name, or writes to a file. Errors: `io`; `argument` where no page can offer it. */
export async function writeBytes(target: FileTarget, bytes: Uint8Array): Promise<void> {
  if (typeof target !== 'string') return writeHandle(target, bytes)
  if (typeof document === 'undefined')
    throw new TollError(
      'unsupported-input',
      `a worker cannot offer '${target}' as a download; write to a FileSystemFileHandle, or send the bytes to the page`,
      { value: target },
    )
  const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]))
  const link = document.createElement('a')
  link.href = address
  link.download = target
  link.click()
  // The browser reads the address after the click returns.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
