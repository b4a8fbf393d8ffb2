// The page of Theorem 1: the integrated flow of the norm term against its closed form, on random covariances.

import type { ReportTable } from 'toll/report'
import type { Theorem1Result } from '../theory/index.js'
import type { RenderedExperiment } from 'toll/report'
import {
  aboveFloor,
  captioned,
  lineAfterStart,
  renderTheoryPage,
  rough,
  timeFigure,
  type TheoryPageOptions,
} from './page.js'

/** Panels that are drawn; all covariances are in the tables. */
const drawn = 10

/** Errors: `argument` for a name that is no stem of file names. */
export async function renderTheorem1(result: Theorem1Result, options: TheoryPageOptions): Promise<RenderedExperiment> {
  const { settings, runs, worst } = result
  const { dimension, code, condition, covariances, horizon, seed, tolerance } = settings
  const shown = runs.slice(0, drawn)
  const conditions =
    `Start: W(0) of independent standard normal numbers, ${dimension} x ${code}; stopping time ${horizon} ` +
    `/ (smallest eigenvalue) = ${rough(runs[0].times.at(-1)!)}; no decoder, so no score; seed ${seed}.` +
    (runs.length > drawn ? ` The first ${drawn} of ${runs.length} covariances are drawn.` : '')
  const { name } = options
  const figures = await Promise.all([
    timeFigure({
      file: `${name}-distance.svg`,
      title: 'Integrated against closed form',
      yLabel: 'relative Frobenius distance',
      xScale: 'log',
      yScale: 'log',
      series: [
        { name: 'W(t) from (7)', colour: 'series-1' },
        { name: 'Z(t) from (8)', colour: 'anomaly', dashed: true },
      ],
      caption: captioned(
        'Every distance is relative to the closed form at that time, however small that has become.',
        conditions,
      ),
      panels: shown.map(({ times, encoderErrors, codeErrors }, i) => ({
        title: `covariance ${i + 1}`,
        lines: [encoderErrors, codeErrors].map((errors) => lineAfterStart(times, aboveFloor(errors))),
      })),
    }),
    timeFigure({
      file: `${name}-size.svg`,
      title: 'What is left of the encoder',
      yLabel: '‖W(t)‖ / ‖W(0)‖',
      xScale: 'log',
      yScale: 'log',
      series: [{ name: '‖W(t)‖ / ‖W(0)‖', colour: 'series-1' }],
      caption: captioned('Directions leave one after the other, that with the smallest variance last.', conditions),
      panels: shown.map(({ times, sizes }, i) => ({
        title: `covariance ${i + 1}`,
        lines: [lineAfterStart(times, aboveFloor(sizes))],
      })),
    }),
  ])
  return renderTheoryPage(
    options,
    {
      title: 'Theorem 1: the closed form of the collapse',
      lead:
        `${covariances} random ${covariances === 1 ? 'covariance' : 'covariances'} of dimension ${dimension} ` +
        `and condition number ${rough(condition)}: the integrated W(t) and Z(t) stay within ${rough(worst)} ` +
        'of (7) and (8), ' +
        `relative in the Frobenius norm, up to t = ${horizon} / (smallest eigenvalue).`,
      sections: [
        {
          title: 'Numbers',
          blocks: [
            {
              kind: 'tiles',
              tiles: [
                {
                  label: 'Largest distance from the closed form',
                  value: rough(worst),
                  note: 'of W(t) and Z(t), over all times',
                  emphasis: true,
                },
                {
                  label: 'Covariances',
                  value: String(covariances),
                  note: `${dimension} x ${dimension}, condition ${rough(condition)}`,
                },
                {
                  label: 'Steps of integration',
                  value: String(runs.reduce((total, { steps }) => total + steps, 0)),
                  note: `relative tolerance ${rough(tolerance)}`,
                },
              ],
            },
            { kind: 'table', table: tabulate(result) },
          ],
        },
        {
          title: 'Notes',
          blocks: [
            {
              kind: 'list',
              items: [
                conditions,
                'Eigenvalues are spread evenly in their logarithm from 1 down to 1 / condition. Samples have ' +
                  'exactly this covariance, in a random basis.',
                'Fast directions are damped below the tolerance, not followed: the longest step is 2.5 / ' +
                  '(largest eigenvalue).',
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

function tabulate({ runs }: Theorem1Result): ReportTable {
  return {
    caption: 'Largest relative distance of each covariance, and when',
    columns: ['covariance', 'W(t) from (7)', 'at t', 'Z(t) from (8)', 'at t', 'W left at the end', 'steps'].map(
      (title) => ({ title, align: 'right' as const }),
    ),
    rows: runs.map(({ times, encoderErrors, codeErrors, sizes, steps }, i) => [
      String(i + 1),
      ...[encoderErrors, codeErrors].flatMap((errors) => {
        const most = Math.max(...errors)
        return [rough(most), rough(times[errors.indexOf(most)])]
      }),
      rough(sizes[sizes.length - 1]),
      String(steps),
    ]),
  }
}

function list({ runs }: Theorem1Result): ReportTable {
  return {
    columns: ['covariance', 'time', 'size', 'distance_W', 'distance_Z'].map((title) => ({ title })),
    rows: runs.flatMap(({ times, sizes, encoderErrors, codeErrors }, i) =>
      times.map((time, t) => [i + 1, time, sizes[t], encoderErrors[t], codeErrors[t]]),
    ),
  }
}
