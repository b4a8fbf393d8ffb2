// Lemma 1, Theorems 1 and 2: closed forms against integration, formulas against the graph language's differentiation,
// and a trajectory against scipy.integrate.solve_ivp (DOP853 at 3e-14).

import { describe, expect, it } from 'vitest'
import { Random } from 'toll/base'
import { add, constant, input, mul, square, sum, type Tensor } from 'toll/graph'
import {
  autoencoderFlow,
  centre,
  collapsedEncoder,
  covarianceEigen,
  covarianceOf,
  descend,
  diagonal,
  flow,
  frobenius,
  gaussianEllipse,
  gaussianUnsquaredLoss,
  identity,
  integrate,
  linearDescent,
  linearLoss,
  lossFunction,
  matrixOf,
  normFlow,
  normLoss,
  normalMatrix,
  packLayers,
  product,
  randomCovariance,
  randomLayers,
  relativeDistance,
  squaredLoss,
  subspaceAngle,
  symmetricEigen,
  theorem1Experiment,
  trace,
  unpackLayers,
  unsquaredLoss,
  zeroMatrix,
  type Layers,
  type Matrix,
} from './index.js'
import { refusalOf } from './refusal.harness.js'

const fixed = ({ data, shape }: Matrix) => constant(data, shape, 'float64')
const layerInputs = (d: number, k: number): [Tensor, Tensor] => [
  input('W', [d, k], 'float64'),
  input('V', [k, d], 'float64'),
]
const covariance = matrixOf([
  [3, 1, 0.5],
  [1, 2, 0.2],
  [0.5, 0.2, 1],
])
const layers: Layers = {
  encoder: matrixOf([
    [0.3, 0.1],
    [0.2, -0.5],
    [-0.1, 0.4],
  ]),
  decoder: matrixOf([
    [0.1, -0.4, 0.2],
    [0.3, 0.2, -0.3],
  ]),
}

describe('theorem 1', () => {
  it.each([
    { dimension: 50, code: 2, condition: 1e4, covariances: 1, seed: 1 },
    { dimension: 10, code: 10, condition: 1e4, covariances: 2, seed: 2 },
    { dimension: 5, code: 2, condition: 100, covariances: 10, seed: 3 },
    { dimension: 1, code: 1, condition: 1, covariances: 1, seed: 4 },
  ])('integrated W(t) and Z(t) are the closed forms to 1e-9: d $dimension, condition $condition', async (options) => {
    const { runs, worst } = await theorem1Experiment({ ...options, points: 30 })
    expect(runs).toHaveLength(options.covariances)
    for (const { times, eigenvalues, sizes } of runs) {
      expect(times.at(-1)! * eigenvalues.at(-1)!).toBeCloseTo(10, 10)
      expect(sizes.at(-1)).toBeLessThan(1e-3)
    }
    expect(worst).toBeLessThan(1e-9)
  })

  it('is the matrix exponential', () => {
    const eigen = symmetricEigen(
      matrixOf([
        [2, 1],
        [1, 2],
      ]),
    )
    const [slow, fast] = [Math.exp(-0.7), Math.exp(-2.1)]
    const expected = [(slow + fast) / 2, (fast - slow) / 2, (fast - slow) / 2, (slow + fast) / 2]
    collapsedEncoder(eigen, identity(2), 0.7).data.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 15))
  })
})

describe('gradients', () => {
  const random = Random.seeded(7)
  const samples = centre(normalMatrix(40, 6, random))
  const s = covarianceOf(samples)

  it.each([
    [6, 1, 0],
    [6, 3, 0.7],
    [6, 6, 10],
    [6, 4, 1e3],
  ])("(10a) and (10b) are minus the language's own to 1e-12: d %i, k %i, beta %d", (d, k, beta) => {
    const at = randomLayers(d, k, 1, random)
    const [w, v] = layerInputs(d, k)
    const loss = lossFunction(squaredLoss({ samples: fixed(samples), encoder: w, decoder: v, beta }), [w, v])
    const automatic = unpackLayers(
      loss.gradient(packLayers(at)).map((value) => -value),
      d,
      k,
    )
    const formula = linearDescent(s, at, beta)
    expect(relativeDistance(formula.encoder, automatic.encoder)).toBeLessThan(1e-12)
    expect(relativeDistance(formula.decoder, automatic.decoder)).toBeLessThan(1e-12)
    expect(loss.value(packLayers(at)) / linearLoss(s, at, beta).total).toBeCloseTo(1, 12)
  })

  it("(6) is minus the language's own to 1e-12", () => {
    const at = normalMatrix(6, 3, random)
    const w = input('W', [6, 3], 'float64')
    const automatic = lossFunction(normLoss(fixed(samples), w), [w]).gradient(at.data)
    const formula = new Float64Array(18)
    normFlow(s, 3)(at.data, formula, 0)
    expect(
      relativeDistance({ shape: [6, 3], data: formula.map((value) => -value) }, { shape: [6, 3], data: automatic }),
    ).toBeLessThan(1e-12)
  })

  it('of the Gaussian unsquared loss are those of its definition, by central differences', () => {
    const [w, v] = layerInputs(2, 1)
    const points = fixed(gaussianEllipse(64, [4, 1]))
    const loss = lossFunction(
      gaussianUnsquaredLoss({ samples: points, encoder: w, decoder: v, beta: 0.8, root: fixed(diagonal([2, 1])) }),
      [w, v],
    )
    const state = Float64Array.of(0.4, 0.3, -0.2, 0.6)
    loss.gradient(state).forEach((slope, i) => {
      const moved = (by: number) => loss.value(state.map((value, j) => value + (i === j ? by : 0)))
      expect((moved(1e-5) - moved(-1e-5)) / 2e-5).toBeCloseTo(slope, 8)
    })
  })
})

describe('theorem 2', () => {
  it('has the loss and the trajectory of scipy', async () => {
    const loss = linearLoss(covariance, layers, 0.5)
    expect(loss.reconstruction).toBeCloseTo(3.5468, 12)
    expect(loss.norm).toBeCloseTo(0.496, 12)
    expect(loss.total).toBeCloseTo(3.5468 + 0.248, 12)
    const { states } = await integrate(autoencoderFlow(covariance, 2, 0.5), packLayers(layers), {
      times: [1.5, 4],
      relative: 1e-12,
      absolute: 1e-14,
    })
    const expected = [
      [
        0.3427225275807987, 0.4727624416539598, -0.13752626794493322, 0.2201960704893061, 0.11100115406004696,
        0.10532152298341073, 0.7811865227906957, -0.09146135800898128, 0.3185584669527753, 0.998369882060276,
        0.489296369915596, 0.1421276031448796,
      ],
      [
        0.378262887303948, 0.24823201961647373, -0.40296102439787734, 0.41972263130649257, 0.19790887259425574,
        0.003779010318386699, 1.214060412429156, -0.6161250393454524, 0.49197521698559915, 1.354461857593808,
        1.2685525381617302, 0.22189112881076886,
      ],
    ]
    expected.forEach((numbers, i) =>
      numbers.forEach((value, j) => expect(Math.abs(states[i][j] - value)).toBeLessThan(1e-11)),
    )
  })

  it('learns the span of the first k principal components to 1e-6 when beta is 0', async () => {
    const s = randomCovariance([5, 3, 2, 1, 0.5, 0.2], Random.seeded(11))
    const { vectors } = symmetricEigen(s)
    for (const k of [1, 2, 3, 5]) {
      const principal: Matrix = {
        shape: [6, k],
        data: Float64Array.from({ length: 6 * k }, (_, i) => vectors.data[Math.floor(i / k) * 6 + (i % k)]),
      }
      const { states } = await integrate(
        autoencoderFlow(s, k, 0),
        packLayers(randomLayers(6, k, 0.3, Random.seeded(k))),
        { times: [150] },
      )
      const { encoder, decoder } = unpackLayers(states[0], 6, k)
      const rows: Matrix = product(decoder, identity(k), { transposeA: true })
      expect(subspaceAngle(encoder, principal)).toBeLessThan(1e-6)
      expect(subspaceAngle(rows, principal)).toBeLessThan(1e-6)
    }
  })

  it("changes VV' - W'W by exactly 2 beta times the integral of W'SW", async () => {
    for (const beta of [0, 0.5]) {
      const plain = autoencoderFlow(covariance, 2, beta)
      // Four more numbers carry the integral of W'SW along.
      const start = Float64Array.of(...packLayers(layers), 0, 0, 0, 0)
      const {
        states: [end],
      } = await integrate(
        (state, into) => {
          plain(state.subarray(0, 12), into.subarray(0, 12), 0)
          const w: Matrix = { shape: [3, 2], data: state.slice(0, 6) }
          into.set(product(w, product(covariance, w), { transposeA: true }).data, 12)
        },
        start,
        { times: [30], relative: 1e-11, absolute: 1e-13 },
      )
      const balance = ({ encoder, decoder }: Layers) =>
        product(decoder, decoder, { transposeB: true }).data.map(
          (value, i) => value - product(encoder, encoder, { transposeA: true }).data[i],
        )
      const [before, after] = [balance(layers), balance(unpackLayers(end.slice(0, 12), 3, 2))]
      after.forEach((value, i) => expect(Math.abs(value - before[i] - 2 * beta * end[12 + i])).toBeLessThan(1e-9))
      if (beta > 0) expect(end[12]).toBeGreaterThan(0.1)
    }
  })

  it('has no stationary point for beta above 0 but zero, which is a saddle', () => {
    const random = Random.seeded(5)
    const zero = { encoder: zeroMatrix(3, 2), decoder: zeroMatrix(2, 3) }
    expect(frobenius(packLayers(linearDescent(covariance, zero, 0.5)))).toBe(0)
    // Uphill along W alone, downhill along W = e V'.
    const at = (w: number, v: number) =>
      linearLoss(covariance, { encoder: matrixOf([[w], [0], [0]]), decoder: matrixOf([[v, 0, 0]]) }, 0.5).total
    expect(at(0.01, 0)).toBeGreaterThan(at(0, 0))
    expect(at(0.01, 0.1)).toBeLessThan(at(0, 0))
    // <W, 10a> - <V, 10b> = -2 beta * norm part: the velocity cannot vanish where W does not.
    for (let i = 0; i < 20; i++) {
      const pair = randomLayers(3, 2, 2, random)
      const { encoder, decoder } = linearDescent(covariance, pair, 0.5)
      const along =
        trace(product(pair.encoder, encoder, { transposeA: true })) -
        trace(product(pair.decoder, decoder, { transposeB: true }))
      expect(along / linearLoss(covariance, pair, 0.5).norm).toBeCloseTo(-2 * 0.5, 10)
    }
  })

  it('is what gradient descent tends to, at first order in the rate', async () => {
    const descent = autoencoderFlow(covariance, 2, 0.5)
    const exact = (await integrate(descent, packLayers(layers), { times: [2], relative: 1e-12, absolute: 1e-14 }))
      .states[0]
    const errors: number[] = []
    for (const steps of [500, 1000, 2000, 4000, 8000]) {
      const found = (await descend(descent, packLayers(layers), { rate: 2 / steps, steps, every: steps })).states.at(
        -1,
      )!
      errors.push(frobenius(found.map((value, i) => value - exact[i])))
    }
    const slopes = errors.slice(1).map((error, i) => Math.log2(errors[i] / error))
    slopes.forEach((slope) => expect(Math.abs(slope - 1)).toBeLessThan(0.01))
    expect(Math.abs(slopes[3] - 1)).toBeLessThan(Math.abs(slopes[0] - 1))
  })
})

describe('flow', () => {
  it('runs any loss: (9) written as a graph takes the trajectory of (10)', async () => {
    const samples = matrixOf([
      [Math.sqrt(6), 0, 0],
      [0, Math.sqrt(3), 0],
      [0, 0, Math.sqrt(1.5)],
    ])
    const s = diagonal([2, 1, 0.5])
    const [w, v] = layerInputs(3, 2)
    const x = input('X', [3, 3], 'float64')
    const options = { times: [0, 1, 5], relative: 1e-11, absolute: 1e-13 }
    const found = await flow(
      squaredLoss({ samples: x, encoder: w, decoder: v, beta: 0.3 }),
      [w, v],
      { W: layers.encoder, V: layers.decoder },
      { ...options, feeds: { X: samples } },
    )
    const { states } = await integrate(autoencoderFlow(s, 2, 0.3), packLayers(layers), options)
    found.points.forEach(({ W, V }, i) => {
      expect(
        relativeDistance(
          { shape: [1, 12], data: packLayers({ encoder: W, decoder: V }) },
          { shape: [1, 12], data: states[i] },
        ),
      ).toBeLessThan(1e-9)
      expect(found.losses[i]).toBeCloseTo(linearLoss(s, { encoder: W, decoder: V }, 0.3).total, 10)
    })
  })

  it('tries another regulariser: |p|^2 / 2 + p^4 goes to zero', async () => {
    const p = input('p', [2], 'float64')
    const { points, losses } = await flow(
      add(mul(sum(square(p)), 0.5), sum(square(square(p)))),
      [p],
      { p: { shape: [2], data: Float64Array.of(1, -2) } },
      { times: [0, 20] },
    )
    expect(losses[0]).toBe(2.5 + 17)
    expect(frobenius(points[1].p.data)).toBeLessThan(1e-7)
  })

  it('never finds the unsquared loss below mean |x| while |V| is at most beta', () => {
    const samples = normalMatrix(50, 3, Random.seeded(1))
    const [w, v] = layerInputs(3, 1)
    const { value } = lossFunction(unsquaredLoss({ samples: fixed(samples), encoder: w, decoder: v, beta: 2 }), [w, v])
    const floor = value(new Float64Array(6))
    const random = Random.seeded(2)
    for (let i = 0; i < 50; i++) {
      const { encoder, decoder } = randomLayers(3, 1, 1, random)
      const shorten = 2 / Math.max(frobenius(decoder), 2)
      expect(
        value(packLayers({ encoder, decoder: { shape: [1, 3], data: decoder.data.map((entry) => entry * shorten) } })),
      ).toBeGreaterThanOrEqual(floor)
    }
    expect(value(Float64Array.of(0.1, 0, 0, 10, 0, 0))).toBeLessThan(floor)
  })

  it('refuses what it cannot follow', async () => {
    const p = input('p', [2], 'float64')
    const start = { p: { shape: [2], data: Float64Array.of(1, 2) } }
    const refused = (loss: Tensor, parameters: readonly Tensor[], from: Parameters<typeof flow>[2] = start) =>
      refusalOf(() => flow(loss, parameters, from, { times: [1] }))
    const loss = sum(square(p))
    expect(await refused(square(p), [p])).toMatch(/^shape: the loss of a flow must be a float64 scalar/)
    expect(await refused(sum(input('q', [2])), [p])).toMatch(/^shape: .*got float32/)
    expect(await refused(loss, [])).toMatch(/^argument: /)
    expect(await refused(loss, [p, p])).toMatch(/^argument: parameter 'p' is given twice/)
    expect(await refused(loss, [square(p)])).toMatch(/^argument: .*must be an input, got the result of 'mul'/)
    expect(await refused(loss, [p, input('r', [1])])).toMatch(/^shape: parameter 'r' must be float64/)
    expect(await refused(sum(input('n', ['n'], 'float64')), [input('n', ['n'], 'float64')])).toMatch(
      /^shape: .*known size|^shape: /,
    )
    expect(await refused(loss, [p], {})).toMatch(/^argument: the start must give parameter 'p', got nothing/)
    expect(await refused(loss, [p], { ...start, z: start.p })).toMatch(/^argument: 'z' is no parameter/)
    expect(await refused(loss, [p], { p: { shape: [1], data: Float64Array.of(1) } })).toMatch(
      /^shape: the start of 'p' must have shape \(2\), got \(1\)/,
    )
    expect(await refused(loss, [p], { p: { shape: [2], data: Float64Array.of(1, Infinity) } })).toMatch(
      /^data: the start must be finite/,
    )
    expect(await refused(mul(loss, input('s', [], 'float64')), [p])).toMatch(/^argument: input 's' was not fed/)
  })
})

describe('bad input', () => {
  it('is a typed error in every formula', async () => {
    const skewed = matrixOf([
      [1, 0.2],
      [0, 1],
    ])
    const indefinite = matrixOf([
      [1, 2],
      [2, 1],
    ])
    for (const [bad, why] of [
      [skewed, /^data: the covariance must be symmetric/],
      [indefinite, /^data: the covariance must be positive semi-definite/],
    ] as const) {
      expect(await refusalOf(() => normFlow(bad, 1))).toMatch(why)
      expect(await refusalOf(() => autoencoderFlow(bad, 1, 0))).toMatch(why)
      expect(await refusalOf(() => covarianceEigen(bad))).toMatch(why)
    }
    expect(await refusalOf(() => normFlow(matrixOf([[1, 2, 3]]), 1))).toMatch(/^shape: /)
    for (const beta of [-1, NaN, Infinity]) {
      expect(await refusalOf(() => autoencoderFlow(covariance, 1, beta))).toMatch(
        /^argument: beta must be finite and at least 0/,
      )
      expect(await refusalOf(() => linearLoss(covariance, layers, beta))).toMatch(/^argument: beta/)
    }
    for (const k of [0, 1.5, -1])
      expect(await refusalOf(() => autoencoderFlow(covariance, k, 0))).toMatch(/^argument: the code dimension/)
    expect(await refusalOf(() => linearLoss(identity(2), layers, 1))).toMatch(
      /^shape: the encoder must be a matrix of shape \(2, columns\)/,
    )
    expect(await refusalOf(() => linearDescent(covariance, { ...layers, decoder: identity(3) }, 1))).toMatch(
      /^shape: the decoder must be a matrix of shape \(2, 3\)/,
    )
    expect(await refusalOf(() => unpackLayers(new Float64Array(3), 2, 1))).toMatch(/^shape: /)
    const eigen = covarianceEigen(covariance)
    expect(await refusalOf(() => collapsedEncoder(eigen, identity(2), 1))).toMatch(/^shape: /)
    expect(await refusalOf(() => collapsedEncoder(eigen, identity(3), -1))).toMatch(/^argument: the time/)
    expect(
      await refusalOf(() =>
        unsquaredLoss({
          samples: input('X', ['n', 2], 'float64'),
          encoder: input('W', [3, 1], 'float64'),
          decoder: input('V', [1, 2], 'float64'),
          beta: 1,
        }),
      ),
    ).toMatch(/^shape: /)
  })
})
