// What the pages of the theory laboratory share: charts over time, their tables, and one experiment in all its forms.

import {
  curvePanels,
  formatNumber,
  renderExperiment,
  renderReportText,
  type Block,
  type CurvePanel,
  type CurvePanelOptions,
  type RenderedExperiment,
  type Report,
  type ReportTable,
} from 'toll/report'
import { checkStem, madeBy } from '../pages/index.js'

export interface TheoryPageOptions {
  /** What the files of the pictures begin with: letters, digits, '-', '_' and '.'. */
  readonly name: string
  /** The command line that made it, for the footer. */
  readonly command?: string
}

/**
 * The whole in every form. The terminal gets texts and tables; pictures are named where they can be seen. Error:
 * `argument` for a name that is no stem of file names.
 */
export function renderTheoryPage(
  { name, command }: TheoryPageOptions,
  content: Omit<Report, 'footer'>,
  values: ReportTable,
  json: object,
): RenderedExperiment {
  checkStem(name)
  const footer =
    `${madeBy(command)}. Lemma 1, ` +
    'Theorems 1 and 2 and Figure 2: Ghafourian et al., ' +
    'Targeted collapse regularized autoencoder for anomaly detection, arXiv 2306.12627, section 3.3.'
  const sections = content.sections.map((section) => ({
    ...section,
    blocks: section.blocks.filter(({ kind }) => kind !== 'figure'),
  }))
  return {
    ...renderExperiment({ ...content, footer }, values, json),
    text: renderReportText({ ...content, sections: sections.filter(({ blocks }) => blocks.length > 0), footer }),
  }
}

export interface TimeFigure extends Omit<CurvePanelOptions, 'table' | 'xLabel' | 'description'> {
  /** Name of the picture's file. */
  readonly file: string
  readonly title: string
  readonly caption: string
  readonly panels: readonly CurvePanel[]
  /** Default 'time'. */
  readonly xLabel?: string
}

/** Curves over time as a block with its numbers. */
export async function timeFigure({
  file,
  title,
  caption,
  panels,
  xLabel = 'time',
  ...options
}: TimeFigure): Promise<Block> {
  const names = options.series.map(({ name }) => name)
  const description = `${title}, ${panels.length === 1 ? 'one panel' : `${panels.length} panels`}: ${names.join(', ')}.`
  const chart = await curvePanels(panels, {
    resolution: 160,
    ...options,
    xLabel,
    description,
    table: tabulatePanels(panels, names, xLabel),
  })
  return { kind: 'figure', file, title, caption, chart }
}

/** A line over the times above 0, for a logarithmic axis. `times` and `values` begin at time 0. */
export function lineAfterStart(times: readonly number[], values: readonly number[]) {
  return { x: times.slice(1), y: values.slice(1) }
}

/** What is drawn on a logarithmic axis in the place of 0 and of rounding noise below it. */
export const floor = 1e-17

export function aboveFloor(values: readonly number[]): number[] {
  return values.map((value) => Math.max(value, floor))
}

/** At most `count` of a list, evenly spaced, with both ends. */
export function pick<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list]
  return Array.from({ length: count }, (_, i) => list[Math.round((i * (list.length - 1)) / (count - 1))])
}

/** Three significant digits, with an exponent where it is short: for errors and times. */
export function rough(value: number): string {
  return formatNumber(Number(value.toPrecision(3)))
}

/** `4, 2 and 1`. */
export function spell(values: readonly (number | string)[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} and ${values[values.length - 1]}`
}

/** A figure with the caption's own words first, then what it was made from. */
export function captioned(text: string, conditions: string): string {
  return `${text} ${conditions}`
}

/** Up to six points of every line. */
function tabulatePanels(panels: readonly CurvePanel[], names: readonly string[], xLabel: string): ReportTable {
  return {
    caption: 'Points of each curve',
    columns: [
      { title: 'panel' },
      { title: 'curve' },
      { title: xLabel, align: 'right' },
      { title: 'value', align: 'right' },
    ],
    rows: panels.flatMap(({ title, lines, dots = [] }) =>
      names.flatMap((name, s) => {
        const line = lines[s] ?? dots[s]
        const places =
          line === undefined
            ? []
            : pick(
                Array.from(line.x, (_, i) => i),
                6,
              )
        return places.map((i) => [title, name, formatNumber(line.x[i]), formatNumber(line.y[i])])
      }),
    ),
  }
}
