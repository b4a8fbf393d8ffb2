// The paper's image tables and figures as people and programs read them, from trials and nothing else: for a terminal,
// as Markdown, CSV, JSON, SVG files and one HTML page that stands alone.

import { TollError } from 'toll'
import type { Block, MetricTile, Report, ReportTable } from 'toll/report'
import { checkStem, count, madeBy } from '../pages/index.js'
import {
  countGains,
  listAblation,
  listSweep,
  signedInterval,
  signedPoints,
  sweepBetas,
  sweepChart,
  tabulateAblation,
  tabulateSweep,
} from './ablation.js'
import { explainOthers, listOthers, tabulateOthers } from './detector-table.js'
import type { DetectorRecord } from '../images/index.js'
import { histogramCharts, learningCharts, type NamedChart } from './curves.js'
import { explainColumns, explainImages, explainRanks } from './notes.js'
import { choices, type ImageRecord } from '../images/index.js'
import {
  betasOf,
  compareWithPlain,
  selectTrials,
  summarizeImages,
  type ImageSelection,
  type ImageSummary,
} from './summary.js'
import { choiceTitles, fixed, listValues, tabulateBaselines, tabulateOurs } from './table.js'
import { paperTables } from './published.js'
import { renderExperiment, type RenderedExperiment } from 'toll/report'

export interface ImageReportOptions extends ImageSelection {
  /** Of one or several logs; those of another data set or setting are passed over. */
  readonly records: readonly ImageRecord[]
  /** Trials of other detectors, shown beside; default none. */
  readonly others?: readonly DetectorRecord[]
  /** What the files of the pictures begin with: letters, digits, '-', '_' and '.'. */
  readonly name: string
  /** Weight of the code norm of Toll; default the protocol's. Beta 0 stands beside it where it ran. */
  readonly beta?: number
  /** The command line that made it, for the footer. */
  readonly command?: string
}

/**
 * Table 1 (MNIST), Table 2 (CIFAR-10), and the same for data sets that the paper has no table of; with learning curves
 * and histograms. Errors: `data` as `selectTrials`; `argument` for a name that is no stem of file names.
 */
export async function renderImageTable(options: ImageReportOptions): Promise<RenderedExperiment> {
  const { protocol, classes, name, beta = protocol.beta } = options
  const { title: dataset } = protocol
  const paper = paperTables[protocol.dataset]
  const published = beta === 0 ? paper?.plain : paper?.toll
  const trials = selectTrials(options.records, options).filter((trial) => trial.beta === beta || trial.beta === 0)
  const betas = [...new Set([beta, ...betasOf(trials)])]
  const summaries = betas.map((one) => summarizeImages(trials, classes, one))
  const [main, plain] = summaries
  const ofToll = trials.filter((trial) => trial.beta === beta)
  const [learning, histograms] = await Promise.all([learningCharts(ofToll, name), histogramCharts(ofToll, name)])
  const others = (options.others ?? []).filter((record) => record.dataset === protocol.dataset)
  const byOthers = tabulateOthers(dataset, others, classes, paper)
  const csv = listValues(summaries, paper, listOthers(others, classes))
  return render(
    options,
    {
      title: `${paper ? `${paper.title}: ${dataset}` : dataset}, one class against the rest`,
      lead:
        'One class is normal and trains, the others are the anomalies of the published test images. ' +
        `${coverage(main)}`,
      sections: [
        {
          title: 'Tables',
          blocks: [
            { kind: 'tiles', tiles: averageTiles(main, plain, published?.average) },
            table(tabulateOurs(dataset, main, paper)),
            ...(paper && beta > 0 ? [table(tabulateBaselines(dataset, main, paper))] : []),
            ...(plain ? [table(tabulateOurs(dataset, plain, paper))] : []),
            ...(byOthers ? [table(byOthers)] : []),
          ],
        },
        {
          title: 'Notes',
          blocks: [
            {
              kind: 'list',
              items: [
                ...explainImages(trials, options, betas),
                ...explainColumns(paper),
                ...(paper && beta > 0 ? [explainRanks(paper)] : []),
                ...explainOthers(others, protocol.dataset),
              ],
            },
          ],
        },
        ...(learning.length > 0
          ? [
              { title: 'Learning curves', blocks: figures(learning) },
              { title: 'Parts of the score', blocks: figures(histograms) },
            ]
          : []),
      ],
    },
    csv,
    { beta, summaries, paper: paper ?? null, trials: trials.map(withoutCurves), others },
  )
}

/**
 * Table 4: Toll against the plain autoencoder (beta 0) as paired differences over equal classes and seeds, by both
 * choices. Errors as `renderImageTable`; `argument` for a beta of 0.
 */
export async function renderAblation(options: ImageReportOptions): Promise<RenderedExperiment> {
  const { protocol, classes, beta = protocol.beta } = options
  const paper = paperTables[protocol.dataset]
  const trials = selectTrials(options.records, options).filter((trial) => trial.beta === beta || trial.beta === 0)
  const ablation = compareWithPlain(trials, classes, beta)
  const { difference, seeds } = ablation.average
  const gains = choices.map((choice) => ({ choice, ...countGains(ablation, choice) }))
  const tiles = choices.map((choice, i): MetricTile => ({
    label: `Average gain, ${choiceTitles[choice]}`,
    value: difference ? signedPoints(100 * difference[choice].mean) : '–',
    emphasis: i === 0,
    note:
      (difference && signedInterval(difference[choice]) ? `95 % ${signedInterval(difference[choice])}, ` : '') +
      `above beta 0 on ${gains[i].above} of ${gains[i].compared} classes`,
  }))
  return render(
    options,
    {
      title: `Table 4: ${protocol.title} with and without the norm term`,
      lead:
        `The same class, seed, first values and batches, with beta ${beta} and with beta 0. Differences are ` +
        'points of AUROC, paired. ' +
        (seeds.length > 0
          ? `The average is over ${count(seeds.length, 'seed')} with which every class ran both ways.`
          : 'No seed has run with every class both ways: there is no average yet.'),
      sections: [
        {
          title: 'Tables',
          blocks: [
            { kind: 'tiles', tiles },
            ...choices.map((choice) => table(tabulateAblation(protocol.title, ablation, choice, paper))),
          ],
        },
        {
          title: 'Notes',
          blocks: [
            {
              kind: 'list',
              items: [
                'Both betas of a row are over the seeds that ran with both, so that the columns subtract to the ' +
                  'difference.',
                ...explainImages(trials, options, [beta, 0]),
                ...explainColumns(paper?.plain && { ...paper, baselines: [] }),
              ],
            },
          ],
        },
      ],
    },
    listAblation(ablation, paper),
    { beta, ablation, gains, paper: paper ?? null, trials: trials.map(withoutCurves) },
  )
}

/** Figure 4: AUROC over all betas that ran. Errors as `renderImageTable`; `data` where nothing ran. */
export async function renderBetaSweep(options: Omit<ImageReportOptions, 'beta'>): Promise<RenderedExperiment> {
  const { protocol, classes, name } = options
  const trials = selectTrials(options.records, options)
  if (trials.length === 0)
    throw new TollError('no-results', `no trial of ${protocol.title} in this setting has run; there is nothing to draw`)
  const points = sweepBetas(trials, classes)
  const betas = betasOf(trials)
  const ran = classes.filter((_, c) => trials.some((trial) => trial.class === c))
  return render(
    options,
    {
      title: `Figure 4: ${protocol.title}, AUROC over beta`,
      lead:
        `${ran.length} of ${classes.length} classes with ${betas.length} ` +
        `${betas.length === 1 ? 'value' : 'values'} of beta. AUROC on the published test images.`,
      sections: [
        {
          title: 'Figure',
          blocks: figures([
            {
              file: `${name}.svg`,
              title: 'AUROC over beta',
              chart: await sweepChart(protocol.title, trials, points),
              caption:
                'One panel per normal class: a dot per seed, lines through the means. The axis is logarithmic, ' +
                'with beta 0 set one decade below the smallest other beta.',
            },
          ]),
        },
        { title: 'Table', blocks: [table(tabulateSweep(protocol.title, points))] },
        {
          title: 'Notes',
          blocks: [{ kind: 'list', items: explainImages(trials, { ...options, classes: ran }, betas) }],
        },
      ],
    },
    listSweep(points),
    { betas, points, trials: trials.map(withoutCurves) },
  )
}

type Content = Pick<Report, 'title' | 'lead' | 'sections'>

function render(
  { protocol, setting, name, command }: Omit<ImageReportOptions, 'beta'>,
  content: Content,
  values: ReportTable,
  json: object,
): RenderedExperiment {
  checkStem(name)
  const footer =
    `${madeBy(command)}. Method and ` +
    'published figures: Ghafourian et al., ' +
    'Targeted collapse regularized autoencoder for anomaly detection, arXiv 2306.12627.'
  const unit = "ours in [0, 1], the paper's in per cent"
  return renderExperiment({ ...content, footer }, values, {
    dataset: protocol.dataset,
    setting,
    paperSetting: protocol.setting,
    unit,
    ...json,
  })
}

function averageTiles(
  { average }: ImageSummary,
  plain: ImageSummary | undefined,
  paper: number | undefined,
): MetricTile[] {
  const tile = (label: string, value: number | undefined, note?: string, emphasis?: boolean): MetricTile => ({
    label,
    value: fixed(value) ?? '–',
    note,
    emphasis,
  })
  const ours = choices.map((choice, i) => {
    const of = average.auroc?.[choice]
    const note = of?.interval
      ? `95 % ${fixed(100 * of.interval.low)} to ${fixed(100 * of.interval.high)}`
      : of
        ? 'one seed'
        : 'not all classes ran'
    return tile(`Average, ${choiceTitles[choice]}`, of && 100 * of.mean, note, i === 0)
  })
  const without = plain?.average.auroc?.labelled.mean
  return [
    ...ours,
    ...(without === undefined ? [] : [tile('Without the norm term', 100 * without, 'beta 0, labelled choice')]),
    ...(paper === undefined ? [] : [tile('Paper', paper, 'labelled choice')]),
  ]
}

function coverage({ beta, classes, average }: ImageSummary): string {
  const ran = classes.filter(({ auroc }) => auroc).length
  if (ran < classes.length) return `With beta ${beta}, ${ran} of ${classes.length} classes have run.`
  return `With beta ${beta}, all ${classes.length} classes ran with ${count(average.seeds.length, 'seed')}.`
}

function table(content: ReportTable): Block {
  return { kind: 'table', table: content }
}

function figures(charts: readonly NamedChart[]): Block[] {
  return charts.map((one) => ({ kind: 'figure', ...one }))
}

/** What a table needs of a trial; the rest is in the log. */
function withoutCurves({ curve: _, histograms: __, ...record }: ImageRecord) {
  return record
}
