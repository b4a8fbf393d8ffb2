// Stage 4 of a fit: the rows that train run through the preprocessing, exactly as the model file will run it, and the
// detector learns from what comes out.

import { takeRows, type FloatArray, type NdArray, type Samples } from '../base/index.js'
import type { FittedDetector } from '../detectors/index.js'
import type { Engine, HostTensors } from '../runtime/index.js'
import { encodeInputs, type Encoding } from './compose.js'
import type { Preprocessed } from './fit-preprocessing.js'
import { encodeTable } from './inputs.js'
import type { Preparation } from './prepare.js'
import type { Split } from './split.js'

/** @throws as the detector: `data` for samples that it cannot learn from, `diverged`, `aborted`. */
export async function fitDetector(
  { detector, parameters, seed, labels, weights, options }: Preparation,
  { training, anomalies }: Split,
  { samples, encoding }: Preprocessed,
): Promise<FittedDetector> {
  const { engine, signal, onProgress, checkpoint } = options
  const rows = [...training, ...anomalies]
  const data = {
    samples: await preprocessed(takeRows(samples, rows), encoding, engine),
    ...(labels && { labels: Uint8Array.from(rows, (row) => labels[row]) }),
    ...(weights && { weights: Float32Array.from(rows, (row) => weights[row]) }),
  }
  return detector.fit(data, parameters, { engine, seed, signal, onProgress, checkpoint })
}

async function preprocessed(data: Samples, encoding: Encoding, engine: Engine): Promise<NdArray> {
  const { inputs, samples } = encodeInputs(encoding)
  const session = await engine.load({ inputs, outputs: { samples } })
  try {
    const result = await session.run(tensorsOf(data, encoding))
    return { shape: result.samples.shape, data: result.samples.data as FloatArray }
  } finally {
    await session.close()
  }
}

function tensorsOf(data: Samples, { input }: Encoding): HostTensors {
  if (data.kind === 'table') return encodeTable(data, input.kind === 'table' ? input.columns : []).tensors(0, data.rows)
  return { image: { dtype: 'float32', shape: data.shape, data: Float32Array.from(data.data) } }
}
