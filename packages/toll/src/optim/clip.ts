// Gradient clipping by the global norm (Pascanu et al. 2013).

import { add, div, min, mul, sqrt, square, sum, type Tensor } from '../graph/index.js'

/** Scales all gradients by one factor so that their joint Euclidean norm is at most `limit`. */
export function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): Tensor[] {
  const total = gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b))
  const factor = min(div(limit, add(sqrt(total), 1e-6)), 1)
  return gradients.map((g) => mul(g, factor))
}
