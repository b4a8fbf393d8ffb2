// Small multiples: one small chart per panel on common axes, so that many classes can be told apart without as many
// colours. Within a panel few series, named once above all panels.

import { TollError } from '../base/index.js'
import {
  axisX,
  axisY,
  drawChart,
  formatNumber,
  logTicks,
  narrowWidth,
  shorten,
  type Chart,
  type ChartOptions,
  type Frame,
  type Plot,
} from './chart.js'
import { average, type Series } from './line-charts.js'

export type PanelColour = 'normal' | 'anomaly' | 'series-1' | 'series-2' | 'series-3' | 'series-4'

/** How a series looks in every panel. */
export interface PanelSeries {
  readonly name: string
  readonly colour: PanelColour
  readonly dashed?: boolean
  /** Whether it has dots and no line, which the legend shows; default false. */
  readonly dotted?: boolean
}

export interface CurvePanel {
  readonly title: string
  /** One line per series, in their order; undefined leaves one out. */
  readonly lines: readonly (Omit<Series, 'name'> | undefined)[]
  /** Single values of each series, drawn as dots. */
  readonly dots?: readonly Omit<Series, 'name'>[]
}

export interface HistogramPanel {
  readonly title: string
  /** Lower end of the first bin and upper end of the last: the panel's own horizontal axis. */
  readonly range: readonly [number, number]
  /** Per series, counts in bins of equal width. */
  readonly counts: readonly (readonly number[])[]
}

export interface PanelOptions extends ChartOptions, Pick<Chart, 'description' | 'table'> {
  /** 1 to 6. */
  readonly series: readonly PanelSeries[]
  readonly xLabel: string
}

export interface CurvePanelOptions extends PanelOptions {
  readonly yLabel: string
  /** Spacing of the horizontal axis; default linear. Logarithmic for values above 0. */
  readonly xScale?: 'linear' | 'log'
  /** Spacing of the vertical axis; default logarithmic where all values are above 0 and span a factor of 20. */
  readonly yScale?: 'linear' | 'log'
  /** Points of a line, at least 2; longer ones are drawn as means over equal runs of neighbours. Default 60. */
  readonly resolution?: number
  /** Where the horizontal axis is marked, and with what; default round values. */
  readonly xTicks?: readonly { readonly at: number; readonly label: string }[]
}

type Row = readonly [x: number, y: number, column: number, row: number]

/**
 * Lines and dots on common axes. Default width 860.
 *
 * @throws `argument` for no panel or too many series, `data` for a value that is not finite, or not above 0 on a
 * logarithmic axis.
 */
export async function curvePanels(panels: readonly CurvePanel[], options: CurvePanelOptions): Promise<Chart> {
  const { series, xLabel, yLabel, xTicks, xScale = 'linear', resolution = 60 } = options
  const all = panels.flatMap(({ lines, dots = [] }) => [...lines, ...dots]).filter((one) => one !== undefined)
  const [xs, ys] = [all.flatMap(({ x }) => Array.from(x)), all.flatMap(({ y }) => Array.from(y))]
  checkPanels(panels.length, series.length, [...xs, ...ys])
  const [left, right, low, high] = [least(xs), most(xs), least(ys), most(ys)]
  const log = (options.yScale ?? (low > 0 && high > 20 * low ? 'log' : 'linear')) === 'log'
  const overDecades = xScale === 'log'
  for (const [logarithmic, from] of [
    [log, low],
    [overDecades, left],
  ] as const) {
    if (logarithmic && from <= 0)
      throw new TollError('unusable-data', `a logarithmic axis needs values above 0, got ${from}`)
  }
  const spread = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1
  // Over many decades more room, so that no line starts in a title.
  const slack = Math.max(1.15, (high / low) ** 0.03)
  const domain: [number, number] = log ? [low / slack, high * slack] : [low - spread, high + spread]
  // Dots of different series at one place that is marked stand beside each other.
  const aside = (s: number) => ({
    dx: xTicks && panels.some(({ dots }) => dots) ? 5 * (s - (series.length - 1) / 2) : 0,
  })
  const room = left < right ? (right - left) * (xTicks ? 0.08 : 0) : overDecades ? 0 : 1
  return drawPanels(panels, options, { height: 132, above: log ? `${yLabel} (logarithmic)` : yLabel }, (plot, grid) => {
    const rows = (pick: (panel: CurvePanel) => Omit<Series, 'name'> | undefined): Row[] =>
      panels.flatMap((panel, p) => {
        const one = pick(panel)
        return one ? average({ name: '', ...one }, resolution).map(([x, y]): Row => [x, y, ...grid.place(p)]) : []
      })
    const ticks = xTicks && spaced(xTicks, (at) => (grid.panelWidth * (at - left + room)) / (right - left + 2 * room))
    const axis = ticks
      ? { ticks: ticks.map(({ at }) => at), tickFormat: (x: number) => ticks.find(({ at }) => at === x)!.label }
      : overDecades
        ? { ticks: fewTicks(left, right, grid.panelWidth / 60), tickFormat: formatTick }
        : { ticks: Math.max(2, Math.round(grid.panelWidth / 80)) }
    return {
      x: { type: xScale, domain: overDecades && left === right ? [left / 2, left * 2] : [left - room, right + room] },
      y: { type: log ? ('log' as const) : ('linear' as const), domain },
      marks: [
        ...axisY(plot, '', log ? { ticks: fewTicks(...domain, 7), tickFormat: formatTick } : { ticks: 4 }),
        axisX(plot, xLabel, axis),
        plot.ruleY([domain[0]], { stroke: 'var(--muted)' }),
        ...series.flatMap(({ colour, dashed }, s) => [
          plot.line(
            rows(({ lines }) => lines[s]),
            { ...channels, ...aside(s), ...strokeOf(colour, dashed), strokeLinejoin: 'round' },
          ),
          plot.dot(
            rows(({ dots }) => dots?.[s]),
            {
              ...channels,
              ...aside(s),
              r: 2.8,
              fill: dashed ? 'var(--card)' : `var(--${colour})`,
              stroke: `var(--${colour})`,
              strokeWidth: 1.2,
            },
          ),
        ]),
      ],
    }
  })
}

/**
 * Histograms of few series over each panel's own range, whose ends are written below it. Heights are shares of the
 * series, each panel scaled to its own highest bin. Default width 860. Errors as `curvePanels`; `shape` for series with
 * different numbers of bins.
 */
export async function histogramPanels(panels: readonly HistogramPanel[], options: PanelOptions): Promise<Chart> {
  checkPanels(
    panels.length,
    options.series.length,
    panels.flatMap(({ range, counts }) => [...range, ...counts.flat()]),
  )
  const heights = panels.map(({ title, counts }) => {
    if (new Set(counts.map(({ length }) => length)).size !== 1)
      throw new TollError('shape-mismatch', `the series of histogram '${title}' differ in their number of bins`)
    const shares = counts.map((bins) => bins.map((count) => count / (sum(bins) || 1)))
    const top = most(shares.flat()) || 1
    return shares.map((bins) => bins.map((share) => share / top))
  })
  return drawPanels(panels, options, { height: 104 }, (plot, grid) => {
    // From the ground and back to it, so that one path has the outline and the area.
    const outline = (s: number): Row[] =>
      heights.flatMap((shares, p) => {
        const steps = shares[s].flatMap((share, b) =>
          [b, b + 1].map((edge) => [edge / shares[s].length, share] as const),
        )
        return [[0, 0] as const, ...steps, [1, 0] as const].map(([x, y]): Row => [x, y, ...grid.place(p)])
      })
    const ends = [0, 1].map((end) => panels.map(({ range }, p) => [formatEnd(range[end]), ...grid.place(p)] as const))
    return {
      x: { domain: [0, 1], axis: null },
      y: { domain: [0, 1.06], axis: null },
      marks: [
        ...options.series.map(({ colour, dashed }, s) =>
          plot.line(outline(s), {
            ...channels,
            ...strokeOf(colour, dashed),
            fill: `var(--${colour})`,
            fillOpacity: 0.2,
            strokeLinejoin: 'miter',
          }),
        ),
        plot.ruleY([0], { stroke: 'var(--muted)' }),
        ...ends.map((labels, end) =>
          plot.text(labels, {
            fx: '1',
            fy: '2',
            text: '0',
            frameAnchor: end === 0 ? 'bottom-left' : 'bottom-right',
            textAnchor: end === 0 ? 'start' : 'end',
            dy: 13,
            fill: 'var(--muted)',
          }),
        ),
        plot.text([options.xLabel], {
          facet: 'super',
          frameAnchor: 'bottom',
          dy: 34,
          text: (label: string) => label,
          fill: 'var(--muted)',
        }),
      ],
    }
  })
}

/** Between two panels of a row, as a share of the distance from one to the next. */
const aisle = 0.12

/** A vector without a head. */
const stroke = {
  draw(path: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void }, length: number) {
    path.moveTo(0, 0)
    path.lineTo(0, -length)
  },
}

const channels = { x: '0', y: '1', fx: '2', fy: '3' } as const

interface Grid {
  readonly panelWidth: number
  /** Column and row of a panel. */
  readonly place: (panel: number) => readonly [number, number]
}

type Planned = ReturnType<Parameters<typeof drawChart>[2]>

/**
 * Draws panels in rows, with the series named above and each panel's title over it. Square panels stand three in a row,
 * others five; on a phone two.
 */
export async function drawPanels(
  panels: readonly { readonly title: string }[],
  { series, width = 860, description, table }: PanelOptions,
  { height, above }: { readonly height: number | 'square'; readonly above?: string },
  plan: (plot: Plot, grid: Grid) => Planned,
): Promise<Chart> {
  const [marginLeft, marginRight, marginBottom, titleRow] = [52, 16, 44, 24]
  const layout = (full: number, most: number) => {
    const lines = Math.ceil(panels.length / most)
    const columns = Math.max(Math.ceil(panels.length / lines), height === 'square' ? 2 : 1)
    const inner = full - marginLeft - marginRight
    const legend = placeLegend(series, full - 24)
    const marginTop = 12 + 18 * legend.rows + (above === undefined ? 0 : 18) + titleRow
    const between = titleRow + 12
    // Few panels are wide, and get the height that goes with it.
    const panelHeight =
      height === 'square'
        ? (inner * (1 - aisle)) / (columns - aisle)
        : columns < 4 && full > 480
          ? 1.5 * height
          : height
    return {
      columns,
      legend,
      marginTop,
      lines,
      panelWidth: (inner / columns) * 0.9,
      frame: { width: full, height: marginTop + lines * (panelHeight + between) - between + marginBottom },
      gap: lines > 1 ? between / (panelHeight + between) : 0,
    }
  }
  const [wide, narrow] = [layout(width, height === 'square' ? 3 : 5), layout(narrowWidth, 2)]
  return drawChart({ wide: wide.frame, narrow: narrow.frame }, { description, table }, (plot, frame: Frame) => {
    const { columns, lines, legend, marginTop, panelWidth, gap } = frame.width === wide.frame.width ? wide : narrow
    const place = (panel: number) => [panel % columns, Math.floor(panel / columns)] as const
    const planned = plan(plot, { panelWidth, place })
    const range = (count: number) => Array.from({ length: count }, (_, i) => i)
    const titles = panels.map(
      ({ title }, p) => [shorten(title, Math.max(4, Math.floor(panelWidth / 8.2))), ...place(p)] as const,
    )
    return {
      ...planned,
      marginLeft,
      marginRight,
      marginTop,
      marginBottom,
      fx: { domain: range(columns), axis: null, paddingInner: columns > 1 ? aisle : 0, paddingOuter: 0 },
      fy: { domain: range(lines), axis: null, paddingInner: gap, paddingOuter: 0 },
      marks: [
        ...(planned.marks ?? []),
        plot.text(titles, {
          fx: '1',
          fy: '2',
          text: '0',
          frameAnchor: 'top-left',
          textAnchor: 'start',
          dy: height === 'square' ? -13 : -10,
          fontWeight: 600,
          fill: 'var(--ink)',
        }),
        ...(above === undefined
          ? []
          : [
              plot.text([above], {
                facet: 'super',
                frameAnchor: 'top-left',
                lineAnchor: 'middle',
                textAnchor: 'start',
                dx: 8 - marginLeft,
                dy: 14 + 18 * legend.rows - marginTop,
                text: (label: string) => label,
                fill: 'var(--muted)',
              }),
            ]),
        ...legend.items.flatMap(({ name, colour, dashed, dotted, x, row }) => {
          const at = {
            facet: 'super' as const,
            frameAnchor: 'top-left' as const,
            dx: x - marginLeft,
            dy: 12 + 18 * row - marginTop,
          }
          return [
            dotted
              ? plot.dot([0], { ...at, dx: at.dx + 12, r: 2.8, fill: `var(--${colour})` })
              : plot.vector([0], {
                  ...at,
                  length: 20,
                  rotate: 90,
                  anchor: 'start',
                  shape: stroke,
                  ...strokeOf(colour, dashed),
                }),
            plot.text([name], {
              ...at,
              dx: at.dx + 26,
              lineAnchor: 'middle',
              textAnchor: 'start',
              text: (label: string) => label,
              fill: `var(--${colour})`,
              fontWeight: 600,
            }),
          ]
        }),
      ],
    }
  })
}

/** Names of series from left to right, on as many rows as they need. */
function placeLegend(series: readonly PanelSeries[], width: number) {
  let [x, row] = [8, 0]
  const items = series.map((one) => {
    const needed = 26 + 7.2 * [...one.name].length
    if (x > 8 && x + needed > width) [x, row] = [8, row + 1]
    const item = { ...one, x, row }
    x += needed + 22
    return item
  })
  return { items, rows: row + 1 }
}

/** Ticks whose labels do not touch: the first, then each that is far enough from the one before. */
function spaced<Tick extends { readonly at: number; readonly label: string }>(
  ticks: readonly Tick[],
  position: (at: number) => number,
): Tick[] {
  const kept: Tick[] = []
  for (const tick of ticks) {
    const before = kept[kept.length - 1]
    const needed = before && 3.6 * (before.label.length + tick.label.length) + 8
    if (!before || position(tick.at) - position(before.at) >= needed) kept.push(tick)
  }
  return kept
}

function strokeOf(colour: PanelSeries['colour'], dashed = false) {
  return { stroke: `var(--${colour})`, strokeWidth: 1.75, strokeDasharray: dashed ? '5 3' : undefined }
}

/** A round value in few characters. */
function formatTick(value: number): string {
  return value >= 1e5 || value < 1e-3 ? value.toExponential(0).replace('+', '') : formatNumber(value)
}

/** The round values of a logarithmic axis; where they are more than `most`, powers of ten at equal distances. */
function fewTicks(low: number, high: number, most: number): number[] {
  const ticks = logTicks(low, high)
  if (ticks.length <= most) return ticks
  const powers = ticks.filter((tick) => Number.isInteger(Math.round(1e9 * Math.log10(tick)) / 1e9))
  const step = Math.ceil(powers.length / Math.max(most, 1))
  return powers.filter((_, i) => i % step === 0)
}

/** Three digits are enough for the end of a range. */
function formatEnd(value: number): string {
  return formatNumber(Number(value.toPrecision(3)))
}

export function checkPanels(panels: number, series: number, values: readonly number[]): void {
  if (panels < 1 || values.length === 0)
    throw new TollError('out-of-domain', 'a chart of small multiples needs at least one panel with a value, got none')
  if (series < 1 || series > 6) throw new TollError('out-of-domain', `a panel tells 1 to 6 series apart, got ${series}`)
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new TollError('not-finite', `a chart needs finite values, got ${values[bad]}`)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b))
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b))
}
