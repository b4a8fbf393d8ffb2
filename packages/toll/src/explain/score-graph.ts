// A score taken apart in the graph of its model file, as its detector says: the programs that give the samples, what is
// left of them, and the values and gradients of terms between a typical row and a row.

import { TollError } from '../base/index.js'
import type { Detector, ScoreTerm } from '../detectors/index.js'
import { cast, costOf, gradients, input, sameShape, substitute, sum, topological, type Tensor } from '../graph/index.js'
import { readScoringGraph, type Model } from '../model/index.js'
import type { Program } from '../runtime/index.js'

/** A term as its detector declares it, with the program that its gradients need. */
export type GraphTerm = Omit<ScoreTerm, 'residual' | 'by'> &
  (
    | {
        readonly by: 'squares'
        /** The output of `residuals` with what is left of the samples. */
        readonly residual: string
      }
    | {
        readonly by: 'gradients'
        /** `points` (n, ...sample) to `value` (n), and `gradient` (n, ...sample), its gradient. */
        readonly path: Program
        /** Points that one run of `path` should take at most. */
        readonly pointsPerRun: number
      }
  )

export interface ScoreGraph {
  /** Raw inputs to `samples` and to the residual of each term that has one, (n, ...sample). */
  readonly residuals: Program
  readonly terms: readonly GraphTerm[]
  /** What a typical row has of the terms with gradients, in words. */
  readonly base: string
  /** Shape of one sample. */
  readonly sample: readonly number[]
  readonly precision: 'float32' | 'float64'
}

type Explaining = Detector & Required<Pick<Detector, 'explanation'>>

export function explains(detector: Detector | undefined): detector is Explaining {
  return detector?.explanation !== undefined
}

/**
 * The programs of a model whose detector explains its scores.
 *
 * @throws `format` where the graph in the file is not the detector's; `argument` where its explanation does not fit the
 * graph.
 */
export function readScoreGraph(
  { bytes, manifest }: Pick<Model, 'bytes' | 'manifest'>,
  detector: Explaining,
): ScoreGraph {
  const { inputs, outputs, built } = readScoringGraph(bytes)
  const { samples, terms, base } = detector.explanation(built, manifest.parameters)
  const refuse = (problem: string) =>
    new TollError('invalid-detector', `the explanation of detector '${detector.name}' cannot be used: ${problem}`, {
      option: 'detector',
      value: detector.name,
    })
  if (terms.length === 0) throw refuse('it has no terms')
  for (const [i, { name, output, weight }] of terms.entries()) {
    if (terms.findIndex((term) => term.name === name) < i) throw refuse(`two terms are called '${name}'`)
    if (!['score', ...manifest.parts].includes(output))
      throw refuse(`term '${name}' is to be the output '${output}', which is no component of the score`)
    if (!Number.isFinite(weight)) throw refuse(`term '${name}' has the weight ${weight}`)
  }
  const residuals = terms.flatMap((term, i) => (term.by === 'squares' ? [[`residual${i}`, term] as const] : []))
  for (const [, { name, residual }] of residuals)
    if (!sameShape(residual.shape, samples.shape))
      throw refuse(
        `the residual of term '${name}' has the shape (${residual.shape.join(', ')}), samples have ` +
          `(${samples.shape.join(', ')})`,
      )
  return {
    residuals: {
      inputs,
      outputs: { samples, ...Object.fromEntries(residuals.map(([name, { residual }]) => [name, residual])) },
    },
    terms: terms.map((term, i): GraphTerm => {
      const { name, title, output, weight } = term
      return term.by === 'squares'
        ? { name, title, output, weight, by: 'squares', residual: `residual${i}` }
        : { name, title, output, weight, by: 'gradients', ...pathOf(outputs[output], samples, name, refuse) }
    }),
    base,
    sample: samples.shape.slice(1).map(Number),
    precision: samples.dtype as 'float32' | 'float64',
  }
}

/** The value of a term and its gradient at points that are fed in the place of the samples. */
function pathOf(
  value: Tensor,
  samples: Tensor,
  name: string,
  refuse: (problem: string) => TollError,
): { readonly path: Program; readonly pointsPerRun: number } {
  const points = input('points', samples.shape, samples.dtype)
  const outputs = substitute({ value: cast(value, 'float64') }, new Map([[samples, points]]))
  const nodes = topological([outputs.value])
  if (!nodes.includes(points) || nodes.some((node) => node.op.name === 'input' && node !== points))
    throw refuse(`term '${name}' must depend on the samples, and on nothing else`)
  const [gradient] = gradients(sum(outputs.value), [points])
  return {
    path: { inputs: [points], outputs: { value: outputs.value, gradient } },
    pointsPerRun: pointsPerRunOf({ value: outputs.value, gradient }, points),
  }
}

/** Memory that one run may take. */
const runBytes = 128 * 2 ** 20

function pointsPerRunOf(outputs: Readonly<Record<string, Tensor>>, points: Tensor): number {
  const name = String(points.shape[0])
  const peak = (size: number) => costOf(outputs, { inputs: [points], sizes: { [name]: size } }).peakBytes
  const perPoint = Math.max((peak(65) - peak(1)) / 64, 1)
  return Math.max(1, Math.min(4096, Math.floor(runBytes / perPoint)))
}
