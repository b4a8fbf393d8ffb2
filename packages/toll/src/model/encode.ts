// Stage 6 of a fit, in two steps: the scoring graph is composed and lowered once, as a draft that scores; thresholds,
// held-out scores and the manifest are written into the draft when it has scored the rows that were held out.

import { rowCount, version, type Samples } from '../base/index.js'
import type { FittedDetector } from '../detectors/index.js'
import { compileModel, constant, fillSlots, greater, opsetVersion, type LoweredModel } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { profileColumns } from '../preprocess/index.js'
import { pValue, pValueSlots } from '../threshold/index.js'
import { compose, type Composed } from './compose.js'
import { fingerprint } from './fingerprint.js'
import type { Preprocessed } from './fit-preprocessing.js'
import { manifestFormat, type Manifest } from './manifest.js'
import type { Preparation } from './prepare.js'
import { withDecisions } from './rewrite.js'
import { seal } from './seal.js'
import type { Split } from './split.js'

/** What the scores of held-out rows change in a manifest. */
export type Calibration = Pick<Manifest, 'threshold' | 'heldBack'>

/** A model file that scores and is not calibrated: its threshold is 0, and it holds no scores. */
export interface Draft {
  readonly model: LoweredModel
  readonly manifest: Manifest
}

/** @throws `argument` where the scorer does not compute what its detector declares. */
export async function draftFile(
  preparation: Preparation,
  split: Split,
  preprocessed: Preprocessed,
  fitted: FittedDetector,
): Promise<Draft> {
  const { declared, encoding } = preprocessed
  const composed = compose(encoding, fitted, declared)
  return {
    model: lowered(composed, split.heldOut.length),
    manifest: {
      format: manifestFormat,
      detector: preparation.detector.name,
      parameters: preparation.parameters,
      seed: preparation.seed,
      input: encoding.input,
      preprocessing: encoding.preprocessing,
      parts: declared.components,
      largestBatch: composed.largestBatch,
      threshold: { kind: 'fixed', value: 0 },
      heldBack: { ...sourceOf(split), share: preparation.holdOut, scores: [] },
      ...(preparation.windows && { window: preparation.windows.settings }),
      ...profileOf(preprocessed.given, preparation.rowLabels),
      rows: {
        given: rowCount(preprocessed.samples),
        trained: split.training.length,
        anomalies: split.anomalies.length,
      },
      ...readingOf(preparation.options),
      dataFingerprint: await fingerprint(preprocessed.given),
      containsTrainingRows: fitted.containsTrainingRows,
      training: fitted.summary,
      versions: { toll: version, opset: String(opsetVersion) },
    },
  }
}

/** What was said, without what was not. */
function readingOf({ reading = {} }: Preparation['options']): Pick<Manifest, 'reading'> {
  const said = Object.entries(reading).filter(([, value]) => value !== undefined)
  return said.length > 0 ? { reading: Object.fromEntries(said) } : {}
}

/** The bytes of the model file, or of the draft. */
export function encode({ model, manifest }: Draft, calibration?: Calibration): Uint8Array {
  const scores = calibration?.heldBack.scores ?? []
  const filled = fillSlots(model, scores.length > 0 ? pValueSlots(scores) : {})
  return seal(encodeModel(withDecisions(filled, { ...manifest, ...calibration })))
}

/**
 * Details stay in the graph as named values that are no outputs, so that they cost nothing until asked for. With
 * held-out rows there is a p-value, whose slots wait for their scores.
 */
function lowered({ inputs, score, components, details }: Composed, heldOut: number): LoweredModel {
  const model = compileModel(
    {
      score,
      ...components,
      ...(heldOut > 0 && { p_value: pValue(score, heldOut) }),
      is_anomaly: greater(score, constant(0, [], 'float64')),
      ...details,
    },
    { inputs, producerVersion: version },
  )
  const { outputs } = model.graph
  const isDetail = (name: string) => Object.hasOwn(details, name)
  return {
    ...model,
    graph: {
      ...model.graph,
      outputs: outputs.filter(({ name }) => !isDetail(name)),
      values: outputs.filter(({ name }) => isDetail(name)),
    },
  }
}

/** Too few rows to hold any out: those of training take their place, and the manifest says so. */
function sourceOf({ heldOut, by, groups }: Split): Pick<Manifest['heldBack'], 'source' | 'by' | 'groups'> {
  return heldOut.length > 0 ? { source: 'held-back', by, groups } : { source: 'training' }
}

/** How the columns of the rows are distributed, labelled anomalies left out. */
function profileOf(given: Samples, labels: Uint8Array | undefined): Pick<Manifest, 'profile'> {
  if (given.kind !== 'table') return {}
  const normal = Array.from({ length: given.rows }, (_, row) => row).filter((row) => labels?.[row] !== 1)
  return { profile: profileColumns(given, normal) }
}
