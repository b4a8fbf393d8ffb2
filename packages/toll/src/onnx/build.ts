// Short ways to write the parts of a model in code; the parts are plain data, so literals do as well.

import { TollError } from '../base/index.js'
import { arrayOfDType, checkTensor } from './tensor.js'
import type { OnnxArrays, OnnxAttribute, OnnxDim, OnnxDType, OnnxNode, OnnxTensor, OnnxValueInfo } from './types.js'

/**
 * A tensor of shape `dims` (`[]` is a scalar). A typed array of the right class is kept without a copy; other lists of
 * numbers are converted: rounded for float32, exact for integers (code `argument` where that is impossible). Code
 * `shape` when sizes disagree.
 */
export function makeTensor<D extends OnnxDType>(
  name: string,
  dtype: D,
  dims: readonly number[],
  values: OnnxArrays[D] | readonly (number | bigint | string)[],
): OnnxTensor<D> {
  const array = arrayOfDType(dtype)
  const data =
    array === null || values instanceof array ? values : convert(name, dtype, new array(values.length), values)
  const tensor = { name, dtype, dims, data } as OnnxTensor
  checkTensor(tensor)
  return tensor as OnnxTensor<D>
}

function convert<A extends Exclude<OnnxArrays[OnnxDType], readonly string[]>>(
  name: string,
  dtype: OnnxDType,
  data: A,
  values: ArrayLike<number | bigint | string>,
): A {
  const rounds = data instanceof Float32Array || data instanceof Float64Array
  const wide = data instanceof BigInt64Array || data instanceof BigUint64Array
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const fits = typeof value === 'bigint' || (typeof value === 'number' && (rounds || Number.isSafeInteger(value)))
    if (fits) data[i] = wide ? BigInt(value) : Number(value)
    const kept =
      fits && (rounds ? Number.isFinite(data[i]) || !Number.isFinite(Number(value)) : BigInt(data[i]) === BigInt(value))
    if (!kept)
      throw new TollError(
        'out-of-domain',
        `tensor '${name}' of type ${dtype} cannot hold ${String(value)}, value ${i}`,
        { option: name, value, expected: dtype },
      )
  }
  return data
}

/**
 * An input or output: a tensor whose sizes may be named (`'batch'`) or unknown (null); without `shape` the rank is
 * unknown.
 */
export function makeValue(name: string, dtype: OnnxDType, shape?: readonly OnnxDim[]): OnnxValueInfo {
  return { name, type: { kind: 'tensor', dtype, ...(shape && { shape }) } }
}

/**
 * A node of `op` from the operator set `domain` (default ai.onnx). An empty input name leaves an optional input out.
 */
export function makeNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
  domain?: string,
): OnnxNode {
  return { op, inputs, outputs, attributes, ...(domain && { domain }) }
}
