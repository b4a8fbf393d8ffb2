// The contract of every engine, run over each of them. Numbers are small integers and powers of two, so that every
// engine must give them to the bit, in whatever order it adds.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../base/index.js'
import {
  add,
  broadcastTo,
  cast,
  compile,
  dimSize,
  gather,
  greater,
  input,
  logSoftmax,
  lookup,
  matmul,
  mean,
  mul,
  square,
  sub,
  sum,
  tanh,
  type Tensor,
} from '../graph/index.js'
import {
  float32,
  float64,
  hostTensor,
  int64,
  strings,
  type Engine,
  type HostTensor,
  type Loop,
  type LoopOptions,
  type Program,
} from './index.js'

export interface Traits {
  /** Whether a gather outside its axis fails; GPUs clamp the index. */
  readonly checksIndices: boolean
  /** Side of a matrix product that takes this engine a few milliseconds. */
  readonly busySize: number
}

function refused(code: string, ...parts: string[]): unknown {
  const words = parts.map((part) => part.replace(/[()[\].*+?$^]/g, '\\$&')).join('.*')
  return expect.objectContaining({ code, message: expect.stringMatching(words) as unknown })
}

export function describeEngine(name: string, open: () => Promise<Engine>, traits: Traits): void {
  describe(`engine ${name}`, () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await open()
    })
    afterAll(() => engine?.close())

    it('runs a program and gives what it declares', async () => {
      const session = await engine.load(affine())
      expect(session.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['n', 3] }])
      expect(session.outputs).toEqual([
        { name: 'y', dtype: 'float32', shape: ['n', 3] },
        { name: 'total', dtype: 'float32', shape: [] },
      ])
      const x = float32([2, 3], [1, 2, 3, 4, 5, 6])
      expect(await session.run({ x })).toEqual({ y: float32([2, 3], [3, 5, 7, 9, 11, 13]), total: float32([], [21]) })
      expect([...x.data]).toEqual([1, 2, 3, 4, 5, 6])
      await session.close()
    })

    it('binds a named size anew in every run, zero included', async () => {
      const session = await engine.load(affine())
      for (const n of [1, 5, 2]) {
        const { y } = await session.run({ x: float32([n, 3], new Float32Array(3 * n).fill(1)) })
        expect(y).toEqual(float32([n, 3], new Float32Array(3 * n).fill(3)))
      }
      expect((await session.run({ x: float32([0, 3], []) })).y).toEqual(float32([0, 3], []))
      await session.close()
    })

    it('takes a plain ONNX file', async () => {
      const session = await engine.load({ model: compile(affine().outputs) })
      expect((await session.run({ x: float32([1, 3], [1, 1, 1]) })).y).toEqual(float32([1, 3], [3, 3, 3]))
      await session.close()
    })

    it('feeds and returns every element type', async () => {
      const whole = input('whole', [2], 'int64')
      const flag = input('flag', [2], 'bool')
      const wide = input('wide', [2], 'float64')
      const session = await engine.load({
        outputs: { whole2: add(whole, whole), same: flag, above: greater(wide, 0), wide2: add(wide, wide) },
        inputs: [whole, flag, wide],
      })
      const result = await session.run({
        whole: int64([2], [3, -4]),
        flag: hostTensor('bool', [2], Uint8Array.of(1, 0)),
        wide: float64([2], [1e-300, -1]),
      })
      expect(result).toEqual({
        whole2: int64([2], [6, -8]),
        same: hostTensor('bool', [2], Uint8Array.of(1, 0)),
        above: hostTensor('bool', [2], Uint8Array.of(1, 0)),
        wide2: float64([2], [2e-300, -2]),
      })
      await session.close()
    })

    it('takes texts: every Unicode text is itself, and one not listed has the place behind the last', async () => {
      const { outputs } = places()
      const session = await engine.load({ model: compile(outputs) })
      expect(session.inputs).toEqual([
        { name: 'city', dtype: 'string', shape: ['n', 1] },
        { name: 'kind', dtype: 'string', shape: ['n', 1] },
      ])
      const city = [
        'Zürich',
        '',
        'zürich',
        'Zu\u0308rich',
        ' ',
        '東京',
        '\u{1f600}',
        '  ',
        'x'.repeat(5000),
        'a\tb\n"c"',
        'é'.repeat(300),
        'Zürich',
      ]
      const kind = ['a', 'b', 'A', 'a ', '', 'b', 'c', 'a', 'b', 'a', 'a', '\ufffd']
      const n = city.length
      const expected = {
        byCity: int64([n, 1], [0, 2, 5, 5, 3, 1, 4, 5, 5, 5, 5, 0]),
        again: int64([n, 1], [2, 2, 2, 2, 2, 0, 1, 2, 2, 2, 2, 2]),
        byKind: int64([n, 1], [0, 1, 2, 2, 2, 1, 2, 0, 1, 0, 0, 2]),
        none: int64([n, 1], new Array<number>(n).fill(0)),
        total: float64([], [40 + n]),
      }
      expect(await session.run({ city: strings([n, 1], city), kind: strings([n, 1], kind) })).toEqual(expected)
      expect([city[0], kind.at(-1)]).toEqual(['Zürich', '\ufffd'])
      const row = { city: strings([1, 1], ['東京']), kind: strings([1, 1], ['b']) }
      expect((await session.run(row)).byCity).toEqual(int64([1, 1], [1]))
      const none = strings([0, 1], [])
      expect(await session.run({ city: none, kind: none })).toEqual({
        byCity: int64([0, 1], []),
        again: int64([0, 1], []),
        byKind: int64([0, 1], []),
        none: int64([0, 1], []),
        total: float64([], [0]),
      })
      await session.close()
    })

    it('refuses what is no text, and texts that its device could take for others', async () => {
      const session = await engine.load(places())
      const kind = strings([2, 1], ['a', 'b'])
      const fed = (data: unknown, shape = [2, 1]) => ({ kind, city: { dtype: 'string', shape, data } as HostTensor })
      const wrong: [Record<string, HostTensor>, string, ...string[]][] = [
        [{ kind, city: float64([2, 1], [0, 1]) }, 'argument', "'city'", 'string(n, 1)', 'float64(2, 1)'],
        [fed(['a']), 'shape', "'city'", '2 values', '1'],
        [fed(['a', 'b'], [2]), 'shape', "'city'", 'string(n, 1)', 'string(2)'],
        [fed(['a', 'b', 'c'], [3, 1]), 'shape', "'kind'", "'city' says that n is 3"],
        [fed(['a', 7]), 'argument', "'city'", 'value 1 is 7'],
        [fed(['a', undefined]), 'argument', "'city'", 'value 1 is undefined'],
        [fed(Float64Array.of(1, 2)), 'argument', "'city'", 'Array', 'Float64Array'],
        [fed(['a\0b', 'b']), 'argument', "'city'", 'value 0 is "a', 'u0000b"'],
        [fed(['a', 'b\ud83d']), 'argument', "'city'", 'value 1 is "b', 'ud83d"'],
      ]
      for (const [feeds, code, ...parts] of wrong)
        await expect(session.run(feeds)).rejects.toThrow(refused(code, ...parts))
      expect((await session.run({ kind, city: kind })).byKind).toEqual(int64([2, 1], [0, 1]))
      await session.close()
    })

    it('holds texts as constants of a loop and takes them in its runs, but not as its state', async () => {
      const { outputs } = places()
      const session = await engine.load({
        outputs: { next: add(outputs.total, input('sum', [], 'float64')), byKind: outputs.byKind },
      })
      const city = strings([2, 1], ['東京', ''])
      const sums = { sum: float64([], [100]) }
      const loop = await session.loop({ constants: { city }, state: sums, carry: { sum: 'next' } })
      const runs = await loop.advance(
        [
          ['a', 'b'],
          ['b', 'c'],
        ].map((kind) => ({ kind: strings([2, 1], kind) })),
      )
      expect(runs).toEqual([{ byKind: int64([2, 1], [0, 1]) }, { byKind: int64([2, 1], [1, 2]) }])
      expect(await loop.state()).toEqual({ sum: float64([], [100 + 2 * (1 + 2 + 2)]) })
      await loop.close()
      await expect(session.loop({ constants: {}, state: { city }, carry: { city: 'byKind' } })).rejects.toThrow(
        refused('shape', "'byKind'", "'city'", 'string(2, 1)'),
      )
      await session.close()
    })

    it('copies only what a view of a larger buffer shows', async () => {
      const session = await engine.load(affine())
      const large = Float32Array.from({ length: 12 }, (_, i) => i)
      const view = large.subarray(3, 6)
      expect((await session.run({ x: float32([1, 3], view) })).total).toEqual(float32([], [12]))
      expect([...large]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      await session.close()
    })

    it('refuses wrong feeds by name', async () => {
      const session = await engine.load(pairwise())
      const a = float32([2, 3], new Float32Array(6))
      const b = float32([2], new Float32Array(2))
      const wrong: [Record<string, HostTensor>, string, ...string[]][] = [
        [{ a }, 'argument', "'b'", 'not fed', 'float32(n)'],
        [{ a, b, c: b }, 'argument', "no input 'c'", "'a', 'b'"],
        [{ a, b: float64([2], [0, 0]) }, 'argument', "'b'", 'float32(n)', 'float64(2)'],
        [{ a: b, b }, 'shape', "'a'", 'float32(n, 3)', 'float32(2)'],
        [{ a: float32([3, 2], new Float32Array(6)), b }, 'shape', "'a'", 'float32(n, 3)', 'float32(3, 2)'],
        [{ a, b: float32([3], new Float32Array(3)) }, 'shape', "'b'", "'a' says that n is 2"],
        [{ a, b: { dtype: 'float32', shape: [2], data: new Float32Array(3) } }, 'shape', "'b'", '2 values', '3'],
        [
          { a, b: { dtype: 'float32', shape: [2], data: new Float64Array(2) } as never },
          'argument',
          "'b'",
          'Float32Array',
          'Float64Array',
        ],
        [
          { a, b: { dtype: 'float32', shape: [-1, -2], data: new Float32Array(2) } },
          'shape',
          "'b'",
          'whole numbers',
          '(-1, -2)',
        ],
        [{ a, b: undefined as never }, 'argument', "'b'", 'not fed'],
        [{ a, b: { dtype: 'float16', shape: [2], data: new Float32Array(2) } as never }, 'argument', "'b'", 'float16'],
      ]
      for (const [feeds, code, ...parts] of wrong)
        await expect(session.run(feeds)).rejects.toThrow(refused(code, ...parts))
      expect((await session.run({ a, b })).y).toEqual(float32([2], [0, 0]))
      await session.close()
    })

    it('refuses what is not a model', async () => {
      await expect(engine.load({ model: new Uint8Array([1, 2, 3, 4]) })).rejects.toThrow(
        expect.objectContaining({ code: 'format' }),
      )
      await expect(engine.load({ model: new Uint8Array(0) })).rejects.toThrow(
        expect.objectContaining({ code: 'format' }),
      )
    })

    it('carries state: k runs in one call, k calls and k single runs agree to the bit', async () => {
      const { program, options, feeds } = descent()
      const session = await engine.load(program)
      const once = await session.loop(options)
      expect(await once.state()).toEqual({ w: options.state.w })
      expect(await once.state([])).toEqual({})
      expect(await once.state(['w'])).toEqual({ w: options.state.w })
      await expect(once.state(['v'])).rejects.toThrow(expect.objectContaining({ code: 'argument' }))
      const together = await once.advance(feeds)
      const end = await once.state()
      await once.close()

      const separate: Record<string, HostTensor>[] = []
      const stepwise = await session.loop(options)
      for (const feed of feeds) separate.push(...(await stepwise.advance([feed])))
      expect(separate).toEqual(together)
      expect(await stepwise.state()).toEqual(end)
      await stepwise.close()

      let w = options.state.w
      for (const [k, feed] of feeds.entries()) {
        const { next, loss } = await session.run({ ...options.constants, w, ...feed })
        expect({ loss }).toEqual(together[k])
        w = next
      }
      expect({ w }).toEqual(end)
      await session.close()
    })

    it('gives the numbers of a loop that can be worked out by hand', async () => {
      const { program, options, feeds } = descent()
      const session = await engine.load(program)
      const loop = await session.loop(options)
      // w <- w - (w - mean of two rows) / 2, loss = |w - mean|^2, from w = 0: rows 0, 1 have mean (2, 3), rows 2, 3
      // have mean (6, 7).
      expect(await loop.advance(feeds.slice(0, 2))).toEqual([
        { loss: float32([], [4 + 9]) },
        { loss: float32([], [25 + 5.5 ** 2]) },
      ])
      expect(await loop.state()).toEqual({ w: float32([2], [3.5, 4.25]) })
      expect(await loop.advance([])).toEqual([])
      await session.close()
    })

    it('keeps its own copy of constants and state, and gives copies of the state', async () => {
      const { program, options, feeds } = descent()
      const session = await engine.load(program)
      const x = options.constants.x.data.slice() as Float32Array
      const w = options.state.w.data.slice() as Float32Array
      const loop = await session.loop({
        ...options,
        constants: { x: float32([4, 2], x) },
        state: { w: float32([2], w) },
      })
      x.fill(99)
      w.fill(99)
      const before = await loop.state()
      before.w.data.fill(55 as never)
      expect((await loop.advance([feeds[0]]))[0]).toEqual({ loss: float32([], [13]) })
      const taken = await loop.state()
      await loop.advance([feeds[1]])
      expect(taken).toEqual({ w: float32([2], [1, 1.5]) })
      await session.close()
    })

    it('refuses loops that do not fit', async () => {
      const { program, options } = descent()
      const session = await engine.load(program)
      const { constants, state, carry } = options
      const wrong: [LoopOptions, string, ...string[]][] = [
        [{ constants: { ...constants, q: state.w }, state, carry }, 'argument', "no input 'q'"],
        [{ constants: { ...constants, ...state }, state, carry }, 'argument', "'w'", 'both'],
        [{ constants, state, carry: {} }, 'argument', "'w'", 'no output'],
        [{ constants, state, carry: { w: 'gone' } }, 'argument', "no output 'gone'", "'next', 'loss'"],
        [{ constants, state: {}, carry }, 'argument', "'next' to 'w'"],
        [{ constants, state, carry: { w: 'loss' } }, 'shape', "'loss'", 'float32()', "'w'", 'float32(2)'],
        [{ constants, state: { w: float32([3], [0, 0, 0]) }, carry }, 'shape', "'w'", 'float32(2)', 'float32(3)'],
      ]
      for (const [loop, code, ...parts] of wrong)
        await expect(session.loop(loop)).rejects.toThrow(refused(code, ...parts))
      const loop = await session.loop(options)
      await expect(session.loop(options)).rejects.toThrow(refused('argument', 'in a loop already'))
      await loop.close()
      await (await session.loop(options)).close()
      await session.close()
    })

    it('a wrong feed anywhere in an advance leaves the state as it was', async () => {
      const { program, options, feeds } = descent()
      const session = await engine.load(program)
      const loop = await session.loop(options)
      await loop.advance([feeds[0]])
      const before = await loop.state()
      await expect(loop.advance([feeds[1], { ...feeds[1], rate: float32([1], [0.5]) }])).rejects.toThrow(
        refused('shape', "'rate'", 'float32()', 'float32(1)'),
      )
      await expect(loop.advance([feeds[1], { ...feeds[1], x: options.constants.x }])).rejects.toThrow(
        refused('argument', "no input 'x' to feed here"),
      )
      expect(await loop.state()).toEqual(before)
      await session.close()
    })

    it.skipIf(!traits.checksIndices)('a run that fails leaves the state of the last good one', async () => {
      const { program, options, feeds } = descent()
      const session = await engine.load(program)
      const loop = await session.loop(options)
      const bad = { ...feeds[1], rows: int64([2], [2, 9]) }
      await expect(loop.advance([feeds[0], bad, feeds[2]])).rejects.toThrow(
        refused('data', "'next', 'loss' failed", '9'),
      )
      expect(await loop.state()).toEqual({ w: float32([2], [1, 1.5]) })
      expect(await loop.advance([feeds[1]])).toEqual([{ loss: float32([], [55.25]) }])
      await session.close()
    })

    it('gives equal bits over repeated runs and in a second engine beside it', async () => {
      const second = await open()
      expect([second.device, second.threads]).toEqual([engine.device, engine.threads])
      const { program, feeds } = network()
      const sessions = [await engine.load(program), await second.load(program)]
      const results = await Promise.all(
        sessions.flatMap((session) => [session.run(feeds), session.run(feeds), session.run(feeds)]),
      )
      for (const result of results) expect(result).toEqual(results[0])
      await second.close()
      expect(await sessions[0].run(feeds)).toEqual(results[0])
      await sessions[0].close()
    })

    it('keeps two sessions apart', async () => {
      const { program, options, feeds } = descent()
      const [a, b] = [await engine.load(program), await engine.load(affine())]
      const loop = await a.loop(options)
      const [losses, { total }] = await Promise.all([
        loop.advance(feeds.slice(0, 1)),
        b.run({ x: float32([1, 3], [1, 2, 4]) }),
      ])
      expect(losses).toEqual([{ loss: float32([], [13]) }])
      expect(total).toEqual(float32([], [7]))
      await a.close()
      expect((await b.run({ x: float32([1, 3], [1, 1, 1]) })).total).toEqual(float32([], [3]))
      await b.close()
    })

    it('lets timers fire while it is busy', async () => {
      const loop = await busyLoop(engine, traits.busySize)
      let fired = 0
      const timer = setInterval(() => {
        fired++
      }, 1)
      await loop.advance(Array.from({ length: 40 }, () => ({})))
      clearInterval(timer)
      expect(fired).toBeGreaterThan(0)
    })

    it('after close a session and a loop answer by name, and closing twice is fine', async () => {
      const { program, options, feeds } = descent()
      const session = await engine.load(program)
      const loop = await session.loop(options)
      await loop.close()
      await loop.close()
      await expect(loop.advance([feeds[0]])).rejects.toThrow(refused('aborted', 'the loop over', 'is closed'))
      await expect(loop.state()).rejects.toThrow(refused('aborted', 'is closed'))
      const open = await session.loop(options)
      await session.close()
      await session.close()
      await open.close()
      await expect(session.run({})).rejects.toThrow(refused('aborted', "'next', 'loss' is closed"))
      await expect(session.loop(options)).rejects.toThrow(refused('aborted', 'is closed'))
      await expect(open.advance([])).rejects.toThrow(refused('aborted', 'is closed'))
    })

    it('closing while it runs fails what is pending with `aborted`', async () => {
      const second = await open()
      const loop = await busyLoop(second, traits.busySize)
      const session = await second.load(affine())
      const pending = [
        loop.advance(Array.from({ length: 10_000 }, () => ({}))),
        session.run({ x: float32([1, 3], [0, 0, 0]) }),
      ]
      const settled = Promise.allSettled(pending)
      await new Promise((resolve) => setTimeout(resolve, 20))
      await Promise.all([second.close(), second.close()])
      for (const result of await settled)
        expect(result).toEqual({ status: 'rejected', reason: refused('aborted', 'engine was closed') })
      await expect(second.load(affine())).rejects.toThrow(refused('aborted', 'closed'))
      await expect(session.run({ x: float32([1, 3], [0, 0, 0]) })).rejects.toThrow(refused('aborted', 'closed'))
      await loop.close()
      await session.close()
    })
  })
}

/** y = 2 x + 1, total = sum x */
function affine(): { outputs: Record<string, Tensor> } {
  const x = input('x', ['n', 3])
  return { outputs: { y: add(mul(x, 2), 1), total: sum(x) } }
}

/**
 * Texts of two inputs, one of which feeds three lookups; `total` adds up the places of the first and the number of
 * rows.
 */
function places(): { outputs: Record<string, Tensor> } {
  const [city, kind] = [input('city', ['n', 1], 'string'), input('kind', ['n', 1], 'string')]
  const byCity = lookup(city, ['Zürich', '東京', '', ' ', '\u{1f600}'])
  const total = add(sum(cast(byCity, 'float64')), dimSize('n', 'float64'))
  return {
    outputs: {
      byCity,
      again: lookup(city, ['東京', '\u{1f600}']),
      byKind: lookup(kind, ['a', 'b']),
      none: lookup(city, []),
      total,
    },
  }
}

/** Two inputs that share a named size. */
function pairwise(): Program {
  return { outputs: { y: add(sum(input('a', ['n', 3]), [1]), input('b', ['n'])) } }
}

/** Descent towards the mean of gathered rows. */
export function descent(): { program: Program; options: LoopOptions; feeds: Record<string, HostTensor>[] } {
  const w = input('w', [2])
  const center = mean(gather(input('x', ['rows', 2]), input('rows', [2], 'int64'), 0), [0])
  const error = sub(w, center)
  return {
    program: { outputs: { next: sub(w, mul(error, input('rate', []))), loss: sum(square(error)) } },
    options: {
      constants: { x: float32([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]) },
      state: { w: float32([2], [0, 0]) },
      carry: { w: 'next' },
    },
    feeds: [
      [0, 1],
      [2, 3],
      [0, 3],
      [-1, 1],
      [2, 2],
    ].map((rows) => ({ rows: int64([2], rows), rate: float32([], [0.5]) })),
  }
}

/** A small network on random numbers, where the order of additions shows. */
function network(): { program: Program; feeds: Record<string, HostTensor> } {
  const random = Random.seeded(7)
  const normal = (...shape: number[]) =>
    float32(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    )
  const hidden = tanh(matmul(input('x', [16, 40]), input('a', [40, 64])))
  const y = logSoftmax(matmul(hidden, input('b', [64, 10])), 1)
  return {
    program: { outputs: { y, mean: mean(y) } },
    feeds: { x: normal(16, 40), a: normal(40, 64), b: normal(64, 10) },
  }
}

async function busyLoop(engine: Engine, size: number): Promise<Loop> {
  const a = input('a', [size, size])
  const session = await engine.load({
    outputs: { next: mul(matmul(a, add(a, broadcastTo(input('s', []), [size, size]))), 1 / size) },
  })
  const ones = float32([size, size], new Float32Array(size * size).fill(0.5))
  return session.loop({ constants: { s: float32([], [0]) }, state: { a: ones }, carry: { a: 'next' } })
}
