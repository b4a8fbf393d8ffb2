// Table 3 as people and programs read it: for a terminal, as Markdown, as JSON. All three say how much the numbers can
// carry.

import type { MeanInterval } from 'toll/metrics'
import { renderMarkdown, renderText, type ReportCell, type ReportTable } from 'toll/report'
import type { Summary, Table3 } from './table3.js'
import { paperTable3, referenceCode, type PublishedResult } from './published.js'
import { arrhythmiaProtocols, type ArrhythmiaProtocolName, type Measured } from './record.js'

const titles: Readonly<Record<string, string>> = {
  toll: 'Toll',
  plain: 'Toll without the norm term',
  distance: 'distance to the training mean',
}

/** What the paper calls our detectors. */
const paperNames: Readonly<Record<string, string>> = { toll: 'Toll', 'oc-svm': 'OC-SVM', 'isolation-forest': 'IF' }

function titleOf(method: string): string {
  return titles[method] ?? method
}

/** Per cent, mean ± sd (ddof 0) and the 95 % interval of the mean; the paper's column beside it. */
export function tabulateF1({ methods, settings }: Table3): ReportTable {
  const withRandom = settings.splits > 0
  const line = (
    method: string,
    paper: number | null,
    shipped: readonly ReportCell[],
    random: readonly ReportCell[],
  ) => [method, paper, ...shipped, ...(withRandom ? random : [])]
  const ours = methods.map((result) =>
    line(
      titleOf(result.method),
      publishedF1(paperNames[result.method]),
      spread(result.shipped?.f1),
      spread(result.random?.f1),
    ),
  )
  const shown = methods.map(({ method }) => paperNames[method])
  const published = paperTable3
    .filter(({ method }) => !shown.includes(method))
    .map(({ method, f1 }) => line(method, f1, [null, null], [null, null]))
  return {
    caption:
      `Arrhythmia, F1 (%): ${settings.seeds} seeds on the shipped ` +
      `split${withRandom ? `, ${settings.splits} random splits` : ''}`,
    columns: [
      { title: 'method' },
      { title: 'paper', digits: 2 },
      { title: 'shipped split', align: 'right' },
      { title: '95 %', align: 'right' },
      ...(withRandom
        ? [
            { title: 'random splits', align: 'right' as const },
            { title: '95 %', align: 'right' as const },
          ]
        : []),
    ],
    rows: [
      ...ours,
      line(
        referenceCode.method,
        null,
        [`${referenceCode.f1.toFixed(1)} ± ${referenceCode.sd.toFixed(1)}`, null],
        [null, null],
      ),
      ...published,
    ],
  }
}

/** The measures that need no threshold, per cent, of what was run here. */
export function tabulateRanking({ methods, settings }: Table3): ReportTable {
  const measures = [
    ['AUROC', 'auroc'],
    ['average precision', 'averagePrecision'],
  ] as const
  const withRandom = settings.splits > 0
  return {
    caption: 'AUROC and average precision (%) on the same test rows',
    columns: [
      { title: 'method' },
      { title: 'measure' },
      { title: 'shipped split', align: 'right' },
      { title: '95 %', align: 'right' },
      ...(withRandom
        ? [
            { title: 'random splits', align: 'right' as const },
            { title: '95 %', align: 'right' as const },
          ]
        : []),
    ],
    rows: measures.flatMap(([title, name]) =>
      methods.map(({ method, shipped, random }) => [
        titleOf(method),
        title,
        ...spread(shipped?.[name]),
        ...(withRandom ? spread(random?.[name]) : []),
      ]),
    ),
  }
}

/** F1 under each protocol that the paper's column mixes; undefined where Toll ran alone. */
export function tabulateProtocols({ protocols, settings }: Table3): ReportTable | undefined {
  if (!protocols) return undefined
  const columns = arrhythmiaProtocols.filter((protocol) => protocols.some(({ results }) => results[protocol]))
  return {
    caption:
      "Arrhythmia, F1 (%) of standardised columns under the protocols behind the paper's column: " +
      `${settings.seeds} seeds on fixed splits, ${settings.splits} random splits`,
    columns: [
      { title: 'method' },
      { title: 'paper', digits: 2 },
      ...columns.map((protocol) => ({ title: protocolTitles[protocol], align: 'right' as const })),
    ],
    rows: protocols.map(({ method, results }) => [
      titleOf(method),
      publishedF1(paperNames[method]),
      ...columns.map((protocol) => spread(results[protocol]?.f1)[0]),
    ]),
  }
}

const protocolTitles: Readonly<Record<ArrhythmiaProtocolName, string>> = {
  shipped: 'shipped split',
  random: 'random splits',
  half: 'halves (DAGMM, ALAD)',
  goad: "GOAD's split",
}

/** What a reader must know to use the numbers, one sentence or two each. */
export function explainTable3({ methods, settings, machine, protocols }: Table3): string[] {
  const { rows, steps, protocol } = settings
  const toll = methods.find(({ method }) => method === 'toll')
  return [
    'Mean ± standard deviation (divisor n) and the 95 % interval of the mean (Student t). Settings: ' +
      `${rows.train} training rows, ${rows.validation} validation, ` +
      `${rows.test} test rows with ${rows.testAnomalies} anomalies; ${steps} steps, batch ` +
      `${protocol.batch}, beta ${protocol.beta}; raw features.`,
    ...(steps < protocol.steps ? [`This is a rehearsal: the protocol trains ${protocol.steps} steps.`] : []),
    `The highest ${rows.testAnomalies} of ${rows.test} scores are called anomalies, so one anomaly more ` +
      `or less is ${(100 / rows.testAnomalies).toFixed(1)} points of F1. ` +
      "Labelled anomalies of the validation rows choose Toll's checkpoint; other detectors use no label.",
    ...(protocols
      ? [
          'Detectors other than Toll and the distance run on columns standardised by the training rows, with ' +
            'default parameters. Halves: the normal rows of a random half train, and the highest ' +
            "15 % of the other half are called. GOAD's split: the first half of the normal rows trains, and as " +
            'many rows are called as there are anomalies, which takes labels; anomalies are a quarter ' +
            'of its test rows instead of a seventh, so its F1 is higher for every method.',
        ]
      : []),
    ...(toll?.aboveFloor
      ? [
          `On the same random splits Toll is ${signed(toll.aboveFloor.f1.mean)} points of F1 from the distance ` +
            `to the training mean${paired(toll.aboveFloor.f1)}. ` +
            'The test sets of random splits share rows, so their intervals are too narrow for claims about new ' +
            'patients (Nadeau and Bengio 2003).',
        ]
      : []),
    "The paper's column mixes protocols (other splits, shares of anomalies and thresholds): it is not a ranking. " +
      `The reference code's own numbers, run as shipped, are ${referenceCode.f1} ± ${referenceCode.sd}.`,
    `Made by toll ${machine.toll} on ${machine.device} with ${machine.threads} ` +
      `${machine.threads === 1 ? 'thread' : 'threads'} per run; other numbers of threads give other bits.`,
  ]
}

function tablesOf(result: Table3): ReportTable[] {
  const protocols = tabulateProtocols(result)
  return [tabulateF1(result), tabulateRanking(result), ...(protocols ? [protocols] : [])]
}

/** For a terminal. */
export function renderTable3Text(result: Table3): string {
  return [...tablesOf(result).map(renderText), `${explainTable3(result).join('\n')}\n`].join('\n')
}

export function renderTable3Markdown(result: Table3): string {
  return [
    '# Table 3: Arrhythmia\n',
    ...tablesOf(result).map(renderMarkdown),
    `${explainTable3(result)
      .map((note) => `- ${note}`)
      .join('\n')}\n`,
  ].join('\n')
}

/**
 * Everything: settings, machine, summaries, every run, and what is published. Values in [0, 1], published ones in per
 * cent.
 */
export function renderTable3Json(result: Table3): string {
  const published = { unit: 'per cent', paper: paperTable3, referenceCode } satisfies Record<
    string,
    string | PublishedResult | readonly PublishedResult[]
  >
  return `${JSON.stringify({ ...result, published }, null, 2)}\n`
}

function spread(summary: MeanInterval | undefined): [ReportCell, ReportCell] {
  if (!summary) return [null, null]
  const { mean, populationSd, interval } = summary
  if (!interval) return [percent(mean), null]
  return [`${percent(mean)} ± ${percent(populationSd)}`, `${percent(interval.low)} to ${percent(interval.high)}`]
}

function publishedF1(method: string | undefined): number | null {
  return paperTable3.find((result) => result.method === method)?.f1 ?? null
}

function paired({ interval }: Summary[keyof Measured]): string {
  return interval ? ` (95 % ${signed(interval.low)} to ${signed(interval.high)})` : ''
}

function signed(share: number): string {
  return `${share >= 0 ? '+' : '−'}${percent(Math.abs(share))}`
}

function percent(share: number): string {
  return (100 * share).toFixed(1)
}
