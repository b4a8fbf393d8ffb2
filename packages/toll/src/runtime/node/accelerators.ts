// What is missing when a device of onnxruntime-node is not there, in one line. The cheap questions are asked before the
// native library is tried, because it prints to the terminal when it fails.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../../base/index.js'
import type { Accelerator } from '../options.js'
import type { OrtFailure } from '../ort-words.js'

/**
 * Why `device` cannot work on this machine, or undefined if it may. `built` lists what the installed onnxruntime-node
 * was built with, `entry` is its main file.
 */
export function missingFor(device: Accelerator, built: readonly string[], entry: string): string | undefined {
  const machine = `${process.platform}-${process.arch}`
  if (!built.includes(device)) return `onnxruntime-node has no ${device} for ${machine}`
  if (process.platform !== 'linux') return undefined
  if (device === 'cuda' && !existsSync(join(binaryFolder(entry), 'libonnxruntime_providers_cuda.so'))) {
    return (
      'the CUDA libraries of onnxruntime-node are not installed (libonnxruntime_providers_cuda.so; ' +
      'its install script downloads them with ONNXRUNTIME_NODE_INSTALL=cuda12)'
    )
  }
  const vulkan = device === 'webgpu' ? whyNotLoadable('libvulkan.so.1') : undefined
  return vulkan && `no Vulkan driver was found (${vulkan})`
}

/** What the native library meant when it refused `device`. */
export function explainRefusal(device: Accelerator, { line, lacks }: OrtFailure): string {
  if (device === 'webgpu' && lacks === 'a GPU') return `no GPU that WebGPU accepts was found (${line})`
  if (device === 'cuda' && lacks === 'CUDA') return `CUDA 12 or cuDNN 9 is not installed or does not load (${line})`
  return line
}

/**
 * The loader's own words when a shared library is not found: it is opened as if it were an addon, which it is not, so
 * this always throws.
 */
function whyNotLoadable(library: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, library)
  } catch (error) {
    // eslint-disable-next-line rooms/messages -- the dynamic loader has one code for all that it refuses
    const reason = messageOf(error)
    if (/cannot open shared object|no such file|not found/i.test(reason)) return reason
  }
  return undefined
}

function binaryFolder(entry: string): string {
  return join(dirname(entry), '..', 'bin', 'napi-v6', process.platform, process.arch)
}
