// Integrated gradients: the change of a function along the straight path from a baseline to a row, shared over the
// row's coordinates, a_i = (x_i - b_i) * integral over [0, 1] of df/dx_i at b + t (x - b). Source: Sundararajan, Taly
// and Yan, arXiv 1703.01365.
//
// The shares add up to f(x) - f(b), so the error of the quadrature can be seen: on every panel of the path, what the
// shares lack of the change of f across the panel. Panels that lack most are halved. That finds the places where a
// network of rectifiers, or the norm of a code that passes near the origin, changes its slope, and spends no points
// where the gradient is smooth.

import { throwIfAborted } from '../base/index.js'

/** A function of d coordinates with its gradient, at `count` points (count, d) at once. */
export type Differentiable = (
  points: Float64Array,
  count: number,
) => Promise<{ readonly values: ArrayLike<number>; readonly gradients: ArrayLike<number> }>

/** A row whose change of the function is to be shared. */
export interface Path {
  /** (d), where the path ends. */
  readonly to: ArrayLike<number>
  /** The function there. */
  readonly value: number
  /** The remainder that is good enough, in units of the function. */
  readonly tolerance: number
}

export interface PathOptions {
  /** (d), where all paths begin. */
  readonly from: Float64Array
  /** The function there. */
  readonly value: number
  /** Points of one path at most; at least one halving is made. */
  readonly points: number
  /** Points of one call at most. */
  readonly pointsPerCall: number
  readonly signal?: AbortSignal
}

export interface Shares {
  /** (d), before the remainder is spread. */
  readonly shares: Float64Array
  /** The change of the function less the sum of the shares. */
  readonly remainder: number
  readonly points: number
}

/** Gauss-Legendre nodes with their weights on [0, 1], exact for polynomials of degree 9. */
const rule = [
  [5 + 2 * Math.sqrt(10 / 7), 322 - 13 * Math.sqrt(70)],
  [5 - 2 * Math.sqrt(10 / 7), 322 + 13 * Math.sqrt(70)],
]
  .flatMap(([inside, weight]) =>
    [-1, 1].map((side) => ({ node: (1 + (side * Math.sqrt(inside)) / 3) / 2, weight: weight / 1800 })),
  )
  .concat({ node: 0.5, weight: 64 / 225 })

/** Points that halving a panel takes: the nodes of both halves and the middle. */
const pointsPerHalving = 2 * rule.length + 1

interface Panel {
  readonly from: number
  readonly to: number
  /** The function at both ends. */
  readonly ends: readonly [number, number]
  readonly shares: Float64Array
  /** What the shares lack of the change. */
  readonly lack: number
}

interface Progress {
  readonly path: Path
  panels: Panel[]
  /** Panels that the next round halves. */
  pending: Panel[]
  points: number
}

/** The shares of each path. Paths are followed together, so that one call holds points of many. */
export async function integrateGradients(
  f: Differentiable,
  paths: readonly Path[],
  options: PathOptions,
): Promise<Shares[]> {
  const whole = ({ value }: Path): Panel => ({
    from: 0,
    to: 1,
    ends: [options.value, value],
    shares: new Float64Array(0),
    lack: Infinity,
  })
  const all = paths.map((path): Progress => ({ path, panels: [], pending: [whole(path)], points: 0 }))
  for (;;) {
    const work = all.flatMap((progress) => progress.pending.map((panel) => ({ progress, panel })))
    if (work.length === 0) break
    const perCall = Math.max(1, Math.floor(options.pointsPerCall / pointsPerHalving))
    for (let start = 0; start < work.length; start += perCall) {
      throwIfAborted(options.signal)
      const some = work.slice(start, start + perCall)
      const halves = await halve(
        f,
        some.map(({ progress, panel }) => ({ to: progress.path.to, panel })),
        options.from,
      )
      some.forEach(({ progress }, i) => {
        progress.panels.push(...halves[i])
        progress.points += pointsPerHalving
      })
    }
    for (const progress of all) choosePending(progress, options.points)
  }
  return all.map(({ path, panels, points }) => {
    const shares = new Float64Array(options.from.length)
    for (const panel of panels) for (let i = 0; i < shares.length; i++) shares[i] += panel.shares[i]
    return { shares, remainder: path.value - options.value - shares.reduce((sum, share) => sum + share, 0), points }
  })
}

/**
 * While the panels lack more than the tolerance together, those that lack more than their part of it are halved next,
 * the worst first.
 */
function choosePending(progress: Progress, most: number): void {
  const {
    path: { tolerance },
    panels,
  } = progress
  const lack = panels.reduce((sum, panel) => sum + Math.abs(panel.lack), 0)
  const left = Math.floor((most - progress.points) / pointsPerHalving)
  progress.pending =
    lack <= tolerance
      ? []
      : panels
          .filter(
            (panel) => Math.abs(panel.lack) > tolerance / (2 * panels.length) && panel.to - panel.from > narrowest,
          )
          .sort((a, b) => Math.abs(b.lack) - Math.abs(a.lack))
          .slice(0, Math.max(0, left))
  const chosen = new Set(progress.pending)
  progress.panels = panels.filter((panel) => !chosen.has(panel))
}

/** Below this width the coordinates of float32 networks no longer tell points apart. */
const narrowest = 2 ** -20

async function halve(
  f: Differentiable,
  work: readonly { readonly to: ArrayLike<number>; readonly panel: Panel }[],
  from: Float64Array,
): Promise<[Panel, Panel][]> {
  const d = from.length
  const points = new Float64Array(work.length * pointsPerHalving * d)
  const placesOf = ({ from: low, to: high }: Panel) => {
    const middle = (low + high) / 2
    return [
      ...rule.map(({ node }) => low + node * (middle - low)),
      ...rule.map(({ node }) => middle + node * (high - middle)),
      middle,
    ]
  }
  work.forEach(({ to, panel }, w) =>
    placesOf(panel).forEach((t, p) => {
      const at = (w * pointsPerHalving + p) * d
      for (let i = 0; i < d; i++) points[at + i] = from[i] + t * (to[i] - from[i])
    }),
  )
  const { values, gradients } = await f(points, work.length * pointsPerHalving)
  return work.map(({ to, panel }, w) => {
    const first = w * pointsPerHalving
    const middle = (panel.from + panel.to) / 2
    const value = values[first + 2 * rule.length]
    const half = (low: number, high: number, ends: readonly [number, number], offset: number): Panel => {
      const shares = new Float64Array(d)
      rule.forEach(({ weight }, k) => {
        const at = (first + offset + k) * d
        for (let i = 0; i < d; i++) shares[i] += weight * gradients[at + i]
      })
      let sum = 0
      for (let i = 0; i < d; i++) {
        shares[i] *= (high - low) * (to[i] - from[i])
        sum += shares[i]
      }
      return { from: low, to: high, ends, shares, lack: ends[1] - ends[0] - sum }
    }
    return [
      half(panel.from, middle, [panel.ends[0], value], 0),
      half(middle, panel.to, [value, panel.ends[1]], rule.length),
    ]
  })
}
