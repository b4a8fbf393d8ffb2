// Small multiples: one small chart per panel on common axes, so that many classes can be told apart without as many
// colours. Within a panel few series, named once above all panels.

import { TollError } from '../base/index.js'
import { formatNumber, logTicks, type Chart, type ChartOptions } from './chart.js'
import { axisX, axisY } from './plot.js'
import { average, type Series } from './line-charts.js'
import { checkPanels, drawPanels, strokeOf } from './panels.js'

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
      throw new TollError('not-positive', `a logarithmic axis needs values above 0, got ${from}`, { value: from })
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
      throw new TollError('shape-mismatch', `the series of histogram '${title}' differ in their number of bins`, {
        option: title,
      })
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

const channels = { x: '0', y: '1', fx: '2', fy: '3' } as const

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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b))
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b))
}
