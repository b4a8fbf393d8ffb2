// The section of labels: how well the scores tell anomalies from normal rows, and what each threshold calls.

import type { Evaluation } from '../evaluate/index.js'
import { confusionAt, f1Score, precision, precisionRecallCurve, recall, rocCurve } from '../metrics/index.js'
import type { Manifest } from '../model/index.js'
import { precisionRecallChart, rocChart, type Block } from '../report/index.js'
import type { LabelledRows, MeasureName } from '../evaluate/index.js'
import { counted, grouped, named, percent, showNumber } from './words.js'

const titles: Readonly<Record<MeasureName, string>> = {
  auroc: 'Area under the ROC curve',
  averagePrecision: 'Average precision',
  f1: 'F1 at the threshold',
  precision: 'Precision at the threshold',
  recall: 'Recall at the threshold',
}

/** What intervals resample. */
const units = { rows: 'rows, each class by itself', groups: 'whole groups', blocks: 'blocks of consecutive rows' }

export async function labelBlocks(
  { threshold, thresholds = {} }: Manifest,
  { scores, labels }: LabelledRows,
  evaluation: Evaluation,
): Promise<Block[]> {
  const { rows, measures, resampled, precisionAt } = evaluation
  const { level, replicates } = measures.auroc
  const all = [
    ['decides', threshold.value] as const,
    ...Object.entries(thresholds).map(([name, { value }]) => [name, value] as const),
  ]
  return [
    {
      kind: 'paragraph',
      text:
        `${counted(rows.anomalies, 'anomaly', 'anomalies')} and ${counted(rows.normal, 'normal row')} ` +
        'by their labels. ' +
        `Intervals: ${percent(level)}, ${grouped(replicates)} bootstrap replicates of ${units[resampled.unit]}.`,
    },
    {
      kind: 'table',
      table: {
        caption: 'How well scores and labels agree',
        columns: [{ title: 'measure' }, ...['value', 'from', 'to'].map((title) => ({ title, digits: 4 }))],
        rows: [
          ...Object.entries(titles).map(([name, title]) => [title, measures[name as MeasureName]] as const),
          ...precisionAt.map((entry) => [`Precision of the ${grouped(entry.rows)} highest`, entry] as const),
        ].map(([title, { value, low, high }]) => [title, value, low, high]),
      },
    },
    {
      kind: 'columns',
      blocks: [
        {
          kind: 'figure',
          title: 'ROC curve',
          chart: await rocChart([{ name: 'scores', curve: rocCurve(scores, labels), auroc: measures.auroc.value }]),
        },
        {
          kind: 'figure',
          title: 'Precision and recall',
          chart: await precisionRecallChart(precisionRecallCurve(scores, labels), measures.averagePrecision.value),
        },
      ],
    },
    {
      kind: 'table',
      table: {
        caption: 'What each threshold calls',
        columns: [
          { title: 'threshold' },
          ...['score above', 'anomalies called', 'anomalies missed', 'false alarms', 'normal rows not called'].map(
            (title) => ({ title, align: 'right' }) as const,
          ),
          ...['precision', 'recall', 'F1'].map((title) => ({ title, digits: 3 })),
        ],
        rows: all.map(([name, value]) => {
          const counts = confusionAt(scores, labels, value)
          return [
            named(name),
            showNumber(value),
            ...[counts.truePositives, counts.falseNegatives, counts.falsePositives, counts.trueNegatives].map(grouped),
            precision(counts),
            recall(counts),
            f1Score(counts),
          ]
        }),
      },
    },
  ]
}

/** What labels say against trusting the model. */
export function labelCautions({ measures, warnings }: Evaluation): string[] {
  const { auroc, recall: caught } = measures
  return [
    ...(auroc.low <= 0.5
      ? [
          `The scores do not tell the labelled anomalies from normal rows: an area under the ROC curve of ` +
            `${showNumber(auroc.value)} (${showNumber(auroc.low)} to ${showNumber(auroc.high)}), where chance has 0.5.`,
        ]
      : []),
    ...(caught.value < 0.5
      ? [`The threshold calls ${percent(caught.value)} of the labelled anomalies and misses the others (see Labels).`]
      : []),
    ...(warnings.some(({ code }) => code === 'few-clusters')
      ? ['Few groups or blocks of rows have anomalies: the intervals of the measures are too narrow.']
      : []),
  ]
}
