// How the trials of one beta learned and how they score: learning curves and histograms of both parts of the score, one
// panel per class.

import { TollError } from 'toll'
import { meanInterval } from 'toll/metrics'
import {
  curvePanels,
  histogramPanels,
  type Chart,
  type CurvePanel,
  type PanelSeries,
  type ReportTable,
} from 'toll/report'
import type { Curve, ImageRecord } from '../images/index.js'

export interface NamedChart {
  readonly file: string
  readonly title: string
  readonly caption: string
  readonly chart: Chart
}

const kinds: Readonly<Record<'train' | 'normal' | 'anomalous', PanelSeries>> = {
  train: { name: 'training batches', colour: 'series-2', dashed: true },
  normal: { name: 'validation, normal', colour: 'normal' },
  anomalous: { name: 'validation, anomalous', colour: 'anomaly' },
}

const curves = [
  {
    file: 'reconstruction',
    title: 'Reconstruction error while learning',
    yLabel: '‖x − x′‖',
    scale: 1,
    lines: [
      ['trainReconstruction', kinds.train],
      ['normalReconstruction', kinds.normal],
      ['anomalousReconstruction', kinds.anomalous],
    ],
  },
  {
    file: 'latent-norm',
    title: 'Norm of the code while learning',
    yLabel: '‖z‖',
    scale: 1,
    lines: [
      ['trainLatentNorm', kinds.train],
      ['normalLatentNorm', kinds.normal],
      ['anomalousLatentNorm', kinds.anomalous],
    ],
  },
  {
    file: 'validation-auroc',
    title: 'Validation AUROC while learning',
    yLabel: 'AUROC (%)',
    scale: 100,
    lines: [['validationAuroc', { name: 'validation AUROC', colour: 'series-1' }]],
  },
] as const satisfies readonly {
  readonly lines: readonly (readonly [keyof Curve, PanelSeries])[]
  [other: string]: unknown
}[]

/**
 * Three charts of the trials of one setting and beta, means over the seeds of a class; none where there are no trials.
 *
 * @param stem what the charts' file names begin with
 */
export async function learningCharts(trials: readonly ImageRecord[], stem: string): Promise<NamedChart[]> {
  const classes = groupByClass(trials)
  if (classes.length === 0) return []
  const seeds = Math.max(...classes.map(({ records }) => records.length))
  return Promise.all(
    curves.map(async ({ file, title, yLabel, scale, lines }) => {
      const panels = classes.map(({ name, records }): CurvePanel => ({
        title: name,
        lines: lines.map(([part]) => ({ x: records[0].curve.step, y: meanCurve(records, part, scale) })),
      }))
      const chart = await curvePanels(panels, {
        series: lines.map(([, series]) => series),
        xLabel: 'training step',
        yLabel,
        description: `${title}, one panel per normal class: ${lines.map(([, { name }]) => name).join(', ')}.`,
        table: tabulateCurves(
          panels,
          lines.map(([, { name }]) => name),
        ),
      })
      return {
        file: `${stem}-${file}.svg`,
        title,
        caption: `One panel per normal class, common axes${seeds > 1 ? ', means over seeds' : ''}.`,
        chart,
      }
    }),
  )
}

/** Two charts of the test images at the last step of each class's lowest seed; none where there are no trials. */
export async function histogramCharts(trials: readonly ImageRecord[], stem: string): Promise<NamedChart[]> {
  const classes = groupByClass(trials)
  if (classes.length === 0) return []
  const parts = [
    ['reconstruction', 'Reconstruction error', '‖x − x′‖'],
    ['latentNorm', 'Norm of the code', '‖z‖'],
  ] as const
  return Promise.all(
    parts.map(async ([part, title, xLabel]) => {
      const panels = classes.map(({ name, records: [{ histograms }] }) => {
        const { range, normal, anomalous } = histograms[part]
        return { title: name, range, counts: [normal, anomalous] }
      })
      const chart = await histogramPanels(panels, {
        series: [
          { name: 'normal', colour: 'normal' },
          { name: 'anomalous', colour: 'anomaly' },
        ],
        xLabel,
        description:
          `${title} of the test images at the last step, normal against anomalous, ` + 'one panel per normal class.',
        table: {
          caption: 'Medians, to the width of a bin',
          columns: [
            { title: 'normal class' },
            { title: 'normal', align: 'right' },
            { title: 'anomalous', align: 'right' },
          ],
          rows: panels.map(({ title: name, range, counts }) => [
            name,
            ...counts.map((bins) => String(Number(medianOf(range, bins).toPrecision(3)))),
          ]),
        },
      })
      return {
        file: `${stem}-${part === 'reconstruction' ? 'reconstruction' : 'latent-norm'}-histogram.svg`,
        title: `${title} of test images`,
        chart,
        caption:
          'Shares of each kind at the last step of the lowest seed. Each panel has its own axes: the ends of ' +
          'its range stand below it, ' +
          'and the last bin holds all that lies above.',
      }
    }),
  )
}

function groupByClass(
  trials: readonly ImageRecord[],
): { readonly name: string; readonly records: readonly ImageRecord[] }[] {
  const classes = [...new Set(trials.map((trial) => trial.class))].sort((a, b) => a - b)
  return classes.map((normal) => {
    const records = trials.filter((trial) => trial.class === normal).sort((a, b) => a.seed - b.seed)
    return { name: records[0].className, records }
  })
}

/** All records look at the same steps, being of one setting. Error: `data` for one that does not. */
function meanCurve(records: readonly ImageRecord[], part: keyof Curve, scale: number): number[] {
  const { length } = records[0].curve.step
  for (const { id, curve } of records) {
    if (curve[part]?.length !== length)
      throw new TollError(
        'inconsistent-results',
        `the curve '${part}' of trial ${id} has ${curve[part]?.length ?? 'no'} values, expected ${length}`,
        { part, value: curve[part]?.length, expected: `${length} values` },
      )
  }
  return records[0].curve[part].map((_, i) => scale * meanInterval(records.map(({ curve }) => curve[part][i])).mean)
}

/** Five points of each curve. */
function tabulateCurves(panels: readonly CurvePanel[], names: readonly string[]): ReportTable {
  return {
    caption: 'Points of each curve',
    columns: [
      { title: 'normal class' },
      { title: 'step', align: 'right' },
      ...names.map((title) => ({ title, align: 'right' as const })),
    ],
    rows: panels.flatMap(({ title, lines }) => {
      const { x } = lines[0]!
      const picked = [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (x.length - 1))))]
      return picked.map((i) => [title, String(x[i]), ...lines.map((line) => String(Number(line!.y[i].toPrecision(4))))])
    }),
  }
}

/** The middle of the bin that holds the median. */
function medianOf([low, high]: readonly [number, number], bins: readonly number[]): number {
  const half = bins.reduce((total, count) => total + count, 0) / 2
  let below = 0
  const bin = bins.findIndex((count) => (below += count) >= half)
  return low + ((high - low) * (bin + 0.5)) / bins.length
}
