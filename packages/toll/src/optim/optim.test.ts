// The four optimisers against PyTorch 1.13 in float64: four steps on three numbers with prescribed gradients.

import { describe, expect, it } from 'vitest'
import { constant, input, interpret, type Tensor } from '../graph/index.js'
import {
  adam,
  adamW,
  clipByGlobalNorm,
  constantRate,
  cosineDecay,
  linearWarmup,
  optimizerNamed,
  rmsprop,
  scheduleNamed,
  sgd,
  stepDecay,
  type Optimizer,
} from './index.js'

const gradientAt = (step: number) => [0.3 * (step + 1), -1, 0.05 * step - 0.1]

function fourSteps(optimizer: Optimizer, learningRate = 0.1): number[] {
  const vector = (values: number[] | Float64Array) => ({ shape: [values.length], data: values })
  const port = (name: string, size = 3) => input(name, [size], 'float64')
  const scalars = Array.from({ length: optimizer.scalarCount }, (_, i) => input(`s${i}`, [], 'float64'))
  const slots = optimizer.slots.map((name) => port(name))
  const update = optimizer.update(port('p'), port('g'), slots, scalars)
  const outputs: Record<string, Tensor> = {
    p: update.parameter,
    ...Object.fromEntries(update.slots.map((slot, i) => [optimizer.slots[i], slot])),
  }
  let state: Record<string, Float64Array | number[]> = {
    p: [1, -2, 0.5],
    ...Object.fromEntries(optimizer.slots.map((name) => [name, [0, 0, 0]])),
  }
  for (let step = 0; step < 4; step++) {
    const fed = Object.fromEntries(
      optimizer.scalars(step + 1, learningRate).map((value, i) => [`s${i}`, { shape: [], data: [value] }]),
    )
    const values = interpret(outputs, {
      ...fed,
      g: vector(gradientAt(step)),
      ...Object.fromEntries(Object.entries(state).map(([name, data]) => [name, vector(data)])),
    })
    state = Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data]))
  }
  return [...state.p]
}

describe('optimisers equal PyTorch', () => {
  it.each<[string, Optimizer, number[]]>([
    ['Adam', adam(), [0.6116406560982129, -1.600000004000001, 0.7953934304324526]],
    ['Adam with L2', adam({ weightDecay: 0.2 }), [0.6044253342479032, -1.600350731951917, 0.2525625152443906]],
    ['AdamW', adamW({ weightDecay: 0.2 }), [0.5456277390625156, -1.4565771238815928, 0.7455641252160978]],
    ['SGD', sgd(), [0.7, -1.5999999999999996, 0.51]],
    [
      'SGD with momentum and L2',
      sgd({ momentum: 0.9, weightDecay: 0.2 }),
      [0.27941439999999995, -0.7714899199999999, 0.453028],
    ],
    ['RMSprop', rmsprop(), [-2.431561584511253, 0.7928972949704947, 1.5359616733636046]],
    [
      'RMSprop with momentum and L2',
      rmsprop({ momentum: 0.9, weightDecay: 0.2, alpha: 0.9 }),
      [-1.4687642497243587, 0.18659685146650168, -0.6761179699036873],
    ],
  ])('%s', (_, optimizer, expected) => {
    fourSteps(optimizer).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 13))
  })

  it('are found by name and refuse parameters outside their domain', () => {
    expect(optimizerNamed('adamW', 0.2).name).toBe('adamW')
    expect(() => adam({ beta1: 1 })).toThrow(expect.objectContaining({ code: 'argument' }))
    expect(() => sgd({ momentum: -0.1 })).toThrow(/'momentum' must be a finite number at least 0 and below 1/)
    expect(() => rmsprop({ epsilon: 0 })).toThrow(/'epsilon'/)
  })
})

describe('clipping', () => {
  it('scales all gradients by one factor, as PyTorch does, and leaves short ones alone', () => {
    const clip = (limit: number) => {
      const [a, b] = clipByGlobalNorm([constant([3, 4], [2], 'float64'), constant([12], [1], 'float64')], limit)
      const { x, y } = interpret({ x: a, y: b }, {})
      return [...x.data, ...y.data]
    }
    const expected = [0.46153842603550577, 0.615384568047341, 1.846153704142023]
    clip(2).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12))
    expect(clip(20)).toEqual([3, 4, 12])
  })
})

describe('schedules', () => {
  it('say the factor of each step', () => {
    expect(constantRate(5, 10)).toBe(1)
    expect([1, 3, 4, 6].map((step) => stepDecay([3, 5])(step, 10))).toEqual([1, 1, 0.1, 0.1 ** 2])
    expect(cosineDecay()(1, 4)).toBe(1)
    expect(cosineDecay(0.2)(3, 4)).toBeCloseTo(0.6, 12)
    expect([1, 2, 4, 8].map((step) => linearWarmup(4)(step, 10))).toEqual([0.25, 0.5, 1, 1])
    expect([1, 3, 4].map((step) => scheduleNamed('cosine')(step, 4))).toEqual(
      [1, 3, 4].map((step) => cosineDecay()(step, 4)),
    )
    expect(scheduleNamed('constant')(3, 4)).toBe(1)
    expect(() => stepDecay([-1])).toThrow(expect.objectContaining({ code: 'argument' }))
  })
})
