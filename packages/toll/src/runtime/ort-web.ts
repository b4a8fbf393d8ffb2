// Opens ONNX Runtime for the web as an engine: WebAssembly or WebGPU in a browser, WebAssembly also in Node. The
// package is loaded when an engine is opened, so that importing this file costs nothing.

import type * as Ort from 'onnxruntime-web'
import type { Env, InferenceSession, Tensor } from 'onnxruntime-web'
import { loadOrtWeb } from '#onnxruntime-web'
import { TollError } from '../base/index.js'
import { add, compile, input } from '../graph/index.js'
import { openCoded } from './coded.js'
import type { Engine, HostTensor } from './engine.js'
import { Stepper, Turns } from './executor.js'
import type { EngineOptions, WasmPaths } from './options.js'
import { OrtKernel, loadError, type OrtKernelOptions } from './ort-kernel.js'
import { readFailure } from './ort-words.js'
import { pauseEvery } from './pause.js'
import { engineOver } from './session.js'
import { missingWasmFile } from './wasm-files.js'

export interface WebEngineOptions extends Pick<EngineOptions, 'threads' | 'wasmPaths'> {
  readonly device?: 'auto' | 'wasm' | 'webgpu'
}

/**
 * Opens an engine in the calling thread; open it in a web worker where a page must stay responsive during one run.
 * Between the runs of an `advance` timers fire.
 *
 * @throws `argument` for an option outside its domain; `device` when the device is not there, saying what is missing;
 * `not-found` for a file of onnxruntime-web that does not come, with its address.
 */
export async function openWebEngine(options: WebEngineOptions = {}): Promise<Engine> {
  const { device = 'auto', wasmPaths } = options
  if (!['auto', 'wasm', 'webgpu'].includes(device))
    throw new TollError('out-of-domain', `device must be auto, wasm or webgpu, got ${JSON.stringify(device)}`, {
      option: 'device',
      value: device,
      expected: ['auto', 'wasm', 'webgpu'],
    })
  const threads = options.threads ?? defaultThreads()
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new TollError('out-of-domain', `threads must be an integer from 1 to 64, got ${threads}`, {
      option: 'threads',
      value: threads,
      expected: 'an integer from 1 to 64',
    })
  }
  const noGpu = device === 'wasm' ? 'not asked for' : await whyNoGpu()
  if (device === 'webgpu' && noGpu)
    throw new TollError('no-device', `device 'webgpu' is not available: ${noGpu}; choose the device wasm`, {
      option: 'device',
      value: device,
      suggestion: 'wasm',
    })
  return open(noGpu ? 'wasm' : 'webgpu', threads, wasmPaths)
}

async function open(device: 'wasm' | 'webgpu', threads: number, wasmPaths: WasmPaths | undefined): Promise<Engine> {
  const ort = await loadOrtWeb(device)
  configure(ort.env, threads, wasmPaths)
  const start = performance.now()
  try {
    const session = await createSession(ort, compile({ y: add(input('x', [2]), 1) }), device)
    await session.release()
  } catch (error) {
    const missing = await missingWasmFile(start, error)
    if (missing) throw missing
    throw new TollError('no-device', `device '${device}' is not available: ${readFailure(error).line}`, {
      option: 'device',
      value: device,
      cause: error,
    })
  }

  let stopped = false
  const turns = new Turns(() => stopped)
  const where = `onnxruntime-web on ${device}`
  const kernelOptions: OrtKernelOptions = {
    tensorClass: ort.Tensor,
    where,
    writesInto: false,
    owns: false,
    profiles: false,
  }
  const pause = pauseEvery(30)
  return engineOver({
    device,
    threads: device === 'wasm' ? threads : 1,
    widens: false,
    open: (program) =>
      openCoded('model' in program ? program.model : compile(program.outputs, { inputs: program.inputs }), (model) =>
        turns.take(async () => {
          const bytes = new Uint8Array(model)
          try {
            const session = await createSession(ort, bytes, device)
            const kernel =
              device === 'webgpu'
                ? new WebGpuKernel(session, kernelOptions, { ort, bytes, gpu: await ort.env.webgpu.device })
                : new WasmKernel(session, kernelOptions, pause)
            return new Stepper(kernel, turns)
          } catch (error) {
            throw error instanceof TollError ? error : loadError(error, where, bytes.length)
          }
        }),
      ),
    close: async () => {
      stopped = true
      await turns.close()
    },
  })
}

class WasmKernel extends OrtKernel {
  readonly #pause: () => Promise<void>

  constructor(session: InferenceSession, options: OrtKernelOptions, pause: () => Promise<void>) {
    super(session, options)
    this.#pause = pause
  }

  override async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    await this.#pause()
    return super.run(feeds, {})
  }
}

interface GpuParts {
  readonly ort: typeof Ort
  readonly bytes: Uint8Array
  readonly gpu: GPUDevice
}

/** Keeps constants and carried state in GPU memory. */
class WebGpuKernel extends OrtKernel {
  readonly #parts: GpuParts
  #kept = ''

  constructor(session: InferenceSession, options: OrtKernelOptions, parts: GpuParts) {
    super(session, options)
    this.#parts = parts
  }

  /** Where outputs stay is fixed when a session is made, so it is made again. */
  override async keep(outputs: readonly string[]): Promise<void> {
    const kept = this.outputs
      .filter(({ name, dtype }) => dtype === 'float32' && outputs.includes(name))
      .map(({ name }) => name)
    if (kept.join() === this.#kept) return
    const { ort, bytes } = this.#parts
    const session = await createSession(
      ort,
      bytes,
      'webgpu',
      Object.fromEntries(kept.map((name) => [name, 'gpu-buffer'])),
    )
    await this.session.release()
    this.session = session
    this.#kept = kept.join()
  }

  override reside(tensor: HostTensor): Tensor {
    // WebGPU has buffers of at least 4 bytes and kernels for float32; the rest stays on the host.
    if (tensor.dtype !== 'float32' || tensor.data.length === 0) return this.hold(tensor)
    const { ort, gpu } = this.#parts
    const buffer = gpu.createBuffer({
      size: Math.ceil(tensor.data.byteLength / 16) * 16,
      usage: storageUsage,
    })
    gpu.queue.writeBuffer(buffer, 0, new Float32Array(tensor.data))
    return ort.Tensor.fromGpuBuffer(buffer, {
      dataType: 'float32',
      dims: tensor.shape,
      dispose: () => buffer.destroy(),
    })
  }
}

/** GPUBufferUsage.STORAGE | COPY_DST | COPY_SRC, as the WebGPU specification numbers them. */
const storageUsage = 0x80 | 0x08 | 0x04

function createSession(
  ort: typeof Ort,
  bytes: Uint8Array,
  device: 'wasm' | 'webgpu',
  keep: Readonly<Record<string, Tensor.DataLocation>> = {},
): Promise<InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: 4,
    preferredOutputLocation: keep,
  })
}

/** ONNX Runtime for the web has one setting per page, which its first session fixes. */
function configure(env: Env, threads: number, wasmPaths: WasmPaths | undefined): void {
  const before = env.wasm.numThreads
  if (before && before !== threads) {
    throw new TollError(
      'conflicting-options',
      `onnxruntime-web already runs with ${before} threads in this page, not ${threads}; the first engine ` +
        'sets the number',
      { option: 'threads', value: threads, expected: String(before) },
    )
  }
  env.logLevel = 'fatal'
  env.wasm.numThreads = threads
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths
}

async function whyNoGpu(): Promise<string | undefined> {
  const gpu = typeof navigator === 'undefined' ? undefined : navigator.gpu
  if (!gpu) return 'this browser has no WebGPU (navigator.gpu), or the page is not served over https or localhost'
  return (await gpu.requestAdapter()) ? undefined : 'the browser gives no GPU adapter'
}

function defaultThreads(): number {
  return globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 64) : 1
}
