// The report of a model: exact numbers of a small one, what every page must have, and the page in Chromium, light and
// dark, wide and narrow.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseHTML } from 'linkedom'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, table, takeRows, type NdArray, type Table, type Samples } from '../base/index.js'
import { detectorNamed, detectors } from '../detectors/index.js'
import { fit, scoreStream, type Model } from '../model/index.js'
import type { NumberSummary } from '../preprocess/index.js'
import { formulaMarkup, formulaText, renderReport, renderReportMarkdown, renderReportText } from '../report/index.js'
import { findChromium, noChromium } from 'toll-test/browser'
import { openReference, type Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { measureStability, modelReport, siftRows, type ModelReportOptions, type Stability } from './index.js'

const hostile = '<script>alert("x")</script>'

let engine: Engine
let distance: Model
let page = ''
const rows = madeTable(300, 1)
const fresh = madeTable(40, 2)
// One row far out in one column, one without a value there.
fresh.columns[1].values[7] = 60
fresh.columns[1].values[8] = NaN

/** Three columns of unlike units, one of them called what a page must not run. */
function madeTable(count: number, seed: number): Table {
  const random = Random.seeded(seed)
  const column = (centre: number, spread: number) =>
    Float64Array.from({ length: count }, () => centre + spread * random.normal())
  return table(['a', hostile, 'c'], [column(5, 1), column(20, 2), column(-1, 100)])
}

async function report(
  model: Model,
  data: Samples,
  options: Omit<ModelReportOptions, 'sifted'> = {},
  titles?: readonly string[],
) {
  return modelReport(model, {
    ...options,
    sifted: await siftRows(model, scoreStream(model, [data], { invalidRows: 'mark' }), { ...(titles && { titles }) }),
  })
}

const textOf = (html: string) => parseHTML(html).document.querySelector('body')!.textContent.replaceAll(/\s+/g, ' ')

beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
  // The interpreter: its numbers are the same on every machine.
  distance = await fit(rows, { engine: openReference(), detector: detectorNamed('mean-distance'), seed: 3 })
  page = renderReport(
    await report(distance, fresh, {
      name: 'small.onnx',
      source: 'fresh.csv',
      commands: [{ title: 'Made by:', line: 'toll fit "a b"' }],
    }),
  )
})
afterAll(() => engine.close())

describe('the page of a small model', () => {
  it('says the verdict in two sentences, with the numbers of the file', () => {
    const { heldBack, threshold } = distance.manifest
    const called = heldBack.scores.filter((score) => score > threshold.value).length
    expect([heldBack.scores.length, called]).toEqual([30, 1])
    const { document } = parseHTML(page)
    expect(document.querySelector('h1')!.textContent).toBe('small.onnx on fresh.csv')
    expect(document.querySelector('.lead')!.textContent).toBe(
      'A model of the detector mean-distance, fitted to 270 rows of 3 columns. Of 40 scored rows, 2 are ' +
        `above its threshold of ${Number(threshold.value.toPrecision(4))}, which 1 of 30 held-back normal ` +
        'rows is above.',
    )
    // Wilson's interval of 1 in 30.
    expect(textOf(page)).toContain(
      (
        'between 0.59\u00a0% and 16.7\u00a0% may be (95\u00a0% interval). If all 40 scored rows were normal, ' +
        'about 1.3 would be called; 2 are.'
      ).replaceAll('\u00a0', ' '),
    )
    expect(textOf(page)).toContain(
      'Only 30 rows were held back: the rate of false alarms is known roughly, and no p-value is below 0.0323.',
    )
  })

  it('warns above of what it shows below', async () => {
    const random = Random.seeded(9)
    const correlated = (count: number, mixed: boolean, shift = 0): Table => {
      const [a, noise] = [0, 1].map(() => Float64Array.from({ length: count }, () => random.normal() + shift))
      const b = mixed ? noise : a.map((value, i) => value + 0.1 * noise[i])
      return table(['a', 'b'], [a, b])
    }
    const model = await fit(correlated(1500, false), { engine, detector: detectorNamed('pca'), seed: 3 })
    const heading = 'Nothing found that speaks against it'
    const pageOf = async (data: Table) => {
      const sifted = await siftRows(model, scoreStream(model, [data], { invalidRows: 'mark' }))
      return { sifted, text: textOf(renderReport(await modelReport(model, { sifted }))) }
    }
    const alike = await pageOf(correlated(400, false))
    expect(alike.sifted.drift).toMatchObject({ drifted: false })
    expect(alike.text).toContain(heading)
    expect(alike.text).toMatch(/The score: no drift, p-value/)

    // Each column as it was, but not together: the score alone knows.
    const mixed = await pageOf(correlated(400, true))
    expect(mixed.sifted.drift).toMatchObject({ score: { drifted: true } })
    expect(mixed.sifted.drift!.columns.some(({ column, drifted }) => column === 'a' && drifted)).toBe(false)
    expect(mixed.text).not.toContain(heading)
    expect(mixed.text).toMatch(
      /Before you trust it.*The scores are not spread as those of the held-back rows.*see Data/,
    )
    expect(mixed.text).toMatch(/More than half of the scored rows are called/)

    const some = correlated(400, false)
    some.columns[1].values.fill(9, 0, 100)
    expect((await pageOf(some)).text).toMatch(/\d+ of 400 scored rows are called, where about \d+(\.\d)? of normal/)

    const moved = await pageOf(correlated(400, false, 3))
    expect(moved.text).toMatch(/Before you trust it.*not like the training rows in (b, )?a/)
    const withGap = correlated(400, false)
    withGap.columns[0].values[5] = Infinity
    expect((await pageOf(withGap)).text).toMatch(/Before you trust it.*1 row could not be scored/)
  })

  it('ranks the planted row first, with its value, what is typical, and its share', () => {
    const { input } = distance.manifest
    if (input.kind !== 'table') throw new Error('a table')
    const columns = input.columns as readonly NumberSummary[]
    const scaled = columns.map(({ mean, sd }, c) => (fresh.columns[c].values[7] - mean) / sd)
    const score = Math.hypot(...scaled)
    const { document } = parseHTML(page)
    const cells = (table: Element) =>
      [...table.querySelectorAll('tbody tr')].map((line) =>
        [...line.querySelectorAll('th, td')].map((cell) => (cell.querySelector('span') ?? cell).textContent),
      )
    const [overview] = [...document.querySelectorAll('table')].filter(
      (table) => table.querySelector('caption')?.textContent === 'Highest scores',
    )
    expect(cells(overview)).toHaveLength(20)
    expect(cells(overview)[0].slice(0, 3)).toEqual(['8', score.toPrecision(4), 'anomaly'])
    expect(cells(overview)[0][4]).toBe('0.0323')
    expect(cells(overview).map((line) => line[2])).toEqual([
      'anomaly',
      'anomaly',
      ...new Array<string>(18).fill('normal'),
    ])
    const first = document.querySelector('details.folded table')!
    expect(first.querySelector('caption')!.textContent).toBe(`What makes the score ${score.toPrecision(4)} of row 8`)
    const lines = cells(first)
    expect(lines.map(([name]) => name)).toEqual([
      hostile,
      expect.any(String),
      expect.any(String),
      'score of a typical row',
    ])
    expect(lines[0].slice(1, 3)).toEqual(['60', String(Number(columns[1].median.toPrecision(4)))])
    expect(lines[0][4]).toBe(columns[1].quartiles.map((value) => Number(value.toPrecision(4))).join(' to '))
    const adds = lines.map((line) => Number(line[5]))
    expect(adds.reduce((sum, value) => sum + value, 0)).toBeCloseTo(score, 1)
  })

  it('fills the formulas in, and hashes the file', async () => {
    const text = textOf(page)
    const math = [...parseHTML(page).document.querySelectorAll('math')].map(({ textContent }) => textContent)
    expect(math).toEqual([
      'xj=cj−ajbj',
      's(x)=‖x−μ‖',
      `anomaly⟺s(x)>${Number(distance.manifest.threshold.value.toPrecision(6))}`,
      'p(x)=1+#(si≥s(x))1+30',
    ])
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(distance.bytes)))
    expect(text).toContain(Buffer.from(digest).toString('hex'))
    expect(text).toContain(distance.manifest.dataFingerprint)
    expect(text).toContain('toll fit "a b"')
    for (const output of ['score', 'p_value', 'is_anomaly']) expect(text).toContain(output)
  })

  it('says in words what there is no curve, no refit, no row of', async () => {
    expect(textOf(page)).toContain('Distance to the mean is not trained in steps, so that there is no curve.')
    expect(textOf(page)).toContain('Not measured: it takes the training data, which a model file does not hold.')
    const alone = renderReport(await modelReport(distance))
    expect(textOf(alone)).toContain('No rows were scored for this report.')
    expect(textOf(alone)).not.toContain('Drift of the scored rows')
    expect(textOf(alone)).toContain(
      `It calls what scores above ${Number(distance.manifest.threshold.value.toPrecision(4))}`,
    )
  })

  it('finds drift against the profile, and none of training data against themselves', async () => {
    const moved = {
      ...fresh,
      columns: fresh.columns.map((column, c) =>
        c === 0 ? { ...column, values: column.values.map((value) => value + 10) } : column,
      ),
    }
    const text = textOf(renderReport(await report(distance, moved)))
    expect(text).toContain('The scored rows are not like the training rows in a')
    expect(text).toContain('More than half of the scored rows are called')
    const own = textOf(renderReport(await report(distance, rows, { ofTraining: true })))
    expect(own).toContain('These are the rows that the model learned from')
    expect(own).not.toContain('Drift of the scored rows')
  })

  it('names rows by their keys, lists those that have no score, and says the same as text and Markdown', async () => {
    const broken = takeRows(fresh, [7, 1, 2])
    broken.columns[0].values[1] = Infinity
    const made = await report(distance, broken, {}, ['<b>one', 'two', 'three'])
    const text = textOf(renderReport(made))
    expect(text).toContain("1 row could not be scored, the first: row two: column 'a' is Infinity in row 2")
    expect(text).toContain('Row <b>one')
    for (const other of [renderReportText(made), renderReportMarkdown(made)])
      expect(/NaN(?! is a missing number)|undefined|\[object/.exec(other)).toBeNull()
    expect(renderReportText(made)).toContain('s(x) = ‖x − μ‖')
  })

  it('refuses options outside their ranges, and rows of which none can be scored', async () => {
    await expect(modelReport(distance, { columnsShown: 0 })).rejects.toMatchObject({ code: 'argument' })
    await expect(siftRows(distance, scoreStream(distance, [fresh]), { top: 101 })).rejects.toMatchObject({
      code: 'argument',
    })
    const none = {
      ...fresh,
      columns: fresh.columns.map((column) => ({ ...column, values: column.values.map(() => Infinity) })),
    }
    await expect(report(distance, none)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining("no row could be scored; the first: row 1: column 'a'"),
    })
  })
})

/** What a reader without eyes or mouse needs; each line names what is wrong. */
function accessibilityProblems(html: string): string[] {
  const { document } = parseHTML(html)
  const problems: string[] = []
  let level = 0
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1])
    if (next > level + 1) problems.push(`heading ${heading.textContent} jumps from ${level} to ${next}`)
    if (heading.textContent.trim() === '') problems.push('an empty heading')
    level = next
  }
  if (document.querySelectorAll('h1').length !== 1) problems.push('not one h1')
  for (const landmark of ['header', 'main', 'footer', 'nav[aria-label]'])
    if (!document.querySelector(landmark)) problems.push(`no ${landmark}`)
  for (const table of document.querySelectorAll('table')) {
    const name = table.querySelector('caption')?.textContent ?? table.className
    if (!table.querySelector('thead th[scope="col"]')) problems.push(`table ${name} has no column headers`)
    for (const line of table.querySelectorAll('tbody tr'))
      if (!line.querySelector('th[scope="row"]')) problems.push(`a row of table ${name} has no header`)
  }
  for (const svg of document.querySelectorAll('svg'))
    if (!svg.querySelector('title')?.textContent || svg.getAttribute('role') !== 'img')
      problems.push('an svg without role and title')
  for (const figure of document.querySelectorAll('figure:has(svg)'))
    if (!figure.querySelector('details table')) problems.push('a chart without its numbers')
  for (const image of document.querySelectorAll('img'))
    if (!image.getAttribute('alt')) problems.push('an image without words')
  for (const region of document.querySelectorAll('[role="region"]'))
    if (!region.getAttribute('aria-label')) problems.push('a region without a name')
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  if (new Set(ids).size < ids.length) problems.push('an id that stands twice')
  for (const link of document.querySelectorAll('a[href^="#"]'))
    if (!ids.includes(link.getAttribute('href')!.slice(1))) problems.push(`a link to nowhere: ${link.textContent}`)
  return problems
}

describe('every page', () => {
  it('has headings in order, headers in tables, titles in drawings', () => {
    expect(accessibilityProblems(page)).toEqual([])
    // The checks can fail.
    expect(accessibilityProblems(page.replace('<h3>', '<h4>').replace('</h3>', '</h4>'))).not.toEqual([])
    expect(accessibilityProblems(page.replaceAll('<title>', '<desc>'))).toContain('an svg without role and title')
    expect(accessibilityProblems(page.replaceAll('scope="row"', ''))).not.toEqual([])
  })

  it('runs nothing that came with the data, and asks for nothing', () => {
    const { document } = parseHTML(page)
    expect(document.querySelectorAll('link, iframe, object, [onload], [onerror]')).toHaveLength(0)
    expect(document.querySelectorAll('script').length).toBe(1)
    expect(
      [...document.querySelectorAll('[src], [href]')]
        .map((one) => one.getAttribute('src') ?? one.getAttribute('href')!)
        .filter((url) => !/^(#|data:)/.test(url)),
    ).toEqual([])
    expect(textOf(page)).toContain(hostile)
  })

  it('of a wide table stays below a megabyte, and says what it left out', async () => {
    const random = Random.seeded(5)
    const wide = (columns: number): Table =>
      table(
        Array.from({ length: columns }, (_, c) => `column ${c} ${'x'.repeat(c === 0 ? 5000 : 10)}`),
        Array.from({ length: columns }, (_, c) => Float64Array.from({ length: 120 }, () => c + random.normal())),
      )
    const sizes = await Promise.all(
      [300, 320].map(async (columns) => {
        const data = wide(columns)
        const model = await fit(data, { engine, detector: detectorNamed('hbos') })
        const made = renderReport(await report(model, data, { evaluations: 1 }))
        expect(made.includes('The first 300 of 320 columns')).toBe(columns === 320)
        expect(made.includes('x'.repeat(100))).toBe(false)
        return Buffer.byteLength(made)
      }),
    )
    expect(sizes[0]).toBeLessThan(1e6)
    expect(sizes[1]).toBeLessThan(1.01 * sizes[0])
  })

  it.each([...detectors.values()].filter(({ accepts }) => accepts.includes('table')).map(({ name }) => [name]))(
    'of %s states its formula and draws its training',
    async (name) => {
      const data = takeRows(
        rows,
        Array.from({ length: 120 }, (_, row) => row),
      )
      const model = await fit(data, {
        engine,
        detector: detectorNamed(name),
        ...(name === 'toll' && { parameters: { steps: 12 } }),
        ...(name === 'toll-auto' && { parameters: { length: 0.05 } }),
        ...(name === 'mcd' && { parameters: { starts: 10 } }),
      })
      const { score, where } = detectorNamed(name).formula!(model.manifest.parameters, model.manifest.training)
      expect(formulaText(score)).toMatch(/^s\(x\) = /)
      expect(formulaMarkup(score).markup).toContain('<mi>x</mi>')
      expect(`${score} ${where.join(' ')}`).not.toMatch(/undefined|NaN|\?|\[object/)
      const made = renderReport(await report(model, takeRows(data, [0, 1, 2]), { evaluations: 20 }))
      expect(accessibilityProblems(made)).toEqual([])
      expect(textOf(made).includes('Means over the batch of each step')).toBe(name.startsWith('toll'))
      expect(/NaN(?! is a missing number)|undefined|\[object/.exec(made)).toBeNull()
    },
  )

  it('of an ensemble states the formulas of its members', async () => {
    const model = await fit(rows, { engine, detector: detectorNamed('ensemble') })
    const { document } = parseHTML(renderReport(await modelReport(model)))
    expect(
      [...document.querySelectorAll('details.folded h3')]
        .map(({ textContent }) => textContent)
        .filter((title) => title.startsWith('Member')),
    ).toEqual(['Member 1: knn', 'Member 2: isolation-forest', 'Member 3: pca'])
    expect([...document.querySelectorAll('math')].map(({ textContent }) => textContent)).toContain('s(x)=‖x−x(5)‖')
  })
})

describe('images', () => {
  it('are shown with what the model makes of them, and heat maps', async () => {
    const random = Random.seeded(9)
    const images: NdArray = {
      shape: [60, 1, 8, 8],
      data: Float32Array.from({ length: 60 * 64 }, (_, i) => (i % 8 < 4 ? 200 : 20) + 5 * random.normal()),
    }
    const model = await fit({ kind: 'images', ...images }, { engine, parameters: { steps: 15, latent: 4, batch: 30 } })
    const made = renderReport(await report(model, { kind: 'images', ...images }))
    const { document } = parseHTML(made)
    expect(accessibilityProblems(made)).toEqual([])
    const strips = [...document.querySelectorAll('#s2 ~ figure table.strip')]
    expect(strips.map((strip) => strip.querySelectorAll('tbody tr').length)).toEqual([4, 4, 4])
    expect(strips.map((strip) => strip.querySelectorAll('img').length)).toEqual([32, 32, 16])
    expect(textOf(made)).toContain('Images of 1 × 8 × 8')
    expect(textOf(made)).toContain('A typical image')
  })
})

describe('stability', () => {
  it('compares refits with the model, row by row', async () => {
    const measured = await measureStability(distance, { data: rows }, { seeds: 2, top: 10 })
    expect(measured).toMatchObject({ rows: 300, top: 10 })
    const own = (await distance.score(rows)).score
    const again = await fit(rows, { engine: openReference(), detector: detectorNamed('mean-distance'), seed: 4 })
    const theirs = await again.score(rows)
    const highest = (scores: Float64Array) =>
      Array.from(scores.keys())
        .sort((a, b) => scores[b] - scores[a])
        .slice(0, 10)
    const [first] = measured.refits
    expect(measured.refits.map(({ seed }) => seed)).toEqual([4, 5])
    expect(first.threshold).toBe(again.manifest.threshold.value)
    expect(first.topOverlap).toBe(highest(own).filter((row) => highest(theirs.score).includes(row)).length / 10)
    expect(first.sameDecision).toBe(
      Array.from(own).filter(
        (score, row) => score > distance.manifest.threshold.value === (theirs.isAnomaly[row] === 1),
      ).length / 300,
    )
    expect(first.correlation).toBeGreaterThan(0.99)
    const made = renderReport(await modelReport(distance, { stability: measured }))
    expect(textOf(made)).toContain(
      'The model was fitted again with 2 other seeds, everything else the same, and each refit scored the ' +
        '300 rows of the training data.',
    )
    expect(textOf(made)).toContain(first.correlation!.toFixed(3))
  })

  it('fits in the same way: with the same seed the file comes out again', async () => {
    const { fittingOf } = await import('./index.js')
    const windowed = await fit(rows, {
      engine,
      detector: detectorNamed('pca'),
      seed: 8,
      holdOut: 0.23,
      scale: 'robust',
      window: { size: 3 },
      threshold: { kind: 'mad', deviations: 4 },
    })
    const again = await fit(rows, { ...fittingOf(windowed.manifest), engine })
    expect(Buffer.from(again.bytes).equals(windowed.bytes)).toBe(true)
  })

  it("knows a detector of one's own where it is given", async () => {
    const { fittingOf } = await import('./index.js')
    const own = { ...detectorNamed('mean-distance'), name: 'own-distance', title: 'A distance of our own' }
    const model = await fit(rows, { engine, detector: own })
    const pages = await Promise.all(
      [{}, { detector: own }].map(async (options) => textOf(renderReport(await report(model, fresh, options)))),
    )
    expect(pages[0]).toContain('The detector own-distance.')
    expect(pages[0]).toContain('does not state a formula')
    expect(pages[1]).toContain('A distance of our own.')
    expect(pages[1]).not.toContain('does not state a formula')
    expect(fittingOf(model.manifest, own).detector).toBe(own)
    expect(() => fittingOf(model.manifest)).toThrow(expect.objectContaining({ reason: 'unknown-detector' }) as Error)
    const stability = await measureStability(model, { data: rows }, { seeds: 1, detector: own })
    expect(stability.refits).toHaveLength(1)
    await expect(report(model, fresh, { detector: detectorNamed('knn') })).rejects.toMatchObject({
      reason: 'not-applicable',
    })
  })

  it('warns where refits disagree', async () => {
    const refit = { threshold: 1, correlation: 0.2, topOverlap: 0.3, sameDecision: 0.8, anomalies: 2 }
    const unsteady: Stability = {
      rows: 300,
      top: 10,
      anomalies: 3,
      refits: [
        { seed: 1, ...refit },
        { seed: 2, ...refit, correlation: null },
      ],
    }
    expect(textOf(renderReport(await modelReport(distance, { stability: unsteady })))).toContain(
      'refits share 30\u00a0% of the highest scores and 80\u00a0% of the decisions'.replaceAll('\u00a0', ' '),
    )
  })

  it('refuses other data, missing labels, and numbers outside their ranges', async () => {
    await expect(measureStability(distance, { data: fresh })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('fingerprint'),
    })
    await expect(measureStability(distance, { data: rows }, { seeds: 0 })).rejects.toMatchObject({ code: 'argument' })
    const labels = Uint8Array.from({ length: 300 }, (_, row) => Number(row < 5))
    const labelled = await fit(rows, { engine, detector: detectorNamed('mean-distance'), labels })
    await expect(measureStability(labelled, { data: rows })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringContaining('5 labelled anomalies'),
    })
    expect((await measureStability(labelled, { data: rows, labels }, { seeds: 1 })).refits).toHaveLength(1)
    const groups = Array.from({ length: 300 }, (_, row) => row % 10)
    const grouped = await fit(rows, { engine, detector: detectorNamed('mean-distance'), groups })
    await expect(measureStability(grouped, { data: rows })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringContaining('give the groups'),
    })
    expect((await measureStability(grouped, { data: rows, groups }, { seeds: 1 })).refits).toHaveLength(1)
  })
})

/** Runs in the page: text whose contrast with what is behind it is below 4.5 (3 for large text), by WCAG 2.1. */
const faintText = `(() => {
  const parse = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return { r, g, b, a } }
  const over = (top, under) => {
    const mix = (name) => top[name] * top.a + under[name] * (1 - top.a)
    return { r: mix('r'), g: mix('g'), b: mix('b'), a: 1 }
  }
  const behind = (node) => {
    const chain = []
    for (let one = node; one; one = one.parentElement) chain.unshift(parse(getComputedStyle(one).backgroundColor))
    return chain.reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 })
  }
  const linear = (value) => (value <= 0.03928 * 255 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)
  const light = ({ r, g, b }) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  const found = new Set()
  let seen = 0
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim() !== '')
    const box = node.getBoundingClientRect()
    if (!own || box.width === 0 || ['TITLE', 'title', 'desc', 'STYLE'].includes(node.tagName)) continue
    seen++
    const style = getComputedStyle(node)
    const back = behind(node)
    const front = over(parse(node instanceof SVGElement ? style.fill : style.color), back)
    const [high, low] = [light(front), light(back)].sort((a, b) => b - a)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    const ratio = (high + 0.05) / (low + 0.05)
    if (ratio >= (large ? 3 : 4.5)) continue
    found.add(node.tagName + ' ' + node.textContent.trim().slice(0, 30) + ' ' + ratio.toFixed(2))
  }
  return { seen, found: [...found] }
})()`

const executablePath = findChromium()
if (!executablePath) console.log(`skipped: ${noChromium}`)
describe.skipIf(!executablePath)('in a browser', () => {
  let browser: Browser
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'toll-report-'))
    browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] })
    const model = await fit(rows, { engine, parameters: { steps: 40 }, seed: 1 })
    await writeFile(
      join(folder, 'page.html'),
      renderReport(
        await report(model.withThreshold({ kind: 'mad', deviations: 8 }, { name: 'page' }), fresh, {
          stability: await measureStability(distance, { data: rows }, { seeds: 1 }),
        }),
      ),
    )
  })
  afterAll(async () => {
    await browser.close()
    await rm(folder, { recursive: true })
  })

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<{ page: Page; said: string[] }> {
    const opened = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    const said: string[] = []
    opened.on('console', (message) => said.push(message.text()))
    opened.on('pageerror', (error) => said.push(error.message))
    opened.on('dialog', (dialog) => {
      said.push(dialog.message())
      void dialog.dismiss()
    })
    opened.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) said.push(request.url())
    })
    await opened.goto(pathToFileURL(join(folder, 'page.html')).href)
    return { page: opened, said }
  }

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)(
    'opens at %i pixels, %s, without a word, a request, a sideways scroll or faint text',
    async (width, scheme) => {
      const { page: opened, said } = await open(width, scheme)
      await opened.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
      expect(await opened.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      const { seen, found } = await opened.evaluate<{ seen: number; found: string[] }>(faintText)
      expect(seen).toBeGreaterThan(300)
      expect(found).toEqual([])
      // The check can fail.
      await opened.evaluate(
        "document.body.style.setProperty('--muted', getComputedStyle(document.body).backgroundColor)",
      )
      expect((await opened.evaluate<{ found: string[] }>(faintText)).found).not.toEqual([])
      expect(said).toEqual([])
      await opened.close()
    },
  )

  it('sorts tables, follows a row to its details, opens and closes all of them, and prints them open', async () => {
    const { page: opened, said } = await open(1280, 'light')
    const scores = () =>
      opened.evaluate<number[]>(
        `[...document.querySelector('section:nth-of-type(2) tbody').rows].map(({ cells }) => +cells[1].textContent)`,
      )
    const falling = await scores()
    expect(falling).toEqual(falling.toSorted((a, b) => b - a))
    const score = opened.getByRole('button', { name: 'score', exact: true }).first()
    await score.focus()
    await opened.keyboard.press('Enter')
    expect(await scores()).toEqual(falling.toReversed())
    const sorted = () => opened.evaluate(`document.querySelector('[aria-sort]').getAttribute('aria-sort')`)
    expect(await sorted()).toBe('ascending')
    await score.click()
    expect([await scores(), await sorted()]).toEqual([falling, 'descending'])

    const isOpen = (id: string) => opened.evaluate(`document.getElementById('${id}').open`)
    expect(await isOpen('row-5')).toBe(false)
    await opened.locator('a[href="#row-5"]').click()
    expect(await isOpen('row-5')).toBe(true)
    const folded = () =>
      opened.evaluate(`[...document.querySelectorAll('section:nth-of-type(2) .folded')].map((one) => one.open)`)
    await opened.getByRole('button', { name: 'Open all' }).first().click()
    expect(new Set((await folded()) as boolean[])).toEqual(new Set([true]))
    await opened.getByRole('button', { name: 'Close all' }).first().click()
    expect(new Set((await folded()) as boolean[])).toEqual(new Set([false]))
    await opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(new Set((await folded()) as boolean[])).toEqual(new Set([true]))
    await opened.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(new Set((await folded()) as boolean[])).toEqual(new Set([false]))
    expect(said).toEqual([])
    await opened.close()
  })

  it('can be walked through by keyboard to the end, with a focus that shows, and folds open by Enter', async () => {
    const { page: opened } = await open(390, 'light')
    const visited: string[] = []
    for (let i = 0; i < 200; i++) {
      await opened.keyboard.press('Tab')
      const at = await opened.evaluate<{ what: string; place: number; shown: boolean }>(`(() => {
        const one = document.activeElement
        const all = [...document.querySelectorAll('*')]
        return { what: one.tagName, place: all.indexOf(one), shown: getComputedStyle(one).outlineStyle !== 'none' }
      })()`)
      if (at.what === 'BODY') break
      expect(at.shown).toBe(true)
      if (visited.length > 0) expect(at.place).toBeGreaterThan(Number(visited.at(-1)))
      visited.push(String(at.place))
    }
    expect(visited.length).toBeGreaterThan(30)
    expect(visited.length).toBeLessThan(200)
    const folded = opened.locator('details.folded:not([open]) > summary').first()
    await folded.focus()
    await opened.keyboard.press('Enter')
    expect(await folded.evaluate('document.activeElement.parentElement.open')).toBe(true)
    await opened.close()
  })
})
