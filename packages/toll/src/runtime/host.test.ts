import { expect, it } from 'vitest'
import { float32, float64, hostTensor, int64, strings } from './index.js'

const code = (value: string): unknown => expect.objectContaining({ code: value })

it('makes tensors of numbers and takes typed arrays as they are', () => {
  const data = new Float32Array(2)
  expect(float32([2], data).data).toBe(data)
  expect(float32([1, 2], [0.1, 2])).toEqual({ dtype: 'float32', shape: [1, 2], data: Float32Array.of(0.1, 2) })
  expect(float64([], [0.1])).toEqual({ dtype: 'float64', shape: [], data: Float64Array.of(0.1) })
  expect(int64([2], [-1, 2 ** 53 - 1])).toEqual({
    dtype: 'int64',
    shape: [2],
    data: BigInt64Array.of(-1n, 9007199254740991n),
  })
  expect(hostTensor('bool', [0, 3], new Uint8Array(0)).shape).toEqual([0, 3])
  expect(strings([2, 1], ['東京', ''])).toEqual({ dtype: 'string', shape: [2, 1], data: ['東京', ''] })
})

it('refuses values, arrays and shapes that do not fit', () => {
  expect(() => int64([1], [0.5])).toThrow(code('argument'))
  expect(() => int64([1], [2 ** 53])).toThrow(code('argument'))
  expect(() => float32([3], [1, 2])).toThrow(code('shape'))
  expect(() => float32([1.5, 2], [1, 2, 3])).toThrow(code('shape'))
  expect(() => hostTensor('float32', [1], new Float64Array(1) as never)).toThrow(code('argument'))
  expect(() => strings([1], [1 as never])).toThrow(code('argument'))
  expect(() => strings([1], ['a\0'])).toThrow(code('argument'))
  expect(() => strings([2], ['a'])).toThrow(code('shape'))
  expect(() => hostTensor('string' as never, [1], new Float64Array(1) as never)).toThrow(code('argument'))
})
