// Stage 5 of a fit: the draft of the model file scores the rows that were held out, and the threshold follows from
// their scores.

import { takeRows } from '../base/index.js'
import { defaultThresholdRule, fitThreshold, needsLabels, type LabelledScores } from '../threshold/index.js'
import { encode, type Calibration, type Draft } from './encode.js'
import type { Preprocessed } from './fit-preprocessing.js'
import { Model } from './model.js'
import type { Preparation } from './prepare.js'
import type { Split } from './split.js'

/** @throws as `fitThreshold`; `aborted`. */
export async function calibrate(
  draft: Draft,
  { options: { engine, signal, threshold: rule = defaultThresholdRule } }: Preparation,
  { heldOut, training, anomalies }: Split,
  { samples }: Preprocessed,
): Promise<Calibration> {
  const model = new Model(encode(draft), engine)
  try {
    const scoresOf = async (rows: readonly number[]) =>
      Array.from((await model.score(takeRows(samples, rows), { signal })).score)
    const normal = await scoresOf(heldOut.length > 0 ? heldOut : training)
    // Anomalies compare only with normal rows that training did not see either.
    const anomalous = heldOut.length > 0 && needsLabels(rule) ? await scoresOf(anomalies) : []
    const scores = normal.toSorted((a, b) => a - b)
    return {
      threshold: fitThreshold(rule, scores, anomalous.length > 0 ? labelled(normal, anomalous) : undefined),
      heldBack: { ...draft.manifest.heldBack, scores },
    }
  } finally {
    await model.close()
  }
}

function labelled(normal: readonly number[], anomalous: readonly number[]): LabelledScores {
  return { scores: [...normal, ...anomalous], labels: [...normal.map(() => 0), ...anomalous.map(() => 1)] }
}
