// Contours over a plane as small multiples: in each panel the regions where a function is low, as lines, over those of
// a reference that is the same in all panels. Plot's contour mark closes a region that reaches the frame along the
// frame, which the panel's border covers.

import { TollError } from '../base/index.js'
import { type Chart } from './chart.js'
import { axisX, axisY, type Plot } from './plot.js'
import { checkPanels, drawPanels } from './panels.js'
import type { PanelOptions } from './small-multiples.js'

/** A function on a square grid, and the levels whose regions {value <= level} are drawn. */
export interface ContourField {
  /** Rows from below, columns from the left, as many of both as the axis has values. */
  readonly values: readonly (readonly number[])[]
  readonly levels: readonly number[]
}

export interface ContourPanel extends ContourField {
  readonly title: string
  /** Stands in the upper left corner of the panel; short. */
  readonly note?: string
}

export interface ContourPanelOptions extends Omit<PanelOptions, 'series'> {
  /** Coordinates of the grid's rows and columns, evenly spaced, ascending, at least 2. */
  readonly axis: readonly number[]
  readonly yLabel: string
  /** Names of the lines and of the reference, which is filled. */
  readonly names: readonly [lines: string, reference: string]
  readonly reference: ContourField
}

/**
 * Square panels, three in a row, on a phone two. Default width 860.
 *
 * @throws `argument` for no panel, `shape` for a grid that is not that of the axis, `data` for a value that is not
 * finite.
 */
export async function contourPanels(panels: readonly ContourPanel[], options: ContourPanelOptions): Promise<Chart> {
  const { axis, reference, names, xLabel, yLabel } = options
  const fields = [reference, ...panels]
  checkPanels(
    panels.length,
    2,
    fields.flatMap(({ values, levels }) => [...values.flat(), ...levels]),
  )
  for (const { values } of fields) {
    if (axis.length < 2 || values.length !== axis.length || values.some((row) => row.length !== axis.length)) {
      throw new TollError(
        'shape-mismatch',
        `a contour grid over an axis of ${axis.length} values must be square with as many rows and at least ` +
          `2, got ${values.length} rows`,
        { option: 'fields', value: values.length, expected: `${axis.length} rows of ${axis.length} values` },
      )
    }
  }
  const extent: [number, number] = [axis[0], axis[axis.length - 1]]
  const series = [
    { name: names[0], colour: 'anomaly' },
    { name: names[1], colour: 'normal' },
  ] as const
  return drawPanels(panels, { ...options, series }, { height: 'square', above: yLabel }, (plot, grid) => {
    const places = panels.map((_, p) => grid.place(p))
    const fieldOf = field(places, axis)
    const notes = panels.flatMap(({ note }, p) => (note === undefined ? [] : [[note, ...places[p]] as const]))
    return {
      x: { domain: extent },
      y: { domain: extent },
      marks: [
        ...axisY(plot, '', { ticks: 4 }),
        axisX(plot, xLabel, { ticks: 4 }),
        ...reference.levels.map((level) =>
          fieldOf(
            plot,
            panels.map(() => ({ values: reference.values, level })),
            {
              fill: 'var(--normal)',
              fillOpacity: 0.14,
              stroke: 'var(--normal)',
              strokeOpacity: 0.55,
              strokeWidth: 0.8,
            },
          ),
        ),
        ...range(Math.max(...panels.map(({ levels }) => levels.length))).map((l) =>
          fieldOf(
            plot,
            panels.map(({ values, levels }) => ({ values, level: levels[l] })),
            { stroke: 'var(--anomaly)', strokeWidth: 1.75 },
          ),
        ),
        ...[
          ['var(--card)', 5],
          ['var(--line)', 1],
        ].map(([stroke, strokeWidth]) =>
          plot.rect(places, {
            x1: extent[0],
            x2: extent[1],
            y1: extent[0],
            y2: extent[1],
            fx: '0',
            fy: '1',
            fill: 'none',
            stroke: stroke as string,
            strokeWidth: strokeWidth as number,
          }),
        ),
        plot.text(notes, {
          fx: '1',
          fy: '2',
          text: '0',
          frameAnchor: 'top-left',
          textAnchor: 'start',
          dx: 7,
          dy: 8,
          fill: 'var(--ink)',
          stroke: 'var(--card)',
          strokeWidth: 4,
        }),
      ],
    }
  })
}

interface Region {
  readonly values: readonly (readonly number[])[]
  /** undefined draws nothing. */
  readonly level: number | undefined
}

/** One region per panel as a mark. */
function field(places: readonly (readonly [column: number, row: number])[], axis: readonly number[]) {
  return (plot: Plot, regions: readonly Region[], style: object) =>
    plot.contour({
      ...style,
      fx: places.map(([column]) => column),
      fy: places.map(([, row]) => row),
      value: (x: number, y: number, place: { readonly fx: number; readonly fy: number }) => {
        // The last row may have places without a panel. The region is where the mark's value is at least its only
        // threshold, 0.
        const region = regions[places.findIndex(([column, row]) => column === place.fx && row === place.fy)] as
          Region | undefined
        return region?.level === undefined ? NaN : region.level - interpolate(region.values, axis, x, y)
      },
      x1: axis[0],
      x2: axis[axis.length - 1],
      y1: axis[0],
      y2: axis[axis.length - 1],
      thresholds: [0],
      pixelSize: 2,
    })
}

/** Bilinear. */
function interpolate(values: readonly (readonly number[])[], axis: readonly number[], x: number, y: number): number {
  const last = axis.length - 1
  const [c, r] = [x, y].map((at) => Math.min(Math.max(((at - axis[0]) / (axis[last] - axis[0])) * last, 0), last))
  const [left, below] = [Math.min(Math.floor(c), last - 1), Math.min(Math.floor(r), last - 1)]
  const [u, v] = [c - left, r - below]
  const along = (row: readonly number[]) => (1 - u) * row[left] + u * row[left + 1]
  return (1 - v) * along(values[below]) + v * along(values[below + 1])
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
