// What `lower` writes as several ONNX nodes for one op of ours, recognised as that op again. Without this the numbers
// would be the same, but gradients would run through the parts (a clipped 1e38 x) instead of the rule, and lowering
// again would give another text.

import { gateUnit } from '../ops/elementwise.js'
import { makeNode, type OnnxAttribute, type OnnxNode, type OnnxTensor } from '../../onnx/index.js'

/** The operator set of the recognised nodes; it never reaches a file. */
export const ownDomain = 'toll'

/** Where every value of a file comes from. */
export class Wiring {
  readonly #nodes = new Map<string, OnnxNode>()
  readonly #constants: ReadonlyMap<string, OnnxTensor>

  constructor(nodes: readonly OnnxNode[], constants: ReadonlyMap<string, OnnxTensor>) {
    for (const node of nodes) for (const name of node.outputs) if (name !== '') this.#nodes.set(name, node)
    this.#constants = constants
  }

  /** The standard node of type `op` that makes a value as its output number `output`. */
  from(name: string | undefined, op: string, output = 0): OnnxNode | undefined {
    const node = name ? this.#nodes.get(name) : undefined
    return node && node.op === op && !node.domain && node.outputs[output] === name ? node : undefined
  }

  /** The value of a constant scalar of real numbers. */
  scalar(name: string | undefined): number | undefined {
    const tensor = name ? this.#constants.get(name) : undefined
    const real = tensor && (tensor.dtype === 'float32' || tensor.dtype === 'float64') && tensor.dims.length === 0
    return real ? (tensor.data as Float64Array)[0] : undefined
  }

  /** The values of a constant int64 vector (or scalar) of few elements. */
  integers(name: string | undefined): readonly number[] | undefined {
    const tensor = name ? this.#constants.get(name) : undefined
    return tensor?.dtype === 'int64' && tensor.data.length <= 8 ? Array.from(tensor.data, Number) : undefined
  }

  equals(name: string | undefined, values: readonly number[]): boolean {
    const found = this.integers(name)
    return found?.length === values.length && found.every((value, i) => value === values[i])
  }
}

type Pattern = (wiring: Wiring, node: OnnxNode) => OnnxNode | undefined

/** The op of ours that ends at this node, or the node itself. */
export function recognise(wiring: Wiring, node: OnnxNode): OnnxNode {
  if (node.domain || !Object.hasOwn(patterns, node.op) || node.outputs.length !== 1) return node
  return patterns[node.op](wiring, node) ?? node
}

function own(
  op: string,
  node: OnnxNode,
  inputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): OnnxNode {
  return makeNode(op, inputs, node.outputs, attributes, ownDomain)
}

const int = (value: number): OnnxAttribute => ({ type: 'int', value })

const patterns: Readonly<Record<string, Pattern>> = {
  // g * clip(x * 1e38, slope, 1), or g * clip(x, slope u, u) with the unit u
  Mul: (wiring, node) => {
    const clip = wiring.from(node.inputs[1], 'Clip')
    const low = clip && wiring.scalar(clip.inputs[1])
    if (low !== undefined && wiring.scalar(clip!.inputs[2]) === gateUnit) {
      return own('gate', node, [node.inputs[0], clip!.inputs[0]], {
        slope: { type: 'float', value: low / gateUnit },
        units: int(1),
      })
    }
    const steep = clip && wiring.from(clip.inputs[0], 'Mul')
    const slope = clip && wiring.scalar(clip.inputs[1])
    const factor = steep && wiring.scalar(steep.inputs[1])
    if (
      slope === undefined ||
      factor === undefined ||
      Math.fround(factor) !== Math.fround(1e38) ||
      wiring.scalar(clip!.inputs[2]) !== 1
    )
      return undefined
    return own('gate', node, [node.inputs[0], steep!.inputs[0]], { slope: { type: 'float', value: slope } })
  },
  // relu(x) + log(exp(-|x|) + 1)
  Add: (wiring, node) => {
    const log = wiring.from(node.inputs[1], 'Log')
    const sum = log && wiring.from(log.inputs[0], 'Add')
    const exp = sum && wiring.scalar(sum.inputs[1]) === 1 ? wiring.from(sum.inputs[0], 'Exp') : undefined
    const neg = exp && wiring.from(exp.inputs[0], 'Neg')
    const abs = neg && wiring.from(neg.inputs[0], 'Abs')
    const relu = wiring.from(node.inputs[0], 'Relu')
    return abs && relu && abs.inputs[0] === relu.inputs[0] ? own('softplus', node, [relu.inputs[0]]) : undefined
  },
  // where(x = 0, 0, 1 / where(x = 0, 1, x))
  Where: (wiring, node) => {
    const isZero = wiring.from(node.inputs[0], 'Equal')
    const div = wiring.from(node.inputs[2], 'Div')
    const safe = div && wiring.scalar(div.inputs[0]) === 1 ? wiring.from(div.inputs[1], 'Where') : undefined
    const fits =
      isZero &&
      safe &&
      wiring.scalar(isZero.inputs[1]) === 0 &&
      wiring.scalar(node.inputs[1]) === 0 &&
      safe.inputs[0] === node.inputs[0] &&
      wiring.scalar(safe.inputs[1]) === 1 &&
      safe.inputs[2] === isZero.inputs[0]
    return fits ? own('reciprocalOrZero', node, [isZero.inputs[0]]) : undefined
  },
  // The weight gradient: a convolution with batch and channels exchanged all around, cut to the kernel.
  Transpose: (wiring, node) => {
    const exchanges = (found: OnnxNode | undefined) => {
      const perm = found?.attributes.perm
      return perm?.type === 'ints' && perm.value.join() === '1,0,2,3'
    }
    const cut = wiring.from(node.inputs[0], 'Slice')
    const conv = wiring.from(cut ? cut.inputs[0] : node.inputs[0], 'Conv')
    const [x, g] = [0, 1].map((i) =>
      conv && conv.inputs.length === 2 ? wiring.from(conv.inputs[i], 'Transpose') : undefined,
    )
    if (!exchanges(node) || !conv || !x || !g || !exchanges(x) || !exchanges(g)) return undefined
    if (
      !['strides', 'dilations', 'pads'].every((name) => conv.attributes[name]?.type === 'ints') ||
      conv.attributes.group ||
      conv.attributes.auto_pad
    )
      return undefined
    const kernel = cut && wiring.integers(cut.inputs[2])
    if (
      cut &&
      !(
        cut.inputs.length === 4 &&
        wiring.equals(cut.inputs[1], [0, 0]) &&
        wiring.equals(cut.inputs[3], [2, 3]) &&
        kernel?.length === 2
      )
    )
      return undefined
    return own('convWeight', node, [x.inputs[0], g.inputs[0]], {
      ...conv.attributes,
      ...(kernel && { kernel: { type: 'ints', value: kernel } as const }),
    })
  },
  // The position of the largest value, counted within its plane.
  Mod: (wiring, node) => {
    const pool = wiring.from(node.inputs[0], 'MaxPool', 1)
    const plane = wiring.integers(node.inputs[1])
    return pool && plane?.length === 1
      ? own('maxPoolIndex', node, pool.inputs, { ...pool.attributes, plane: int(plane[0]) })
      : undefined
  },
  // Placing elements `step` apart: zeros along a new innermost axis, joined with the axis, cut to size, zeros around.
  Pad: (wiring, node) => {
    const around = wiring.integers(node.inputs[1])
    const axis = wiring.integers(node.inputs[3])
    const cut = wiring.from(node.inputs[0], 'Slice')
    const joined = wiring.from(cut ? cut.inputs[0] : node.inputs[0], 'Reshape')
    const between = joined && wiring.from(joined.inputs[0], 'Pad')
    const column = between && wiring.from(between.inputs[0], 'Unsqueeze')
    const zeros = between && wiring.integers(between.inputs[1])
    if (!column || around?.length !== 2 || axis?.length !== 1 || zeros?.length !== 2 || zeros[0] !== 0 || zeros[1] < 1)
      return undefined
    const inner = [axis[0] + 1]
    const fits =
      wiring.equals(column.inputs[1], inner) &&
      wiring.equals(between.inputs[3], inner) &&
      wiring.scalar(node.inputs[2]) === 0 &&
      wiring.scalar(between.inputs[2]) === 0 &&
      !node.attributes.mode &&
      !between.attributes.mode
    const end = cut && wiring.integers(cut.inputs[2])
    if (
      !fits ||
      (cut &&
        !(
          cut.inputs.length === 4 &&
          wiring.equals(cut.inputs[1], [0]) &&
          wiring.equals(cut.inputs[3], axis) &&
          end?.length === 1
        ))
    )
      return undefined
    return own('spread', node, [column.inputs[0], joined.inputs[1]], {
      axis: int(axis[0]),
      step: int(zeros[1] + 1),
      before: int(around[0]),
      after: int(around[1]),
      ...(end && { end: int(end[0]) }),
    })
  },
}
