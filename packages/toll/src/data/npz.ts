// NumPy's .npz archives: a zip of .npy files, stored (numpy.savez) or deflated (numpy.savez_compressed).

import { TollError, locate } from '../base/index.js'
import type { NumberArray } from './array.js'
import { ByteReader } from './bytes.js'
import { readNpy } from './npy.js'
import { readZipDirectory, readZipMember } from './zip.js'

/** The names of the arrays, in file order. Error: `format`. */
export function listNpz(bytes: Uint8Array): string[] {
  return readZipDirectory(new ByteReader(bytes, 'npz file')).map((member) => member.name.replace(/\.npy$/, ''))
}

/** One array of an .npz file: `name`, or the only one. Errors: `format`; `not-found` with the names that are there. */
export function readNpz(bytes: Uint8Array, name?: string): NumberArray {
  const reader = new ByteReader(bytes, 'npz file')
  const members = readZipDirectory(reader)
  const names = members.map((member) => member.name.replace(/\.npy$/, ''))
  if (name === undefined && members.length !== 1) {
    throw new TollError(
      'ambiguous-variable',
      `the npz file holds ${members.length} arrays (${names.join(', ')}); name the one to read`,
      { option: 'variable', expected: names },
    )
  }
  const index = name === undefined ? 0 : names.indexOf(name)
  if (index < 0)
    throw new TollError('unknown-variable', `the npz file has no array '${name}'; it holds ${names.join(', ')}`, {
      option: 'variable',
      value: name,
      expected: names,
    })
  try {
    return readNpy(readZipMember(reader, members[index]))
  } catch (error) {
    throw locate(error, `npz file, array '${names[index]}'`, {})
  }
}
