// Tables 1 and 2 of the paper from our trials: per class and on average, by both choices of the checkpoint, beside
// everything that the paper prints. Data sets without a table in the paper have the same without its columns.

import { meanInterval, type MeanInterval } from 'toll/metrics'
import type { ReportCell, ReportColumn, ReportTable } from 'toll/report'
import { choices, type Choice } from '../images/index.js'
import { meanOverClasses, rankDescending, type ByChoice, type ImageSummary } from './summary.js'
import type { PaperColumn, PaperTable } from './published.js'

export const choiceTitles: Readonly<Record<Choice, string>> = { labelled: 'labelled choice', last: 'last step' }

const right = (title: string): ReportColumn => ({ title, align: 'right' })

/** What a row of the paper's columns stands for. */
export interface PaperRow {
  readonly over: readonly number[]
  /** Whether it is the average over all classes, for which the paper prints a figure of its own. */
  readonly whole: boolean
}

interface Row extends PaperRow {
  readonly name: string
  readonly ours: { readonly seeds?: number; readonly auroc?: ByChoice }
}

/** Every class, the average over all, and, where some did not run, the mean of those that did. */
function rowsOf({ classes, average }: ImageSummary): Row[] {
  const all = classes.map((_, c) => c)
  const ran = all.filter((c) => classes[c].auroc)
  const rows: Row[] = classes.map(({ name, seeds, auroc }, c) => ({
    name,
    over: [c],
    ours: { auroc, seeds: seeds.length },
    whole: false,
  }))
  rows.push({ name: 'average', over: all, ours: { auroc: average.auroc, seeds: average.seeds.length }, whole: true })
  if (ran.length > 1 && ran.length < all.length) {
    rows.push({
      name: `mean of ${ran.length} run`,
      over: ran,
      ours: { auroc: meanOverClasses(ran.map((c) => classes[c].auroc!)) },
      whole: false,
    })
  }
  return rows
}

/** Per cent; the printed figure for the average over all classes. */
export function paperMean({ auroc, average }: PaperColumn, { over, whole }: PaperRow): number {
  return whole ? average : meanInterval(over.map((c) => auroc[c])).mean
}

/**
 * Mean places of Toll and of each baseline over the classes that ran of `over`, per cent as the paper prints them, to
 * one digit; undefined where none ran. Ties share the mean of their places.
 */
function placesOf(
  toll: (c: number) => number | undefined,
  baselines: readonly PaperColumn[],
  over: readonly number[],
): (number | undefined)[] {
  const perClass = over
    .filter((c) => toll(c) !== undefined)
    .map((c) => rankDescending([Number(toll(c)!.toFixed(1)), ...baselines.map(({ auroc }) => auroc[c])]))
  return [undefined, ...baselines].map((_, i) =>
    perClass.length > 0 ? meanInterval(perClass.map((places) => places[i]!)).mean : undefined,
  )
}

/** Ours, and the paper's Toll with the place of each among the paper's other methods. */
export function tabulateOurs(dataset: string, summary: ImageSummary, paper?: PaperTable): ReportTable {
  const plain = summary.beta === 0
  const published = plain ? paper?.plain : paper?.toll
  const ranked = paper !== undefined && !plain
  const place = (row: Row, toll: (c: number) => number | undefined): ReportCell[] => {
    if (!ranked) return []
    if (row.over.some((c) => toll(c) === undefined)) return [null]
    const [mine] = placesOf(toll, paper.baselines, row.over)
    return [row.over.length > 1 ? mine!.toFixed(1) : mine!]
  }
  return {
    caption: `${dataset}, AUROC (%) over seeds, beta ${summary.beta}${plain ? ', the plain autoencoder' : ''}`,
    columns: [
      { title: 'normal class' },
      right('seeds'),
      ...choices.flatMap((choice) => [right(choiceTitles[choice]), right('95 %'), ...(ranked ? [right('rank')] : [])]),
      ...(published ? [right('paper')] : []),
      ...(ranked ? [right('rank')] : []),
    ],
    rows: rowsOf(summary).map((row) => [
      row.name,
      row.ours.seeds ? row.ours.seeds : null,
      ...choices.flatMap((choice) => [
        ...(row.ours.auroc ? spreadCells(row.ours.auroc[choice]) : [null, null]),
        ...place(row, (c) => perCent(summary.classes[c].auroc?.[choice].mean)),
      ]),
      ...(published ? [paperCell(published, row)] : []),
      ...place(row, (c) => paper!.toll.auroc[c]),
    ]),
  }
}

/** The paper's other methods beside Toll by the labelled choice, means only, and everybody's mean place. */
export function tabulateBaselines(dataset: string, summary: ImageSummary, paper: PaperTable): ReportTable {
  const { name, places, toll: ofPaper } = meanPlaces(summary, paper)
  const { title, toll, baselines } = paper
  return {
    caption: `${dataset}, AUROC (%) beside the columns of ${title} of the paper`,
    columns: [
      { title: 'normal class' },
      { title: 'here', digits: 1 },
      { title: 'Toll', digits: 1 },
      ...baselines.map(({ method }) => ({ title: method, digits: 1 })),
    ],
    rows: [
      ...rowsOf(summary).map((row) => [
        row.name,
        perCent(row.ours.auroc?.labelled.mean) ?? null,
        paperMean(toll, row),
        ...baselines.map((column) => paperMean(column, row)),
      ]),
      [name, ...[places[0], ofPaper, ...places.slice(1)].map(fixed)],
    ],
  }
}

/**
 * Over the classes that ran: of Toll here by the labelled choice, of each baseline, and of the paper's Toll in our
 * place.
 */
function meanPlaces({ classes }: ImageSummary, { toll, baselines }: PaperTable) {
  const ran = classes.flatMap(({ auroc }, c) => (auroc ? [c] : []))
  return {
    name: ran.length < classes.length ? `mean rank on ${ran.length}` : 'mean rank',
    places: placesOf((c) => perCent(classes[c].auroc?.labelled.mean), baselines, ran),
    toll: placesOf((c) => toll.auroc[c], baselines, ran)[0],
  }
}

/**
 * All values of both tables, one a line, in per cent and not rounded; the paper's as printed. `others` are lines of
 * other detectors.
 */
export function listValues(
  summaries: readonly ImageSummary[],
  paper?: PaperTable,
  others: readonly (readonly ReportCell[])[] = [],
): ReportTable {
  const [main] = summaries
  const ours = summaries.flatMap((summary) =>
    rowsOf(summary).flatMap((row) =>
      choices.map((choice): ReportCell[] => {
        const value = row.ours.auroc?.[choice]
        const ranked = paper && summary === main && row.over.every((c) => summary.classes[c].auroc)
        const [place] = ranked
          ? placesOf((c) => perCent(summary.classes[c].auroc?.[choice].mean), paper.baselines, row.over)
          : []
        return [
          row.name,
          'Toll here',
          summary.beta,
          choice,
          row.ours.seeds ?? null,
          perCent(value?.mean) ?? null,
          ...spreadValues(value),
          place ?? null,
        ]
      }),
    ),
  )
  const columns = paper ? [paper.toll, ...(paper.plain ? [paper.plain] : []), ...paper.baselines] : []
  const published = columns.flatMap((column) =>
    rowsOf(main).map((row): ReportCell[] => {
      const sd = row.over.length === 1 ? column.sd?.[row.over[0]] : undefined
      const [place] = column === paper!.toll ? placesOf((c) => column.auroc[c], paper!.baselines, row.over) : []
      return [
        row.name,
        `paper: ${column.method}`,
        null,
        null,
        null,
        paperMean(column, row),
        sd ?? null,
        null,
        null,
        place ?? null,
      ]
    }),
  )
  const mean = paper && meanPlaces(main, paper)
  const ranks = mean
    ? ['Toll here', ...paper.baselines.map(({ method }) => `paper: ${method}`), 'paper: Toll'].map(
        (method, i): ReportCell[] => [
          mean.name,
          method,
          ...(i === 0 ? [main.beta, 'labelled'] : [null, null]),
          null,
          null,
          null,
          null,
          null,
          [...mean.places, mean.toll][i] ?? null,
        ],
      )
    : []
  const titles = ['class', 'method', 'beta', 'choice', 'seeds', 'mean', 'sd', 'low95', 'high95', 'rank']
  return { columns: titles.map((title) => ({ title })), rows: [...ours, ...others, ...published, ...ranks] }
}

/** `mean ± sd` and the 95 % interval, per cent; one seed has neither spread nor interval. */
export function spreadCells({ mean, populationSd, interval }: MeanInterval): [ReportCell, ReportCell] {
  if (!interval) return [fixed(100 * mean), null]
  return [
    `${fixed(100 * mean)} ± ${fixed(100 * populationSd)}`,
    `${fixed(100 * interval.low)} to ${fixed(100 * interval.high)}`,
  ]
}

/** Standard deviation and both ends of the interval, per cent. */
export function spreadValues(value: MeanInterval | undefined): ReportCell[] {
  if (!value?.interval) return [null, null, null]
  return [100 * value.populationSd, 100 * value.interval.low, 100 * value.interval.high]
}

/** As printed: with its standard deviation where there is one. */
export function paperCell(column: PaperColumn, row: PaperRow): string {
  const mean = paperMean(column, row).toFixed(1)
  return column.sd && row.over.length === 1 ? `${mean} ± ${column.sd[row.over[0]].toFixed(1)}` : mean
}

function perCent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : 100 * share
}

export function fixed(value: number | undefined): string | null {
  return value === undefined ? null : value.toFixed(1)
}
