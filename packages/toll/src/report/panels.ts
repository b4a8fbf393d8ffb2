// The frame of small multiples: panels in rows on common axes, with the series named once above all of them.

import { TollError } from '../base/index.js'
import { narrowWidth, shorten, type Chart, type Frame } from './chart.js'
import { drawChart, type Plot } from './plot.js'
import type { PanelOptions, PanelSeries } from './small-multiples.js'

/** Between two panels of a row, as a share of the distance from one to the next. */
const aisle = 0.12

/** A vector without a head. */
const stroke = {
  draw(path: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void }, length: number) {
    path.moveTo(0, 0)
    path.lineTo(0, -length)
  },
}

export interface Grid {
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

export function strokeOf(colour: PanelSeries['colour'], dashed = false) {
  return { stroke: `var(--${colour})`, strokeWidth: 1.75, strokeDasharray: dashed ? '5 3' : undefined }
}

export function checkPanels(panels: number, series: number, values: readonly number[]): void {
  if (panels < 1 || values.length === 0)
    throw new TollError('out-of-domain', 'a chart of small multiples needs at least one panel with a value, got none', {
      option: 'panels',
      value: panels,
      limit: 1,
    })
  if (series < 1 || series > 6)
    throw new TollError('out-of-domain', `a panel tells 1 to 6 series apart, got ${series}`, {
      option: 'series',
      value: series,
      expected: '1 to 6',
    })
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    throw new TollError('not-finite', `a chart needs finite values, got ${values[bad]}`, { value: values[bad] })
}
