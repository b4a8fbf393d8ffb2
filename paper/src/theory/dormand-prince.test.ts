// The integrator: exact solutions, its order, its dense output, and what it refuses.

import { describe, expect, it } from 'vitest'
import { descend, integrate, type Derivative, type IntegrateOptions } from './index.js'
import { refusalOf } from './refusal.harness.js'

const decay: Derivative = (state, into) => void (into[0] = -state[0])
const circle: Derivative = (state, into) => {
  into[0] = -state[1]
  into[1] = state[0]
}
const one = Float64Array.of(1)

describe('integrate', () => {
  it('follows exact solutions to the tolerance', async () => {
    const times = [0, 0.5, 1, Math.PI, 20]
    const { states, times: reported } = await integrate(circle, Float64Array.of(1, 0), {
      times,
      relative: 1e-13,
      absolute: 1e-14,
    })
    expect([...reported]).toEqual(times)
    states.forEach((state, i) => {
      expect(Math.abs(state[0] - Math.cos(times[i]))).toBeLessThan(1e-11)
      expect(Math.abs(state[1] - Math.sin(times[i]))).toBeLessThan(1e-11)
    })
    // dy/dt = cos(t) y has y = exp(sin t): the time argument counts.
    const driven = await integrate((state, into, time) => void (into[0] = Math.cos(time) * state[0]), one, {
      times: [3],
      relative: 1e-13,
      absolute: 1e-14,
    })
    expect(driven.states[0][0]).toBeCloseTo(Math.exp(Math.sin(3)), 12)
  })

  it('is of order 5 in the step and of order 4 between steps', async () => {
    const errorAt = async (time: number, maxStep: number) => {
      const { states } = await integrate(decay, one, { times: [time, 2], relative: 1, absolute: 1, maxStep })
      return Math.abs(states[0][0] - Math.exp(-time))
    }
    const orderAt = async (time: number, h: number) =>
      Math.log2((await errorAt(time, h)) / (await errorAt(time, h / 2)))
    expect(await orderAt(2, 0.25)).toBeCloseTo(5, 0)
    // 0.6 lies within a step at both sizes.
    expect(await orderAt(0.625 + 0.03125, 0.25)).toBeGreaterThan(3.5)
  })

  it('meets its end exactly and leaves the start and the given times as they are', async () => {
    const start = Float64Array.of(1)
    const { times, states } = await integrate(decay, start, { times: [0, 0, 0.1 + 0.2] })
    expect([...times]).toEqual([0, 0, 0.1 + 0.2])
    expect([states[0][0], states[1][0], start[0]]).toEqual([1, 1, 1])
    expect((await integrate(decay, start, { times: [0] })).states[0][0]).toBe(1)
  })

  it('does not step differently for being looked at', async () => {
    const plain = await integrate(circle, Float64Array.of(1, 0), { times: [10] })
    const watched = await integrate(circle, Float64Array.of(1, 0), {
      times: Array.from({ length: 1001 }, (_, i) => i / 100),
    })
    expect(watched.states.at(-1)).toEqual(plain.states[0])
    expect(watched.steps).toBe(plain.steps)
  })

  it('ends where it is told to', async () => {
    const found = await integrate(decay, one, { times: [0, 1, 50], until: (state) => state[0] < 0.1 })
    expect(found.ended).toBe(true)
    expect([...found.times.slice(0, 2)]).toEqual([0, 1])
    expect(found.times[2]).toBeGreaterThan(Math.log(10))
    expect(found.states[2][0]).toBeCloseTo(Math.exp(-found.times[2]), 8)
  })

  it('refuses tolerances below machine precision, and settings that make no sense', async () => {
    const refused = (options: Partial<IntegrateOptions>, start = one) =>
      refusalOf(() => integrate(decay, start, { times: [1], ...options }))
    expect(await refused({ relative: 1e-16 })).toMatch(
      /^argument: the relative tolerance must be from 2.22.*machine precision.*got 1e-16/,
    )
    expect(await refused({ absolute: 1e-17 })).toMatch(/^argument: the absolute tolerance .*machine precision/)
    for (const relative of [0, -1, NaN, 2]) expect(await refused({ relative })).toMatch(/^argument: /)
    expect(await refused({ maxStep: 0 })).toMatch(/^argument: maxStep/)
    expect(await refused({ maxSteps: 0.5 })).toMatch(/^argument: maxSteps/)
    expect(await refused({ times: [] })).toMatch(/^argument: .*at least one time/)
    expect(await refused({ times: [1, 0.5] })).toMatch(/^argument: .*time 1 is 0.5 after 1/)
    for (const time of [-1, NaN, Infinity]) expect(await refused({ times: [time] })).toMatch(/^argument: /)
    expect(await refused({}, Float64Array.of(1, NaN))).toMatch(/^data: the start must be finite, component 1 is NaN/)
    expect(await refused({}, new Float64Array(0))).toMatch(/^shape: /)
  })

  it('says so when a solution blows up, is too stiff for the steps allowed, or starts at no rate', async () => {
    const blowUp: Derivative = (state, into) => void (into[0] = state[0] ** 2)
    expect(await refusalOf(() => integrate(blowUp, one, { times: [2] }))).toMatch(
      /^diverged: .*beyond time (0\.99999|1)/,
    )
    expect(
      await refusalOf(() =>
        integrate((state, into) => void (into[0] = -1e6 * state[0]), one, { times: [1], maxSteps: 1000 }),
      ),
    ).toMatch(/^argument: the integration reached time .* of 1 after 1000 steps/)
    expect(await refusalOf(() => integrate((_, into) => void (into[0] = NaN), one, { times: [1] }))).toMatch(
      /^diverged: /,
    )
  })

  it('works at machine precision itself', async () => {
    const { states } = await integrate(decay, one, { times: [1], relative: Number.EPSILON, absolute: Number.EPSILON })
    expect(Math.abs(states[0][0] - Math.exp(-1))).toBeLessThan(1e-15)
  })

  it('shows where it is and stops when told to', async () => {
    const stop = new AbortController()
    const seen: number[] = []
    const endless = integrate(circle, Float64Array.of(1, 0), {
      times: [1e9],
      maxStep: 0.01,
      signal: stop.signal,
      onProgress: ({ time, end, steps }) => {
        expect([end, steps > 0]).toEqual([1e9, true])
        seen.push(time)
        if (seen.length === 3) stop.abort()
      },
    })
    expect(await refusalOf(() => endless)).toMatch(/^aborted: /)
    expect(seen).toHaveLength(3)
    expect(seen[0] < seen[1] && seen[1] < seen[2]).toBe(true)
    expect(await refusalOf(() => integrate(decay, one, { times: [1], signal: AbortSignal.abort() }))).toMatch(
      /^aborted: /,
    )
  })
})

describe('descend', () => {
  it('takes the steps of the explicit Euler method', async () => {
    const { times, states } = await descend(decay, one, { rate: 0.5, steps: 5, every: 2 })
    expect([...times]).toEqual([0, 1, 2, 2.5])
    expect(states.map(([value]) => value)).toEqual([1, 0.25, 0.0625, 0.03125])
  })

  it('refuses senseless settings and says when it diverges', async () => {
    for (const options of [
      { rate: 0, steps: 1 },
      { rate: NaN, steps: 1 },
      { rate: 1, steps: -1 },
      { rate: 1, steps: 1, every: 0 },
    ]) {
      expect(await refusalOf(() => descend(decay, one, options))).toMatch(/^argument: /)
    }
    expect(await refusalOf(() => descend(decay, Float64Array.of(NaN), { rate: 1, steps: 1 }))).toMatch(/^data: /)
    expect(await refusalOf(() => descend(decay, one, { rate: 1e100, steps: 10 }))).toMatch(
      /^diverged: gradient descent with rate 1e\+100/,
    )
    expect(await refusalOf(() => descend(decay, one, { rate: 1, steps: 1, signal: AbortSignal.abort() }))).toMatch(
      /^aborted: /,
    )
  })
})
