// Numbers that are written into a model after it is lowered, so that what they depend on can be computed by the model
// itself: the scores that calibrate it.

import { makeTensor, type OnnxModel } from '../onnx/index.js'
import type { LoweredModel } from './lower.js'

/** The same model with these numbers in its slots; those of slots that it does not have are left out. */
export function fillSlots(
  { slots = {}, ...model }: LoweredModel,
  values: Readonly<Record<string, Float32Array | Float64Array>>,
): OnnxModel {
  const filled = new Map(Object.entries(slots).map(([slot, initializer]) => [initializer, values[slot]]))
  const initializers = model.graph.initializers.map((tensor) => {
    const data = filled.get(tensor.name)
    return data ? makeTensor(tensor.name, tensor.dtype, tensor.dims, data as never) : tensor
  })
  return { ...model, graph: { ...model.graph, initializers } }
}
