// The page of the scale controls: which of them give the loss with the norm term a true minimum. Beyond the paper;
// derived in docs/theory.md.

import { formatNumber, type Block, type PanelSeries, type ReportTable } from 'toll/report'
import type { LossForm, ScaleControl, ScaleResult, ScaleRun } from '../theory/index.js'
import type { RenderedExperiment } from 'toll/report'
import {
  aboveFloor,
  captioned,
  lineAfterStart,
  renderTheoryPage,
  rough,
  spell,
  timeFigure,
  type TheoryPageOptions,
} from './page.js'

const losses: Readonly<Record<LossForm, string>> = { squared: 'squared', norms: 'unsquared' }
const controls: Readonly<Record<ScaleControl, string>> = {
  none: 'none',
  'weight-decay': 'weight decay',
  'unit-norm': 'unit rows',
}
/** Titles of panels have room for 15 characters on a phone. */
const shortControls: Readonly<Record<ScaleControl, string>> = {
  none: 'free',
  'weight-decay': 'decay',
  'unit-norm': 'unit',
}
const outcomes: Readonly<Record<ScaleRun['outcome'], string>> = {
  minimum: 'minimum',
  collapse: 'collapse',
  moving: 'still moving',
}
const colours = ['normal', 'anomaly', 'series-1', 'series-3', 'series-4', 'series-2'] as const

/** Errors: `argument` for a name that is no stem of file names. */
export async function renderScale(result: ScaleResult, options: TheoryPageOptions): Promise<RenderedExperiment> {
  const { settings, variances, runs } = result
  const { beta, decay, stop, seed, encoderScale, directions, tolerance } = settings
  const conditions =
    `Start: elements of W(0) with standard deviation ${formatNumber(encoderScale)}, of V(0) as named ` +
    `(unit rows keep its direction only); stopping time ${rough(stop)}; no score is taken; beta ` +
    `${formatNumber(beta)}, ` +
    `weight decay ${formatNumber(decay)}; variances ${spell(variances)}, code dimension 1; seed ${seed}.`
  return renderTheoryPage(
    options,
    {
      title: 'Which control of scale gives a true minimum',
      lead:
        'The norm term alone can always be made smaller by shrinking the encoder and growing the decoder. Two ' +
        `losses, three controls, ${new Set(runs.map(({ decoderScale }) => decoderScale)).size} starts: ` +
        `${runs.filter(({ outcome }) => outcome === 'minimum').length} of ${runs.length} runs come to rest ` +
        'with the code alive. This page goes beyond the paper.',
      sections: [
        {
          title: 'Numbers',
          blocks: [
            { kind: 'table', table: tabulate(result) },
            { kind: 'list', items: judge(result) },
          ],
        },
        {
          title: 'Notes',
          blocks: [
            {
              kind: 'list',
              items: [
                conditions,
                'Squared: the loss (9). Unsquared: mean ‖x − x′‖ + beta mean ‖z‖, the terms that the real ' +
                  'method trains, averaged over the Gaussian ' +
                  `(the reconstruction over ${directions} directions).`,
                'Minimum: the velocity is below 1e-6 with W above 0. Collapse: W fell below a millionth of its ' +
                  'start, nothing is coded. Still moving: neither. Growth is the slope of log ‖V‖ over log t in ' +
                  'the last decade of time.',
                `Relative tolerance of the integration ${rough(tolerance)}. The known minimum is that of the ` +
                  'derivation in docs/theory.md; the unsquared loss has none in closed form.',
              ],
            },
          ],
        },
        { title: 'Trajectories', blocks: await trajectories(result, options.name, conditions) },
      ],
    },
    list(result),
    result,
  )
}

async function trajectories({ runs }: ScaleResult, name: string, conditions: string): Promise<Block[]> {
  const scales = [...new Set(runs.map(({ decoderScale }) => decoderScale))]
  const series = scales.map((scale, i): PanelSeries => ({
    name: `V(0) ~ ${formatNumber(scale)}`,
    colour: colours[i],
    dashed: i % 2 === 1,
  }))
  const measures: readonly {
    file: string
    title: string
    yLabel: string
    caption: string
    of: (run: ScaleRun) => readonly number[]
    yScale: 'linear' | 'log'
  }[] = [
    {
      file: 'gradient',
      title: 'Norm of the gradient',
      yLabel: '‖d(W, V)/dt‖',
      yScale: 'log',
      of: ({ speed }) => aboveFloor(speed),
      caption: 'Along unit rows, the part that keeps them. At a true minimum it falls to the noise of the integration.',
    },
    {
      file: 'decoder-norm',
      title: 'Size of the decoder',
      yLabel: '‖V‖',
      yScale: 'log',
      of: ({ decoderNorm }) => aboveFloor(decoderNorm),
      caption: 'Without a control it keeps growing, or the code dies.',
    },
    {
      file: 'encoder-norm',
      title: 'Size of the encoder',
      yLabel: '‖W‖',
      yScale: 'log',
      of: ({ encoderNorm }) => aboveFloor(encoderNorm),
      caption: 'A steep end is a collapse.',
    },
    {
      file: 'loss',
      title: 'Loss',
      yLabel: 'loss without decay',
      yScale: 'linear',
      of: ({ losses: values }) => values,
      caption: 'Reconstruction and norm term, without the decay term.',
    },
  ]
  return Promise.all(
    measures.map(({ file, title, yLabel, caption, of, yScale }) =>
      timeFigure({
        file: `${name}-${file}.svg`,
        title,
        yLabel,
        yScale,
        xScale: 'log',
        series,
        caption: captioned(
          `${caption} Panels: the squared loss and the unsquared norms, free, with weight decay and with unit rows.`,
          conditions,
        ),
        panels: cellsOf(runs).map(({ loss, control, ofCell }) => ({
          title: `${loss}, ${shortControls[control]}`,
          lines: scales.map((scale) => {
            const run = ofCell.find(({ decoderScale }) => decoderScale === scale)!
            return lineAfterStart(run.times, of(run))
          }),
        })),
      }),
    ),
  )
}

/** The runs by loss and control, in their order. */
function cellsOf(
  runs: readonly ScaleRun[],
): { readonly loss: LossForm; readonly control: ScaleControl; readonly ofCell: readonly ScaleRun[] }[] {
  return [...new Map(runs.map(({ loss, control }) => [`${loss} ${control}`, { loss, control }])).values()].map(
    ({ loss, control }) => ({
      loss,
      control,
      ofCell: runs.filter((run) => run.loss === loss && run.control === control),
    }),
  )
}

/** One sentence per loss and control: does every start come to rest, and at the same loss? */
function judge({ runs }: ScaleResult): string[] {
  return cellsOf(runs).map(({ loss, control, ofCell }) => {
    const cell = `${losses[loss]} loss, ${controls[control]}`
    const minima = ofCell.filter(({ outcome }) => outcome === 'minimum')
    if (minima.length === ofCell.length)
      return `${cell}: a true minimum from every start, L = ${spell([...new Set(minima.map(lossAtEnd))])}.`
    if (minima.length > 0)
      return (
        `${cell}: a minimum with the code alive from V(0) ~ ` +
        `${spell(minima.map(({ decoderScale }) => formatNumber(decoderScale)))} only, L = ` +
        `${spell([...new Set(minima.map(lossAtEnd))])}.`
      )
    return (
      `${cell}: no minimum with the code alive ` +
      `(${[...new Set(ofCell.map(({ outcome }) => outcomes[outcome]))].join(', ')}).`
    )
  })
}

function lossAtEnd({ losses: values }: ScaleRun): string {
  return values[values.length - 1].toFixed(4)
}

function tabulate({ runs }: ScaleResult): ReportTable {
  const last = (values: readonly number[]) => values[values.length - 1]
  const right = (title: string) => ({ title, align: 'right' as const })
  return {
    caption: 'Where every run ends',
    columns: [
      { title: 'loss' },
      { title: 'control' },
      right('V(0)'),
      { title: 'outcome' },
      right('loss'),
      right('known minimum'),
      right('‖W‖'),
      right('‖V‖'),
      right('‖gradient‖'),
      right('growth of ‖V‖'),
      right('at t'),
    ],
    rows: runs.map((run) => [
      losses[run.loss],
      controls[run.control],
      formatNumber(run.decoderScale),
      outcomes[run.outcome],
      lossAtEnd(run),
      run.minimum ? run.minimum.loss.toFixed(4) : null,
      rough(last(run.encoderNorm)),
      rough(last(run.decoderNorm)),
      rough(last(run.speed)),
      run.outcome === 'collapse' ? null : rough(run.growth),
      rough(last(run.times)),
    ]),
  }
}

function list({ runs }: ScaleResult): ReportTable {
  return {
    columns: ['loss', 'control', 'decoder_scale', 'outcome', 'time', 'loss_value', 'norm_W', 'norm_V', 'gradient'].map(
      (title) => ({ title }),
    ),
    rows: runs.flatMap((run) =>
      run.times.map((time, t) => [
        losses[run.loss],
        run.control,
        run.decoderScale,
        run.outcome,
        time,
        run.losses[t],
        run.encoderNorm[t],
        run.decoderNorm[t],
        run.speed[t],
      ]),
    ),
  }
}
