// Label encoders of the machine-learning operator set, as far as they turn texts into integers.

import { gather } from '../ops/gather.js'
import { constant } from '../ops/leaf.js'
import { lookup } from '../ops/text.js'
import type { Tensor } from '../tensor.js'
import type { Readers, Site } from './site.js'

export const text: Readers = { LabelEncoder: readLabelEncoder }

/**
 * A lookup; where the file gives other integers than the places in its list, these are taken from a table by the place.
 */
function readLabelEncoder(site: Site): Tensor {
  const keys = textsOf(site, 'keys_tensor') ?? site.texts('keys_strings')
  const values = integersOf(site, 'values_tensor') ?? site.ints('values_int64s')
  if (!keys || !values)
    return site.refuse(
      'only a table from strings (keys_strings or keys_tensor) to int64 (values_int64s or values_tensor) is supported',
    )
  site.require(keys.length === values.length, `there are ${keys.length} keys and ${values.length} values`)
  const otherwise = integersOf(site, 'default_tensor')?.[0] ?? site.int('default_int64', -1)
  const places = lookup(site.input(0), keys)
  const table = [...values, otherwise]
  site.require(table.every(Number.isSafeInteger), 'a value is not exact in float64')
  return table.every((value, place) => value === place)
    ? places
    : gather(constant(table, undefined, 'int64'), places, 0)
}

function textsOf(site: Site, name: string): readonly string[] | undefined {
  const tensor = site.tensor(name)
  if (tensor && tensor.dtype !== 'string')
    return site.refuse(`attribute '${name}' holds ${tensor.dtype}, only string is supported`)
  return tensor?.data
}

function integersOf(site: Site, name: string): readonly number[] | undefined {
  const tensor = site.tensor(name)
  if (tensor && tensor.dtype !== 'int64')
    return site.refuse(`attribute '${name}' holds ${tensor.dtype}, only int64 is supported`)
  return tensor && Array.from(tensor.data, Number)
}
