// Small drawings for the cells of a table: a bar for a signed number, a histogram for a column. Each has the text that stands for it where
// there are no drawings, and a title. Colours are custom properties of the page.

import { escapeText } from './markup.js'
import type { CellPicture } from './table.js'

const size = { width: 112, height: 28 }

/**
 * A bar from a middle line: to the right what raises, to the left what lowers.
 *
 * @param share of the largest bar beside it, in [-1, 1]
 * @param oneSided whether all bars of the table go to the right, so that the line stands at the left
 */
export function barCell(share: number, title: string, oneSided: boolean): CellPicture {
  const [width, height] = [size.width, 14]
  const zero = oneSided ? 1 : width / 2
  const length = Math.max(1, Math.abs(share) * (oneSided ? width - 2 : width / 2 - 1))
  const x = share < 0 ? zero - length : zero
  const bar = share === 0 ? '' : `<rect x="${round(x)}" y="2" width="${round(length)}" height="${height - 4}" fill="var(--${share < 0 ? 'normal' : 'anomaly'})"/>`
  return { text: title, svg: frame(width, height, title, `${bar}<path d="M${zero} 0V${height}" stroke="var(--muted)"/>`) }
}

export interface HistogramCell {
  /** Height of each bar, any unit: filled. */
  readonly filled: readonly number[]
  /** Of a second distribution, drawn as a line over it. */
  readonly line?: readonly number[]
  readonly title: string
}

/** Bars of equal width. Each distribution is scaled to the same area. */
export function histogramCell({ filled, line, title }: HistogramCell): CellPicture {
  const [first, second] = [filled, line ?? []].map(sharesOf)
  const top = Math.max(...first, ...second) || 1
  const outline = (shares: readonly number[]) => {
    const step = size.width / shares.length
    const heightOf = (share: number) => round(size.height - 1 - (share / top) * (size.height - 3))
    return shares.map((share, i) => `${i === 0 ? `M0 ${heightOf(share)}` : `V${heightOf(share)}`}H${round((i + 1) * step)}`).join('')
  }
  const area = `<path d="${outline(first)}V${size.height - 1}H0Z" fill="var(--normal)" fill-opacity=".45"/>`
  const over = second.length > 0 ? `<path d="${outline(second)}" fill="none" stroke="var(--anomaly)" stroke-width="1.5"/>` : ''
  return { text: title, svg: frame(size.width, size.height, title, `${area}${over}<path d="M0 ${size.height - 0.5}H${size.width}" stroke="var(--muted)"/>`) }
}

function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0) || 1
  return counts.map((count) => count / total)
}

function frame(width: number, height: number, title: string, content: string): string {
  return `<svg class="cell" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><title>${escapeText(title)}</title>${content}</svg>`
}

function round(value: number): number {
  return Math.round(10 * value) / 10
}
