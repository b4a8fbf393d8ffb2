// The page of Figure 2: contours of the anomaly score of a linear autoencoder over those of the density, without and
// with the norm term, for a range of beta, and what planted anomalies make of it. Start, stopping times and score are
// ours, the paper gives none; they are stated.

import { auroc } from 'toll/metrics'
import {
  contourPanels,
  curvePanels,
  formatNumber,
  type Block,
  type ContourField,
  type ContourPanel,
  type ReportTable,
} from 'toll/report'
import type { Figure2Panel, Figure2Result } from '../theory/index.js'
import type { RenderedExperiment } from 'toll/report'
import {
  captioned,
  lineAfterStart,
  renderTheoryPage,
  rough,
  spell,
  timeFigure,
  type TheoryPageOptions,
} from './page.js'

/** Shares of the normal samples inside the contours that are drawn, of the score and of the density alike. */
const shares = [0.5, 0.9, 0.99]

/** AUROC of the planted anomalies against the normal samples. */
export interface PlantedAurocs {
  readonly first: number
  readonly second: number
}

/** Errors: `argument` for a name that is no stem of file names. */
export async function renderFigure2(result: Figure2Result, options: TheoryPageOptions): Promise<RenderedExperiment> {
  const { settings, variances, runs, best, times } = result
  const { name } = options
  const scored = runs.map((run) => ({
    ...run,
    aurocs: { best: plantedAurocs(run.best), last: plantedAurocs(run.last) },
  }))
  const form = settings.score === 'squared' ? '‖x − x′‖² + beta ‖z‖²' : '‖x − x′‖ + beta ‖z‖'
  const conditions =
    `Start: W(0) and V(0) of independent normal numbers with standard deviation ${settings.scale}, the ` +
    `same for every beta; stopping times up to ${rough(settings.stop)}; score ${form}; seed ` +
    `${settings.seed}; ` +
    `variances ${spell(variances)}, code dimension 1.`
  const plain = runs.find(({ beta }) => beta === 0) ?? runs[0]
  const top = runs.find(({ beta }) => beta === best.beta)!
  const contours = (
    file: string,
    title: string,
    caption: string,
    panels: readonly Figure2Panel[],
    titleOf = ({ beta }: Figure2Panel) => `beta ${formatNumber(beta)}`,
  ) =>
    contourFigure(
      result,
      {
        file: `${name}-${file}.svg`,
        title,
        caption: captioned(
          `${caption} Contours hold 50, 90 and 99 % of the normal samples, the ellipses as much of the density. ` +
            'In the corner: rank correlation and stopping time.',
          conditions,
        ),
      },
      panels,
      titleOf,
    )
  const figures = [
    await contours(
      'contours',
      'Without the term and with it',
      "The paper's comparison: the score contours after long training without the term, and where they " +
        'follow the density most closely.',
      plain === top && plain.best === plain.last ? [plain.last] : [plain.last, top.best],
      (panel) => `beta ${formatNumber(panel.beta)}, ${panel === plain.last ? 'last' : 'best'}`,
    ),
    await contours(
      'contours-best',
      'Each beta at its best stopping time',
      'The best time is chosen by the density, which real data do not show.',
      runs.map((run) => run.best),
    ),
    await contours(
      'contours-last',
      `Each beta at t = ${rough(settings.stop)}`,
      'The effect of beta has faded: contours stretch along the first direction again. Beyond the paper.',
      runs.map((run) => run.last),
    ),
    await timeFigure({
      file: `${name}-correlation.svg`,
      title: 'Rank correlation of score and density over the stopping time',
      yLabel: 'rank correlation',
      yScale: 'linear',
      xScale: 'log',
      xLabel: 'stopping time',
      series: [
        { name: 'rank correlation', colour: 'series-1' },
        { name: 'best', colour: 'normal', dotted: true },
        { name: 'last', colour: 'anomaly', dotted: true },
      ],
      caption: captioned(
        `Spearman, over ${settings.samples} normal samples. Without the term, too, the score passes a good ` +
          'order while the first direction is being learned, but only for a moment.',
        conditions,
      ),
      panels: runs.map((run) => ({
        title: `beta ${formatNumber(run.beta)}`,
        lines: [lineAfterStart(times, run.correlations), undefined, undefined],
        dots: [
          { x: [], y: [] },
          ...[run.best, run.last].map(({ time, correlation }) =>
            time > 0 ? { x: [time], y: [correlation] } : { x: [], y: [] },
          ),
        ],
      })),
    }),
    await aurocFigure(scored, {
      file: `${name}-auroc.svg`,
      distance: settings.distance,
      anomalies: settings.anomalies,
      conditions,
    }),
  ]
  const lean = scored.map(({ best: ofBest, last: ofLast, ...run }) => ({
    ...run,
    best: withoutSamples(ofBest),
    last: withoutSamples(ofLast),
  }))
  return renderTheoryPage(
    options,
    {
      title: 'Figure 2: score contours against density',
      lead:
        `A linear autoencoder from two dimensions to one and back, on a Gaussian with variances ${spell(variances)}. ` +
        `${plain.beta === 0 ? 'Without the norm term' : `With beta ${formatNumber(plain.beta)}`} the score ` +
        'orders normal samples as their density does with a rank correlation of ' +
        `${plain.last.correlation.toFixed(3)} at t = ${rough(settings.stop)}; ` +
        `the best of all is ${best.correlation.toFixed(4)}, with beta ${formatNumber(best.beta)} at t = ` +
        `${rough(best.time)}.`,
      sections: [
        {
          title: 'Numbers',
          blocks: [
            {
              kind: 'tiles',
              tiles: [
                {
                  label: `beta ${formatNumber(plain.beta)}, t = ${rough(settings.stop)}`,
                  value: plain.last.correlation.toFixed(4),
                  note: 'rank correlation, last time',
                },
                {
                  label: `beta ${formatNumber(best.beta)}, t = ${rough(best.time)}`,
                  value: best.correlation.toFixed(4),
                  note: 'rank correlation, best of all',
                  emphasis: true,
                },
                {
                  label: `beta ${formatNumber(top.beta)}, t = ${rough(settings.stop)}`,
                  value: top.last.correlation.toFixed(4),
                  note: 'the same beta at the last time',
                },
              ],
            },
            { kind: 'table', table: tabulateCorrelations(result) },
            { kind: 'table', table: tabulateAurocs(scored) },
          ],
        },
        { title: 'Notes', blocks: [{ kind: 'list', items: explain(result, conditions) }] },
        { title: 'Contours', blocks: figures.slice(0, 3) },
        { title: 'Over time, and for anomalies', blocks: figures.slice(3) },
      ],
    },
    list(result, scored),
    { settings, variances, times, best, runs: lean },
  )
}

/** AUROC of the anomalies along each direction against the normal samples. */
export function plantedAurocs({ normal, alongFirst, alongSecond }: Figure2Panel): PlantedAurocs {
  const [first, second] = [alongFirst, alongSecond].map((planted) =>
    auroc([...normal, ...planted], [...normal.map(() => 0), ...planted.map(() => 1)]),
  )
  return { first, second }
}

/** Layers and numbers; the score on any grid follows from W, V and beta. */
function withoutSamples({ beta, time, correlation, encoder, decoder }: Figure2Panel) {
  return { beta, time, correlation, encoder, decoder }
}

const correlationOf = ({ correlation, beta, time }: Figure2Panel) =>
  `${correlation.toFixed(4)} with beta ${formatNumber(beta)} at t = ${rough(time)}`

async function contourFigure(
  { axis, density }: Figure2Result,
  { file, title, caption }: { readonly file: string; readonly title: string; readonly caption: string },
  panels: readonly Figure2Panel[],
  titleOf: (panel: Figure2Panel) => string,
): Promise<Block> {
  // -2 log of the density over its peak is the squared Mahalanobis distance, which is below -2 log(1 - p) for a share p
  // of a plane Gaussian.
  const peak = density.flat().reduce((a, b) => Math.max(a, b))
  const reference: ContourField = {
    values: density.map((row) => row.map((value) => -2 * Math.log(Math.max(value / peak, Number.MIN_VALUE)))),
    levels: shares.map((share) => -2 * Math.log(1 - share)),
  }
  const drawn = panels.map((panel): ContourPanel => ({
    title: titleOf(panel),
    note: `${panel.correlation.toFixed(4)}, t = ${rough(panel.time)}`,
    values: panel.contours,
    levels: quantiles(panel.normal),
  }))
  const chart = await contourPanels(drawn, {
    axis,
    reference,
    names: ['score', 'density'],
    xLabel: 'x₁',
    yLabel: 'x₂',
    description: `${title}. Rank correlation of score and density: ` + `${panels.map(correlationOf).join(', ')}.`,
    table: {
      caption: 'Layers and levels',
      columns: [
        'beta',
        't',
        'rank correlation',
        'W',
        'V',
        ...shares.map((share) => `score below which ${100 * share} % lie`),
      ].map((column, i) => ({ title: column, align: i === 0 ? ('left' as const) : ('right' as const) })),
      rows: panels.map((panel, i) => [
        formatNumber(panel.beta),
        rough(panel.time),
        panel.correlation.toFixed(4),
        panel.encoder.map(rough).join(', '),
        panel.decoder.map(rough).join(', '),
        ...drawn[i].levels.map(formatNumber),
      ]),
    },
  })
  return { kind: 'figure', file, title, caption, chart }
}

function quantiles(scores: readonly number[]): number[] {
  const sorted = Float64Array.from(scores).sort()
  return shares.map((share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)])
}

interface Scored {
  readonly beta: number
  readonly aurocs: { readonly best: PlantedAurocs; readonly last: PlantedAurocs }
}

async function aurocFigure(
  scored: readonly Scored[],
  {
    file,
    distance,
    anomalies,
    conditions,
  }: { readonly file: string; readonly distance: number; readonly anomalies: number; readonly conditions: string },
): Promise<Block> {
  const at = scored.map((_, i) => i)
  const bestOf = ({ beta, aurocs: { best } }: Scored) =>
    `beta ${formatNumber(beta)}: ${percent(best.first)} and ${percent(best.second)} at the best time`
  const chart = await curvePanels(
    (['first', 'second'] as const).map((direction) => ({
      title: `along the ${direction}`,
      lines: (['best', 'last'] as const).map((when) => ({
        x: at,
        y: scored.map(({ aurocs }) => 100 * aurocs[when][direction]),
      })),
      dots: (['best', 'last'] as const).map((when) => ({
        x: at,
        y: scored.map(({ aurocs }) => 100 * aurocs[when][direction]),
      })),
    })),
    {
      series: [
        { name: 'best stopping time', colour: 'normal' },
        { name: 'last', colour: 'anomaly', dashed: true },
      ],
      xLabel: 'beta',
      yLabel: 'AUROC (%)',
      yScale: 'linear',
      xTicks: scored.map(({ beta }, i) => ({ at: i, label: formatNumber(beta) })),
      description:
        'AUROC of anomalies planted along the first and the second principal direction over beta. ' +
        `${scored.map(bestOf).join(', ')}.`,
      table: tabulateAurocs(scored),
    },
  )
  return {
    kind: 'figure',
    file,
    title: 'Anomalies planted along each principal direction',
    chart,
    caption: captioned(
      `${anomalies} samples moved by ${formatNumber(distance)} standard deviations of their direction, to ` +
        'either side. Betas stand at equal distances.',
      conditions,
    ),
  }
}

function explain({ settings, runs }: Figure2Result, conditions: string): string[] {
  return [
    conditions,
    "Rank correlation is Spearman's, of the score with minus the density over the normal samples. The " +
      'score of a converged plain autoencoder is the second coordinate alone; over the whole Gaussian that ' +
      'gives 0.6490, whatever the variances; ' +
      `${settings.samples} samples give it to about ${rough(1 / Math.sqrt(settings.samples))}.`,
    'The best stopping time is chosen by looking at the density, which real data do not show. "Last" is ' +
      'what that training has come to by the stopping time.',
    ...(runs.some(({ beta }) => beta > 0)
      ? [
          'Beyond the paper: which start, stopping time and score make the figure. On the ridge encoder the ' +
            'squared score is beta / (m + beta) x₁² + x₂², m the squared size of the decoder: in the order of the ' +
            'density at one moment, as m grows on and the effect of beta fades ' +
            '(docs/theory.md).',
        ]
      : []),
    `Relative tolerance of the integration ${rough(settings.tolerance)}; ${settings.points} stopping ` +
      `times from ${rough(settings.first)}, evenly spaced in their logarithm.`,
  ]
}

function tabulateCorrelations({ runs, settings }: Figure2Result): ReportTable {
  return {
    caption: 'Rank correlation of the score with the density',
    columns: ['beta', 'best', 'at t', 'above 0.98 for t from', 'to', `at t = ${rough(settings.stop)}`].map((title) => ({
      title,
      align: 'right' as const,
    })),
    rows: runs.map(({ beta, best, above, last }) => [
      formatNumber(beta),
      best.correlation.toFixed(4),
      rough(best.time),
      above ? rough(above.from) : null,
      above ? rough(above.to) : null,
      last.correlation.toFixed(4),
    ]),
  }
}

function tabulateAurocs(scored: readonly Scored[]): ReportTable {
  return {
    caption: 'AUROC (%) of planted anomalies',
    columns: ['beta', 'first direction, best time', 'second, best time', 'first, last time', 'second, last time'].map(
      (title) => ({ title, align: 'right' as const }),
    ),
    rows: scored.map(({ beta, aurocs: { best, last } }) => [
      formatNumber(beta),
      ...[best.first, best.second, last.first, last.second].map(percent),
    ]),
  }
}

function percent(share: number): string {
  return (100 * share).toFixed(1)
}

function list({ times, runs }: Figure2Result, scored: readonly Scored[]): ReportTable {
  return {
    columns: ['beta', 'time', 'quantity', 'value'].map((title) => ({ title })),
    rows: runs.flatMap(({ beta, correlations, best, last }, r) => [
      ...times.map((time, t) => [beta, time, 'rank correlation', correlations[t]]),
      ...(
        [
          ['best', best],
          ['last', last],
        ] as const
      ).flatMap(([when, { time }]) =>
        (['first', 'second'] as const).map((direction) => [
          beta,
          time,
          `AUROC along the ${direction} direction at the ${when} time`,
          scored[r].aurocs[when][direction],
        ]),
      ),
    ]),
  }
}
