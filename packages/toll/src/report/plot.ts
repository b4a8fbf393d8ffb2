// Charts drawn by Observable Plot on a document without a browser. Plot's types stay behind this file: what users see
// of a chart is text.

import type { PlotOptions } from '@observablehq/plot'
import { TollError, notInstalled } from '../base/index.js'
import type { Chart, Frame } from './chart.js'
import { escapeText } from './markup.js'

export type Plot = typeof import('@observablehq/plot')

/** Draws a chart in both widths. Plot and the document are optional packages, loaded on first use. */
export async function drawChart(
  frames: { readonly wide: Frame; readonly narrow: Frame },
  described: Pick<Chart, 'description' | 'table'>,
  plan: (plot: Plot, frame: Frame) => PlotOptions,
): Promise<Chart> {
  const { width } = frames.wide
  if (!(width >= 320 && width <= 1200))
    throw new TollError('out-of-domain', `the width of a chart must be 320 to 1200 pixels, got ${width}`, {
      option: 'width',
      value: width,
      expected: '320 to 1200',
    })
  const [plot, { parseHTML }] = await Promise.all([
    import('@observablehq/plot').catch(notInstalled('@observablehq/plot')),
    import('linkedom').catch(notInstalled('linkedom')),
  ])
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
