// Small drawings for the cells of a table: a bar for a signed number, a histogram for a column. Each has the text that
// stands for it where there are no drawings, and a title. Colours are custom properties of the page.

import { escapeText } from './markup.js'
import type { CellPicture } from './table.js'

const size = { width: 112, height: 28 }

/**
 * A bar from zero with its text beside it: to the right what raises, to the left what lowers.
 *
 * @param range lowest and highest end of all bars of the table, 0 within
 */
export function barCell(
  value: number,
  [low, high]: readonly [number, number],
  text: string,
  title: string,
): CellPicture {
  const [width, height] = [72, 14]
  const place = (at: number) => 1 + ((at - low) / (high - low || 1)) * (width - 2)
  const [from, to] = [place(Math.min(0, value)), place(Math.max(0, value))]
  const bar =
    value === 0
      ? ''
      : `<rect x="${round(from)}" y="2" width="${round(Math.max(0.5, to - from))}" height="${height - 4}" ` +
        `fill="var(--${value < 0 ? 'normal' : 'anomaly'})"/>`
  return {
    text,
    beside: true,
    svg: frame(width, height, title, `${bar}<path d="M${round(place(0))} 0V${height}" stroke="var(--muted)"/>`),
  }
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
    return shares
      .map((share, i) => `${i === 0 ? `M0 ${heightOf(share)}` : `V${heightOf(share)}`}H${round((i + 1) * step)}`)
      .join('')
  }
  const area = `<path d="${outline(first)}V${size.height - 1}H0Z" fill="var(--normal)" fill-opacity=".45"/>`
  const over =
    second.length > 0 ? `<path d="${outline(second)}" fill="none" stroke="var(--anomaly)" stroke-width="1.5"/>` : ''
  return {
    text: title,
    svg: frame(
      size.width,
      size.height,
      title,
      `${area}${over}<path d="M0 ${size.height - 0.5}H${size.width}" stroke="var(--muted)"/>`,
    ),
  }
}

function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0) || 1
  return counts.map((count) => count / total)
}

function frame(width: number, height: number, title: string, content: string): string {
  return (
    `<svg class="cell" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ` +
    `${height}"><title>${escapeText(title)}</title>${content}</svg>`
  )
}

function round(value: number): number {
  return Math.round(10 * value) / 10
}
