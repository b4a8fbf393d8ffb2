// The columns of OC-SVM, KDE and isolation forest in Tables 1 and 2: ours beside the paper's, per class and on average.

import { meanInterval, type MeanInterval } from 'toll/metrics'
import type { ReportCell, ReportColumn, ReportTable } from 'toll/report'
import { detectorRecipes, svmGrid, type DetectorRecipe } from '../images/index.js'
import type { DetectorRecord } from '../images/index.js'
import type { ImageDataset } from '../images/index.js'
import { meanAuroc } from './summary.js'
import { fixed, paperCell, spreadCells, spreadValues } from './table.js'
import type { PaperTable } from './published.js'

/** One column of ours: a detector, and how its parameters were chosen. */
interface BaselineColumn {
  readonly baseline: DetectorRecipe
  readonly choice: 'labelled' | 'unlabelled'
  /** Per class, in order; absent where it did not run. In [0, 1]. */
  readonly classes: readonly (MeanInterval | undefined)[]
  /** Mean over all classes; absent where one did not run. */
  readonly average?: number
}

function columnsOf(records: readonly DetectorRecord[], classes: number): BaselineColumn[] {
  return detectorRecipes.flatMap((baseline) => {
    const of = records.filter(({ detector }) => detector === baseline.detector)
    if (of.length === 0) return []
    return (baseline.tuned === 'nothing' ? (['unlabelled'] as const) : (['labelled', 'unlabelled'] as const)).map(
      (choice): BaselineColumn => {
        const perClass = Array.from({ length: classes }, (_, normal) => {
          const values = of
            .filter((record) => record.class === normal)
            .flatMap(({ tested }) =>
              choice === 'labelled' ? tested.labelled.map(({ auroc }) => auroc) : [tested.unlabelled.auroc],
            )
          return values.length > 0 ? meanAuroc(values) : undefined
        })
        const whole = perClass.every((value) => value !== undefined)
        return {
          baseline,
          choice,
          classes: perClass,
          ...(whole && { average: meanInterval(perClass.map((value) => value.mean)).mean }),
        }
      },
    )
  })
}

/** Undefined where none ran. */
export function tabulateOthers(
  title: string,
  records: readonly DetectorRecord[],
  classes: readonly string[],
  paper?: PaperTable,
): ReportTable | undefined {
  const columns = columnsOf(records, classes.length)
  if (columns.length === 0) return undefined
  const right = (text: string): ReportColumn => ({ title: text, align: 'right' })
  const name = ({ baseline, choice }: BaselineColumn) =>
    `${baseline.column}${baseline.tuned === 'nothing' ? '' : choice === 'labelled' ? ', labels' : ', no labels'}`
  const published = ({ baseline }: BaselineColumn) => paper?.baselines.find(({ method }) => method === baseline.column)
  // The paper's column stands behind the last of ours.
  const last = (column: BaselineColumn) => columns.findLast(({ baseline }) => baseline === column.baseline) === column
  const shown = (column: BaselineColumn) => (last(column) ? published(column) : undefined)
  const cells = (ours: (column: BaselineColumn) => ReportCell, row: { over: readonly number[]; whole: boolean }) =>
    columns.flatMap((column) => [ours(column), ...(shown(column) ? [paperCell(shown(column)!, row)] : [])])
  return {
    caption: `${title}, AUROC (%) of detectors without training steps`,
    columns: [
      { title: 'normal class' },
      ...columns.flatMap((column) => [right(name(column)), ...(shown(column) ? [right('paper')] : [])]),
    ],
    rows: [
      ...classes.map((normal, c) => [
        normal,
        ...cells(
          (column) => {
            const value = column.classes[c]
            return value ? (value.count > 1 ? spreadCells(value)[0] : fixed(100 * value.mean)) : null
          },
          { over: [c], whole: false },
        ),
      ]),
      [
        'average',
        ...cells(({ average }) => fixed(average === undefined ? undefined : 100 * average), {
          over: classes.map((_, c) => c),
          whole: true,
        }),
      ],
    ],
  }
}

/** Every value, in per cent and not rounded, with the columns of `listValues`. */
export function listOthers(records: readonly DetectorRecord[], classes: readonly string[]): ReportCell[][] {
  return columnsOf(records, classes.length).flatMap(({ baseline, choice, classes: values, average }) => [
    ...values.flatMap((value, c): ReportCell[][] =>
      value
        ? [
            [
              classes[c],
              `${baseline.column} here`,
              null,
              choice,
              value.count,
              100 * value.mean,
              ...spreadValues(value),
              null,
            ],
          ]
        : [],
    ),
    ...(average === undefined
      ? []
      : [['average', `${baseline.column} here`, null, choice, null, 100 * average, null, null, null, null]]),
  ])
}

/** What a reader must know of these columns. */
export function explainOthers(records: readonly DetectorRecord[], dataset: ImageDataset): string[] {
  const ran = detectorRecipes.filter(({ detector }) => records.some((record) => record.detector === detector))
  if (ran.length === 0) return []
  const { gammas, nus, holdout, draws, nu } = svmGrid
  const minutes = records.reduce((sum, { seconds: { prepare, run } }) => sum + prepare + run, 0) / 60
  const sizes = ran.map(({ detector, scale, variance }) => {
    const features = records.filter((record) => record.detector === detector).map((record) => record.features)
    const range =
      Math.min(...features) === Math.max(...features)
        ? `${features[0]}`
        : `${Math.min(...features)} to ${Math.max(...features)}`
    const scaled =
      scale[dataset] === 'contrast'
        ? 'contrast of each image, then the range of the class to [0, 1]'
        : 'the range of the class to [0, 1]'
    return (
      `${detector}: ` +
      `${scaled}${variance < 1 ? `, principal components of ${100 * variance} % of the variance` : ''} ` +
      `(${range} features)`
    )
  })
  return [
    'Detectors without training steps train on all training images of the class, as the papers did that ' +
      'their columns come from: no validation images are set aside. ' +
      `${sizes.join('; ')}. ${records.length} trials, ${minutes.toFixed(0)} minutes of one engine.`,
    ...(ran.some(({ tuned }) => tuned !== 'nothing')
      ? [
          `OC-SVM, labels: as published, gamma of ${gammas.length} (2^-10 to 2^-1) by AUROC on a random ` +
            `${100 * holdout} % of the labelled test images, which then do not count, and the better of ` +
            `nu ${nus.join(' and ')} on the others; mean ± sd over ${draws} draws. No labels: nu ${nu} and ` +
            'gamma = 1 / (largest squared distance of two training images), on all test images.',
        ]
      : []),
    ...(ran.some(({ detector }) => detector === 'kde')
      ? ['KDE: the bandwidth by cross-validation on training images; no labels.']
      : []),
    ...(ran.some(({ seeded }) => seeded)
      ? [
          'IF: mean ± sd over seeds; no labels. The published recipe does not say whether it saw principal ' +
            'components; its values are met with them and missed without.',
        ]
      : []),
  ]
}
