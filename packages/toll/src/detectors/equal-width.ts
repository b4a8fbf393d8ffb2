// Histograms of equal-width bins with the conventions of NumPy, so that published numbers come out to the last digit,
// and their lookup as a piece of graph. Counting: bin b holds edge b <= x < edge b+1, the last bin its upper edge too.

import { add, constant, gather, searchSorted, type Tensor } from '../graph/index.js'

/**
 * bins + 1 edges from `low` to `high`; edge b = low + b * (high - low) / bins, rounded twice, the last one exactly
 * `high`.
 */
export function equalWidthEdges(low: number, high: number, bins: number): Float64Array {
  const width = (high - low) / bins
  return Float64Array.from({ length: bins + 1 }, (_, b) => (b === bins ? high : b * width + low))
}

/** Whether every bin is wider than the rounding of its edges. */
export function isRising(edges: Float64Array): boolean {
  return edges.every((edge, b) => b === 0 || edge > edges[b - 1])
}

/** Numbers of values in each bin; values outside of the edges count nowhere. */
export function countPerBin(values: Float64Array, edges: Float64Array): Float64Array {
  const bins = edges.length - 1
  const counts = new Float64Array(bins)
  const scale = bins / (edges[bins] - edges[0])
  for (const value of values) {
    if (!(value >= edges[0] && value <= edges[bins])) continue
    let b = Math.min(Math.floor((value - edges[0]) * scale), bins - 1)
    // The edges decide, not the product, which rounding may put one bin off.
    while (b > 0 && value < edges[b]) b--
    while (b < bins - 1 && value >= edges[b + 1]) b++
    counts[b]++
  }
  return counts
}

/**
 * A step function of every column: x (n, d) of float64 becomes values[c][number of borders of column c below x], (n,
 * d). A value on a border takes the step below it. `borders` are rising lists of equal length, `values` have one number
 * more each.
 */
export function stepFunction(x: Tensor, borders: readonly Float64Array[], values: readonly Float64Array[]): Tensor {
  const steps = values[0].length
  const table = new Float64Array(values.length * steps)
  values.forEach((column, c) => table.set(column, c * steps))
  const first = constant(
    Float64Array.from(values, (_, c) => c * steps),
    [1, values.length],
    'int64',
  )
  return gather(constant(table, [table.length], 'float64'), add(searchSorted(borders, x, 'left'), first))
}
