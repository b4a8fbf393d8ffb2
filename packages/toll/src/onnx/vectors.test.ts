// The operator test vectors of the ONNX project as a conformance suite for reading: every model and every tensor file.
// They are not part of the repository: TOLL_GOLDEN names the folder that holds onnx-node-tests.tar.gz.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel, decodeTensor, encodeModel, encodeTensor, printModel, type OnnxModel } from './index.js'

const archive = join(process.env.TOLL_GOLDEN ?? '', 'onnx-node-tests.tar.gz')
const present = Boolean(process.env.TOLL_GOLDEN) && existsSync(archive)
if (!present)
  console.log('skipped: the ONNX operator vectors; set TOLL_GOLDEN to the folder that holds onnx-node-tests.tar.gz')

/** The tensor files of a case; sequences and optionals, which are other messages, are left out. */
function tensorFiles(folder: string, { graph }: OnnxModel): string[] {
  const sets = readdirSync(folder).filter((name) => name.startsWith('test_data_set_'))
  return sets.flatMap((set) =>
    readdirSync(join(folder, set))
      .filter((file) => {
        const [, side, index] = /^(input|output)_(\d+)\.pb$/.exec(file) ?? []
        return (side === 'input' ? graph.inputs : graph.outputs)[Number(index)]?.type?.kind === 'tensor'
      })
      .map((file) => join(folder, set, file)),
  )
}

describe.skipIf(!present)('the ONNX operator vectors', () => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'toll-onnx-'))
    execFileSync('tar', ['-xzf', archive, '-C', folder])
  })

  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it('are read, and stay what they are when written and read again', () => {
    const root = join(folder, 'onnx/backend/test/data/node')
    const cases = readdirSync(root)
    let tensors = 0
    for (const name of cases) {
      const model = decodeModel(readFileSync(join(root, name, 'model.onnx')))
      const bytes = encodeModel(model)
      expect(isDeepStrictEqual(decodeModel(bytes), model), name).toBe(true)
      expect(printModel(decodeModel(bytes)), name).toBe(printModel(model))
      for (const file of tensorFiles(join(root, name), model)) {
        const tensor = decodeTensor(readFileSync(file))
        expect(isDeepStrictEqual(decodeTensor(encodeTensor(tensor)), tensor), file).toBe(true)
        tensors++
      }
    }
    console.log(`ONNX operator vectors: ${cases.length} models and ${tensors} tensors read, written and read again`)
    expect(cases.length).toBe(1802)
    expect(tensors).toBe(6144)
  })
})
