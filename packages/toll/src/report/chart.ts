// A chart as text: SVG in two widths (a page on a desk, a phone), with the sentence a screen reader says and the
// numbers behind it. Colours are custom properties of the page, so charts follow its scheme.

import { chartColours } from './style.js'
import type { ReportTable } from './table.js'

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

/** The wide drawing as an SVG file that stands alone, in the colours of the reader's scheme. */
export function renderSvg(chart: Chart): string {
  const namespace = 'xmlns="http://www.w3.org/2000/svg"'
  const style =
    `<style>${chartColours} svg { color: var(--ink); background: var(--paper) } text { white-space: pre ` + '}</style>'
  return chart.wide.replace('<svg', `<svg ${namespace}`).replace('>', `>${style}`) + '\n'
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
