// The demo's HTML report: what both detectors made of the same digits, in numbers, curves and pictures.

import { version, type Model, type NdArray } from 'toll'
import { takeSamples } from 'toll/base'
import type { ImageSet } from 'toll/data'
import { rocCurve } from 'toll/metrics'
import {
  imageStrip,
  lossChart,
  renderReport,
  rocChart,
  scoreHistogram,
  type Block,
  type ImageStrip,
  type MetricTile,
  type ReportTable,
} from 'toll/report'
import { toSamples, type ComparedDetector, type Comparison } from './compare.js'

/** Pictures per strip. */
const pictures = 8

/** The whole page. Reconstructs a few test digits with Toll. */
export async function renderDemoReport(comparison: Comparison, test: ImageSet): Promise<string> {
  const { digit, labels, toll, plain, trainingImages, settings, seed } = comparison
  const detectors = [toll, plain]
  const [histograms, roc, training, strips] = await Promise.all([
    Promise.all(detectors.map((detector) => histogramOf(detector, labels, digit))),
    rocChart(
      detectors.map(({ name, scores, auroc }) => ({ name, auroc: auroc.value, curve: rocCurve(scores, labels) })),
    ),
    trainingCharts(detectors),
    pictureStrips(comparison, test),
  ])
  return renderReport({
    title: `Which digits are not ${digit === 8 ? 'an' : 'a'} ${digit}?`,
    lead:
      `Two autoencoders learned from ${count(trainingImages)} handwritten digits ${digit} and nothing else, ` +
      `then scored ${count(labels.length)} test digits of all ten ` +
      'classes. They differ in one term of the loss: Toll also keeps its codes small. That moves the AUROC ' +
      `from ${percent(plain.auroc.value)} to ${share(toll.auroc.value)}.`,
    footer:
      `Made by toll ${version} with the command "toll demo", seed ${seed}. Digits: MNIST, LeCun, Bottou, ` +
      'Bengio and Haffner 1998. ' +
      'Method: Ghafourian et al., Targeted collapse regularized autoencoder for anomaly detection, arXiv 2306.12627.',
    sections: [
      { title: 'Result', blocks: resultBlocks(comparison) },
      {
        title: 'Scores',
        blocks: [
          {
            kind: 'columns',
            blocks: detectors.map(({ name }, i): Block => ({
              kind: 'figure',
              title: name,
              chart: histograms[i],
              caption:
                'Scores of the test digits. Beyond the threshold a digit is called an anomaly; 99\u00a0% of ' +
                'held-back training digits lie below it.',
            })),
          },
          {
            kind: 'columns',
            blocks: [
              {
                kind: 'figure',
                title: 'ROC curves',
                caption: 'What each threshold would catch, and what it would cost.',
                chart: roc,
              },
              { kind: 'table', table: tabulateClasses(comparison) },
            ],
          },
          ...explainClasses(comparison),
        ],
      },
      {
        title: 'Pictures',
        blocks: [
          {
            kind: 'paragraph',
            text:
              'Over each column: the true digit and its score by Toll. In the difference, orange is ink that ' +
              'the reconstruction lacks and blue is ink that it adds. ' +
              `Toll keeps little room in its code, so it rebuilds everything as ${digit === 8 ? 'an' : 'a'} ${digit}.`,
          },
          {
            kind: 'images',
            title: `The most ordinary digits ${digit}`,
            caption: 'Lowest scores among the normal digits.',
            strip: strips.ordinary,
          },
          {
            kind: 'images',
            title: `The strangest digits ${digit}`,
            caption: 'Highest scores among the normal digits: the first to be called by mistake.',
            strip: strips.strange,
          },
          {
            kind: 'images',
            title: 'Best disguised',
            caption: `Lowest scores among the other digits: these pass for an ordinary ${digit}.`,
            strip: strips.missed,
          },
          {
            kind: 'images',
            title: 'Easiest to find',
            caption: 'Highest scores among the other digits.',
            strip: strips.found,
          },
          {
            kind: 'images',
            title: 'Where the two disagree most, rebuilt by Toll',
            strip: strips.disputed,
            caption: 'Other digits that rank far higher by Toll than by the plain autoencoder, at most two of a kind.',
          },
          {
            kind: 'images',
            title: 'The same digits, rebuilt by the plain autoencoder',
            strip: strips.copied,
            caption: 'It copies what it never saw, so little is left to notice. The score over each column is its own.',
          },
        ],
      },
      {
        title: 'Training',
        blocks: [
          { kind: 'columns', blocks: training },
          {
            kind: 'paragraph',
            text:
              `Both ran ${settings.steps} steps of ${settings.batch} digits with Adam at ` +
              `${settings.learningRate}, on the small convolutional network with a code of ${settings.latent} ` +
              'numbers, ' +
              `from the same first values; beta is ${toll.beta} for Toll and 0 for the plain autoencoder. Beta, ` +
              "code and rate are the paper's for MNIST, which suit Toll: " +
              'with settings of its own (a code of 16, a rate of 0.001) a plain autoencoder closed more than ' +
              'half of the gap on validation digits.',
          },
        ],
      },
      { title: 'The model file', blocks: modelBlocks(toll.model) },
    ],
  })
}

function resultBlocks(comparison: Comparison): Block[] {
  const { digit, toll, plain } = comparison
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = toll.decisions
  const tiles: MetricTile[] = [
    ...[toll, plain].map(({ name, auroc }, i): MetricTile => ({
      label: `${name}, AUROC`,
      value: share(auroc.value),
      note: `95\u00a0% interval ${percent(auroc.low)} to ${percent(auroc.high)}`,
      emphasis: i === 0,
    })),
    {
      label: 'Found by Toll at its threshold',
      value: count(truePositives),
      note: `of ${count(truePositives + falseNegatives)} digits that are not ${digit}`,
    },
    {
      label: 'Mistaken alarms of Toll',
      value: count(falsePositives),
      note: `of ${count(falsePositives + trueNegatives)} digits ${digit}`,
    },
  ]
  return [
    { kind: 'tiles', tiles },
    {
      kind: 'paragraph',
      text:
        `AUROC is the chance that a digit of another class scores higher than a digit ${digit}; 50\u00a0% is ` +
        'guessing. Intervals come from drawing the test digits again 1000 times; ' +
        'they do not cover another seed.',
    },
    { kind: 'table', table: tabulateDemo(comparison) },
  ]
}

/** Both detectors in one line each, per cent. */
export function tabulateDemo({ toll, plain, digit }: Comparison): ReportTable {
  return {
    caption: `Test digits, ${digit} normal and all others anomalous (%)`,
    columns: [
      { title: 'detector' },
      { title: 'AUROC', digits: 1 },
      { title: '95 %', align: 'right' },
      { title: 'average precision', digits: 1 },
      { title: 'found', digits: 1 },
      { title: 'mistaken alarms', digits: 1 },
    ],
    rows: [toll, plain].map(({ name, auroc, averagePrecision, decisions }) => [
      name,
      100 * auroc.value,
      `${percent(auroc.low)} to ${percent(auroc.high)}`,
      100 * averagePrecision,
      (100 * decisions.truePositives) / (decisions.truePositives + decisions.falseNegatives),
      (100 * decisions.falsePositives) / (decisions.falsePositives + decisions.trueNegatives),
    ]),
  }
}

function tabulateClasses({ toll, plain, digit }: Comparison): ReportTable {
  return {
    caption: `AUROC (%) of ${digit} against each other digit alone`,
    columns: [
      { title: 'digit' },
      { title: toll.name, digits: 1 },
      { title: plain.name, digits: 1 },
      { title: 'gain', align: 'right' },
    ],
    rows: toll.aurocByClass.flatMap((ours, label) => {
      const theirs = plain.aurocByClass[label]
      return ours === undefined || theirs === undefined
        ? []
        : [[String(label), 100 * ours, 100 * theirs, signed(100 * (ours - theirs))]]
    }),
  }
}

/** Where the difference comes from: an average over classes hides it. */
function explainClasses({ toll, plain, digit }: Comparison): Block[] {
  const gains = toll.aurocByClass
    .flatMap((ours, label) => {
      const theirs = plain.aurocByClass[label]
      return ours === undefined || theirs === undefined ? [] : [{ label, ours, theirs }]
    })
    .sort((a, b) => b.ours - b.theirs - (a.ours - a.theirs))
  if (gains.length < 2) return []
  const [{ label, ours, theirs }, { label: next, ours: nextOurs, theirs: nextTheirs }] = gains
  return [
    {
      kind: 'paragraph',
      text:
        `The difference is largest on the digit ${label}: the plain autoencoder tells it from ${digit} with ` +
        `an AUROC of ${share(theirs)}` +
        `${theirs < 0.5 ? ', worse than guessing,' : ''} and Toll with ${share(ours)}. Next comes ${next}: ` +
        `${share(nextTheirs)} and ${share(nextOurs)}.`,
    },
  ]
}

function histogramOf({ scores, model }: ComparedDetector, labels: Uint8Array, digit: number) {
  const [normal, anomalous] = [0, 1].map((label) => scores.filter((_, row) => labels[row] === label))
  return scoreHistogram(normal, anomalous, model.manifest.threshold.value, {
    width: 400,
    bins: 36,
    scale: 'log',
    names: [`digits ${digit}`, 'other digits'],
  })
}

/**
 * Reconstruction error and code norm apart: with beta in it, the loss of one cannot be compared with that of the other.
 */
async function trainingCharts(detectors: readonly ComparedDetector[]): Promise<Block[]> {
  const series = (part: string) =>
    detectors.map(({ name, model }) => {
      const history = model.manifest.training.history as Readonly<Record<string, number[]>>
      return { name, x: history.step, y: history[part] }
    })
  return [
    {
      kind: 'figure',
      title: 'Reconstruction error',
      caption: 'Mean over the batch, in scaled pixels.',
      chart: await lossChart(series('reconstruction'), { width: 400, yLabel: '‖x − x′‖' }),
    },
    {
      kind: 'figure',
      title: 'Norm of the code',
      caption: 'Mean over the batch; only Toll is told to lower it.',
      chart: await lossChart(series('latentNorm'), { width: 400, yLabel: '‖z‖' }),
    },
  ]
}

type Strips = Record<'ordinary' | 'strange' | 'missed' | 'found' | 'disputed' | 'copied', ImageStrip>

async function pictureStrips({ labels, toll, plain }: Comparison, test: ImageSet): Promise<Strips> {
  const samples = toSamples(test)
  const rising = (label: number) =>
    Array.from(labels.keys())
      .filter((row) => labels[row] === label)
      .sort((a, b) => toll.scores[a] - toll.scores[b])
  const [normal, other] = [rising(0), rising(1)]
  const strip = (rows: readonly number[]) => stripOf(rows, samples, test, toll)
  const disputed = pickDisputed(rankOf(toll.scores), rankOf(plain.scores), other, test.labels)
  return {
    ordinary: await strip(normal.slice(0, pictures)),
    strange: await strip(normal.slice(-pictures).reverse()),
    missed: await strip(other.slice(0, pictures)),
    found: await strip(other.slice(-pictures).reverse()),
    disputed: await strip(disputed),
    copied: await stripOf(disputed, samples, test, plain),
  }
}

/** Place of each score in rising order. */
function rankOf(scores: Float64Array): Int32Array {
  const ranks = new Int32Array(scores.length)
  Array.from(scores.keys())
    .sort((a, b) => scores[a] - scores[b])
    .forEach((row, rank) => {
      ranks[row] = rank
    })
  return ranks
}

/** The rows that move up most from one ranking to the other, at most two of a class. */
function pickDisputed(ours: Int32Array, theirs: Int32Array, rows: readonly number[], classes: Uint8Array): number[] {
  const taken = new Map<number, number>()
  const picked: number[] = []
  for (const row of rows.toSorted((a, b) => ours[b] - theirs[b] - (ours[a] - theirs[a]))) {
    const before = taken.get(classes[row]) ?? 0
    if (before === 2 || picked.length === pictures) continue
    taken.set(classes[row], before + 1)
    picked.push(row)
  }
  return picked
}

async function stripOf(
  rows: readonly number[],
  samples: NdArray,
  test: ImageSet,
  { model, scores }: ComparedDetector,
): Promise<ImageStrip> {
  const originals = takeSamples(samples, rows)
  const captions = rows.map((row) => `${test.classes[test.labels[row]]} · ${formatScore(scores[row])}`)
  return imageStrip(originals, await model.reconstruct({ kind: 'images', ...originals }), {
    captions,
    subject: 'digit',
    range: [0, 255],
  })
}

function modelBlocks({ manifest, bytes }: Model): Block[] {
  const { input, threshold, parts } = manifest
  const shape = input.kind === 'image' ? `(n, ${input.shape.join(', ')})` : ''
  return [
    {
      kind: 'paragraph',
      text:
        `model.onnx (${count(Math.round(bytes.length / 1024))} KiB) is Toll as trained here: scaling, network ` +
        'and threshold in one plain ONNX file, which onnxruntime scores in any language.',
    },
    {
      kind: 'table',
      table: {
        columns: [{ title: 'port' }, { title: 'what it is' }],
        rows: [
          ['image', `input: float pixels ${shape}, 0 to 255`],
          ['score', `output: higher is more anomalous; here ‖x − x′‖ + ${String(manifest.parameters.beta)} ‖z‖`],
          [parts.join(', '), 'outputs: the two parts of the score'],
          ['is_anomaly', `output: whether the score is above ${formatScore(threshold.value)}`],
        ],
      },
    },
  ]
}

function formatScore(score: number): string {
  return score >= 100 ? score.toFixed(0) : score.toPrecision(3)
}

function percent(share: number): string {
  return (100 * share).toFixed(1)
}

/** Per cent with its sign, which stays on the same line. */
function share(part: number): string {
  return `${percent(part)}\u00a0%`
}

function signed(points: number): string {
  return `${points >= 0 ? '+' : '−'}${Math.abs(points).toFixed(1)}`
}

function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}
