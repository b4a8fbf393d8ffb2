// A chart as text: SVG drawn by Observable Plot on a document without a browser, in two widths (a page on a desk, a
// phone), with the sentence a screen reader says and the numbers behind it. Colours are custom properties of the page,
// so charts follow its scheme.

import type { PlotOptions } from '@observablehq/plot'
import { TollError } from '../base/index.js'
import { escapeText } from './markup.js'
import { chartColours } from './style.js'
import type { ReportTable } from './table.js'

export type Plot = typeof import('@observablehq/plot')

export interface Chart {
  /** SVG elements of the same chart, for wide and for narrow pages. */
  readonly wide: string
  readonly narrow: string
  /** What a reader who does not see it should know. */
  readonly description: string
  /** The numbers that are drawn. */
  readonly table: ReportTable
}

/** Size of one drawing in CSS pixels. */
export interface Frame {
  readonly width: number
  readonly height: number
}

/** Options that all charts share. */
export interface ChartOptions {
  /**
   * Width of the wide drawing in CSS pixels, 320 to 1200: 860 fills a report, 400 a column of two; each chart states
   * its default. The narrow one is always 352 wide.
   */
  readonly width?: number
}

export const narrowWidth = 352

/** Draws a chart in both widths. Plot and the document are loaded on first use: no start-up pays for them. */
export async function drawChart(
  frames: { readonly wide: Frame; readonly narrow: Frame },
  described: Pick<Chart, 'description' | 'table'>,
  plan: (plot: Plot, frame: Frame) => PlotOptions,
): Promise<Chart> {
  const { width } = frames.wide
  if (!(width >= 320 && width <= 1200))
    throw new TollError('out-of-domain', `the width of a chart must be 320 to 1200 pixels, got ${width}`)
  const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')])
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const draw = (name: string, frame: Frame): string => {
    const svg = plot.plot({ ...plan(plot, frame), ...frame, document })
    // Plot's own style sheet is replaced by the page's: one copy for all charts.
    svg.querySelector('style')?.remove()
    svg.setAttribute('class', `chart ${name}`)
    svg.setAttribute('font-size', '12')
    const drawn = svg.outerHTML.replace(/<[^>]*>/g, roundCoordinates)
    return `<svg role="img" aria-label="${escapeText(described.description)}"${drawn.slice('<svg'.length)}`
  }
  return { wide: draw('wide', frames.wide), narrow: draw('narrow', frames.narrow), ...described }
}

/** A hundredth of a pixel is enough, and half the bytes. */
function roundCoordinates(tag: string): string {
  return tag.replace(/\d+\.\d{3,}(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100))
}

/** The wide drawing as an SVG file that stands alone, in the colours of the reader's scheme. */
export function renderSvg(chart: Chart): string {
  const namespace = 'xmlns="http://www.w3.org/2000/svg"'
  const style =
    `<style>${chartColours} svg { color: var(--ink); background: var(--paper) } text { white-space: pre ` + '}</style>'
  return chart.wide.replace('<svg', `<svg ${namespace}`).replace('>', `>${style}`) + '\n'
}

/** A horizontal axis with its label centred below. */
export function axisX(
  plot: Plot,
  label: string,
  options: { ticks?: number | number[]; tickFormat?: (x: number) => string } = {},
) {
  return plot.axisX({
    label,
    labelAnchor: 'center',
    labelArrow: 'none',
    tickSize: 0,
    tickPadding: 6,
    fill: 'var(--muted)',
    ...options,
  })
}

/** A vertical axis with its label above and light lines across the frame. `ticks` is about how many, or which. */
export function axisY(
  plot: Plot,
  label: string,
  options: { ticks?: number | number[]; tickFormat?: (y: number) => string } = {},
) {
  return [
    plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: options.ticks }),
    plot.axisY({
      label,
      labelAnchor: 'top',
      labelArrow: 'none',
      tickSize: 0,
      tickPadding: 6,
      fill: 'var(--muted)',
      ...options,
    }),
  ]
}

/**
 * Round values of a logarithmic axis: powers of ten, and two and five times those where the axis spans less than three
 * decades.
 */
export function logTicks(low: number, high: number): number[] {
  const steps = high / low < 1000 ? [1, 2, 5] : [1]
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    ticks.push(...steps.map((step) => step * 10 ** power).filter((tick) => tick >= low && tick <= high))
  }
  return ticks
}

/** Four significant digits without an exponent where that is short. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2)
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)))
}

/** At most `length` characters, the last an ellipsis where some were cut. */
export function shorten(name: string, length: number): string {
  const characters = [...name]
  return characters.length <= length ? name : `${characters.slice(0, length - 1).join('')}…`
}
