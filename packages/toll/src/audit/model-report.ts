// The report of a model, for whoever asks which rows are wrong, why, and whether to trust it: one HTML file that needs
// nothing else. Numbers come from the manifest, from scored rows, and from refits; this file only says what follows
// what.

import { TollError, version } from '../base/index.js'
import { detectorOf, type Detector } from '../detectors/index.js'
import { evaluateScores } from '../evaluate/index.js'
import type { Model } from '../model/index.js'
import type { Report } from '../report/index.js'
import { profileBlocks, schemaBlocks } from './report-columns.js'
import { scoreBlocks, stabilityBlocks, trainingBlocks } from './report-course.js'
import { labelBlocks } from './report-labels.js'
import { formulaBlocks, originBlocks, type CommandLine } from './report-origin.js'
import { anomalyBlocks } from './report-rows.js'
import { leadOf, verdictBlocks } from './report-verdict.js'
import type { Sifted } from './sift.js'
import type { Stability } from './stability.js'

export interface ModelReportOptions {
  /** What the model's file is called; default 'model.onnx'. */
  readonly name?: string
  /** Rows that it scored, from `siftRows`. */
  readonly sifted?: Sifted
  /** What the scored rows are called, such as the name of their file. */
  readonly source?: string
  /** Whether the scored rows are those that the model was fitted to; default false. */
  readonly ofTraining?: boolean
  /** From `measureStability`. */
  readonly stability?: Stability
  /** Columns that are shown with each row, 1 to 50; default 8. */
  readonly columnsShown?: number
  /** How the model and this report are made again. */
  readonly commands?: readonly CommandLine[]
  /** How to get what is left out: scored rows, stability. */
  readonly hints?: { readonly rows?: string; readonly stability?: string }
  /** As `explain`. */
  readonly detector?: Detector
  readonly evaluations?: number
  readonly seed?: number
  readonly signal?: AbortSignal
  /** Called with the number of rows that are explained. */
  readonly onProgress?: (rows: number) => void
}

/**
 * The report as blocks: `renderReport` makes the page of it. Rows are explained here; everything else is measured
 * before.
 *
 * @throws `argument` for options outside their ranges; as `explain`.
 */
export async function modelReport(model: Model, options: ModelReportOptions = {}): Promise<Report> {
  const {
    name = 'model.onnx',
    source,
    ofTraining = false,
    stability,
    columnsShown = 8,
    commands = [],
    hints = {},
    evaluations,
    seed,
    signal,
    onProgress,
  } = options
  if (!(Number.isInteger(columnsShown) && columnsShown >= 1 && columnsShown <= 50))
    throw new TollError('out-of-domain', `columnsShown must be an integer from 1 to 50, got ${columnsShown}`, {
      option: 'columnsShown',
      value: columnsShown,
      expected: 'an integer from 1 to 50',
    })
  const { manifest } = model
  const detector = detectorOf(manifest, options.detector)
  // Training data do not drift from themselves.
  const sifted = options.sifted && ofTraining ? { ...options.sifted, drift: undefined, columns: [] } : options.sifted
  const labelled = sifted?.labelled
  const evaluation = labelled && evaluateScores({ ...labelled, ofTraining }, manifest)
  const verdict = {
    manifest,
    detector,
    sifted,
    ofTraining,
    ...(evaluation && { evaluation }),
    ...(stability && { stability }),
  }
  return {
    title: `${name}${source === undefined ? '' : ` on ${source}`}`,
    lead: leadOf(verdict),
    sections: [
      { title: 'Verdict', blocks: verdictBlocks(verdict) },
      {
        title: 'Anomalies',
        blocks: sifted
          ? await anomalyBlocks(model, sifted, { columnsShown, detector, evaluations, seed, signal, onProgress })
          : [
              {
                kind: 'paragraph',
                text: `No rows were scored for this report. ${hints.rows ?? 'Give scored rows to have them here.'}`,
              },
            ],
      },
      { title: 'Scores', blocks: await scoreBlocks(manifest, sifted) },
      ...(labelled && evaluation
        ? [{ title: 'Labels', blocks: await labelBlocks(manifest, labelled, evaluation) }]
        : []),
      { title: 'Training', blocks: await trainingBlocks(manifest, detector) },
      { title: 'Data', blocks: await profileBlocks(model, sifted) },
      {
        title: 'Stability',
        blocks: stabilityBlocks(stability, hints.stability ?? 'Give the result of measureStability.'),
      },
      { title: 'Schema', blocks: schemaBlocks(model, name) },
      { title: 'Formulas', blocks: formulaBlocks(manifest, detector) },
      { title: 'Origin', blocks: await originBlocks(model, commands) },
    ],
    footer: `Made by toll ${version}. The page holds everything it shows and asks for nothing from a network.`,
  }
}
