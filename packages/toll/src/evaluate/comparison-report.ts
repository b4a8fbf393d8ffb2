// A comparison of detectors on a table as people and programs read it: ranked, with intervals, times, and what failed.

import { version } from '../base/index.js'
import { rocChart, type Block, type MetricTile, type ReportCell, type ReportTable } from '../report/index.js'
import type { ComparedDetector, Comparison } from './compare.js'
import { renderExperiment, type RenderedExperiment } from './render-experiment.js'
import type { ResampledMean } from './resampled-mean.js'

/** Curves that one chart can tell apart. */
const curves = 4

export interface RenderComparisonOptions {
  /** What was compared on, such as the name of a file. */
  readonly source: string
  /** How the report was made. */
  readonly command?: string
}

export async function renderComparison(
  comparison: Comparison,
  { source, command }: RenderComparisonOptions,
): Promise<RenderedExperiment> {
  const { ranking, failed, rows, settings } = comparison
  const [best] = ranking
  const shown = ranking.slice(0, curves)
  const roc: Block = {
    kind: 'figure',
    title: 'ROC curves',
    file: 'compare-roc.svg',
    caption:
      `${shown.length === ranking.length ? 'All detectors' : `The first ${shown.length} detectors`} on the ` +
      'test rows of the first split.',
    chart: await rocChart(
      shown.map(({ detector, roc: curve }) => ({ name: detector, curve, auroc: areaUnder(curve) })),
    ),
  }
  return renderExperiment(
    {
      title: `Detectors on ${source}`,
      lead:
        `${rows.all} rows of ${rows.columns} columns, ${rows.anomalies} of them anomalies. ` +
        `${settings.splits === 1 ? 'One split' : `${settings.splits} splits`}: ${rows.train} rows train, ` +
        `${rows.test} test.`,
      sections: [
        {
          title: 'Ranking',
          blocks: [
            { kind: 'tiles', tiles: tilesOf(best) },
            { kind: 'table', table: tabulateComparison(comparison) },
            ...(failed.length > 0 ? [{ kind: 'table', table: tabulateFailures(comparison) } as const] : []),
          ],
        },
        { title: 'Curves', blocks: [roc] },
        { title: 'Notes', blocks: [{ kind: 'list', items: explainComparison(comparison) }] },
      ],
      footer:
        `Made by toll ${version}${command === undefined ? '' : ` with the command "${command}"`} on ` +
        `${comparison.machine.device} with ${comparison.machine.threads} ` +
        `${comparison.machine.threads === 1 ? 'thread' : 'threads'} per run, seed ${settings.seed}.`,
    },
    listComparison(comparison),
    { source, ...comparison, ranking: ranking.map(({ roc: _, ...compared }) => compared) },
  )
}

function tilesOf({ detector, auroc, averagePrecision }: ComparedDetector): MetricTile[] {
  return [
    { label: 'Best detector', value: detector, emphasis: true },
    { label: 'Its AUROC', value: auroc.mean.toFixed(3), note: intervalOf(auroc) ?? undefined },
    {
      label: 'Its average precision',
      value: averagePrecision.mean.toFixed(3),
      note: intervalOf(averagePrecision) ?? undefined,
    },
  ]
}

function tabulateComparison({ ranking, settings }: Comparison): ReportTable {
  const right = (title: string) => ({ title, align: 'right' as const })
  return {
    caption: `Ranked by AUROC${settings.splits > 1 ? `, the mean over ${settings.splits} splits` : ''}`,
    columns: [
      { title: '#', digits: 0 },
      { title: 'detector' },
      { title: 'AUROC', digits: 4 },
      right('95 %'),
      { title: 'average precision', digits: 4 },
      right('95 %'),
      right('behind the best'),
      right('95 %'),
      right('fit'),
      right('score'),
    ],
    rows: ranking.map(({ detector, auroc, averagePrecision, behind, fitSeconds, scoreSeconds }, i) => [
      i + 1,
      detector,
      auroc.mean,
      intervalOf(auroc),
      averagePrecision.mean,
      intervalOf(averagePrecision),
      behind ? signed(behind.mean) : null,
      behind?.interval ? `${signed(behind.interval.low)} to ${signed(behind.interval.high)}` : null,
      seconds(fitSeconds),
      seconds(scoreSeconds),
    ]),
  }
}

function tabulateFailures({ failed }: Comparison): ReportTable {
  return {
    caption: 'Detectors that failed',
    columns: [{ title: 'detector' }, { title: 'reason' }],
    rows: failed.map(({ detector, message }) => [detector, message]),
  }
}

function listComparison({ ranking, failed }: Comparison): ReportTable {
  const titles = [
    'detector',
    'splits',
    'auroc',
    'auroc_sd',
    'auroc_low',
    'auroc_high',
    'average_precision',
    'ap_sd',
    'ap_low',
    'ap_high',
    'fit_seconds',
    'score_seconds',
    'failure',
  ]
  const cells = ({ mean, sd, interval }: ResampledMean): ReportCell[] => [
    mean,
    sd ?? null,
    interval?.low ?? null,
    interval?.high ?? null,
  ]
  return {
    columns: titles.map((title) => ({ title })),
    rows: [
      ...ranking.map(({ detector, auroc, averagePrecision, fitSeconds, scoreSeconds }): ReportCell[] => [
        detector,
        auroc.splits,
        ...cells(auroc),
        ...cells(averagePrecision),
        fitSeconds,
        scoreSeconds,
        null,
      ]),
      ...failed.map(({ detector, message }): ReportCell[] => [
        detector,
        ...Array.from({ length: 11 }, () => null),
        message,
      ]),
    ],
  }
}

/** What a reader must know to use the numbers. */
function explainComparison({ settings, rows, ranking, machine }: Comparison): string[] {
  const { splits, testShare, trainOn, limit, scale, by } = settings
  const alike = ranking
    .filter(({ behind }) => behind?.interval && behind.interval.high >= 0)
    .map(({ detector }) => detector)
  const single = by?.includes('time') ? 'A split by time' : 'A random split'
  const drawn =
    by === undefined ? 'each class drawn by itself' : by === 'time' ? 'blocks of time drawn' : 'whole groups drawn'
  return [
    `${splits > 1 ? `${splits} random splits, the same for all detectors` : single}: ` +
      `${testing(by, percent(testShare))} test, ` +
      (trainOn === 'normal'
        ? 'the other normal rows train, and the other anomalies are not used. '
        : 'the others train, with anomalies among them and without labels. ') +
      `Scaling: ${scale}, by the training rows.`,
    splits === 1
      ? 'Intervals: 1000 bootstrap replicates of the test rows, ' +
        `${drawn}. They say nothing of other training rows` +
        (by?.includes('time') ? '.' : ': use several splits for that.')
      : 'Intervals: Student t over splits, widened for the rows that splits share (Nadeau and Bengio 2003). ' +
        '"Behind the best" is the difference on the same splits.',
    ...(alike.length > 0
      ? [
          `The interval of the difference to ${ranking[0].detector} reaches 0 for ${alike.join(', ')}: these ` +
            'splits do not tell them apart.',
        ]
      : []),
    'A score without any sense has AUROC 0.5 and average precision ' +
      `${(rows.testAnomalies / rows.test).toFixed(3)}, the share of anomalies.`,
    'Detectors ran with default parameters unless they were set. ' +
      `${limit > 0 ? `A fit with its scores was given ${limit} s. ` : ''}` +
      'Choosing the winner by these numbers makes its own number a little too good.',
    `Times: mean seconds of a split on ${machine.device}, ${machine.threads} ` +
      `${machine.threads === 1 ? 'thread' : 'threads'}, with other runs beside it.`,
  ]
}

function areaUnder({ falsePositiveRate: x, truePositiveRate: y }: ComparedDetector['roc']): number {
  let area = 0
  for (let i = 1; i < x.length; i++) area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2
  return area
}

function intervalOf({ interval }: ResampledMean): string | null {
  return interval ? `${Math.max(0, interval.low).toFixed(3)} to ${Math.min(1, interval.high).toFixed(3)}` : null
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
}

function seconds(value: number): string {
  return `${value < 10 ? value.toPrecision(2) : value.toFixed(0)} s`
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`
}

function testing(by: Comparison['settings']['by'], share: string): string {
  if (by === 'time') return `the latest ${share} of the rows`
  return by === undefined
    ? `${share} of each class`
    : `whole groups, ${share} of them${by === 'groups' ? '' : ', those that start latest,'}`
}
