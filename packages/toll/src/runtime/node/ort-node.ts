// Opens ONNX Runtime for Node as an engine, in a worker thread of its own, so that timers, servers and Ctrl-C stay
// alive while it runs.

import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { TollError, messageOf } from '../../base/index.js'
import { packageFile } from '../../base/node/index.js'
import { add, compile, input } from '../../graph/index.js'
import type { Engine, HostTensor, HostTensors, LoopOptions, NumberTensor, PortType } from '../engine.js'
import { openCoded } from '../coded.js'
import type { Executor } from '../executor.js'
import { copyTensor } from '../host.js'
import { openReference } from '../reference.js'
import { engineOver } from '../session.js'
import type { Accelerator, EngineOptions } from '../options.js'
import { openWebEngine } from '../ort-web.js'
import { WorkerLink } from './link.js'
import { buffersOf, type Loaded, type Started, type WorkerSettings } from './protocol.js'
import { switchOffReports } from './reports.js'
import { workerScript } from './worker-script.js'

const accelerators: readonly Accelerator[] = ['cuda', 'webgpu', 'cpu']
const devices: readonly string[] = ['auto', ...accelerators, 'wasm', 'reference'] satisfies EngineOptions['device'][]

/** Shared by all engines of the process, as the WebGPU context is that it guards. */
const gpuLock = new SharedArrayBuffer(4)

/**
 * Opens an engine, ONNX Runtime for Node in a worker thread. An engine that is not closed does not keep the process
 * alive, except while a call is pending. A run inside ONNX Runtime cannot be interrupted: `close` waits for it, and so
 * does the process where it leaves, by `process.exit` or an error; a signal that nobody handles does not.
 *
 * The library's reports to its maker are switched off; ORT_DISABLE_TELEMETRY=0 in the environment of the process allows
 * them.
 *
 * @throws `argument` for an option outside its domain; `device` when onnxruntime-node is not installed or no device
 * that was asked for is there, saying what is missing.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { device = 'auto', order = accelerators, threads = availableParallelism(), profile, wasmPaths } = options
  if (!devices.includes(device)) {
    throw new TollError('out-of-domain', `device must be one of ${devices.join(', ')}, got ${JSON.stringify(device)}`, {
      option: 'device',
      value: device,
      expected: devices,
    })
  }
  if (order.length === 0 || order.some((candidate) => !accelerators.includes(candidate))) {
    throw new TollError(
      'out-of-domain',
      `order must list some of ${accelerators.join(', ')}, got [${order.join(', ')}]`,
      { option: 'order', value: order, expected: accelerators },
    )
  }
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new TollError('out-of-domain', `threads must be an integer from 1 to 1024, got ${threads}`, {
      option: 'threads',
      value: threads,
      expected: 'an integer from 1 to 1024',
    })
  }
  if (device === 'reference') return openReference()
  if (device === 'wasm') return openWebEngine({ device, threads: options.threads, wasmPaths })
  if (profile !== undefined) makeFolder(profile)

  const settings: Omit<WorkerSettings, 'stop' | 'inside'> = {
    entry: packageFile('onnxruntime-node'),
    devices: device === 'auto' ? order : [device],
    threads,
    profile,
    probe: probe(),
    gpu: gpuLock,
  }
  await switchOffReports()
  const link = new WorkerLink(await workerScript(), settings)
  let started: Started
  try {
    started = await link.call<Started>({ method: 'start' })
  } catch (error) {
    await link.close()
    throw error
  }
  return engineOver({
    device: started.device,
    threads,
    widens: false,
    open: async (program) => {
      const bytes = 'model' in program ? program.model : compile(program.outputs, { inputs: program.inputs })
      return openCoded(bytes, async (model) => {
        const sent = new Uint8Array(model)
        return new RemoteExecutor(link, await link.call<Loaded>({ method: 'load', argument: sent }, [sent.buffer]))
      })
    },
    close: () => link.close(),
  })
}

/** A program in the worker. Tensors are copied once and the copies moved. */
class RemoteExecutor implements Executor {
  readonly inputs: readonly PortType[]
  readonly outputs: readonly PortType[]
  readonly #link: WorkerLink
  readonly #program: number

  constructor(link: WorkerLink, { program, inputs, outputs }: Loaded) {
    this.#link = link
    this.#program = program
    this.inputs = inputs
    this.outputs = outputs
  }

  run(feeds: HostTensors): Promise<Record<string, NumberTensor>> {
    const copy = copyTensors(feeds)
    return this.#link.call({ method: 'run', program: this.#program, argument: copy }, buffersOf([copy]))
  }

  begin(loop: LoopOptions): Promise<void> {
    const constants = copyTensors(loop.constants)
    const state = copyTensors(loop.state)
    const argument: LoopOptions = { constants, state, carry: { ...loop.carry } }
    return this.#link.call({ method: 'begin', program: this.#program, argument }, buffersOf([constants, state]))
  }

  advance(feeds: readonly HostTensors[]): Promise<Record<string, NumberTensor>[]> {
    const copies = feeds.map(copyTensors)
    return this.#link.call({ method: 'advance', program: this.#program, argument: copies }, buffersOf(copies))
  }

  state(names?: readonly string[]): Promise<Record<string, NumberTensor>> {
    return this.#link.call({ method: 'state', program: this.#program, argument: names })
  }

  end(): Promise<void> {
    return this.#link.call({ method: 'end', program: this.#program })
  }

  close(): Promise<void> {
    return this.#link.call({ method: 'close', program: this.#program })
  }
}

// The copy takes only what a view shows; sending the view itself would send the whole buffer under it.
function copyTensors(tensors: HostTensors): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, copyTensor(tensor)]))
}

/** y = x + 1 */
function probe(): Uint8Array {
  return compile({ y: add(input('x', [2]), 1) })
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new TollError('cannot-write', `cannot make the profile folder '${folder}': ${messageOf(error)}`, {
      file: folder,
      option: 'profile',
      cause: error,
    })
  }
}
