// Files of other makers that take texts: in the engines that run them as they are, where a lookup is not the only thing
// that reads the texts.

import { expect, it } from 'vitest'
import { encodeModel, makeNode, makeTensor, makeValue, type OnnxModel } from '../onnx/index.js'
import { int64, openReference, openWebEngine, strings } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'

const labels = makeNode(
  'LabelEncoder',
  ['flat'],
  ['y'],
  {
    keys_strings: { type: 'strings', value: ['東京', ''] },
    values_int64s: { type: 'ints', value: [7, -7] },
    default_int64: { type: 'int', value: 9 },
  },
  'ai.onnx.ml',
)

function file(parts: Partial<OnnxModel['graph']>): Uint8Array {
  return encodeModel({
    irVersion: 8,
    opsets: { '': 18, 'ai.onnx.ml': 3 },
    metadata: {},
    graph: {
      name: 'other',
      nodes: [makeNode('Reshape', ['x', 'all'], ['flat']), labels],
      inputs: [makeValue('x', 'string', ['n', 2])],
      outputs: [makeValue('y', 'int64', ['m'])],
      initializers: [makeTensor('all', 'int64', [1], [-1])],
      ...parts,
    },
  })
}

const engines = { cpu: () => openEngine({ device: 'cpu', threads: 1 }), wasm: () => openWebEngine({ device: 'wasm' }) }

it.each(Object.entries(engines))('%s runs a file that reshapes its texts first', async (_, open) => {
  const engine = await open()
  const session = await engine.load({ model: file({}) })
  expect(session.inputs).toEqual([{ name: 'x', dtype: 'string', shape: ['n', 2] }])
  const x = strings([2, 2], ['東京', '', 'x'.repeat(100), '東'])
  expect((await session.run({ x })).y).toEqual(int64([4], [7, -7, 9, 9]))
  expect((await session.run({ x: strings([0, 2], []) })).y).toEqual(int64([0], []))
  await engine.close()
})

it.each(Object.entries(engines))('%s gives no texts', async (_, open) => {
  const engine = await open()
  const model = file({ nodes: [makeNode('Identity', ['x'], ['y'])], outputs: [makeValue('y', 'string', ['n', 2])] })
  await expect(engine.load({ model })).rejects.toThrow(
    expect.objectContaining({
      code: 'format',
      message: expect.stringContaining("'y' of this model holds string") as unknown,
    }),
  )
  await engine.close()
})

it('the interpreter refuses it by name', async () => {
  await expect(openReference().load({ model: file({}) })).rejects.toThrow(
    expect.objectContaining({ code: 'format', message: expect.stringContaining("(Reshape to 'flat')") as unknown }),
  )
})
