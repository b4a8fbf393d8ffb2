// Pictures and pages of the image experiments: charts as they were looked at, and whole pages in Chromium, light and
// dark, wide and narrow.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { findChromium, noChromium } from 'toll-test/browser'
import { digits, makeRecord } from '../images/made-records.harness.js'
import { imageProtocols } from '../images/index.js'
import { renderAblation, renderBetaSweep, renderImageTable } from './index.js'
import type { RenderedExperiment } from 'toll/report'

const changes = { batch: 64, validation: 1000 }
const records = [0, 10, 1000].flatMap((beta) =>
  [2, 8].flatMap((normal) =>
    [0, 1].map((seed) =>
      makeRecord({
        class: normal,
        className: digits[normal],
        beta,
        seed,
        labelled: 0.9 + 0.01 * normal + beta / 1e5 + seed / 1000,
        last: 0.89 + 0.01 * normal,
        setting: changes,
      }),
    ),
  ),
)
const options = {
  records,
  protocol: imageProtocols.mnist,
  setting: { ...imageProtocols.mnist.setting, steps: 200, ...changes },
  classes: digits,
  name: 'made',
}
const experiments: Readonly<Record<string, () => Promise<RenderedExperiment>>> = {
  table: () => renderImageTable(options),
  ablation: () => renderAblation(options),
  sweep: () => renderBetaSweep(options),
}

describe.each(Object.entries(experiments))('%s', (name, render) => {
  // After a change that is meant: npm test -- -u, and look at the pictures.
  it('draws the charts that were looked at', async () => {
    for (const [file, svg] of Object.entries((await render()).svg)) {
      await expect(svg).toMatchFileSnapshot(
        fileURLToPath(new URL(`../../test/golden/${name}-${file}`, import.meta.url)),
      )
    }
  })

  const executablePath = findChromium()
  if (!executablePath) console.log(`skipped: ${noChromium}`)
  it.skipIf(!executablePath)(
    'opens in a browser without a word on the console, a request or a sideways scroll',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'toll-pages-'))
      const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] })
      try {
        const path = join(folder, 'page.html')
        await writeFile(path, (await render()).html)
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
          expect(await page.locator('figure').count()).toBe(Object.keys((await render()).svg).length)
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
          expect((await page.screenshot()).length).toBeGreaterThan(10_000)
        }
      } finally {
        await browser.close()
        await rm(folder, { recursive: true })
      }
    },
  )
})
