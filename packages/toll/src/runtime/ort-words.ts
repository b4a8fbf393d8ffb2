// What ONNX Runtime says when it fails. Its errors have no data but their text: this file is the only one that reads
// it, and gives the rest of the room facts.

import { messageOf } from '../base/index.js'

/** A failure of ONNX Runtime. */
export interface OrtFailure {
  /** The first line of its message, less the source position that some begin with. */
  readonly line: string
  readonly outOfMemory: boolean
  /** What the machine lacks, where that is why a device does not work. */
  readonly lacks?: 'a GPU' | 'CUDA'
}

export function readFailure(error: unknown): OrtFailure {
  // eslint-disable-next-line rooms/messages -- errors of ONNX Runtime carry no data
  const lines = messageOf(error).split('\n')
  const first = lines.find((text) => text.trim() !== '') ?? 'no reason given'
  const line = first.replace(/^\S*onnxruntime_src\S*\s/, '').trim()
  return {
    line,
    outOfMemory: /bad_alloc|out of memory|failed to allocate|allocation failed/i.test(line),
    ...(/adapter/i.test(line)
      ? { lacks: 'a GPU' }
      : /load|shared library|cudnn|cublas/i.test(line)
        ? { lacks: 'CUDA' }
        : {}),
  }
}
