// The two score distributions of a detector on labelled rows, with the threshold between them. Each class is drawn as a
// share of its own rows, since anomalies are rare and would vanish as counts.

import { TollError } from '../base/index.js'
import { quantile } from '../base/index.js'
import { histogram } from '../metrics/index.js'
import { formatNumber, narrowWidth, shorten, type Chart, type ChartOptions, type Frame } from './chart.js'
import { axisX, axisY, drawChart, type Plot } from './plot.js'
import type { ReportTable } from './table.js'

export interface ScoreHistogramOptions extends ChartOptions {
  /** Number of bins, 1 to 200; default 40. */
  readonly bins?: number
  /**
   * Spacing of scores; default `log` when all are above 0 and the largest is over 100 times the smallest, else
   * `linear`.
   */
  readonly scale?: 'linear' | 'log'
  /** Default 'anomaly score'. */
  readonly scoreLabel?: string
  /** What the two classes are called; default 'normal' and 'anomalous'. */
  readonly names?: readonly [normal: string, anomalous: string]
  /** Further thresholds, drawn thinner than the one that decides. */
  readonly further?: readonly { readonly name: string; readonly value: number }[]
}

interface Distribution {
  readonly name: string
  readonly colour: string
  readonly rows: number
  /** Share of the class in each bin, per cent. */
  readonly shares: readonly number[]
}

/**
 * Histogram of finite scores per class; default width 860. Without anomalous rows the normal ones stand alone.
 *
 * @param threshold rows above it are called anomalies; without it no line is drawn
 * @throws `data` when a score is not finite, or there are no normal ones.
 */
export async function scoreHistogram(
  normal: ArrayLike<number>,
  anomalous: ArrayLike<number>,
  threshold?: number,
  options: ScoreHistogramOptions = {},
): Promise<Chart> {
  const { further = [] } = options
  const all = [
    ...Array.from(normal),
    ...Array.from(anomalous),
    ...(threshold === undefined ? [] : [threshold]),
    ...further.map(({ value }) => value),
  ]
  if (normal.length === 0)
    throw new TollError('no-rows', 'a histogram of scores needs normal rows, got none', { option: 'normal' })
  const [low, high] = [quantile(all, 0), quantile(all, 1)]
  const log = (options.scale ?? (low > 0 && high > 100 * low ? 'log' : 'linear')) === 'log' && low > 0
  const place = (score: number) => (log ? Math.log(score) : score)
  const margin = low === high ? 0.5 : (place(high) - place(low)) * 0.01
  const range: [number, number] = [place(low) - margin, place(high) + margin]
  const edges = Array.from(histogram([], { bins: options.bins ?? 40, range }).edges, (edge) =>
    log ? Math.exp(edge) : edge,
  )
  const [normalName, anomalousName] = options.names ?? ['normal', 'anomalous']
  const classes = [
    { name: normalName, colour: 'var(--normal)', scores: normal },
    { name: anomalousName, colour: 'var(--anomaly)', scores: anomalous },
  ]
    .filter(({ scores }) => scores.length > 0)
    .map(({ name, colour, scores }): Distribution & { readonly median: number } => {
      const { counts } = histogram(Array.from(scores, place), { bins: options.bins ?? 40, range })
      return {
        name,
        colour,
        rows: scores.length,
        median: quantile(scores, 0.5),
        shares: Array.from(counts, (count) => (100 * count) / scores.length),
      }
    })
  const described = {
    description:
      'Histogram of scores. ' +
      `${classes.map((c) => `${c.name}: ${c.rows} rows, median ${formatNumber(c.median)}`).join('. ')}.` +
      (threshold === undefined ? '' : ` Threshold ${formatNumber(threshold)}.`) +
      further.map(({ name, value }) => ` Threshold ${name} ${formatNumber(value)}.`).join(''),
    table: tabulate(edges, classes),
  }
  const width = options.width ?? 860
  const frames = {
    wide: { width, height: Math.round(width * 0.15 + 170) },
    narrow: { width: narrowWidth, height: 230 },
  }
  return drawChart(frames, described, (plot, frame) =>
    plan(plot, frame, edges, classes, { threshold, further }, log, options.scoreLabel ?? 'anomaly score'),
  )
}

function plan(
  plot: Plot,
  frame: Frame,
  edges: readonly number[],
  classes: readonly Distribution[],
  {
    threshold,
    further,
  }: { readonly threshold?: number; readonly further: NonNullable<ScoreHistogramOptions['further']> },
  log: boolean,
  label: string,
) {
  const top = Math.max(...classes.flatMap(({ shares }) => shares))
  const inner = frame.width - 40 - 16
  const position = (x: number) => {
    const [a, b, v] = [edges[0], edges[edges.length - 1], x].map((s) => (log ? Math.log(s) : s))
    return (inner * (v - a)) / (b - a)
  }
  const peaks = classes
    .map(({ shares }) => shares.indexOf(Math.max(...shares)))
    .map((i) => (edges[i] + edges[i + 1]) / 2)
  // Two peaks closer than a label is wide: their labels lean away from each other.
  const close = peaks.length === 2 && Math.abs(position(peaks[0]) - position(peaks[1])) < 90
  const leftmost = peaks[0] <= peaks[1] ? 0 : 1
  // Where there is no room at the left both lean to the right, and the higher one moves up.
  const crowded = close && position(peaks[leftmost]) < 7.2 * classes[leftmost].name.length + 4
  const tops = classes.map(({ shares }) => Math.max(...shares))
  const apart = crowded ? (Math.abs(tops[0] - tops[1]) / (top * 1.16)) * (frame.height - 88) : Infinity
  const lifted = (i: number) =>
    apart < 16 && tops[i] === Math.max(...tops) && (i === 0 || tops[0] !== tops[1]) ? 16 - apart : 0
  return {
    marginLeft: 40,
    marginRight: 16,
    marginTop: 46,
    marginBottom: 42,
    x: { type: log ? ('log' as const) : ('linear' as const), domain: [edges[0], edges[edges.length - 1]] },
    y: { domain: [0, top * 1.16], insetBottom: 0 },
    marks: [
      ...axisY(plot, 'share of the class per bin (%)', { ticks: 4 }),
      axisX(
        plot,
        label,
        log ? { ticks: 5, tickFormat: formatNumber } : { ticks: Math.max(4, Math.round(frame.width / 80)) },
      ),
      ...classes.flatMap(({ shares, colour }) => {
        const outline = shares.flatMap((share, i) => [
          [edges[i], share],
          [edges[i + 1], share],
        ])
        return [
          plot.areaY(outline, { x: '0', y1: 0, y2: '1', fill: colour, fillOpacity: 0.22 }),
          plot.lineY(outline, { x: '0', y: '1', stroke: colour, strokeWidth: 1.5, strokeLinejoin: 'miter' }),
        ]
      }),
      plot.ruleY([0], { stroke: 'var(--muted)' }),
      ...(threshold === undefined
        ? []
        : [
            plot.ruleX([threshold], {
              stroke: 'var(--ink)',
              strokeWidth: 1.25,
              strokeDasharray: '4 3',
              y1: 0,
              y2: top * 1.16,
            }),
            plot.text([threshold], {
              x: (t: number) => t,
              frameAnchor: 'top',
              dy: -8,
              lineAnchor: 'bottom',
              text: (t: number) => `threshold ${formatNumber(t)}`,
              fill: 'var(--ink)',
              textAnchor: position(threshold) > inner - 70 ? 'end' : position(threshold) < 70 ? 'start' : 'middle',
            }),
          ]),
      ...further.flatMap(({ name, value }, i) => [
        plot.ruleX([value], { stroke: 'var(--muted)', strokeDasharray: '2 3', y1: 0, y2: top * 1.16 }),
        plot.text([value], {
          x: (t: number) => t,
          frameAnchor: 'top',
          dy: 6 + 13 * (i % 6),
          dx: position(value) > inner - 90 ? -4 : 4,
          text: () => shorten(name, 14),
          fill: 'var(--muted)',
          textAnchor: position(value) > inner - 90 ? 'end' : 'start',
          stroke: 'var(--card)',
          strokeWidth: 4,
        }),
      ]),
      ...classes.map(({ name, shares, colour }, i) => {
        const at = position(peaks[i])
        const half = name.length * 3.6 + 4
        const leaning = crowded
          ? 'start'
          : close
            ? i === leftmost
              ? 'end'
              : 'start'
            : at < half
              ? 'start'
              : at > inner - half
                ? 'end'
                : 'middle'
        return plot.text([[peaks[i], Math.max(...shares)]], {
          x: '0',
          y: '1',
          text: () => name,
          dy: -9 - lifted(i),
          textAnchor: leaning,
          fill: colour,
          fontWeight: 600,
          stroke: 'var(--card)',
          strokeWidth: 4,
        })
      }),
    ],
  }
}

function tabulate(edges: readonly number[], classes: readonly Distribution[]): ReportTable {
  return {
    caption: 'Share of each class per bin of scores, per cent',
    columns: [
      { title: 'from', align: 'right' },
      { title: 'to', align: 'right' },
      ...classes.map(({ name }) => ({ title: name, digits: 2 })),
    ],
    rows: edges
      .slice(1)
      .map((edge, i) => [formatNumber(edges[i]), formatNumber(edge), ...classes.map(({ shares }) => shares[i])]),
  }
}
