// One detector on one split, without a model file in between: fitted to scaled rows, then asked for the scores of
// others in pieces, so that memory does not grow with their number. What the comparisons of detectors have in common.

import { TollError, resolveParameters, throwIfAborted, type Domains, type NdArray, type Values } from '../base/index.js'
import type { Detector, FittedDetector } from '../detectors/index.js'
import { costOf, input } from '../graph/index.js'
import { float32, float64, type Engine } from '../runtime/index.js'

/** (n, d), float64. */
export type Rows = NdArray<Float64Array>

export interface DetectorRunOptions {
  readonly detector: Detector
  /** What is left out takes the detector's default. */
  readonly parameters?: Partial<Values<Domains>>
  /** Finite, imputed and scaled. */
  readonly train: Rows
  /** 1 = anomaly, one per training row: those rows are left out by detectors that learn from normal rows. */
  readonly labels?: Uint8Array
  /** Sets of rows to score, of the same width. */
  readonly scored: readonly Rows[]
  readonly engine: Engine
  readonly seed: number
  readonly signal?: AbortSignal
  /** Share of the fit that is done, in [0, 1]. */
  readonly onFit?: (share: number) => void
}

export interface DetectorRun {
  /** One list per set of rows; never NaN. */
  readonly scores: readonly Float64Array[]
  readonly fitSeconds: number
  /** Of all sets, with the time to load the program. */
  readonly scoreSeconds: number
}

/** Bytes of the tensors of one piece. */
const pieceBytes = 256 * 2 ** 20
const mostRows = 1 << 16

/**
 * Errors: those of the detector's fit; `shape` for rows of another width; `diverged` for scores that are NaN;
 * `aborted`.
 */
export async function runDetector(options: DetectorRunOptions): Promise<DetectorRun> {
  const { detector, train, labels, scored, engine, seed, signal, onFit } = options
  throwIfAborted(signal)
  const parameters = resolveParameters(detector.parameters, options.parameters ?? {}, `${detector.name} parameter`)
  const samples = detector.precision === 'float32' ? { shape: train.shape, data: Float32Array.from(train.data) } : train
  const started = performance.now()
  const fitted = await detector.fit({ samples, ...(labels && { labels }) }, parameters, {
    engine,
    seed,
    signal,
    onProgress: ({ step, steps }) => onFit?.(steps > 0 ? Math.min(1, step / steps) : 0),
  })
  const between = performance.now()
  const scores = await scoreRows(fitted, scored, train.shape[1], { detector, engine, signal })
  return { scores, fitSeconds: (between - started) / 1e3, scoreSeconds: (performance.now() - between) / 1e3 }
}

async function scoreRows(
  fitted: FittedDetector,
  sets: readonly Rows[],
  width: number,
  { detector, engine, signal }: Pick<DetectorRunOptions, 'detector' | 'engine' | 'signal'>,
): Promise<Float64Array[]> {
  const x = input('x', ['batch', width], detector.precision)
  const outputs = { score: fitted.score(x).score }
  const bytes = (batch: number) => costOf(outputs, { inputs: [x], sizes: { batch } }).peakBytes
  const size = Math.max(1, Math.min(mostRows, Math.floor(pieceBytes / Math.max(1, (bytes(96) - bytes(32)) / 64))))
  const session = await engine.load({ inputs: [x], outputs })
  try {
    const all: Float64Array[] = []
    for (const {
      shape: [rows, columns],
      data,
    } of sets) {
      if (columns !== width)
        throw new TollError(
          'shape-mismatch',
          `the detector was fitted to ${width} columns, the rows to score have ${columns}`,
          { value: columns, expected: `${width} columns` },
        )
      const scores = new Float64Array(rows)
      for (let from = 0; from < rows; from += size) {
        throwIfAborted(signal)
        const to = Math.min(from + size, rows)
        const piece = data.subarray(from * width, to * width)
        const shape = [to - from, width]
        const { score } = await session.run({
          x:
            detector.precision === 'float32' ? float32(shape, Float32Array.from(piece)) : float64(shape, piece.slice()),
        })
        scores.set(score.data as Float64Array, from)
      }
      const bad = scores.findIndex((score) => Number.isNaN(score))
      if (bad >= 0)
        throw new TollError('loss-not-finite', `${detector.name} gave row ${bad} no score (NaN)`, { row: bad })
      all.push(scores)
    }
    return all
  } finally {
    await session.close()
  }
}
