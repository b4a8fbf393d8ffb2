// The ONNX project's operator vectors: every case that the reader accepts must give the expected outputs through the
// interpreter.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { TollError } from '../base/index.js'
import {
  decodeModel,
  decodeTensor,
  encodeModel,
  type OnnxModel,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../onnx/index.js'
import { interpret, readModel, topological, vocabulary, type ReadModel } from './index.js'

const archive = join(process.env.TOLL_GOLDEN ?? '', 'onnx-node-tests.tar.gz')
const present = process.env.TOLL_GOLDEN !== undefined && existsSync(archive)
if (!present) console.log('operator vectors: skipped, TOLL_GOLDEN does not name a folder with onnx-node-tests.tar.gz')

interface Case {
  readonly name: string
  readonly model: OnnxModel
  readonly inputs: readonly (OnnxTensor | undefined)[]
  readonly outputs: readonly (OnnxTensor | undefined)[]
}

/**
 * The files of a GNU tar archive: blocks of 512 bytes, a header before each file, names above 100 characters as files
 * of type L.
 */
function readTar(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const text = (from: number, length: number) =>
    Buffer.from(bytes.subarray(from, from + length))
      .toString('latin1')
      .split('\0')[0]
  let longName = ''
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8)
    const type = text(at + 156, 1)
    if (type === '0') files.set(longName || text(at, 100), bytes.subarray(at + 512, at + 512 + size))
    longName = type === 'L' ? text(at + 512, size) : ''
    at += 512 * (1 + Math.ceil(size / 512))
  }
  return files
}

/** A file that is no tensor (a sequence, an optional) or of a type that is not decoded has no value here. */
function tensorOf(bytes: Uint8Array): OnnxTensor | undefined {
  try {
    return decodeTensor(bytes)
  } catch (error) {
    if (error instanceof TollError) return undefined
    throw error
  }
}

function readCases(): Case[] {
  const files = readTar(gunzipSync(readFileSync(archive)))
  const values = (folder: string, kind: string) => {
    const list: (OnnxTensor | undefined)[] = []
    for (let i = 0; ; i++) {
      const bytes = files.get(`${folder}/test_data_set_0/${kind}_${i}.pb`)
      if (!bytes) return list
      list.push(tensorOf(bytes))
    }
  }
  return [...files.keys()]
    .filter((path) => path.endsWith('/model.onnx'))
    .map((path) => {
      const folder = path.slice(0, -'/model.onnx'.length)
      return {
        name: folder.split('/').at(-1)!,
        model: decodeModel(files.get(path)!),
        inputs: values(folder, 'input'),
        outputs: values(folder, 'output'),
      }
    })
}

const ours = ['float32', 'float64', 'int64', 'bool']
const fed = [...ours, 'string']

/** Declared rule: cases with other element types in their inputs or outputs are left out. */
function hasOurTypes({ model: { graph } }: Case): boolean {
  const fits =
    (types: readonly string[]) =>
    ({ type }: OnnxValueInfo) =>
      type?.kind === 'tensor' && types.includes(type.dtype)
  return graph.inputs.every(fits(fed)) && graph.outputs.every(fits(ours))
}

/** Shapes, axes and bounds are graph inputs in these cases; a graph of ours takes them as constants. */
function freeze(test: Case, what: (tensor: OnnxTensor, i: number) => boolean): OnnxModel {
  const {
    model: { graph },
  } = test
  const initializers = graph.inputs.flatMap(({ name }, i) => {
    const value = test.inputs[i]
    return value && what(value, i) ? [{ ...value, name }] : []
  })
  const frozen = new Set(initializers.map(({ name }) => name))
  return {
    ...test.model,
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => !frozen.has(name)),
      initializers: [...graph.initializers, ...initializers],
    },
  }
}

/** Reads a case with as few inputs made constant as needed, or gives the refusal. */
function accept(test: Case): ReadModel | TollError {
  let refusal: TollError | undefined
  for (const what of [() => false, (x: OnnxTensor) => x.dtype === 'int64', (_: OnnxTensor, i: number) => i > 0]) {
    try {
      return readModel(encodeModel(freeze(test, what)))
    } catch (error) {
      if (!(error instanceof TollError) || !['format', 'version'].includes(error.code)) throw error
      refusal ??= error
    }
  }
  return refusal!
}

/** The tolerance of the ONNX project for real numbers; exact for integers and booleans. */
function firstDifference(actual: ArrayLike<number>, expected: OnnxTensor): string | undefined {
  const wanted = Array.from(expected.data as Float64Array, Number)
  if (actual.length !== wanted.length) return `${actual.length} values, expected ${wanted.length}`
  const real = expected.dtype === 'float32' || expected.dtype === 'float64'
  const at = wanted.findIndex((value, i) => {
    if (Object.is(value, actual[i]) || value === actual[i]) return false
    return !real || !(Math.abs(actual[i] - value) <= 1e-7 + 1e-3 * Math.abs(value))
  })
  return at < 0 ? undefined : `value ${at} is ${actual[at]}, expected ${wanted[at]}`
}

/** Ops of the vocabulary that no vector reaches: they come from gradients and from named sizes only. */
const withoutVectors = ['convWeight', 'dimSize', 'gate', 'slot', 'treeEnsemble']

describe.skipIf(!present)('operator vectors of ONNX', () => {
  it('gives the expected outputs of every case whose operators it knows', () => {
    const reached = new Set<string>()
    const wrong: string[] = []
    const refused = new Map<string, string>()
    let [passed, otherTypes] = [0, 0]
    for (const test of readCases()) {
      if (!hasOurTypes(test)) {
        otherTypes++
        continue
      }
      const read = accept(test)
      if (read instanceof TollError) {
        refused.set(test.name, read.message)
        continue
      }
      const names = test.model.graph.inputs.map(({ name }) => name)
      const feeds = Object.fromEntries(
        read.inputs.map((node) => {
          const value = test.inputs[names.indexOf(node.attrs.name as string)]!
          return [node.attrs.name as string, { shape: value.dims, data: value.data as Float64Array }]
        }),
      )
      const results = interpret(read.outputs, feeds)
      const problems = test.model.graph.outputs.flatMap(({ name }, i) => {
        const expected = test.outputs[i]!
        const shape =
          results[name].shape.join() === expected.dims.join()
            ? undefined
            : `shape (${results[name].shape.join()}), expected (${expected.dims.join()})`
        const problem = shape ?? firstDifference(results[name].data, expected)
        return problem === undefined ? [] : [`${test.name}: ${name}: ${problem}`]
      })
      wrong.push(...problems)
      if (problems.length === 0) {
        passed++
        for (const node of topological(Object.values(read.outputs))) reached.add(node.op.name)
      }
    }
    console.log(
      `operator vectors: ${passed} passed, ${refused.size + otherTypes} skipped (${otherTypes} of other ` +
        `element types, ${refused.size} with operators not in the vocabulary)`,
    )
    if (process.env.TOLL_VECTORS_VERBOSE)
      console.log([...refused].map(([name, reason]) => `${name}: ${reason}`).join('\n'))
    expect(wrong).toEqual([])
    expect([...vocabulary.keys()].filter((name) => !reached.has(name)).sort()).toEqual(withoutVectors)
    expect(passed).toBeGreaterThanOrEqual(621)
  })
})
