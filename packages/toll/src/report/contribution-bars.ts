// What raises and what lowers a number: one horizontal bar per contribution, from zero to the right or to the left,
// with its name.

import { formatNumber, narrowWidth, shorten, type Chart, type ChartOptions, type Frame } from './chart.js'
import { axisX, drawChart, type Plot } from './plot.js'

export interface Contribution {
  readonly name: string
  readonly value: number
  /** Further text in the table of numbers, such as the value of a column. */
  readonly detail?: string
  /** Drawn in grey: a base, or a rest. */
  readonly muted?: boolean
}

/** Height of a bar with its distance to the next, in CSS pixels. */
const barHeight = 26

/** Bars in the given order, 1 to 60; default width 860. `unit` is what they add up to, such as 'score'. */
export function contributionBars(
  items: readonly Contribution[],
  unit: string,
  { width = 860 }: ChartOptions = {},
): Promise<Chart> {
  const height = items.length * barHeight + 58
  const listed = items.map(({ name, value }) => `${name} ${formatNumber(value)}`)
  return drawChart(
    { wide: { width, height }, narrow: { width: narrowWidth, height } },
    {
      description: `Contributions to the ${unit}: ${listed.join(', ')}.`,
      table: {
        caption: `Contributions to the ${unit}`,
        columns: [
          { title: 'part' },
          { title: 'contribution', align: 'right' },
          ...(items.some(({ detail }) => detail !== undefined) ? [{ title: 'value' }] : []),
        ],
        rows: items.map(({ name, value, detail }) => [
          name,
          formatNumber(value),
          ...(items.some((item) => item.detail !== undefined) ? [detail ?? null] : []),
        ]),
      },
    },
    (plot, frame) => plan(plot, frame, items, unit),
  )
}

function plan(plot: Plot, frame: Frame, items: readonly Contribution[], unit: string) {
  const letters = frame.width > 500 ? 28 : 15
  const names = items.map(({ name }) => shorten(name, letters))
  const marginLeft = Math.max(...names.map((name) => [...name].length)) * 7 + 14
  const low = Math.min(0, ...items.map(({ value }) => value))
  const high = Math.max(0, ...items.map(({ value }) => value))
  const colour = ({ value, muted }: Contribution) =>
    muted ? 'var(--muted)' : value >= 0 ? 'var(--anomaly)' : 'var(--normal)'
  const span = high - low || 1
  // Numbers stand behind the bars: room for them at both ends.
  const room = (58 * span) / Math.max(frame.width - marginLeft - 16 - 116, 60)
  return {
    marginLeft,
    marginRight: 16,
    marginTop: 8,
    marginBottom: 44,
    x: { domain: [low < 0 ? low - room : low, high + room] },
    y: { type: 'band' as const, domain: items.map((_, i) => i), padding: 0.25 },
    marks: [
      plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 4 }),
      axisX(plot, `contribution to the ${unit}`, { ticks: 4 }),
      plot.axisY({ label: null, tickSize: 0, tickPadding: 8, fill: 'var(--ink)', tickFormat: (i: number) => names[i] }),
      plot.barX(items, { y: (_: Contribution, i: number) => i, x: 'value', fill: colour }),
      ...[1, -1].map((side) =>
        plot.text(
          items.map((item, i) => ({ ...item, i })).filter(({ value }) => (value >= 0 ? 1 : -1) === side),
          {
            y: 'i',
            x: 'value',
            text: ({ value }: Contribution) => formatNumber(value),
            dx: 5 * side,
            textAnchor: side > 0 ? ('start' as const) : ('end' as const),
            fill: 'var(--ink)',
          },
        ),
      ),
      plot.ruleX([0], { stroke: 'var(--muted)' }),
    ],
  }
}
