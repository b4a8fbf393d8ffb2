// Isolation trees: random splits of a small random sample until every row stands alone or the tree is deep enough. A
// row that few splits cut off from the others is an anomaly. Sources: Liu, Ting and Zhou, "Isolation forest" (ICDM
// 2008); the splits by random hyperplanes are those of Hariri, Carrasco Kind and Brunner, "Extended isolation forest"
// (IEEE TKDE 2021, arXiv 1811.02141).
//
// One rule everywhere (growing, interpreter, ONNX): a row goes left where its value is below the threshold, right
// otherwise.

import type { FloatArray, NdArray, Random } from '../base/index.js'

/** Trees one after another, the root of each first, children behind their parents. One number per node. */
export interface IsolationForest {
  /** First node of each tree. */
  readonly roots: readonly number[]
  /**
   * What the node compares, -1 at a leaf: a column, or with hyperplanes the number of the split, counted over all
   * trees.
   */
  readonly feature: readonly number[]
  /** Threshold of a split; at a leaf the path length of a row that ends there. */
  readonly value: readonly number[]
  readonly left: readonly number[]
  readonly right: readonly number[]
  /** Normal of each split's hyperplane, (d) each; none when every split compares one column. */
  readonly normals: readonly Float64Array[]
  /** Rows that each tree was grown from. */
  readonly sampled: number
  readonly heightLimit: number
}

/** Splits of one tree, whatever the rows. */
export function mostSplits(sampled: number): number {
  return 2 ** Math.ceil(Math.log2(sampled)) - 1
}

export interface ForestOptions {
  readonly trees: number
  /** Rows per tree, drawn without replacement; all rows when there are fewer. At least 2. */
  readonly sampled: number
  /**
   * Columns that a split combines, less one: 0 compares one column with a number, d - 1 draws hyperplanes in any
   * direction.
   */
  readonly extension: number
}

/**
 * Mean path length of an unsuccessful search among n rows in a binary search tree: 2 H(n-1) - 2(n-1)/n with H(m) = ln m
 * + Euler's constant.
 */
export function meanSearchPath(n: number): number {
  if (n <= 1) return 0
  if (n === 2) return 1
  return 2 * (Math.log(n - 1) + 0.5772156649015329) - (2 * (n - 1)) / n
}

/**
 * Path lengths are multiples of this, so that sums over up to 2^20 trees are exact in float64, whatever their order.
 */
const pathUnit = 2 ** -24

/** Grows a forest on samples (n, d); one random stream per tree. `afterTree` is awaited after each. */
export async function growForest(
  samples: NdArray,
  options: ForestOptions,
  random: Random,
  afterTree: (trees: number) => Promise<void> = () => Promise.resolve(),
): Promise<IsolationForest> {
  const [n, d] = samples.shape
  const sampled = Math.min(options.sampled, n)
  const heightLimit = Math.ceil(Math.log2(sampled))
  const grower = new Grower(samples.data, d, heightLimit, Math.min(options.extension, d - 1))
  const roots: number[] = []
  for (let tree = 0; tree < options.trees; tree++) {
    const stream = random.fork(`tree ${tree}`)
    roots.push(grower.feature.length)
    grower.grow(stream.sample(n, sampled), stream)
    await afterTree(tree + 1)
  }
  const { feature, value, left, right, normals } = grower
  return { roots, feature, value, left, right, normals, sampled, heightLimit }
}

/** A part of the sample that is still to be split or closed. */
interface Part {
  readonly from: number
  readonly to: number
  readonly depth: number
  /** Columns at the head of the order that are known to be constant here. */
  readonly constant: number
  /** Where the number of this part's node goes. */
  readonly link?: { readonly side: number[]; readonly parent: number }
}

class Grower {
  readonly feature: number[] = []
  readonly value: number[] = []
  readonly left: number[] = []
  readonly right: number[] = []
  readonly normals: Float64Array[] = []
  readonly #data: FloatArray
  readonly #d: number
  readonly #heightLimit: number
  readonly #extension: number
  /**
   * Columns, the constant ones first. A part only reorders what is not constant in it, so the part beside it keeps its
   * head.
   */
  readonly #order: Int32Array
  readonly #normal: Float64Array

  constructor(data: FloatArray, d: number, heightLimit: number, extension: number) {
    this.#data = data
    this.#d = d
    this.#heightLimit = heightLimit
    this.#extension = extension
    this.#order = Int32Array.from({ length: d }, (_, column) => column)
    this.#normal = new Float64Array(d)
  }

  /**
   * Adds the tree of the rows `rows`, which end in another order. Children come behind their parents, left ones first.
   */
  grow(rows: Int32Array, random: Random): void {
    this.#order.forEach((_, column, order) => (order[column] = column))
    const open: Part[] = [{ from: 0, to: rows.length, depth: 0, constant: 0 }]
    for (let part = open.pop(); part; part = open.pop()) {
      const { from, to, depth, link } = part
      const node = this.feature.length
      if (link) link.side[link.parent] = node
      const split = depth < this.#heightLimit && to - from > 1 ? this.#drawSplit(rows, part, random) : undefined
      this.left.push(0)
      this.right.push(0)
      if (!split) {
        this.feature.push(-1)
        this.value.push(Math.round((depth + meanSearchPath(to - from)) / pathUnit) * pathUnit)
        continue
      }
      this.feature.push(split.feature)
      this.value.push(split.threshold)
      const middle = this.#partition(rows, from, to, split)
      const below = { depth: depth + 1, constant: split.constant }
      open.push({ from: middle, to, ...below, link: { side: this.right, parent: node } })
      open.push({ from, to: middle, ...below, link: { side: this.left, parent: node } })
    }
  }

  /**
   * A column that is not constant in the part, each equally likely, and a threshold uniform between its ends; with an
   * extension, a plane with a standard normal direction in extension + 1 such columns through a point uniform in the
   * part's box. Undefined when the rows of the part are all the same.
   */
  #drawSplit(rows: Int32Array, { from, to, constant }: Part, random: Random) {
    const order = this.#order
    let [drawn, threshold, known] = [0, 0, constant]
    this.#normal.fill(0)
    while (drawn <= this.#extension && known + drawn < this.#d) {
      const at = known + drawn
      swap(order, at, at + random.integer(this.#d - at))
      const column = order[at]
      const [low, high] = this.#range(rows, from, to, column)
      if (!(low < high)) {
        swap(order, known++, at)
        continue
      }
      drawn++
      // The largest value goes right: the threshold may be `high` itself, never `low`, so that no side is empty.
      const point = Math.min(low + (high - low) * random.uniform(), high)
      if (this.#extension === 0) return { feature: column, threshold: point > low ? point : high, constant: known }
      this.#normal[column] = random.normal()
      threshold += this.#normal[column] * point
    }
    if (drawn === 0) return undefined
    return { feature: this.normals.push(this.#normal.slice()) - 1, threshold, constant: known }
  }

  #range(rows: Int32Array, from: number, to: number, column: number): [number, number] {
    let low = this.#data[rows[from] * this.#d + column]
    let high = low
    for (let i = from + 1; i < to; i++) {
      const value = this.#data[rows[i] * this.#d + column]
      if (value < low) low = value
      else if (value > high) high = value
    }
    return [low, high]
  }

  /** Brings the rows below the threshold to the front; returns how far they reach. */
  #partition(
    rows: Int32Array,
    from: number,
    to: number,
    { feature, threshold }: { feature: number; threshold: number },
  ): number {
    let middle = from
    for (let i = from; i < to; i++) {
      if (this.#projected(rows[i], feature) < threshold) swap(rows, middle++, i)
    }
    return middle
  }

  #projected(row: number, feature: number): number {
    if (this.#extension === 0) return this.#data[row * this.#d + feature]
    let sum = 0
    for (let column = 0; column < this.#d; column++) sum += this.#normal[column] * this.#data[row * this.#d + column]
    return sum
  }
}

function swap(values: Int32Array, a: number, b: number): void {
  const kept = values[a]
  values[a] = values[b]
  values[b] = kept
}
