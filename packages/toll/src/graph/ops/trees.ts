// Binary decision trees: every row falls from each root to a leaf, and the values of its leaves are added up.

import { TollError } from '../../base/index.js'
import { reshape } from './shape.js'
import { cast } from './elementwise.js'
import { apply, bytesOf, knownSize, type Op, type Tensor } from '../tensor.js'

/** Trees one after another, each with its root first. Arrays have one number per node. */
export interface Trees {
  /** First node of each tree, rising from 0. */
  readonly roots: readonly number[]
  /** Column that the node compares; -1 at a leaf. */
  readonly feature: ArrayLike<number>
  /** Threshold of a split (a row goes left where its value is below it), value of a leaf. */
  readonly value: ArrayLike<number>
  /** The nodes that follow, counted over all trees; unused at a leaf. */
  readonly left: ArrayLike<number>
  readonly right: ArrayLike<number>
}

/** Numbers of a node in the packed form: column, value, left, right. */
const stride = 4

type TreeAttributes = { readonly data: Float64Array; readonly roots: readonly number[] }

export const treeEnsembleOp: Op<TreeAttributes> = {
  name: 'treeEnsemble',
  type: ([x], { data, roots }) => {
    if (x.shape.length !== 2 || x.dtype !== 'float64')
      throw new TollError(
        'shape-mismatch',
        `treeEnsemble: expected rows (n, d) of float64, got ${x.dtype} with ${x.shape.length} axes`,
        { value: x.shape, expected: '(n, d) of float64' },
      )
    checkTrees(data, roots, knownSize(x.shape[1], 'treeEnsemble'))
    return { dtype: 'float32', shape: [x.shape[0], 1] }
  },
  lower: (to, { attrs: { data, roots } }, [x]) =>
    to.emit('TreeEnsembleRegressor', [x], onnxTrees(data, roots), 'ai.onnx.ml'),
  evaluate: ([x], { data, roots }, { shape: [rows] }) => {
    const width = x.shape[1]
    return Float64Array.from({ length: rows }, (_, row) =>
      Math.fround(
        roots.reduce((sum, root) => {
          let at = root * stride
          while (data[at] >= 0)
            at = stride * (x.data[row * width + data[at]] < data[at + 1] ? data[at + 2] : data[at + 3])
          return sum + data[at + 1]
        }, 0),
      ),
    )
  },
  // Reading every tree along one path of a balanced tree.
  work: ([x], { data, roots }, type) => {
    const depth = Math.ceil(Math.log2(data.length / stride / Math.max(roots.length, 1) + 1))
    return { elementwise: type.shape[0] * roots.length * depth, bytes: bytesOf(x) + bytesOf(type) + data.byteLength }
  },
  samples: [
    {
      inputs: [{ shape: [6, 2], dtype: 'float64', values: [0, 0, 1, 5, 0.5, 2, 0.25, 3, -1, -1, 9, 2.5] }],
      // x0 < 0.5 ? (x1 < 2.5 ? 1 : 2.25) : -3, and x1 < 2.5 ? 10 : 20.5, and the lone leaf 100.
      attrs: {
        roots: [0, 5, 8],
        data: Float64Array.of(
          0,
          0.5,
          1,
          2,
          1,
          2.5,
          3,
          4,
          -1,
          -3,
          0,
          0,
          -1,
          1,
          0,
          0,
          -1,
          2.25,
          0,
          0,
          1,
          2.5,
          6,
          7,
          -1,
          10,
          0,
          0,
          -1,
          20.5,
          0,
          0,
          -1,
          100,
          0,
          0,
        ),
      },
    },
  ],
}

/** The sum of the leaves that each row (n, d) of float64 reaches, (n) float64, exact to single precision. */
export function treeEnsemble(x: Tensor, { roots, feature, value, left, right }: Trees): Tensor {
  const data = new Float64Array(feature.length * stride)
  for (let i = 0; i < feature.length; i++) {
    const leaf = feature[i] < 0
    data.set([leaf ? -1 : feature[i], value[i], leaf ? 0 : left[i], leaf ? 0 : right[i]], i * stride)
  }
  return cast(reshape(apply(treeEnsembleOp, [x], { data, roots }), [x.shape[0]]), 'float64')
}

/** Every node is a leaf or points forward within its tree, so that every path ends. */
function checkTrees(data: Float64Array, roots: readonly number[], width: number): void {
  const count = data.length / stride
  const refuse = (problem: string): never => {
    throw new TollError('shape-mismatch', `treeEnsemble: ${problem}`)
  }
  if (roots.length === 0 || roots[0] !== 0) refuse('the first tree must begin at node 0')
  roots.forEach((root, t) => {
    const end = roots[t + 1] ?? count
    if (!(end > root)) refuse(`tree ${t} has no nodes`)
    for (let i = root; i < end; i++) {
      const [feature, value, left, right] = data.subarray(i * stride, (i + 1) * stride)
      if (!Number.isFinite(value)) refuse(`node ${i} has the value ${value}`)
      if (feature === -1) continue
      if (!(Number.isInteger(feature) && feature >= 0 && feature < width))
        refuse(`node ${i} compares column ${feature} of ${width}`)
      if (!(left > i && left < end && right > i && right < end))
        refuse(`node ${i} must point forward within its tree (${i} to ${end - 1}), got ${left} and ${right}`)
    }
  })
}

/** Attributes of TreeEnsembleRegressor, version 3: doubles stand in tensors. */
function onnxTrees(data: Float64Array, roots: readonly number[]) {
  const count = data.length / stride
  const tree = new Int32Array(count)
  roots.forEach((root, t) => tree.fill(t, root, roots[t + 1] ?? count))
  const nodes = Array.from({ length: count }, (_, i) => i)
  const leaf = (i: number) => data[i * stride] < 0
  const leaves = nodes.filter(leaf)
  const local = (i: number, node: number) => node - roots[tree[i]]
  const child = (offset: number) => nodes.map((i) => (leaf(i) ? 0 : local(i, data[i * stride + offset])))
  return {
    aggregate_function: 'SUM',
    n_targets: 1,
    post_transform: 'NONE',
    nodes_treeids: [...tree],
    nodes_nodeids: nodes.map((i) => local(i, i)),
    nodes_featureids: nodes.map((i) => (leaf(i) ? 0 : data[i * stride])),
    nodes_modes: nodes.map((i) => (leaf(i) ? 'LEAF' : 'BRANCH_LT')),
    nodes_values_as_tensor: { double: Float64Array.from(nodes, (i) => (leaf(i) ? 0 : data[i * stride + 1])) },
    nodes_truenodeids: child(2),
    nodes_falsenodeids: child(3),
    target_treeids: leaves.map((i) => tree[i]),
    target_nodeids: leaves.map((i) => local(i, i)),
    target_ids: leaves.map(() => 0),
    target_weights_as_tensor: { double: Float64Array.from(leaves, (i) => data[i * stride + 1]) },
  }
}
