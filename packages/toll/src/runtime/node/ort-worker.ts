// The worker thread of an engine for Node: onnxruntime-node blocks its thread while it runs, so it gets one of its own.
// The package is loaded from the file that the main thread found, so that this script may lie anywhere.

import type * as Ort from 'onnxruntime-node'
import type { Tensor } from 'onnxruntime-node'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { TollError, invariant, unusablePackage } from '../../base/index.js'
import type { HostTensor, HostTensors, LoopOptions } from '../engine.js'
import { Stepper, Turns, type Executor } from '../executor.js'
import type { Accelerator } from '../options.js'
import { OrtKernel, loadError } from '../ort-kernel.js'
import { readFailure } from '../ort-words.js'
import { explainRefusal, missingFor } from './accelerators.js'
import { exclusive } from './mutex.js'
import {
  buffersOf,
  sendError,
  type Answer,
  type Call,
  type Loaded,
  type Started,
  type WorkerSettings,
} from './protocol.js'

const settings = workerData as WorkerSettings
const stop = new Int32Array(settings.stop)
const gpu = new Int32Array(settings.gpu)
const inside = new Int32Array(settings.inside)
const turns = new Turns(() => Atomics.load(stop, 0) === 1)
const programs = new Map<number, Executor>()
let loaded = 0
let device: Accelerator = 'cpu'
let ort: typeof Ort

invariant(parentPort, 'this file runs in a worker thread')
const port = parentPort
port.on('message', (call: Call) => {
  answer(call).then(
    ([value, move]) => port.postMessage({ id: call.id, value } satisfies Answer, move),
    (error: unknown) => port.postMessage({ id: call.id, error: sendError(error) } satisfies Answer),
  )
})

/** The result of a call and the buffers to move with it. */
async function answer({ method, program, argument }: Call): Promise<[value: unknown, move: ArrayBuffer[]]> {
  switch (method) {
    case 'start':
      return [await start(), []]
    case 'load':
      return [await load(argument as Uint8Array), []]
    case 'shutDown':
      try {
        return [await turns.close(), []]
      } finally {
        port.close()
      }
  }
  const executor = programs.get(program!)
  invariant(executor, `program ${program} is not loaded`)
  switch (method) {
    case 'run':
      return moved([await executor.run(argument as HostTensors)], ([only]) => only)
    case 'advance':
      return moved(await executor.advance(argument as HostTensors[]), (all) => all)
    case 'state':
      return moved([await executor.state(argument as readonly string[] | undefined)], ([only]) => only)
    case 'begin':
      return [await executor.begin(argument as LoopOptions), []]
    case 'end':
      return [await executor.end(), []]
    case 'close':
      programs.delete(program!)
      return [await executor.close(), []]
  }
}

function moved(
  results: Record<string, HostTensor>[],
  shape: (results: Record<string, HostTensor>[]) => unknown,
): [unknown, ArrayBuffer[]] {
  return [shape(results), buffersOf(results)]
}

function loadRuntime(): typeof Ort {
  try {
    return createRequire(settings.entry)(settings.entry) as typeof Ort
  } catch (error) {
    throw unusablePackage('onnxruntime-node', error)
  }
}

/** Takes the first device of the list that runs the probe. */
async function start(): Promise<Started> {
  ort = await exclusive(inside, async () => loadRuntime())
  // Errors come back as exceptions; the native log would print them a second time.
  ort.env.logLevel = 'fatal'
  const built = ort.listSupportedBackends().map((backend) => backend.name)
  const reasons: string[] = []
  for (const candidate of settings.devices) {
    const missing =
      missingFor(candidate, built, settings.entry) ??
      (settings.devices.length > 1 || candidate !== 'cpu' ? await refusal(candidate) : undefined)
    if (missing === undefined) {
      device = candidate
      return { device }
    }
    reasons.push(`device '${candidate}' is not available: ${missing}`)
  }
  throw new TollError('no-device', `${reasons.join('; ')}; choose the device cpu`, {
    option: 'device',
    value: settings.devices,
    suggestion: 'cpu',
  })
}

async function refusal(candidate: Accelerator): Promise<string | undefined> {
  try {
    const y = await entering(candidate, async () => {
      const session = await createSession(settings.probe, candidate)
      const results = await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, 2), [2]) })
      await session.release()
      return results.y
    })
    return y.data[0] === 2 && y.data[1] === 3 ? undefined : 'it computes wrong results'
  } catch (error) {
    return explainRefusal(candidate, readFailure(error))
  }
}

async function load(bytes: Uint8Array): Promise<Loaded> {
  const where = `onnxruntime-node on ${device}`
  return turns.take(async () => {
    let session: Ort.InferenceSession
    try {
      session = await entering(device, () => createSession(bytes, device, settings.profile))
    } catch (error) {
      throw loadError(error, where, bytes.length)
    }
    const kernel = new ThreadKernel(session, {
      tensorClass: ort.Tensor,
      where,
      writesInto: true,
      owns: true,
      profiles: settings.profile !== undefined,
    })
    const program = loaded++
    programs.set(program, new Stepper(kernel, turns))
    return { program, inputs: kernel.inputs, outputs: kernel.outputs }
  })
}

class ThreadKernel extends OrtKernel {
  override run(
    feeds: Readonly<Record<string, Tensor>>,
    into: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>> {
    return entering(device, () => super.run(feeds, into))
  }

  override close(): Promise<void> {
    return entering(device, () => super.close())
  }
}

/**
 * What is inside the library holds the lock that a leaving process waits for. WebGPU has one context per process, and
 * two threads in it at once are a segmentation fault.
 */
function entering<T>(on: Accelerator, task: () => Promise<T>): Promise<T> {
  return exclusive(inside, () => (on === 'webgpu' ? exclusive(gpu, task) : task()))
}

function createSession(bytes: Uint8Array, on: Accelerator, profile?: string): Promise<Ort.InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    executionProviders: [on],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A plan of all buffers, made in the first run, takes its memory beside what that run took from the arena: half as
    // much again, and no faster.
    enableMemPattern: false,
    logSeverityLevel: 4,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: join(profile, 'toll') }),
  })
}
