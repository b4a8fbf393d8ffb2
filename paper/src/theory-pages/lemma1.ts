// The page of Lemma 1: how each principal direction leaves the codes when nothing but their norm is trained, against
// exp(-l t).

import { formatNumber, type CurvePanel, type PanelSeries, type ReportTable } from 'toll/report'
import type { Lemma1Result } from '../theory/index.js'
import type { RenderedExperiment } from 'toll/report'
import {
  aboveFloor,
  captioned,
  pick,
  renderTheoryPage,
  rough,
  spell,
  timeFigure,
  type TheoryPageOptions,
} from './page.js'

/** The closed form as a line, what was integrated as dots on it. */
const series: readonly PanelSeries[] = [
  { name: 'closed form', colour: 'series-1' },
  { name: 'integrated', colour: 'anomaly', dotted: true },
]

/** Amplitudes below this share of the start are rounding noise to any relative measure. */
const visible = 1e-6

/** Errors: `argument` for a name that is no stem of file names. */
export async function renderLemma1(result: Lemma1Result, options: TheoryPageOptions): Promise<RenderedExperiment> {
  const {
    settings,
    eigenvalues,
    times,
    amplitudes,
    variances,
    predicted,
    singularValues,
    predictedSingularValues,
    codeErrors,
    gradientError,
  } = result
  const { code, start, stop, samples, seed } = settings
  const worst = Math.max(...codeErrors)
  const rates = eigenvalues.map((_, i) =>
    rateOf(
      times,
      amplitudes.map((row) => row[i]),
    ),
  )
  const conditions =
    (start === 'identity'
      ? `Start: W(0) the first ${code} columns of the identity; `
      : `Start: W(0) of independent standard normal numbers, d x ${code}; `) +
    `stopping time ${rough(stop)}; ` +
    `no decoder, so no score; ${samples} samples with seed ${seed}.`
  const { name } = options
  const figures = await Promise.all([
    timeFigure({
      file: `${name}-variance.svg`,
      title: 'Variance that each principal direction contributes to the codes',
      yLabel: 'share of its value at 0',
      yScale: 'log',
      series,
      caption: captioned(
        'Z(t) = X W(t). The closed form is the square of exp(-l t): a straight line here, of slope -2 l. ' +
          'Drawn down to 1e-12.',
        conditions,
      ),
      panels: eigenvalues.map((value, i) =>
        decay(
          `l = ${formatNumber(value)}`,
          times,
          predicted.map((row) => row[i] ** 2),
          variances.map((row) => row[i]),
          visible ** 2,
        ),
      ),
    }),
    timeFigure({
      file: `${name}-singular-values.svg`,
      title: 'Singular values of the codes',
      yLabel: 'singular value of Z(t) / √n',
      yScale: 'log',
      series,
      caption: captioned(
        'The closed form is that of (8). Codes mix the directions, so a singular value is not one direction: ' +
          'the slowest one wins in the end. Drawn down to a millionth of the largest.',
        conditions,
      ),
      panels: singularValues[0].map((_, j) =>
        decay(
          `number ${j + 1}`,
          times,
          predictedSingularValues.map((row) => row[j]),
          singularValues.map((row) => row[j]),
          visible * predictedSingularValues[0][0],
        ),
      ),
    }),
    timeFigure({
      file: `${name}-distance.svg`,
      title: 'Integrated against closed form',
      yLabel: 'relative Frobenius distance of Z(t)',
      yScale: 'log',
      series: [{ name: 'Z(t)', colour: 'series-1' }],
      caption: captioned('An exact 0 is drawn at 1e-17.', conditions),
      panels: [{ title: 'all codes', lines: [{ x: times, y: aboveFloor(codeErrors) }] }],
    }),
  ])
  return renderTheoryPage(
    options,
    {
      title: 'Lemma 1: the norm term alone makes the codes collapse',
      lead:
        'A linear encoder under the norm of its codes and nothing else. Each principal direction with ' +
        `variance l leaves the code as exp(-l t), the largest first. Integrated up to t = ${rough(stop)}, ` +
        `the codes stay within ${rough(worst)} of the closed form.`,
      sections: [
        {
          title: 'Numbers',
          blocks: [
            {
              kind: 'tiles',
              tiles: [
                {
                  label: 'Largest distance of Z(t) from (8)',
                  value: rough(worst),
                  note: 'relative, Frobenius',
                  emphasis: true,
                },
                {
                  label: 'Largest error of a rate',
                  value: rough(
                    Math.max(
                      0,
                      ...rates.map((rate, i) =>
                        rate === undefined || eigenvalues[i] === 0 ? 0 : Math.abs(rate / eigenvalues[i] - 1),
                      ),
                    ),
                  ),
                  note: 'relative to l',
                },
                {
                  label: 'Gradient against the graph language',
                  value: rough(gradientError),
                  note: 'relative distance of S W(0)',
                },
              ],
            },
            { kind: 'table', table: tabulate(result, rates) },
          ],
        },
        {
          title: 'Notes',
          blocks: [
            {
              kind: 'list',
              items: [
                conditions,
                `Eigenvalues of the covariance: ${spell(eigenvalues.map(formatNumber))}; relative tolerance of ` +
                  `the integration ${rough(settings.tolerance)}.`,
                'The rate is the least-squares slope of -log amplitude over time, while the amplitude is above ' +
                  'a millionth of its start. Singular values against the closed form (8) and finite codes go ' +
                  "beyond the paper's text.",
              ],
            },
          ],
        },
        { title: 'Figures', blocks: figures },
      ],
    },
    list(result),
    result,
  )
}

function decay(
  title: string,
  times: readonly number[],
  exact: readonly number[],
  found: readonly number[],
  least: number,
): CurvePanel {
  const shown = times.map((_, t) => t).filter((t) => exact[t] >= least && found[t] > 0)
  const few = pick(shown, 13)
  return {
    title,
    lines: [{ x: shown.map((t) => times[t]), y: shown.map((t) => exact[t]) }, undefined],
    dots: [
      { x: [], y: [] },
      { x: few.map((t) => times[t]), y: few.map((t) => found[t]) },
    ],
  }
}

/** Slope of -log amplitude over time by least squares; undefined with fewer than two visible points. */
function rateOf(times: readonly number[], amplitudes: readonly number[]): number | undefined {
  const points = times.flatMap((time, t) => (amplitudes[t] > visible ? [[time, -Math.log(amplitudes[t])]] : []))
  if (points.length < 2) return undefined
  const [x, y] = [0, 1].map((side) => points.reduce((total, point) => total + point[side], 0) / points.length)
  return (
    points.reduce((total, point) => total + (point[0] - x) * (point[1] - y), 0) /
    points.reduce((total, point) => total + (point[0] - x) ** 2, 0)
  )
}

function tabulate(
  { eigenvalues, variances, predicted, settings }: Lemma1Result,
  rates: readonly (number | undefined)[],
): ReportTable {
  const [found, exact] = [variances[variances.length - 1], predicted[predicted.length - 1]]
  return {
    caption: 'How fast each principal direction leaves the codes',
    columns: [
      'direction',
      'l',
      'rate found',
      'rate / l − 1',
      `variance left at t = ${rough(settings.stop)}`,
      'exp(−2 l t)',
    ].map((title) => ({ title, align: 'right' as const })),
    rows: eigenvalues.map((value, i) => {
      const rate = rates[i]
      return [
        String(i + 1),
        formatNumber(value),
        rate === undefined ? null : String(Number(rate.toPrecision(8))),
        rate === undefined || value === 0 ? null : rough(rate / value - 1),
        rough(found[i]),
        rough(exact[i] ** 2),
      ]
    }),
  }
}

function list({
  times,
  eigenvalues,
  variances,
  predicted,
  singularValues,
  predictedSingularValues,
  codeErrors,
}: Lemma1Result): ReportTable {
  return {
    columns: ['time', 'quantity', 'number', 'eigenvalue', 'integrated', 'closed_form'].map((title) => ({ title })),
    rows: times.flatMap((time, t) => [
      ...eigenvalues.map((value, i) => [time, 'variance', i + 1, value, variances[t][i], predicted[t][i] ** 2]),
      ...singularValues[t].map((value, j) => [
        time,
        'singular value',
        j + 1,
        null,
        value,
        predictedSingularValues[t][j],
      ]),
      [time, 'distance of Z', null, null, codeErrors[t], 0],
    ]),
  }
}
