import { DOMParser, parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { rocCurve } from '../metrics/index.js'
import { learningCurve, lossChart, renderSvg, rocChart, scoreHistogram, type Chart } from './index.js'

const rejected = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

function textsOf(svg: string): string[] {
  return [...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll('text')].map(
    (text) => text.textContent,
  )
}

/** Both drawings: no broken coordinate, a sentence for screen readers, no request, colours of the page only. */
function checkDrawing(chart: Chart): void {
  for (const svg of [chart.wide, chart.narrow]) {
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    expect(svg).toMatch(/^<svg role="img" aria-label="[^"<>]{30,}"/)
    expect(svg).not.toMatch(/https?:|url\(/)
    for (const colour of svg.match(/(fill|stroke)="[^"]*"/g)!)
      expect(colour).toMatch(/"(var\(--[a-z0-9-]+\)|none|currentColor)"/)
  }
}

describe('score histogram', () => {
  const normal = [1, 1.1, 1.2, 1.3, 2]
  const anomalous = [3, 3.1, 4, 5]

  it('draws both classes as shares of their own, the threshold, and axes with units', async () => {
    const chart = await scoreHistogram(normal, anomalous, 2.5, { bins: 4 })
    checkDrawing(chart)
    for (const svg of [chart.wide, chart.narrow]) {
      expect(textsOf(svg)).toEqual(
        expect.arrayContaining([
          'normal',
          'anomalous',
          'threshold 2.5',
          'anomaly score',
          'share of the class per bin (%)',
        ]),
      )
    }
    expect(chart.description).toBe(
      'Histogram of scores. normal: 5 rows, median 1.2. anomalous: 4 rows, median 3.55. Threshold 2.5.',
    )
    expect(chart.table.rows).toEqual([
      ['0.96', '1.98', 80, 0],
      ['1.98', '3', 20, 0],
      ['3', '4.02', 0, 75],
      ['4.02', '5.04', 0, 25],
    ])
  })

  it('turns logarithmic where scores span a factor of 100, and stays linear on request or at zero', async () => {
    const edges = async (...args: Parameters<typeof scoreHistogram>) =>
      (await scoreHistogram(...args)).table.rows.map((row) => Number(row[1]))
    const ratios = (list: number[]) => list.slice(1).map((edge, i) => Math.round((1000 * edge) / list[i]) / 1000)
    const spread = await edges([0.1, 1], [200], undefined, { bins: 8 })
    expect(ratios(spread).every((ratio) => Math.abs(ratio - ratios(spread)[0]) < 0.005)).toBe(true)
    const linear = await edges([0.1, 1], [200], undefined, { bins: 8, scale: 'linear' })
    expect(linear).not.toEqual(spread)
    expect(await edges([0, 1], [200], undefined, { bins: 2 })).toEqual([100, 202])
    checkDrawing(await scoreHistogram([0.1, 1], [200], 50))
  })

  it('draws constant scores and single rows', async () => {
    checkDrawing(await scoreHistogram([2, 2], [2], 2))
    checkDrawing(await scoreHistogram([0], [-1e-300]))
  })

  it('escapes names', async () => {
    const chart = await scoreHistogram(normal, anomalous, undefined, { names: ['<i>&"', "a' onload='x"] })
    expect(textsOf(chart.wide)).toContain('<i>&"')
    checkDrawing(chart)
  })

  it('refuses empty classes, NaN and odd widths', async () => {
    await expect(scoreHistogram([], [1])).rejects.toEqual(rejected('data', /none/))
    await expect(scoreHistogram([1], [NaN])).rejects.toEqual(rejected('data', /NaN/))
    await expect(scoreHistogram([1], [2], Infinity)).rejects.toEqual(rejected('data', /Infinity/))
    await expect(scoreHistogram([1], [2], 1, { width: 10 })).rejects.toEqual(rejected('argument', /320 to 1200/))
  })
})

describe('ROC chart', () => {
  const curve = rocCurve([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1])

  it('names every curve with its area and tabulates what it catches', async () => {
    const chart = await rocChart([
      { name: 'Toll', curve, auroc: 8 / 9 },
      { name: 'plain', curve: rocCurve([1, 2], [1, 0]), auroc: 0 },
    ])
    checkDrawing(chart)
    expect(textsOf(chart.narrow)).toEqual(
      expect.arrayContaining([
        'Toll 0.889',
        'plain 0.000',
        'chance',
        'anomalies caught (%)',
        'normal rows called by mistake (%)',
      ]),
    )
    expect(chart.table.columns.map(({ title }) => title)).toEqual([
      'detector',
      'AUROC',
      '1 %',
      '2 %',
      '5 %',
      '10 %',
      '20 %',
      '50 %',
    ])
    expect(chart.table.rows[0].slice(2)).toEqual([...new Array<number>(5).fill(100 * (2 / 3)), 100])
    expect(chart.table.rows[1].slice(1)).toEqual([0, 0, 0, 0, 0, 0, 0])
  })

  it('stays small for many rows', async () => {
    const scores = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 20_011)
    const labels = scores.map((score, i) => (score + ((i * 31) % 9000) > 15_000 ? 1 : 0))
    const chart = await rocChart([{ name: 'many', curve: rocCurve(scores, labels), auroc: 0.9 }])
    expect(chart.wide.length).toBeLessThan(20_000)
  })

  it('refuses none and five', async () => {
    await expect(rocChart([])).rejects.toEqual(rejected('argument', /1 to 4/))
    await expect(rocChart(new Array(5).fill({ name: 'x', curve, auroc: 1 }))).rejects.toEqual(
      rejected('argument', /got 5/),
    )
  })
})

describe('loss chart and learning curve', () => {
  const x = Array.from({ length: 2000 }, (_, i) => i)

  it('labels every series and says how it went', async () => {
    const chart = await lossChart([
      { name: 'Toll', x, y: x.map((s) => 10 / (1 + s)) },
      { name: 'plain', x: [0, 1], y: [2, 1] },
    ])
    checkDrawing(chart)
    expect(textsOf(chart.wide)).toEqual(
      expect.arrayContaining(['Toll', 'plain', 'training step', 'loss (logarithmic)']),
    )
    expect(textsOf(chart.narrow)).toEqual(expect.arrayContaining(['Toll', 'plain']))
    expect(chart.description).toBe(
      'Training loss (loss) over training step. Toll: first 10, last 0.005. plain: first 2, last 1.',
    )
    expect(chart.wide.length).toBeLessThan(20_000)
  })

  it('has its ticks at powers of ten, or at 1, 2 and 5 where there are few of those', async () => {
    const ticks = async (low: number, high: number) =>
      textsOf((await lossChart([{ name: 'a', x: [0, 1], y: [high, low] }])).wide)
    expect(await ticks(0.01, 1000)).toEqual(expect.arrayContaining(['0.01', '0.1', '1', '10', '100', '1000']))
    expect(await ticks(1, 30)).toEqual(expect.arrayContaining(['1', '2', '5', '10', '20']))
    expect(await ticks(0.01, 1000)).not.toContain('2')
  })

  it('averages long series over runs of steps and keeps both ends', async () => {
    const { table } = await lossChart([{ name: 'line', x, y: x.map((s) => 5 + s) }])
    expect(table.rows).toHaveLength(11)
    expect(table.rows[0]).toEqual(['line', '0', '5'])
    expect(table.rows[10]).toEqual(['line', '1999', '2004'])
    for (const [, step, value] of table.rows) expect(Math.abs(Number(value) - Number(step) - 5)).toBeLessThan(1)
  })

  it('marks the first best value', async () => {
    const chart = await learningCurve([{ name: 'Toll', x: [20, 40, 60, 80], y: [90, 97.5, 95, 97.5] }], {
      yLabel: 'AUROC (%)',
    })
    checkDrawing(chart)
    expect(chart.description).toBe(
      'Learning curve (AUROC (%)) over training step. Toll: first 90, best 97.5 at 40, last 97.5.',
    )
    expect(textsOf(chart.wide)).toContain('Toll 97.5')
    expect(chart.table.rows[1]).toEqual(['Toll', '40', '97.5'])
  })

  it('draws one point, a constant, and losses at zero', async () => {
    checkDrawing(await lossChart([{ name: 'a', x: [5], y: [0] }]))
    checkDrawing(await lossChart([{ name: 'a', x: [0, 1, 2], y: [3, 3, 3] }], { width: 400 }))
    checkDrawing(
      await lossChart([
        { name: 'a', x: [0, 1], y: [100, 0] },
        { name: 'b', x: [0, 1], y: [-1e9, 1e9] },
      ]),
    )
  })

  it('refuses uneven, empty and broken series', async () => {
    await expect(lossChart([{ name: 'a', x: [1], y: [] }])).rejects.toEqual(rejected('shape', /'a'.*1 and 0/))
    await expect(lossChart([{ name: 'a', x: [], y: [] }])).rejects.toEqual(rejected('shape', /0 and 0/))
    await expect(lossChart([{ name: 'a', x: [1, 2], y: [1, NaN] }])).rejects.toEqual(
      rejected('data', /point 1 of curve 'a'/),
    )
    await expect(learningCurve([])).rejects.toEqual(rejected('argument', /1 to 4/))
  })
})

it('a chart can stand alone as an SVG file', async () => {
  const svg = renderSvg(await lossChart([{ name: 'a & b <c>', x: [0, 1], y: [2, 1] }]))
  expect(svg.match(/<svg/g)).toHaveLength(1)
  expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"')
  expect(svg).toContain('prefers-color-scheme: dark')
  const names = [...svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/gi)]
  const open: string[] = []
  for (const [, closing, name, empty] of names) {
    if (closing) expect(open.pop()).toBe(name)
    else if (!empty) open.push(name)
  }
  expect(open).toEqual([])
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml') as unknown as Document
  expect(document.querySelector('svg')!.getAttribute('aria-label')).toContain('a &')
})
