// What a detector is: parameters declared as data, a fit on prepared numbers, and a scorer that is a piece of graph.
// Everything else (preprocessing, thresholds, files, engines) is the same for all of them and stands elsewhere.

import type { Domains, NdArray, Values } from '../base/index.js'
import type { Tensor } from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import type { CheckpointStore } from '../train/index.js'

export type SampleKind = 'table' | 'image'

/** Prepared training data: imputed, scaled, finite, at most 1e15 in size, in the detector's precision. */
export interface TrainingData {
  /** (n, d) for tables, (n, channels, height, width) for images. */
  readonly samples: NdArray
  /** 1 = anomaly, one per sample. Detectors that learn from normal data alone leave anomalies out. */
  readonly labels?: Uint8Array
  /** Non-negative weight of each sample; default 1. Only given to detectors that take weights. */
  readonly weights?: Float32Array
}

export interface FitProgress {
  readonly step: number
  readonly steps: number
  /** What the detector reports of a step, such as `loss`. */
  readonly values: Readonly<Record<string, number>>
}

export interface FitContext {
  readonly engine: Engine
  /** Integer in [0, 2^32); the only source of randomness. */
  readonly seed: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: FitProgress) => void
  /** Where an interrupted fit is kept, and after how many steps it is written. */
  readonly checkpoint?: { readonly store: CheckpointStore; readonly every: number }
}

/** What a scorer computes for samples x (n, ...). */
export interface Scored {
  /** (n), float64; higher is more anomalous. */
  readonly score: Tensor
  /** The score's components, (n) each, by the names that the detector declares: outputs of the model file. */
  readonly components?: Readonly<Record<string, Tensor>>
  /**
   * Further tensors, by the names that the detector declares: named values of the model file that cost nothing until
   * asked for, such as `reconstruction` in x's shape.
   */
  readonly details?: Readonly<Record<string, Tensor>>
}

export interface FittedDetector {
  /** Builds the scoring graph on x: (n, ...sample) with a named or known n, in the detector's precision. */
  score(x: Tensor): Scored
  /** What fitting found, as JSON: sizes, final losses, history. */
  readonly summary: Readonly<Record<string, unknown>>
  /** Whether the scorer contains rows of the training data, which a file would give away. */
  readonly containsTrainingRows: boolean
}

/**
 * A score as a sum of terms that are shared over columns or pixels, found in the graph of a model file: what is known
 * of a score beyond its values. Terms times weights add up to the score.
 */
export interface ScoreExplanation {
  /** The samples x in that graph, (n, ...): every term is a function of them alone. */
  readonly samples: Tensor
  readonly terms: readonly ScoreTerm[]
  /** What a typical row has of the terms that are shared by gradients, such as 'code of a typical row'. */
  readonly base: string
}

export type ScoreTerm = {
  /** Of its contributions, such as 'latent'. */
  readonly name: string
  /** In a sentence, such as 'the norm of the code'. */
  readonly title: string
  /** The component that it is, or `score`. */
  readonly output: string
  readonly weight: number
} & (
  | {
      /** The value in proportion to the squares of `residual`, of x's shape: exact for a norm, no base. */
      readonly by: 'squares'
      readonly residual: Tensor
    }
  | {
      /** What a typical row has of it is the base; the rest by integrated gradients on the way from there. */
      readonly by: 'gradients'
    }
)

/** A score as auditors ask for it. */
export interface ScoreFormula {
  /**
   * In a small subset of TeX (report/formula.ts), with the values of parameters in it; x is the row as the detector
   * takes it, scaled.
   */
  readonly score: string
  /** What the letters stand for. */
  readonly where: readonly string[]
}

export interface Detector<D extends Domains = Domains> {
  /** Name on the command line and in manifests. */
  readonly name: string
  readonly title: string
  /** The idea in one sentence. */
  readonly idea: string
  /** Where it comes from. */
  readonly reference: string
  readonly accepts: readonly SampleKind[]
  /**
   * Element type of the samples that it trains on and scores: float64 where differences between large numbers decide.
   */
  readonly precision: 'float32' | 'float64'
  /** Whether `weights` mean something to it; they are refused otherwise. */
  readonly takesWeights: boolean
  /** Whether its fit writes to `FitContext.checkpoint` and continues from there; default false. */
  readonly keepsCheckpoints?: boolean
  /** Checks of the contract that do not apply, by name, with the reason. */
  readonly exceptions?: Readonly<Record<string, string>>
  readonly parameters: D
  /**
   * Names of the components that its score has with these parameters, in the order of the model file's outputs; without
   * it none. `weighted`: rows have weights.
   */
  components?(parameters: Values<D>, data: { readonly weighted: boolean }): readonly string[]
  /** Names of the details that its scorer computes with these parameters; without it none. */
  details?(parameters: Values<D>): readonly string[]
  /**
   * How its score is taken apart, from the graph of a model file: `outputs` are score, components and details as the
   * scorer built them. Without it scores are explained by Shapley values. Error: `format` where the graph is not what
   * the scorer builds.
   */
  explanation?(outputs: Readonly<Record<string, Tensor>>, parameters: Values<D>): ScoreExplanation
  /** The formula of a fitted score, from its parameters and its summary. */
  formula?(parameters: Values<D>, summary: Readonly<Record<string, unknown>>): ScoreFormula
  fit(data: TrainingData, parameters: Values<D>, context: FitContext): Promise<FittedDetector>
}

/** Indices of the samples that are not labelled as anomalies. */
export function normalIndices({ samples, labels }: TrainingData): number[] {
  const all = Array.from({ length: samples.shape[0] }, (_, i) => i)
  return labels ? all.filter((i) => labels[i] === 0) : all
}

/** A number or text of a summary for a formula: integers whole, other numbers to six significant digits. */
export function shown(summary: Readonly<Record<string, unknown>>, name: string): string {
  const value = summary[name]
  return typeof value === 'number'
    ? String(Number.isInteger(value) ? value : Number(value.toPrecision(6)))
    : typeof value === 'string'
      ? value
      : '?'
}
