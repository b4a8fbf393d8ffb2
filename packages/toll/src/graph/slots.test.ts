// Slots: a model that is lowered before its numbers are known equals one that is lowered with them, byte by byte.

import { describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import { encodeModel } from '../onnx/index.js'
import {
  add,
  compile,
  compileModel,
  constant,
  fillSlots,
  input,
  interpret,
  readModel,
  searchSlots,
  searchSorted,
  slot,
  sortedSlots,
} from './index.js'

const x = input('x', ['n', 1], 'float64')

describe('a search among numbers that come later', () => {
  it.each([1, 2, 3, 4, 30, 63, 64, 100, 5000])('of %d numbers gives the bytes of one among constants', (count) => {
    const random = Random.seeded(count)
    const numbers = Float64Array.from({ length: count }, () => random.normal()).sort()
    for (const side of ['left', 'right'] as const) {
      const later = compileModel({ found: searchSlots('held', count, x, side) })
      const bytes = encodeModel(fillSlots(later, sortedSlots('held', numbers)))
      expect(bytes).toEqual(compile({ found: searchSorted([numbers], x, side) }))
    }
  })

  it('counts as many numbers as there are below', () => {
    const later = compileModel({ found: searchSlots('held', 5, x, 'left') })
    const { outputs } = readModel(encodeModel(fillSlots(later, sortedSlots('held', [1, 2, 2, 4, 8]))))
    const { found } = interpret(outputs, { x: { shape: [4, 1], data: [0, 2, 5, 9] } })
    expect([...found.data]).toEqual([0, 1, 4, 5])
  })
})

describe('slots', () => {
  it('are NaN until they are filled, and share nothing with constants or each other', () => {
    const outputs = { a: add(slot('a', [2], 'float32'), 1), b: add(slot('b', [2], 'float32'), constant([1, 2])) }
    const { slots, ...model } = compileModel(outputs)
    expect(Object.keys(slots!)).toEqual(['a', 'b'])
    expect(slots!.a).not.toBe(slots!.b)
    const numbersOf = (name: string) => model.graph.initializers.find((tensor) => tensor.name === name)!.data
    expect([...numbersOf(slots!.a)]).toEqual([NaN, NaN])
    const filled = fillSlots({ ...model, slots }, { a: Float32Array.of(3, 4), unknown: Float32Array.of(1) })
    expect(filled.graph.initializers.filter((tensor, i) => tensor !== model.graph.initializers[i])).toEqual([
      { name: slots!.a, dtype: 'float32', dims: [2], data: Float32Array.of(3, 4) },
    ])
    expect(filled).not.toHaveProperty('slots')
  })

  it('refuse numbers of another count', () => {
    const later = compileModel({ a: add(slot('a', [2], 'float32'), 1) })
    expect(() => fillSlots(later, { a: Float32Array.of(1) })).toThrow(/2/)
  })
})
