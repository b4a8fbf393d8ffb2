// PyOD's benchmark as people and programs read it: ours, the published value and the difference for each data set and
// detector, a line per detector that says how well it agrees, and what explains what does not.

import type { Block, ReportCell, ReportTable } from 'toll/report'
import { pyodColumns } from './pyod-published.js'
import type { PyodMethod } from './pyod-methods.js'
import type { PyodCell, PyodTable } from './pyod-table.js'
import { renderExperiment, type RenderedExperiment } from 'toll/report'
import { count, madeBy, signed } from '../pages/index.js'

/** What is known of differences that are not chance. */
const explanations: Readonly<Record<string, string>> = {
  abod:
    'PyOD counts copies of a training row as rows of their own, which takes the angles between them; here ' +
    'copies count once.',
  cblof:
    "The clusters of the table are those of an older k-means with other starts; scikit-learn's of today " +
    'gives values like ours on the same rows.',
  mcd:
    'The search here starts from tiny subsets, as the paper has it, and finds cores of smaller ' +
    "determinant than scikit-learn's from random halves; and a core whose covariance is " +
    'singular is mended by shrinkage, where scikit-learn leaves out the directions without variance.',
}

/** A cell beyond this many of its tolerances is named in the notes. */
interface Agreement {
  readonly method: PyodMethod
  readonly compared: number
  readonly meanDifference: number
  /** The cell that is farthest off. */
  readonly worst: PyodCell
  readonly beyond: readonly PyodCell[]
}

export function renderPyod(table: PyodTable, command?: string): RenderedExperiment {
  const { datasets, splits, methods, machine } = table
  const compared = methods.filter(({ column }) => column)
  const others = methods.filter(({ column }) => !column)
  const block = (content: ReportTable): Block => ({ kind: 'table', table: content })
  return renderExperiment(
    {
      title: "PyOD's benchmark",
      lead:
        `${datasets.length} of ${datasets.length + table.absent.length} data sets, ${methods.length} ` +
        `detectors, ${count(splits, 'split')} of each: ` +
        '60 % train without labels, 40 % test. AUROC of the test rows, the mean over splits.',
      sections: [
        ...(compared.length > 0
          ? [
              {
                title: 'Against the published table',
                blocks: [
                  block(tabulateAgreement(table)),
                  block(tabulate(table, compared, 'AUROC here', (cell) => cell.auroc?.mean.toFixed(4) ?? null)),
                  block(tabulate(table, compared, 'Here minus published', (cell) => difference(differenceOf(cell)))),
                  block(
                    tabulate(table, compared, "Here minus PyOD's rerun of 2024", (cell) =>
                      difference(differenceOf(cell, 'rerun')),
                    ),
                  ),
                  block(tabulate(table, compared, 'Published', (cell) => cell.published?.toFixed(4) ?? null)),
                ],
              },
            ]
          : []),
        ...(others.length > 0
          ? [
              {
                title: 'Detectors that the published table lacks',
                blocks: [
                  block(
                    tabulate(
                      table,
                      others,
                      'AUROC here, default parameters',
                      (cell) => cell.auroc?.mean.toFixed(4) ?? null,
                    ),
                  ),
                ],
              },
            ]
          : []),
        { title: 'Time', blocks: [block(tabulateTime(table))] },
        { title: 'Notes', blocks: [{ kind: 'list', items: explainPyod(table) }] },
      ],
      footer:
        madeBy(command) +
        (machine ? ` on ${machine.device} with ${count(machine.threads, 'thread')} per run` : '') +
        '. Method and published figures: Zhao, Nasrullah, Li: PyOD, a Python toolbox for scalable outlier detection, ' +
        'JMLR 20 (2019), and its documentation.',
    },
    listCells(table),
    table,
  )
}

export function differenceOf(cell: PyodCell, to: 'published' | 'rerun' = 'published'): number | undefined {
  const other = cell[to]
  return cell.auroc === undefined || other === undefined ? undefined : cell.auroc.mean - other
}

/** Half a unit of the published last digit is not ours to explain. */
const rounding = 0.00005

function agreementsOf({ cells, methods }: PyodTable): Agreement[] {
  return methods.flatMap((method) => {
    const compared = cells.filter((cell) => cell.method === method && differenceOf(cell) !== undefined)
    if (compared.length === 0) return []
    const off = (cell: PyodCell) => Math.abs(differenceOf(cell)!)
    return [
      {
        method,
        compared: compared.length,
        meanDifference: compared.reduce((sum, cell) => sum + differenceOf(cell)!, 0) / compared.length,
        worst: compared.reduce((a, b) => (off(b) > off(a) ? b : a)),
        beyond: compared.filter((cell) => off(cell) > method.tolerance! + rounding),
      },
    ]
  })
}

function tabulateAgreement(table: PyodTable): ReportTable {
  return {
    caption: 'Agreement over data sets',
    columns: [
      { title: 'PyOD' },
      { title: 'detector' },
      { title: 'data sets', digits: 0 },
      { title: 'mean difference', align: 'right' },
      { title: 'largest', align: 'right' },
      { title: 'on' },
      { title: 'tolerance', align: 'right' },
      { title: 'beyond', digits: 0 },
    ],
    rows: agreementsOf(table).map(({ method, compared, meanDifference, worst, beyond }) => [
      method.column!,
      method.detector,
      compared,
      difference(meanDifference),
      difference(differenceOf(worst)),
      worst.dataset,
      String(method.tolerance),
      beyond.length,
    ]),
  }
}

function tabulate(
  { datasets, cells }: PyodTable,
  methods: readonly PyodMethod[],
  caption: string,
  value: (cell: PyodCell) => ReportCell,
): ReportTable {
  const title = ({ column, detector }: PyodMethod) => column ?? detector
  return {
    caption,
    columns: [{ title: 'data set' }, ...methods.map((method) => ({ title: title(method), align: 'right' as const }))],
    rows: datasets.map(({ name }) => [
      name,
      ...methods.map((method) => value(cells.find((cell) => cell.dataset === name && cell.method === method)!)),
    ]),
  }
}

/** Seconds of all splits of all data sets. */
function tabulateTime({ methods, cells, datasets, splits }: PyodTable): ReportTable {
  const total = (method: PyodMethod, part: 'fitSeconds' | 'scoreSeconds') =>
    cells
      .filter((cell) => cell.method === method)
      .flatMap(({ trials }) => trials)
      .reduce((sum, trial) => sum + trial[part], 0)
  return {
    caption:
      `Seconds of one engine, ${datasets.length} data sets and ${splits} splits in all, as measured when ` + 'they ran',
    columns: [{ title: 'detector' }, { title: 'fit', digits: 1 }, { title: 'score', digits: 1 }],
    rows: methods.map((method) => [method.detector, total(method, 'fitSeconds'), total(method, 'scoreSeconds')]),
  }
}

function listCells({ cells }: PyodTable): ReportTable {
  const titles = [
    'dataset',
    'detector',
    'pyod',
    'splits',
    'auroc',
    'sd',
    'published',
    'difference',
    'rerun_2024',
    'average_precision',
    'fit_seconds',
    'score_seconds',
    'failure',
  ]
  return {
    columns: titles.map((title) => ({ title })),
    rows: cells.map((cell): ReportCell[] => {
      const { dataset, method, trials, auroc, averagePrecision, published, rerun, failure } = cell
      const mean = (part: 'fitSeconds' | 'scoreSeconds') =>
        trials.length > 0 ? trials.reduce((sum, trial) => sum + trial[part], 0) / trials.length : null
      return [
        dataset,
        method.detector,
        method.column ?? null,
        trials.length,
        auroc?.mean ?? null,
        auroc?.populationSd ?? null,
        published ?? null,
        differenceOf(cell) ?? null,
        rerun ?? null,
        averagePrecision?.mean ?? null,
        mean('fitSeconds'),
        mean('scoreSeconds'),
        failure ?? null,
      ]
    }),
  }
}

/** What a reader must know to use the numbers. */
export function explainPyod(table: PyodTable): string[] {
  const { absent, cells, methods, splits } = table
  const beyond = agreementsOf(table).filter((agreement) => agreement.beyond.length > 0)
  const changed = methods.flatMap(({ detector, setting }) => (setting === undefined ? [] : [`${detector} ${setting}`]))
  const lacking = methods.filter(({ column }) => !column).map(({ detector }) => detector)
  const missing = pyodColumns.filter((column) => !methods.some((method) => method.column === column))
  return [
    'Labels are not used for training: outliers are among the training rows, as the benchmark has it. ' +
      'Columns are standardised by the training rows.',
    ...(splits === 10
      ? []
      : [
          `The published values are means over 10 splits, these over ${splits}: differences are those of other ` +
            'splits too.',
        ]),
    ...(absent.length > 0 ? [`Data sets of the published table that are not in this one: ${absent.join(', ')}.`] : []),
    ...(missing.length > 0 ? [`Published detectors that were not asked for: ${missing.join(', ')}.`] : []),
    ...(changed.length > 0 ? [`Parameters of the benchmark that are not our defaults: ${changed.join('; ')}.`] : []),
    'Methods without chance (tolerance 0.0002) should differ by the rounding of the published table only. ' +
      'The others draw other random numbers, and start ' +
      'their clusters and subsets elsewhere: their tolerance is 0.02.',
    ...beyond.map(({ method, beyond: off }) => {
      const near = off.filter((cell) => Math.abs(differenceOf(cell, 'rerun')!) <= method.tolerance! + rounding)
      const list = off
        .map((cell) => `${cell.dataset} ${difference(differenceOf(cell))} (${difference(differenceOf(cell, 'rerun'))})`)
        .join(', ')
      const since =
        near.length > 0
          ? ` PyOD itself has moved since: of these, ${near.map(({ dataset }) => dataset).join(', ')} agree with ` +
            'its rerun of 2024.'
          : ''
      return (
        `${method.column} is beyond its tolerance on ${list}, in brackets the difference to PyOD's own rerun ` +
        `of 2024.${since}${explanations[method.detector] ? ` ${explanations[method.detector]}` : ''}`
      )
    }),
    ...cells.flatMap(({ dataset, method, failure }) =>
      failure === undefined ? [] : [`${method.detector} on ${dataset} has no numbers: ${failure}`],
    ),
    ...(lacking.includes('toll')
      ? ['Toll learns from normal data; here it trains on rows that hold outliers, like all others.']
      : []),
  ]
}

function difference(value: number | undefined): string | null {
  return value === undefined ? null : signed(value, 4)
}
