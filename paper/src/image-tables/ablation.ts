// Table 4 of the paper: what the norm term is worth. The same class and seed with and without it, as paired
// differences; Figure 4: the same over a range of betas.

import type { MeanInterval } from 'toll/metrics'
import { curvePanels, type Chart, type ReportCell, type ReportTable } from 'toll/report'
import { choices, type Choice, type ImageRecord } from '../images/index.js'
import { betasOf, meanOverClasses, summarizeImages, type ImageAblation, type PairedSummary } from './summary.js'
import { choiceTitles, fixed, paperCell, paperMean, spreadCells, spreadValues, type PaperRow } from './table.js'
import { signed } from '../pages/index.js'
import type { PaperTable } from './published.js'

interface Row extends PaperRow {
  readonly name: string
  readonly ours: Omit<PairedSummary, 'name'>
}

/** Every class, the average over all, and, where some have no pair, the mean of those that have. */
function rowsOf({ classes, average }: ImageAblation): Row[] {
  const all = classes.map((_, c) => c)
  const ran = all.filter((c) => classes[c].difference)
  const rows = classes.map(({ name, ...ours }, c): Row => ({ name, over: [c], ours, whole: false }))
  rows.push({ name: 'average', over: all, ours: average, whole: true })
  if (ran.length > 1 && ran.length < all.length) {
    const mean = (part: 'plain' | 'toll' | 'difference') => meanOverClasses(ran.map((c) => classes[c][part]!))
    rows.push({
      name: `mean of ${ran.length} run`,
      over: ran,
      ours: { seeds: [], plain: mean('plain'), toll: mean('toll'), difference: mean('difference') },
      whole: false,
    })
  }
  return rows
}

/**
 * Per cent and points, by one choice of the checkpoint; the paper's columns and their difference beside it where it has
 * them.
 */
export function tabulateAblation(
  dataset: string,
  ablation: ImageAblation,
  choice: Choice,
  paper?: PaperTable,
): ReportTable {
  const right = (title: string) => ({ title, align: 'right' as const })
  const plain = paper?.plain
  return {
    caption: `${dataset}, AUROC (%) with and without the norm term, ${choiceTitles[choice]}`,
    columns: [
      ...[
        { title: 'normal class' },
        right('seeds'),
        right('beta 0'),
        right(`beta ${ablation.beta}`),
        right('difference'),
        right('95 %'),
      ],
      ...(plain ? [right('paper, 0'), right('paper, Toll'), right('its difference')] : []),
    ],
    rows: rowsOf(ablation).map((row) => {
      const { seeds, plain: without, toll, difference } = row.ours
      return [
        row.name,
        seeds.length > 0 ? seeds.length : null,
        without ? spreadCells(without[choice])[0] : null,
        toll ? spreadCells(toll[choice])[0] : null,
        difference ? signedPoints(100 * difference[choice].mean) : null,
        difference ? signedInterval(difference[choice]) : null,
        ...(plain
          ? [
              paperCell(plain, row),
              paperCell(paper.toll, row),
              signedPoints(paperMean(paper.toll, row) - paperMean(plain, row)),
            ]
          : []),
      ]
    }),
  }
}

/**
 * On how many classes Toll is above the plain autoencoder in the mean over paired seeds, and how many were compared.
 */
export function countGains(
  { classes }: ImageAblation,
  choice: Choice,
): { readonly above: number; readonly compared: number } {
  const gains = classes.flatMap(({ difference }) => (difference ? [difference[choice].mean] : []))
  return { above: gains.filter((gain) => gain > 0).length, compared: gains.length }
}

/** All values of the table, one a line, per cent or points, not rounded. */
export function listAblation(ablation: ImageAblation, paper?: PaperTable): ReportTable {
  const ours = rowsOf(ablation).flatMap(({ name, ours: { seeds, plain, toll, difference } }) =>
    choices.flatMap((choice) =>
      (
        [
          ['beta 0', plain],
          [`beta ${ablation.beta}`, toll],
          ['difference', difference],
        ] as const
      ).map(([what, value]): ReportCell[] => {
        const one = value?.[choice]
        return [name, what, choice, seeds.length, one ? 100 * one.mean : null, ...spreadValues(one)]
      }),
    ),
  )
  const plain = paper?.plain
  const published = plain
    ? rowsOf(ablation).flatMap((row) => {
        const [without, toll] = [plain, paper.toll].map((column) => paperMean(column, row))
        const sd = ({ sd: all }: typeof plain) => (row.over.length === 1 ? (all?.[row.over[0]] ?? null) : null)
        // The paper's figures have one digit, and so has their difference.
        return (
          [
            ['paper: beta 0', without, sd(plain)],
            ['paper: Toll', toll, sd(paper.toll)],
            ['paper: difference', Number((toll - without).toFixed(1)), null],
          ] as const
        ).map(([what, mean, deviation]): ReportCell[] => [row.name, what, null, null, mean, deviation, null, null])
      })
    : []
  return {
    columns: ['class', 'what', 'choice', 'seeds', 'mean', 'sd', 'low95', 'high95'].map((title) => ({ title })),
    rows: [...ours, ...published],
  }
}

/** One value per class and beta of all that ran. */
export interface SweepPoint {
  readonly class: number
  readonly name: string
  readonly beta: number
  readonly choice: Choice
  readonly auroc: MeanInterval
}

/** Of `selectTrials`, by class, choice and beta. */
export function sweepBetas(trials: readonly ImageRecord[], classes: readonly string[]): SweepPoint[] {
  const summaries = betasOf(trials).map((beta) => summarizeImages(trials, classes, beta))
  return classes.flatMap((name, c) =>
    choices.flatMap((choice) =>
      summaries.flatMap(({ beta, classes: cells }): SweepPoint[] => {
        const { auroc } = cells[c]
        return auroc ? [{ class: c, name, beta, choice, auroc: auroc[choice] }] : []
      }),
    ),
  )
}

/** One row per class and choice, one column per beta. */
export function tabulateSweep(dataset: string, points: readonly SweepPoint[]): ReportTable {
  const betas = [...new Set(points.map(({ beta }) => beta))].sort((a, b) => a - b)
  const lines = [...new Map(points.map((point) => [`${point.class} ${point.choice}`, point])).values()]
  return {
    caption: `${dataset}, AUROC (%) over beta`,
    columns: [
      { title: 'normal class' },
      { title: 'choice' },
      ...betas.map((beta) => ({ title: `beta ${beta}`, align: 'right' as const })),
    ],
    rows: lines.map((line) => [
      line.name,
      choiceTitles[line.choice],
      ...betas.map((beta) => {
        const point = points.find((one) => one.class === line.class && one.choice === line.choice && one.beta === beta)
        return point ? spreadCells(point.auroc)[0] : null
      }),
    ]),
  }
}

export function listSweep(points: readonly SweepPoint[]): ReportTable {
  return {
    columns: ['class', 'beta', 'choice', 'seeds', 'mean', 'sd', 'low95', 'high95'].map((title) => ({ title })),
    rows: points.map(({ name, beta, choice, auroc }) => [
      name,
      beta,
      choice,
      auroc.count,
      100 * auroc.mean,
      ...spreadValues(auroc),
    ]),
  }
}

/**
 * One panel per class that ran, a line through the means of each choice and a dot per seed. The axis is logarithmic,
 * with beta 0 one decade below the smallest other beta.
 */
export async function sweepChart(
  dataset: string,
  trials: readonly ImageRecord[],
  points: readonly SweepPoint[],
): Promise<Chart> {
  const betas = betasOf(trials)
  const positive = betas.filter((beta) => beta > 0)
  const place = (beta: number) => (beta > 0 ? Math.log10(beta) : Math.log10(positive[0] ?? 10) - 1)
  const shown = [...new Map(points.map((point) => [point.class, point.name]))]
  const panels = shown.map(([c, title]) => ({
    title,
    lines: choices.map((choice) => {
      const line = points.filter((point) => point.class === c && point.choice === choice)
      return { x: line.map(({ beta }) => place(beta)), y: line.map(({ auroc }) => 100 * auroc.mean) }
    }),
    dots: choices.map((choice) => {
      const of = trials.filter((trial) => trial.class === c)
      return { x: of.map(({ beta }) => place(beta)), y: of.map(({ test }) => 100 * test[choice].auroc) }
    }),
  }))
  const best = shown.map(([c, name]) => {
    const of = points.filter((point) => point.class === c && point.choice === 'labelled')
    const { beta, auroc } = of.reduce((a, b) => (b.auroc.mean > a.auroc.mean ? b : a))
    return `${name}: best ${fixed(100 * auroc.mean)} at beta ${beta}`
  })
  return curvePanels(panels, {
    series: [
      { name: choiceTitles.labelled, colour: 'series-1' },
      { name: choiceTitles.last, colour: 'series-3', dashed: true },
    ],
    xLabel: 'beta',
    yLabel: 'AUROC (%)',
    xTicks: betas.map((beta) => ({ at: place(beta), label: String(beta) })),
    description:
      `AUROC over beta on ${dataset}, one panel per normal class. By the labelled choice: ` + `${best.join(', ')}.`,
    table: tabulateSweep(dataset, points),
  })
}

/** Points of AUROC with their sign. */
export function signedPoints(points: number): string {
  return signed(points, 1)
}

export function signedInterval({ interval }: MeanInterval): string | null {
  return interval ? `${signedPoints(100 * interval.low)} to ${signedPoints(100 * interval.high)}` : null
}
