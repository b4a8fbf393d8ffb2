// Addresses where paths are expected: nothing is fetched unless that is allowed.

import { TollError } from '../../base/index.js'

/** Errors: `network-refused` for addresses, as opposed to paths. */
export function refuseAddresses(paths: readonly string[]): void {
  const address = paths.find(isAddress)
  if (address === undefined) return
  throw new TollError(
    'network-refused',
    `${address} is an address, and nothing is fetched unless that is allowed; set allowNetwork to true`,
    { file: address, option: 'allowNetwork', suggestion: true },
  )
}

/** A scheme of one letter is a drive. */
export function isAddress(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path)
}
