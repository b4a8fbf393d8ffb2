// The page of Theorem 2: the trajectory of two linear layers with and without the norm term, for every code dimension.
// What is shown beyond the paper (the fading of beta, the ridge encoder, the smallest retained variance) is derived in
// docs/theory.md.

import { formatNumber, type Block, type PanelSeries, type ReportTable } from 'toll/report'
import type { Theorem2Result, Theorem2Run } from '../theory/index.js'
import type { RenderedExperiment } from 'toll/report'
import {
  aboveFloor,
  captioned,
  lineAfterStart,
  pick,
  renderTheoryPage,
  rough,
  spell,
  timeFigure,
  type TheoryPageOptions,
} from './page.js'

/** Figures of directions, one per code dimension, and panels in each; all numbers are in the CSV. */
const [drawnCodes, drawnDirections] = [6, 20]

const colours = ['anomaly', 'normal', 'series-3', 'series-4', 'series-1'] as const

/** Errors: `argument` for a name that is no stem of file names. */
export async function renderTheorem2(result: Theorem2Result, options: TheoryPageOptions): Promise<RenderedExperiment> {
  const { settings, eigenvalues, times, runs } = result
  const codes = [...new Set(runs.map(({ code }) => code))]
  const betas = [...new Set(runs.map(({ beta }) => beta))]
  const conditions =
    `Start: W(0) and V(0) of independent normal numbers with standard deviation ${settings.scale}, the ` +
    `same for every beta; stopping time ${rough(settings.stop)}; no score is taken; seed ` +
    `${settings.seed}; ` +
    `variances ${spell(eigenvalues.map(formatNumber))}.`
  return renderTheoryPage(
    options,
    {
      title: 'Theorem 2: two linear layers with and without the norm term',
      lead:
        'Reconstruction alone keeps the first k principal directions and drops the others for good. With the ' +
        'norm term the same ones are learned, but held back, those with less variance more. ' +
        'The hold fades: the decoder grows as the encoder shrinks, and there is no minimum to come to rest ' +
        `in. Integrated from t = 0 to ${rough(settings.stop)} with beta ${spell(betas.map(formatNumber))}, ` +
        `code dimension ${spell(codes)}.`,
      sections: [
        {
          title: 'Numbers',
          blocks: [
            { kind: 'table', table: tabulateRuns(result) },
            { kind: 'table', table: tabulateDirections(result) },
          ],
        },
        { title: 'Notes', blocks: [{ kind: 'list', items: explain(result, conditions) }] },
        {
          title: 'Which directions survive',
          blocks: await Promise.all(
            pick(codes, drawnCodes).map((code) => directionsFigure(result, code, betas, options.name, conditions)),
          ),
        },
        { title: 'The layers', blocks: await layerFigures(result, codes, betas, options.name, conditions) },
      ],
    },
    list(result),
    { ...result, times },
  )
}

function seriesOf(betas: readonly number[]): PanelSeries[] {
  let next = 0
  return betas.map((beta) =>
    beta === 0
      ? { name: 'beta 0', colour: 'series-2', dashed: true }
      : { name: `beta ${formatNumber(beta)}`, colour: colours[next++ % colours.length] },
  )
}

async function directionsFigure(
  { eigenvalues, times, runs }: Theorem2Result,
  code: number,
  betas: readonly number[],
  name: string,
  conditions: string,
): Promise<Block> {
  const ofCode = betas.map((beta) => runs.find((run) => run.code === code && run.beta === beta)!)
  return timeFigure({
    file: `${name}-directions-k${code}.svg`,
    title: `Code dimension ${code}: variance kept along each principal direction`,
    yLabel: 'share of the variance kept',
    xScale: 'log',
    yScale: 'linear',
    series: seriesOf(betas),
    caption: captioned(
      'u′ Cov(x′) u / l for each direction u with variance l. ' +
        (eigenvalues.length > drawnDirections
          ? `${drawnDirections} of ${eigenvalues.length} directions are drawn. `
          : '') +
        'The time axis is logarithmic.',
      conditions,
    ),
    panels: pick(
      eigenvalues.map((_, i) => i),
      drawnDirections,
    ).map((i) => ({
      title: `l = ${formatNumber(eigenvalues[i])}`,
      lines: ofCode.map(({ retained }) =>
        lineAfterStart(
          times,
          retained.map((row) => row[i]),
        ),
      ),
    })),
  })
}

async function layerFigures(
  { eigenvalues, times, runs }: Theorem2Result,
  codes: readonly number[],
  betas: readonly number[],
  name: string,
  conditions: string,
): Promise<Block[]> {
  const measures: readonly {
    file: string
    title: string
    yLabel: string
    caption: string
    of: (run: Theorem2Run) => readonly number[]
    yScale?: 'log'
    partial?: boolean
  }[] = [
    {
      file: 'smallest-variance',
      title: 'Smallest variance that the reconstruction keeps',
      yLabel: 'k-th eigenvalue of Cov(x′)',
      yScale: 'log',
      of: ({ smallestRetained }) => smallestRetained,
      caption:
        'Over the directions of the k-dimensional range of the reconstruction. Without the term it comes to ' +
        'rest at the k-th variance. Beyond the paper.',
    },
    {
      file: 'encoder-norm',
      title: 'Size of the encoder',
      yLabel: '‖W‖',
      of: ({ encoderNorm }) => encoderNorm,
      caption: 'With the term W shrinks as t^(-1/4) in the end. Beyond the paper.',
    },
    {
      file: 'decoder-norm',
      title: 'Size of the decoder',
      yLabel: '‖V‖',
      of: ({ decoderNorm }) => decoderNorm,
      caption: 'With the term V grows as t^(1/4) in the end, so the effect of beta fades. Beyond the paper.',
    },
    {
      file: 'encoder-angle',
      title: 'Angle between the encoder and the first k principal directions',
      yLabel: 'radians',
      yScale: 'log',
      of: ({ encoderAngle }) => encoderAngle,
      partial: true,
      caption:
        'The largest principal angle between the span of W and theirs; k = d spans everything and is left ' +
        'out. With the term the same subspace is approached, ever more slowly.',
    },
    {
      file: 'decoder-angle',
      title: 'Angle between the decoder and the first k principal directions',
      yLabel: 'radians',
      yScale: 'log',
      of: ({ decoderAngle }) => decoderAngle,
      partial: true,
      caption: 'As above, for the span of the rows of V.',
    },
    {
      file: 'gradient',
      title: 'Norm of the gradient',
      yLabel: '‖dL/d(W, V)‖',
      yScale: 'log',
      of: ({ gradientNorm }) => gradientNorm,
      caption:
        'Without the term it falls to rounding: a minimum. With it, it only fades: there is no stationary ' +
        'point but the saddle at zero. Beyond the paper.',
    },
  ]
  const figures = measures.map(async ({ file, title, yLabel, caption, of, yScale, partial }): Promise<Block[]> => {
    const panels = codes
      .filter((code) => !partial || code < eigenvalues.length)
      .map((code) => ({
        title: `k = ${code}`,
        lines: betas.map((beta) => {
          const values = of(runs.find((run) => run.code === code && run.beta === beta)!)
          return lineAfterStart(times, yScale === 'log' ? aboveFloor(values) : values)
        }),
      }))
    if (panels.length === 0) return []
    return [
      await timeFigure({
        file: `${name}-${file}.svg`,
        title,
        yLabel,
        caption: captioned(caption, conditions),
        xScale: 'log',
        yScale,
        series: seriesOf(betas),
        panels,
      }),
    ]
  })
  return (await Promise.all(figures)).flat()
}

function explain({ settings, runs }: Theorem2Result, conditions: string): string[] {
  return [
    conditions,
    `Relative tolerance of the integration ${rough(settings.tolerance)}. Angles are in radians; for k = d ` +
      'there is none.',
    ...(runs.some(({ beta }) => beta > 0)
      ? [
          'Beyond the paper, derived in docs/theory.md: for beta above 0 the flow has no stationary point but ' +
            'the saddle at zero. It follows the ridge encoder W = V′(VV′ + beta I)^-1 (the last column is the ' +
            'relative distance ' +
            'from it) while ‖W‖ shrinks and ‖V‖ grows; direction i is reproduced at m / (m + beta) of its ' +
            'length, m growing as the square root of time.',
        ]
      : []),
  ]
}

function tabulateRuns({ settings, eigenvalues, runs }: Theorem2Result): ReportTable {
  const last = (values: readonly number[]) => values[values.length - 1]
  return {
    caption: `The layers at t = ${rough(settings.stop)}`,
    columns: [
      'k',
      'beta',
      '‖W‖',
      '‖V‖',
      'angle of W',
      'angle of V',
      'smallest variance kept',
      '‖gradient‖',
      'from the ridge encoder',
    ].map((title) => ({ title, align: 'right' as const })),
    rows: runs.map((run) => {
      const angles =
        run.code < eigenvalues.length
          ? [run.encoderAngle, run.decoderAngle].map((values) => rough(last(values)))
          : [null, null]
      return [
        String(run.code),
        formatNumber(run.beta),
        formatNumber(last(run.encoderNorm)),
        formatNumber(last(run.decoderNorm)),
        ...angles,
        formatNumber(last(run.smallestRetained)),
        rough(last(run.gradientNorm)),
        run.ridgeDistance ? rough(last(run.ridgeDistance)) : null,
      ]
    }),
  }
}

function tabulateDirections({ settings, eigenvalues, runs }: Theorem2Result): ReportTable {
  return {
    caption: `Share of the variance kept along each principal direction at t = ${rough(settings.stop)}`,
    columns: [
      { title: 'k', align: 'right' },
      { title: 'beta', align: 'right' },
      ...eigenvalues.map((value) => ({ title: `l = ${formatNumber(value)}`, digits: 4 })),
    ],
    rows: runs.map(({ code, beta, retained }) => [String(code), formatNumber(beta), ...retained[retained.length - 1]]),
  }
}

function list({ times, eigenvalues, runs }: Theorem2Result): ReportTable {
  const measures = [
    'loss',
    'reconstruction',
    'norm',
    'encoderNorm',
    'decoderNorm',
    'gradientNorm',
    'encoderAngle',
    'decoderAngle',
    'smallestRetained',
    'balance',
    'ridgeDistance',
  ] as const
  return {
    columns: ['k', 'beta', 'time', ...measures, ...eigenvalues.map((_, i) => `retained${i + 1}`)].map((title) => ({
      title,
    })),
    rows: runs.flatMap((run) =>
      times.map((time, t) => [
        run.code,
        run.beta,
        time,
        ...measures.map((measure) => run[measure]?.[t] ?? null),
        ...run.retained[t],
      ]),
    ),
  }
}
