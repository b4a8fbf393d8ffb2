// Every detector of the registry against every check of the contract, in ONNX Runtime itself.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as ort from 'onnxruntime-node'
import type { ParameterValue } from '../base/index.js'
import { detectors } from '../detectors/index.js'
import type { Engine, HostTensor, HostTensors } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { Subject, detectorChecks, runCheck } from './index.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

/** Parameters that make a fit quick. */
const quick: Readonly<Record<string, Record<string, ParameterValue>>> = {
  toll: { steps: 150 },
  'toll-auto': { length: 0.1 },
}

/** The plain file in ONNX Runtime, without anything of ours between. */
async function scoreOnnx(file: Uint8Array, feeds: HostTensors): Promise<HostTensors> {
  const session = await ort.InferenceSession.create(file)
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape, data }]) => [
      name,
      new ort.Tensor(dtype, data as Float64Array, shape),
    ]),
  )
  const outputs = await session.run(inputs)
  await session.release()
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { type, dims, data }]) => [
      name,
      { dtype: type, shape: dims, data } as HostTensor,
    ]),
  )
}

describe.each([...detectors.values()].map((detector) => [detector.name, detector] as const))('%s', (name, detector) => {
  let subject: Subject
  beforeAll(() => {
    subject = new Subject(detector, { engine, scoreOnnx, ...(quick[name] && { parameters: quick[name] }) })
  })
  afterAll(() => subject.close())

  it.each(detectorChecks.map((check) => [check.name, check] as const))('%s', async (_, check) => {
    const result = await runCheck(check, subject)
    expect(result.outcome === 'failed' ? result.message : result.outcome).toBe(
      detector.exceptions?.[check.name] ? 'exempt' : 'passed',
    )
  })
})
