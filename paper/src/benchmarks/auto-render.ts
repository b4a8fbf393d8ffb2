// Choices of Toll's settings without labels, as people and programs read them: every criterion and combination beside
// what labels would choose and beside PyOD's published detectors, with the paired difference to the best single
// setting.

import { meanInterval, type MeanInterval } from 'toll/metrics'
import type { Block, ReportCell, ReportTable } from 'toll/report'
import { criteria, combinations } from './auto-criteria.js'
import type { AutoTrial } from './auto-record.js'
import type { AutoTable } from './auto.js'
import { pyodBenchmark, pyodColumns } from './pyod-published.js'
import { renderExperiment, type RenderedExperiment } from 'toll/report'
import { count, madeBy, signed } from '../pages/index.js'

/** A way to score, and its mean AUROC over splits on each data set, in the order of the table. */
export interface Way {
  readonly name: string
  readonly kind: 'labels' | 'pool' | 'combination' | 'criterion' | 'setting' | 'other' | 'published'
  readonly doc: string
  readonly means: readonly number[]
}

type Part = 'networks' | 'others' | 'chosen' | 'combined' | 'pools'

/** Ways that are shown for each data set, beside what labels would choose. */
const byDataset = ['toll-auto', 'its networks alone', 'isolation-forest', 'IForest']

/** All ways, best first within a kind, and the one that labels would choose for all data sets. */
export function waysOf(table: AutoTable): { readonly ways: readonly Way[]; readonly best: Way } {
  const means = (part: Part, name: string) =>
    table.datasets.map((dataset) => average(trialsOf(table, dataset).map((trial) => trial[part][name])))
  const of = (kind: Way['kind'], part: Part, docs: Readonly<Record<string, string>>): Way[] =>
    Object.keys(table.trials[0][part]).map((name) => ({ name, kind, doc: docs[name] ?? '', means: means(part, name) }))
  const docsOf = (entries: readonly { readonly name: string; readonly doc: string }[]) =>
    Object.fromEntries(entries.map(({ name, doc }) => [name, doc]))
  const settings = of('setting', 'networks', {})
  const sorted = (ways: Way[]) => ways.sort((a, b) => average(b.means) - average(a.means))
  const [best] = sorted(settings)
  const labels: Way[] = [
    { name: 'labels, one setting for all data sets', kind: 'labels', doc: best.name, means: best.means },
    {
      name: 'labels, a setting for each data set',
      kind: 'labels',
      doc: 'highest mean over splits',
      means: table.datasets.map((_, i) => Math.max(...settings.map((way) => way.means[i]))),
    },
  ]
  const entries = table.datasets.flatMap((dataset) => pyodBenchmark.find(({ name }) => name === dataset) ?? [])
  const published =
    entries.length < table.datasets.length
      ? []
      : pyodColumns.map((column, c): Way => ({
          name: column,
          kind: 'published',
          doc: '',
          means: entries.map(({ auroc }) => auroc[c]),
        }))
  return {
    best,
    ways: [
      ...labels,
      ...sorted(of('pool', 'pools', {})),
      ...sorted(of('combination', 'combined', docsOf(combinations))),
      ...sorted(of('criterion', 'chosen', docsOf(criteria))),
      ...settings,
      ...sorted(of('other', 'others', {})),
      ...sorted(published),
    ],
  }
}

/** Over data sets: the mean AUROC of `way`, and its difference to `other` with a 95 % interval. */
export function against(way: Way, other: Way): { readonly mean: number; readonly difference: MeanInterval } {
  return { mean: average(way.means), difference: meanInterval(way.means.map((value, i) => value - other.means[i])) }
}

export function renderAuto(table: AutoTable, command?: string): RenderedExperiment {
  const { ways, best } = waysOf(table)
  const block = (content: ReportTable): Block => ({ kind: 'table', table: content })
  const titles: Record<Way['kind'], string> = {
    labels: 'What labels would choose',
    pool: 'What toll-auto does, and the same with other members',
    combination: 'Its networks alone, combined in other ways',
    criterion: 'One of its networks, chosen without labels',
    setting: 'Single settings',
    other: 'Other detectors, with their defaults',
    published: "PyOD's published detectors",
  }
  const kinds = Object.keys(titles) as Way['kind'][]
  return renderExperiment(
    {
      title: 'Toll without settings',
      lead:
        `${table.datasets.length} data sets, ${count(table.splits, 'split')} of ` +
        'each: 60 % train without labels, outliers among them, 40 % test. ' +
        'Mean AUROC of the test rows; differences are paired by data set, with 95 % intervals over data sets.',
      sections: [
        ...kinds
          .filter((kind) => ways.some((way) => way.kind === kind))
          .map((kind) => ({
            title: titles[kind],
            blocks: [
              block(
                tabulate(
                  ways.filter((way) => way.kind === kind),
                  best,
                ),
              ),
            ],
          })),
        {
          title: 'By data set',
          blocks: [
            block(
              tabulateDatasets(table, [
                ...ways.filter(({ kind }) => kind === 'labels'),
                ...byDataset.flatMap((shown) => ways.find(({ name }) => name === shown) ?? []),
              ]),
            ),
          ],
        },
        { title: 'Time', blocks: [block(tabulateTime(table))] },
      ],
      footer:
        `${madeBy(command)}.` +
        (ways.some(({ kind }) => kind === 'published')
          ? " Published figures: PyOD's documentation, the same data sets and splits."
          : ''),
    },
    listWays(table, ways),
    table,
  )
}

function tabulate(ways: readonly Way[], best: Way): ReportTable {
  return {
    columns: [
      { title: 'choice' },
      { title: 'AUROC', align: 'right' },
      { title: 'minus one setting by labels', align: 'right' },
      { title: '95 %', align: 'right' },
      { title: 'what it is' },
    ],
    rows: ways.map((way): ReportCell[] => {
      const { mean, difference } = against(way, best)
      return [
        way.name,
        mean.toFixed(4),
        signed(difference.mean, 4),
        difference.interval ? `${signed(difference.interval.low, 4)} to ${signed(difference.interval.high, 4)}` : null,
        way.doc,
      ]
    }),
  }
}

function tabulateDatasets({ datasets }: AutoTable, ways: readonly Way[]): ReportTable {
  return {
    columns: [{ title: 'data set' }, ...ways.map(({ name }) => ({ title: name, align: 'right' as const }))],
    rows: datasets.map((dataset, i) => [dataset, ...ways.map(({ means }) => means[i].toFixed(4))]),
  }
}

function tabulateTime(table: AutoTable): ReportTable {
  return {
    caption: 'Seconds to fit toll-auto once, on one thread, as measured when it ran',
    columns: [{ title: 'data set' }, { title: 'fit', digits: 2 }],
    rows: table.datasets.map((dataset) => [
      dataset,
      average(trialsOf(table, dataset).map(({ fitSeconds }) => fitSeconds)),
    ]),
  }
}

function listWays({ datasets }: AutoTable, ways: readonly Way[]): ReportTable {
  return {
    columns: ['kind', 'choice', 'mean', ...datasets].map((title) => ({ title })),
    rows: ways.map(({ kind, name, means }) => [kind, name, average(means), ...means]),
  }
}

function trialsOf({ trials }: AutoTable, dataset: string): readonly AutoTrial[] {
  return trials.filter((trial) => trial.dataset === dataset)
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
