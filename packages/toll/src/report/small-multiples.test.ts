import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { curvePanels, histogramPanels, renderSvg, type Chart, type CurvePanel } from './index.js'

const described = { description: 'A made-up chart for this test, of no meaning.', table: { columns: [], rows: [] } }
const options = {
  ...described,
  series: [
    { name: 'first', colour: 'series-1' },
    { name: 'second', colour: 'series-3', dashed: true },
  ],
  xLabel: 'step',
  yLabel: 'height',
} as const
const rejected = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

const line = (slope: number) => ({ x: [0, 1, 2], y: [1, 1 + slope, 1 + 2 * slope] })
const panels = (count: number): CurvePanel[] =>
  Array.from({ length: count }, (_, i) => ({ title: `class ${i}`, lines: [line(1 + (i % 5)), undefined] }))

function textsOf(svg: string): string[] {
  return [...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll('text')].map(
    (text) => text.textContent,
  )
}

function checkDrawing(chart: Chart): void {
  for (const svg of [chart.wide, chart.narrow]) {
    expect(svg).not.toMatch(/NaN|Infinity|undefined|https?:|url\(/)
    for (const colour of svg.match(/(fill|stroke)="[^"]*"/g)!)
      expect(colour).toMatch(/"(var\(--[a-z0-9-]+\)|none|currentColor)"/)
  }
  expect(renderSvg(chart)).toContain('xmlns="http://www.w3.org/2000/svg"')
}

describe('panels of curves', () => {
  it('name every panel and series once, whatever their number', async () => {
    for (const count of [1, 2, 5, 7, 10, 20]) {
      const chart = await curvePanels(panels(count), options)
      checkDrawing(chart)
      for (const svg of [chart.wide, chart.narrow]) {
        const texts = textsOf(svg)
        for (const name of ['first', 'second', 'step', 'height', ...panels(count).map(({ title }) => title)])
          expect(
            texts.filter((text) => text === name),
            name,
          ).toHaveLength(1)
        expect(svg.match(/<path[^>]* d="M[^"]*L/g)!.length).toBeGreaterThanOrEqual(count)
      }
    }
  })

  it('stand on common axes, five in a row and two on a phone', async () => {
    const { wide, narrow } = await curvePanels(panels(7), options)
    const places = (svg: string) =>
      new Set([...svg.matchAll(/<g transform="translate\(([\d.]+),[\d.]+\)"/g)].map(([, x]) => x)).size
    expect([places(wide), places(narrow)]).toEqual([4, 2])
  })

  it('are logarithmic where values span a factor of 20, and mark the places they are given', async () => {
    const chart = await curvePanels([{ title: 'a', lines: [{ x: [0, 1, 2], y: [1, 10, 100] }], dots: [line(2)] }], {
      ...options,
      series: options.series.slice(0, 1),
      xTicks: [
        { at: 0, label: 'none' },
        { at: 1, label: 'ten' },
        { at: 1.01, label: 'close by' },
        { at: 2, label: 'most' },
      ],
    })
    checkDrawing(chart)
    const texts = textsOf(chart.wide)
    expect(texts).toEqual(expect.arrayContaining(['height (logarithmic)', 'none', 'ten', 'most', '1', '10', '100']))
    expect(texts).not.toContain('close by')
    expect(chart.wide.match(/<circle/g)).toHaveLength(3)
  })

  it('can hold a single value, and cut long names', async () => {
    const chart = await curvePanels([{ title: 'a & <b> '.repeat(30), lines: [{ x: [1], y: [5] }] }], {
      ...options,
      series: options.series.slice(0, 1),
    })
    checkDrawing(chart)
    expect(textsOf(chart.narrow).find((text) => text.startsWith('a & <b>'))).toMatch(/…$/)
  })

  it('refuse nothing, too much, and what is not finite', async () => {
    await expect(curvePanels([], options)).rejects.toEqual(rejected('argument', /got none/))
    await expect(curvePanels([{ title: 'a', lines: [] }], options)).rejects.toEqual(
      rejected('argument', /with a value/),
    )
    await expect(curvePanels(panels(1), { ...options, series: new Array(7).fill(options.series[0]) })).rejects.toEqual(
      rejected('argument', /got 7/),
    )
    await expect(
      curvePanels([{ title: 'a', lines: [{ x: [0, 1], y: [1, 2] }] }], { ...options, xScale: 'log' }),
    ).rejects.toEqual(rejected('data', /above 0, got 0/))
    await expect(curvePanels([{ title: 'a', lines: [{ x: [0], y: [NaN] }] }], options)).rejects.toEqual(
      rejected('data', /NaN/),
    )
  })
})

describe('panels of histograms', () => {
  const panel = {
    title: 'a',
    range: [0.12345, 31.9876] as const,
    counts: [
      [1, 3, 0],
      [0, 2, 2],
    ],
  }

  it('have the ends of their own range below them', async () => {
    const chart = await histogramPanels(
      [
        panel,
        { ...panel, title: 'b', range: [5, 6] },
        {
          title: 'empty',
          range: [0, 1],
          counts: [
            [0, 0],
            [0, 0],
          ],
        },
      ],
      options,
    )
    checkDrawing(chart)
    for (const svg of [chart.wide, chart.narrow])
      expect(textsOf(svg)).toEqual(expect.arrayContaining(['0.123', '32', '5', '6', 'a', 'b', 'empty', 'step']))
  })

  it('are as high as the shares of the kind', async () => {
    const { wide } = await histogramPanels(
      [
        {
          title: 'a',
          range: [0, 1],
          counts: [
            [1, 3],
            [10, 0],
          ],
        },
      ],
      options,
    )
    const [first, second] = [...wide.matchAll(/<path[^>]* d="(M[^"]*L[^"]*)"/g)].map(([, d]) =>
      d
        .slice(1)
        .split('L')
        .map((point) => Number(point.split(',')[1])),
    )
    const ground = first[0]
    const heights = (ys: number[]) => ys.map((y) => Math.round(1000 * ((ground - y) / (ground - second[1]))) / 1000)
    // The highest bin is all of the second series; the first has a quarter and three quarters of its own.
    expect(heights(first)).toEqual([0, 0.25, 0.25, 0.75, 0.75, 0])
    expect(heights(second)).toEqual([0, 1, 1, 0, 0, 0])
  })

  it('refuse uneven bins', async () => {
    await expect(histogramPanels([{ ...panel, counts: [[1], [1, 2]] }], options)).rejects.toEqual(
      rejected('shape', /'a'/),
    )
  })
})
