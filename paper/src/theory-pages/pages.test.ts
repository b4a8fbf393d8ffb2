// Pages of the theory laboratory: exact numbers of small cases in every form, a picture as it was looked at, and a page
// in Chromium.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseHTML } from 'linkedom'
import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { findChromium, noChromium, openPage } from 'toll-test/browser'
import {
  figure2Experiment,
  lemma1Experiment,
  scaleExperiment,
  theorem1Experiment,
  theorem2Experiment,
  type Figure2Panel,
} from '../theory/index.js'
import { plantedAurocs, renderFigure2, renderLemma1, renderScale, renderTheorem1, renderTheorem2 } from './index.js'
import type { RenderedExperiment } from 'toll/report'

const figure2 = await figure2Experiment({ betas: [0, 1], samples: 200, anomalies: 20, grid: 41, points: 24, stop: 30 })
const theorem2 = await theorem2Experiment({ eigenvalues: [4, 1], betas: [0, 1], points: 20, stop: 50 })
const rows = (csv: string) =>
  csv
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))

const pages: Readonly<Record<string, () => Promise<RenderedExperiment>>> = {
  lemma1: async () =>
    renderLemma1(await lemma1Experiment({ eigenvalues: [2, 0.5, 0], points: 10 }), { name: 'lemma1' }),
  theorem1: async () =>
    renderTheorem1(await theorem1Experiment({ dimension: 3, code: 2, condition: 10, covariances: 12, points: 10 }), {
      name: 'theorem1',
    }),
  theorem2: () => renderTheorem2(theorem2, { name: 'theorem2' }),
  figure2: () => renderFigure2(figure2, { name: 'figure2' }),
  scale: async () => renderScale(await scaleExperiment({ stop: 10, directions: 8, points: 12 }), { name: 'scale' }),
}

describe.each(Object.entries(pages))('the page of %s', (name, render) => {
  it('says the same in every form, and states start, stopping time, score and seed under every figure', async () => {
    const { text, markdown, html, csv, json, svg } = await render()
    const { document } = parseHTML(html)
    const page = document.querySelector('main')!.textContent
    for (const cell of [...document.querySelectorAll('section:first-of-type td.number')].map(
      (one) => one.textContent,
    )) {
      // A page has minus signs where text has hyphens.
      expect(text).toContain(cell.replaceAll('−', '-'))
      expect(page).toContain(cell)
    }
    const captions = [...document.querySelectorAll('figcaption')].map((caption) => caption.textContent)
    expect(captions).toHaveLength(Object.keys(svg).length)
    for (const caption of captions) expect(caption).toMatch(/Start: .*stopping times? .*score.*seed \d/)
    expect([...markdown.matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(([, file]) => file)).toEqual(Object.keys(svg))
    for (const [file, picture] of Object.entries(svg)) {
      expect(file.startsWith(name)).toBe(true)
      expect(picture).not.toMatch(/NaN|Infinity|undefined|url\(/)
      expect(picture.match(/<path[^>]* d="M/g)!.length).toBeGreaterThan(1)
    }
    expect(new Set(rows(csv).map(({ length }) => length)).size).toBe(1)
    expect(() => JSON.parse(json) as unknown).not.toThrow()
    expect(`${text}${markdown}${html}${csv}`).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('numbers', () => {
  it('of lemma 1 are those of the closed form', async () => {
    const result = await lemma1Experiment({ eigenvalues: [2, 1], points: 4, horizon: 1 })
    const { csv, text, markdown, json } = await renderLemma1(result, { name: 'small' })
    // exp(-2 l t) at t = 1.
    const last = rows(csv).filter(([time, quantity]) => time === '1' && quantity === 'variance')
    expect(last.map((row) => Number(row[5]))).toEqual(
      [Math.exp(-2) ** 2, Math.exp(-1) ** 2].map((value, i) => expect.closeTo(value, 12 - i)),
    )
    expect(text).toMatch(/^ +1 +2 +2 +\S+ +0\.0183 +0\.0183$/m)
    expect(markdown).toMatch(/\| +2 \| +1 \| +1 \| +\S+ \| +0\.135 \| +0\.135 \|/)
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(result)))
  })

  it('of theorem 2 are those of the trajectory', async () => {
    const { csv, text } = await renderTheorem2(theorem2, { name: 'small' })
    const [head, ...values] = rows(csv)
    const end = values.find(([k, beta, time]) => k === '1' && beta === '1' && time === '50')!
    const run = theorem2.runs.find(({ code, beta }) => code === 1 && beta === 1)!
    expect(Number(end[head.indexOf('decoderNorm')])).toBe(run.decoderNorm.at(-1))
    expect(Number(end[head.indexOf('retained1')])).toBe(run.retained.at(-1)![0])
    expect(text).toContain(run.retained.at(-1)![0].toFixed(4))
    expect(text).toMatch(/^1 +0 +1\.0000 +0\.0000$/m)
  })

  it('of figure 2 are the AUROC and rank correlation of its scores', async () => {
    const panel: Figure2Panel = {
      ...figure2.runs[0].last,
      normal: [1, 2, 3, 4],
      alongFirst: [2.5, 5],
      alongSecond: [0, 0],
    }
    expect(plantedAurocs(panel)).toEqual({ first: 0.75, second: 0 })
    const { text, csv, json } = await renderFigure2(figure2, { name: 'small' })
    const { aurocs } = (JSON.parse(json) as { runs: { aurocs: { last: { first: number } } }[] }).runs[1]
    expect(aurocs.last).toEqual(plantedAurocs(figure2.runs[1].last))
    expect(text).toContain((100 * aurocs.last.first).toFixed(1))
    expect(text).toContain(figure2.runs[0].last.correlation.toFixed(4))
    expect(rows(csv).find(([beta, time]) => beta === '1' && time === '30')![3]).toBe(
      String(figure2.runs[1].last.correlation),
    )
  })

  it('are escaped with the command that made them, and a file name cannot leave the folder', async () => {
    const result = await lemma1Experiment({ points: 2 })
    const { html, markdown } = await renderLemma1(result, { name: 'a', command: '<b>*x*' })
    expect(html).not.toContain('<b>')
    expect(markdown).toContain('\\<b\\>\\*x\\*')
    await expect(renderLemma1(result, { name: '../a' })).rejects.toMatchObject({ code: 'argument' })
  })
})

describe('pictures', () => {
  // After a change that is meant: npm test -- -u, and look at them.
  it('are those that were looked at', async () => {
    const { svg } = await pages.figure2()
    for (const file of ['figure2-contours.svg', 'figure2-correlation.svg']) {
      await expect(svg[file]).toMatchFileSnapshot(
        fileURLToPath(new URL(`../../test/golden/theory-${file}`, import.meta.url)),
      )
    }
  })

  const executablePath = findChromium()
  if (!executablePath) console.log(`skipped: ${noChromium}`)
  it.skipIf(!executablePath)(
    'open in a browser without a word on the console, a request or a sideways scroll',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'toll-theory-'))
      const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] })
      try {
        const [path, { html, svg }] = [join(folder, 'page.html'), await pages.figure2()]
        await writeFile(path, html)
        for (const [width, colorScheme] of [
          [1200, 'light'],
          [390, 'dark'],
        ] as const) {
          const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
          const said: string[] = []
          page.on('console', (message) => said.push(message.text()))
          page.on('pageerror', (error) => said.push(error.message))
          page.on('request', (request) => {
            if (!request.url().startsWith('file:') && !request.url().startsWith('data:')) said.push(request.url())
          })
          await page.goto(pathToFileURL(path).href)
          expect(said).toEqual([])
          expect(await page.locator('figure').count()).toBe(Object.keys(svg).length)
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
        }
      } finally {
        await browser.close()
        await rm(folder, { recursive: true })
      }
    },
  )

  it.skipIf(!executablePath)('the laboratory itself runs in a browser, with the numbers that it has here', async () => {
    const page = await openPage(executablePath!)
    const settings = { dimension: 3, code: 2, condition: 10, covariances: 2, points: 5, seed: 4 }
    try {
      const there = await page.run<{ worst: number; best: number[] }>(
        `
        const { theorem1Experiment, figure2Experiment } = await import('/paper/dist/theory/index.js')
        const { worst } = await theorem1Experiment(argument)
        const small = { samples: 200, anomalies: 20, grid: 11, points: 24, stop: 30 }
        const { runs } = await figure2Experiment({ betas: [0, 1], ...small })
        return { worst, best: runs.map(({ best }) => best.correlation) }
      `,
        settings,
      )
      expect(there.worst).toBeLessThan(1e-9)
      expect(there.best).toEqual(figure2.runs.map(({ best }) => expect.closeTo(best.correlation, 9) as number))
    } finally {
      await page.close()
    }
  })
})
