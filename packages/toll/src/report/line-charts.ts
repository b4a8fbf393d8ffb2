// Curves over a common axis: ROC, training loss, and a measure during training. Curves are told apart by colour, dash
// and a label of their own.

import { TollError } from '../base/index.js'
import type { PrecisionRecallCurve, RocCurve } from '../metrics/index.js'
import { formatNumber, logTicks, narrowWidth, shorten, type Chart, type ChartOptions, type Frame } from './chart.js'
import { axisX, axisY, drawChart, type Plot } from './plot.js'
import type { ReportTable } from './table.js'

/** One curve: equally long lists of finite numbers, x ascending. */
export interface Series {
  readonly name: string
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
}

export interface NamedRoc {
  readonly name: string
  readonly curve: RocCurve
  /** Area under the curve, shown beside the name. */
  readonly auroc: number
}

export interface SeriesOptions extends ChartOptions {
  /** Default 'training step'. */
  readonly xLabel?: string
  readonly yLabel?: string
}

type Point = readonly [x: number, y: number]

interface Trace {
  readonly name: string
  readonly points: readonly Point[]
}

const dashes = [undefined, '6 3', '2 3', '8 3 2 3']

/** A square of per cent by per cent. */
const percentAxes = {
  marginLeft: 40,
  marginRight: 16,
  marginTop: 34,
  marginBottom: 42,
  x: { domain: [0, 100] },
  y: { domain: [0, 100] },
}

function squareFrames(width: number): { readonly wide: Frame; readonly narrow: Frame } {
  return { wide: { width, height: width + 20 }, narrow: { width: narrowWidth, height: narrowWidth + 20 } }
}

/** ROC curves of one or more detectors, at most 4; default width 400. @throws `argument` for none or too many. */
export async function rocChart(curves: readonly NamedRoc[], options: ChartOptions = {}): Promise<Chart> {
  checkCount(curves.length)
  const width = options.width ?? 400
  const traces = curves.map(({ name, curve, auroc }) => ({
    name: `${shorten(name, 22)} ${auroc.toFixed(3)}`,
    points: thin(curve.falsePositiveRate, curve.truePositiveRate, 1 / 400, 1 / 400).map(([x, y]): Point => [
      100 * x,
      100 * y,
    ]),
  }))
  const shares = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
  const described = {
    description:
      'ROC curves. Area under the curve: ' +
      `${curves.map(({ name, auroc }) => `${name} ${auroc.toFixed(3)}`).join(', ')}.`,
    table: {
      caption: 'Anomalies caught (%) when at most this share of normal rows is called by mistake',
      columns: [
        { title: 'detector' },
        { title: 'AUROC', digits: 4 },
        ...shares.map((share) => ({ title: `${100 * share} %`, digits: 1 })),
      ],
      rows: curves.map(({ name, curve, auroc }) => [
        name,
        auroc,
        ...shares.map((share) => 100 * caughtAt(curve, share)),
      ]),
    },
  }
  const longest = Math.max(...traces.map(({ name }) => [...name].length))
  // Where the names start, in per cent of the frame: far enough left for the longest, at about 7.4 pixels a character.
  const startOf = ({ width: full }: Frame) => Math.min(49, 104 - (740 * longest) / (full - 56))
  return drawChart(squareFrames(width), described, (plot, frame) => ({
    ...percentAxes,
    marks: [
      ...axisY(plot, 'anomalies caught (%)', { ticks: 5 }),
      axisX(plot, 'normal rows called by mistake (%)', { ticks: 5 }),
      plot.link([0], { x1: 0, y1: 0, x2: 100, y2: 100, stroke: 'var(--muted)', strokeOpacity: 0.6 }),
      plot.text([[80, 80]], { x: '0', y: '1', text: () => 'chance', rotate: -45, dx: 6, dy: 6, fill: 'var(--muted)' }),
      ...traces.flatMap(({ points }, i) => drawLine(plot, points, i)),
      // The corner below the diagonal is free of curves that are better than chance.
      ...traces.flatMap(({ name }, i) => {
        const y = 6 + 7.5 * (traces.length - 1 - i)
        return [
          plot.link([0], { x1: startOf(frame) - 9, x2: startOf(frame) - 2, y1: y, y2: y, ...strokeOf(i) }),
          plot.text([[startOf(frame), y]], {
            x: '0',
            y: '1',
            text: () => name,
            textAnchor: 'start',
            fill: colourOf(i),
            fontWeight: 600,
            stroke: 'var(--card)',
            strokeWidth: 4,
          }),
        ]
      }),
    ],
  }))
}

/** The precision-recall curve of one model; default width 400. */
export async function precisionRecallChart(
  { precision, recall }: PrecisionRecallCurve,
  averagePrecision: number,
  options: ChartOptions = {},
): Promise<Chart> {
  const width = options.width ?? 400
  // Beyond the threshold that catches all, only precision is lost.
  const end = recall.findIndex((caught) => caught === 1) + 1
  const points = thin(recall.subarray(0, end), precision.subarray(0, end), 1 / 400, 1 / 400).map(([x, y]): Point => [
    100 * x,
    100 * y,
  ])
  const shares = [0.1, 0.25, 0.5, 0.75, 0.9, 1]
  const described = {
    description: `Precision over recall. Average precision ${averagePrecision.toFixed(3)}.`,
    table: {
      caption: 'Precision (%) when at least this share of the anomalies is caught',
      columns: shares.map((share) => ({ title: `${100 * share} %`, digits: 1 })),
      rows: [shares.map((share) => 100 * precision[recall.findIndex((caught) => caught >= share - 1e-12)])],
    },
  }
  return drawChart(squareFrames(width), described, (plot) => ({
    ...percentAxes,
    marks: [
      ...axisY(plot, 'called rows that are anomalies (%)', { ticks: 5 }),
      axisX(plot, 'anomalies caught (%)', { ticks: 5 }),
      ...drawLine(plot, points, 0),
    ],
  }))
}

/**
 * Training losses, at most 4 series; vertical axis logarithmic where all losses are above 0 and span a factor of 20.
 * Default width 860. Long series are drawn as means over equal runs of steps.
 *
 * @throws `argument` for none or too many series; `shape` and `data` for series that are empty, uneven or not finite.
 */
export async function lossChart(history: readonly Series[], options: SeriesOptions = {}): Promise<Chart> {
  return seriesChart(history, { yLabel: 'loss', ...options }, 'Training loss', false)
}

/**
 * A measure during training, such as the validation AUROC, with the best value (the first highest) of each series
 * marked and written beside its name. As `lossChart`.
 */
export async function learningCurve(series: readonly Series[], options: SeriesOptions = {}): Promise<Chart> {
  return seriesChart(series, { yLabel: 'measure on validation rows', ...options }, 'Learning curve', true)
}

async function seriesChart(
  series: readonly Series[],
  options: SeriesOptions,
  title: string,
  markBest: boolean,
): Promise<Chart> {
  checkCount(series.length)
  const [width, xLabel, yLabel] = [options.width ?? 860, options.xLabel ?? 'training step', options.yLabel ?? 'value']
  const best = series.map(checkSeries).map(({ x, y }): Point => {
    let at = 0
    for (let i = 1; i < y.length; i++) if (y[i] > y[at]) at = i
    return [x[at], y[at]]
  })
  const marked = markBest ? best : []
  const traces = series.map((one, i): Trace => ({
    name: shorten(one.name, 20) + (markBest ? ` ${formatNumber(best[i][1])}` : ''),
    points: average(one, 160),
  }))
  const last = series.map(({ y }) => y[y.length - 1])
  const described = {
    description: `${title} (${yLabel}) over ${xLabel}. ${series
      .map(
        ({ name, y }, i) =>
          `${name}: first ${formatNumber(y[0])}, ` +
          (markBest ? `best ${formatNumber(best[i][1])} at ${best[i][0]}, ` : '') +
          `last ${formatNumber(last[i])}`,
      )
      .join('. ')}.`,
    table: tabulate(
      traces,
      series.map(({ name }) => name),
      xLabel,
    ),
  }
  const frames = {
    wide: { width, height: Math.round(width * 0.12 + 230) },
    narrow: { width: narrowWidth, height: 240 + 17 * series.length },
  }
  return drawChart(frames, described, (plot, frame) =>
    planSeries(plot, frame, traces, marked, xLabel, yLabel, !markBest),
  )
}

function planSeries(
  plot: Plot,
  frame: Frame,
  traces: readonly Trace[],
  best: readonly Point[],
  xLabel: string,
  yLabel: string,
  mayBeLog: boolean,
) {
  const xs = traces.flatMap(({ points }) => points.map(([x]) => x))
  const ys = [...traces.flatMap(({ points }) => points.map(([, y]) => y)), ...best.map(([, y]) => y)]
  const [low, high] = [Math.min(...ys), Math.max(...ys)]
  const log = mayBeLog && low > 0 && high > 20 * low
  const spread = high > low ? (high - low) * 0.1 : Math.abs(high) * 0.1 || 1
  const domain = log
    ? [low / 1.15, high * 1.15]
    : [mayBeLog && low >= 0 && low < high / 2 ? 0 : low - spread, high + spread]
  const place = (y: number) => (log ? Math.log(y) : y)
  const aside = frame.width >= 480
  const margins = {
    marginLeft: 52,
    marginRight: aside ? 18 + 7 * Math.max(...traces.map(({ name }) => [...name].length)) : mayBeLog ? 20 : 14,
    marginTop: aside ? 34 : 40 + 17 * traces.length,
    marginBottom: 42,
  }
  const inner = {
    width: frame.width - margins.marginLeft - margins.marginRight,
    height: frame.height - margins.marginTop - margins.marginBottom,
  }
  const perPixel = (place(domain[1]) - place(domain[0])) / inner.height
  const depth = (y: number) => (place(domain[1]) - place(y)) / perPixel
  const ends = traces.map(({ points }) => points[points.length - 1])
  const offsets = spreadLabels(
    ends.map(([, y]) => depth(y)),
    15,
  )
  const [first, last] = [Math.min(...xs), Math.max(...xs)]
  const label = (at: Point, name: string, i: number, dx: number, dy: number) =>
    plot.text([at], {
      x: '0',
      y: '1',
      text: () => name,
      dx,
      dy,
      textAnchor: 'start',
      fill: colourOf(i),
      fontWeight: 600,
    })
  // Names stand at the ends of the lines where there is room, else in rows above the frame.
  const names = traces.flatMap(({ name }, i) => {
    if (aside) return [label(ends[i], name, i, 8, offsets[i])]
    const above = place(domain[1]) + perPixel * (8 + 17 * (traces.length - 1 - i))
    const y = log ? Math.exp(above) : above
    const x2 = first + (24 * (last - first || 1)) / inner.width
    return [plot.link([0], { x1: first, x2, y1: y, y2: y, ...strokeOf(i) }), label([x2, y], name, i, 6, 0)]
  })
  return {
    ...margins,
    x: { domain: first < last ? [first, last] : [first, first + 1] },
    y: { type: log ? ('log' as const) : ('linear' as const), domain },
    marks: [
      ...axisY(
        plot,
        log ? `${yLabel} (logarithmic)` : yLabel,
        log ? { ticks: logTicks(domain[0], domain[1]), tickFormat: formatNumber } : { ticks: 5 },
      ),
      axisX(plot, xLabel, { ticks: Math.max(3, Math.round(frame.width / 110)) }),
      plot.ruleY([domain[0]], { stroke: 'var(--muted)' }),
      ...traces.flatMap(({ points }, i) => drawLine(plot, points, i)),
      ...best.map((point, i) =>
        plot.dot([point], { x: '0', y: '1', r: 4.5, fill: colourOf(i), stroke: 'var(--card)', strokeWidth: 2 }),
      ),
      ...names,
    ],
  }
}

function drawLine(plot: Plot, points: readonly Point[], i: number) {
  return [plot.line(points, { x: '0', y: '1', strokeLinejoin: 'round', ...strokeOf(i) })]
}

function strokeOf(i: number) {
  return { stroke: colourOf(i), strokeWidth: 2, strokeDasharray: dashes[i] }
}

function colourOf(i: number): string {
  return `var(--series-${i + 1})`
}

/** How far each label moves from its own place so that neighbours stay `gap` pixels apart. */
function spreadLabels(places: readonly number[], gap: number): number[] {
  const offsets = new Array<number>(places.length).fill(0)
  let free = -Infinity
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b])
  for (const i of order) {
    const at = Math.max(places[i], free)
    offsets[i] = at - places[i]
    free = at + gap
  }
  // Half of the push goes up again, so that a pair stays centred on its lines.
  const middle = Math.max(...offsets) / 2
  return offsets.map((offset) => offset - middle)
}

/** Keeps the ends and every point that moves at least `dx` or `dy` from the last one kept. */
function thin(x: ArrayLike<number>, y: ArrayLike<number>, dx: number, dy: number): Point[] {
  const kept: Point[] = []
  for (let i = 0; i < x.length; i++) {
    const [px, py] = kept[kept.length - 1] ?? [-Infinity, -Infinity]
    if (i === x.length - 1 || x[i] - px >= dx || y[i] - py >= dy) kept.push([x[i], y[i]])
  }
  return kept
}

/** At most `size` points, each the mean of an equal run of neighbours, but the first and last as they are. */
export function average({ x, y }: Series, size: number): Point[] {
  if (x.length <= size) return Array.from(x, (value, i): Point => [value, y[i]])
  const inner = Array.from({ length: size - 2 }, (_, k): Point => {
    const from = 1 + Math.floor((k * (x.length - 2)) / (size - 2))
    const to = 1 + Math.floor(((k + 1) * (x.length - 2)) / (size - 2))
    let [sumX, sumY] = [0, 0]
    for (let i = from; i < to; i++) {
      sumX += x[i]
      sumY += y[i]
    }
    return [sumX / (to - from), sumY / (to - from)]
  })
  return [[x[0], y[0]], ...inner, [x[x.length - 1], y[y.length - 1]]]
}

/** The most anomalies caught at a false positive rate of at most `share`. */
function caughtAt({ falsePositiveRate, truePositiveRate }: RocCurve, share: number): number {
  let caught = 0
  for (let i = 0; i < falsePositiveRate.length && falsePositiveRate[i] <= share; i++) caught = truePositiveRate[i]
  return caught
}

function tabulate(traces: readonly Trace[], names: readonly string[], xLabel: string): ReportTable {
  const rows = traces.flatMap(({ points }, i) => {
    const step = Math.max(1, (points.length - 1) / 10)
    const picked = Array.from({ length: Math.min(points.length, 11) }, (_, k) => points[Math.round(k * step)])
    return picked.map(([x, y]) => [names[i], formatNumber(x), formatNumber(y)])
  })
  return {
    caption: 'Points of each curve',
    columns: [{ title: 'curve' }, { title: xLabel, align: 'right' }, { title: 'value', align: 'right' }],
    rows,
  }
}

function checkCount(count: number): void {
  if (count < 1 || count > dashes.length) {
    throw new TollError(
      'out-of-domain',
      `a chart tells 1 to ${dashes.length} curves apart, got ${count}; draw the others in a second chart`,
      { option: 'series', value: count, expected: `1 to ${dashes.length}` },
    )
  }
}

function checkSeries(series: Series): Series {
  const { name, x, y } = series
  if (x.length !== y.length || x.length === 0) {
    throw new TollError(
      'shape-mismatch',
      `curve '${name}' needs as many x as y and at least one, got ${x.length} and ${y.length}`,
      { option: name, value: y.length, expected: `${x.length} values` },
    )
  }
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i]))
      throw new TollError('not-finite', `point ${i} of curve '${name}' is (${x[i]}, ${y[i]}), not finite`, {
        option: name,
        row: i,
        value: [x[i], y[i]],
      })
  }
  return series
}
