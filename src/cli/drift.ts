// toll drift: new data against what a model was trained on, column by column and on the score. Many columns are tested, so that some look
// changed by chance: what is called drift is decided over all of them (Benjamini and Hochberg 1995).

import type { Command } from 'commander'
import { TollError, integer, real, type Table } from '../base/index.js'
import { compareBins, countTest, kolmogorovSmirnov, outsideTest, superiority } from '../metrics/index.js'
import type { Manifest } from '../model/index.js'
import { loadModel } from '../model/node/index.js'
import { countBins, countTexts, type ColumnProfile, type TextProfile } from '../preprocess/index.js'
import { renderText } from '../report/index.js'
import { discoveries } from '../threshold/index.js'
import { addEngineOptions, withEngine, type EngineFlags } from './engine.js'
import { addOutputOptions, examples, parameterOption } from './parameters.js'
import { scoreSource, scoringThreads } from './scoring.js'
import { addSourceOptions, sourceHelp, withSource, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

const settings = {
  fdr: real({ default: 0.05, min: 0, aboveMin: true, max: 1, belowMax: true, doc: 'Of what is called drift, at most this share has not changed, in expectation.' }),
  top: integer({ default: 20, min: 1, max: 1e6, doc: 'Columns to show, those of the smallest p-values first.' }),
}

interface DriftFlags extends SourceFlags, EngineFlags {
  readonly fdr?: number
  readonly top?: number
}

export function defineDrift(command: Command, terminal: Terminal): void {
  command.description('Compares new data with what a model was trained on, per column and on the score: p-values, effect sizes, missing numbers.')
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'table or array file to compare')
  command.optionsGroup('Result:')
  for (const name of ['fdr', 'top'] as const) command.addOption(parameterOption(name, settings[name]))
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(command, [
    'toll drift model.onnx this-week.csv',
    'toll drift model.onnx "days/*.parquet" --fdr 0.01 --json | jq .score',
  ], `${sourceHelp}\nThe exit code is 0 whether there is drift or not; --json says so in "drifted".`)
  command.action((path: string, sources: string[], flags: DriftFlags) => runDrift(path, sources, flags, terminal))
}

async function runDrift(path: string, sources: readonly string[], flags: DriftFlags, terminal: Terminal): Promise<void> {
  const drift = await withSource(sources, flags, terminal, (source) => withEngine(scoringThreads(flags, source), async (engine) => {
    const model = await loadModel(path, engine)
    if (model.manifest.profile === undefined && model.manifest.heldBack.source !== 'held-back') {
      throw new TollError('data', 'the model holds neither a profile of its columns nor scores of held-back rows; fit it again to compare with it')
    }
    return measure(source, model, flags.fdr ?? settings.fdr.default, terminal)
  }))
  terminal.result(drift, describe(drift, flags.top ?? settings.top.default))
}

export interface ColumnDrift {
  readonly column: string
  readonly pValue: number
  readonly drifted: boolean
  /** Population stability index. */
  readonly psi: number
  /** Largest difference of the distribution functions at the ends of the bins; of texts half the sum of the differences of their shares. */
  readonly distance: number
  /** Shares. */
  readonly missing: { readonly trained: number; readonly now: number }
  /** Share of numbers outside the range of the training rows, of texts that training did not have. */
  readonly outside: number
}

export interface ScoreDrift {
  readonly pValue: number
  readonly exact: boolean
  readonly drifted: boolean
  readonly distance: number
  /** The chance that a new row scores higher than a held-back one, and Cliff's delta, in [-1, 1]: 0 is no change. */
  readonly auroc: number
  readonly cliffsDelta: number
  /** Shares of rows above the model's threshold. */
  readonly called: { readonly heldBack: number; readonly now: number }
}

/** What --json prints. */
export interface Drift {
  readonly rows: { readonly now: number; readonly unscored: number; readonly heldBack: number }
  readonly fdr: number
  /** Whether anything is. */
  readonly drifted: boolean
  readonly score?: ScoreDrift
  /** The smallest p-value first. */
  readonly columns: readonly ColumnDrift[]
}

/** What is counted of a column while rows go by. */
interface Tally {
  readonly profile: ColumnProfile
  readonly counts: Float64Array
  rows: number
  missing: number
  below: number
  above: number
}

async function measure(source: Source, model: Parameters<typeof scoreSource>[1], fdr: number, terminal: Terminal): Promise<Drift> {
  const { profile = [], heldBack, threshold } = model.manifest
  const tallies = profile.map((column): Tally => ({ profile: column, counts: new Float64Array(column.counts.length), rows: 0, missing: 0, below: 0, above: 0 }))
  const scores: number[] = []
  let rows = 0
  const bar = await terminal.progress('drift', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  try {
    for await (const batch of scoreSource(source, model, { passthrough: [], strict: false, signal: terminal.signal })) {
      if (batch.raw) for (const tally of tallies) count(tally, batch.raw)
      for (const score of batch.score) if (!Number.isNaN(score)) scores.push(score)
      bar.update(rows += batch.rows)
    }
  } finally {
    bar.stop()
  }
  if (scores.length === 0) throw new TollError('data', `${source.name}: no row could be scored`)
  const columns = tallies.map(compareColumn)
  const score = heldBack.source === 'held-back' ? compareScores(heldBack.scores, scores, threshold.value) : undefined
  const called = discoveries([...columns, ...(score ? [score] : [])].map(({ pValue }) => pValue), fdr)
  return {
    rows: { now: rows, unscored: rows - scores.length, heldBack: heldBack.source === 'held-back' ? heldBack.scores.length : 0 },
    fdr, drifted: called.includes(1),
    ...(score && { score: { ...score, drifted: called.at(-1) === 1 } }),
    columns: columns.map((column, i) => ({ ...column, drifted: called[i] === 1 })).sort((a, b) => a.pValue - b.pValue || b.psi - a.psi),
  }
}

function count(tally: Tally, { table, unreadable }: { readonly table: Table; readonly unreadable: ReadonlyMap<number, string> }): void {
  const { profile } = tally
  const all = table.columns[table.names.indexOf(profile.name)]
  const values = unreadable.size === 0 ? all : all.filter((_, row) => !unreadable.has(row))
  const meaning = table.meanings?.get(profile.name)
  const fresh = 'texts' in profile ? countTexts(values, meaning?.kind === 'text' ? meaning.texts : [], profile) : countBins(values, profile.edges)
  fresh.forEach((number, bin) => { tally.counts[bin] += number })
  tally.rows += values.length
  const range = 'texts' in profile ? undefined : profile.range
  for (const value of values) {
    if (Number.isNaN(value)) tally.missing++
    else if (range && value < range[0]) tally.below++
    else if (range && value > range[1]) tally.above++
  }
  // Training had no other texts: these are new.
  if ('texts' in profile && profile.counts.at(-1) === 0) tally.above += fresh.at(-1)!
}

/** The tests that say something about this column, and twice, three times the smallest p-value for two, three of them (Bonferroni). */
function compareColumn({ profile, counts, rows, missing, below, above }: Tally): Omit<ColumnDrift, 'drifted'> {
  const trained = profile.counts.reduce((sum, number) => sum + number, 0)
  const present = rows - missing
  const bins = trained > 0 && present > 0 ? compareBins(profile.counts, counts) : { pValue: NaN, psi: 0, distance: 0 }
  const tests = [
    // A column of one value, and a handful of rows, have one bin: what is left is whether numbers lie where none were.
    ...(Number.isNaN(bins.pValue) ? trained > 0 && present > 0 ? [outsideTest(below, present, trained), outsideTest(above, present, trained)] : [] : [bins.pValue]),
    ...(missing + profile.missing > 0 ? [countTest(profile.missing, trained + profile.missing, missing, rows)] : []),
  ]
  return {
    column: profile.name, pValue: Math.min(1, tests.length * Math.min(1, ...tests)), psi: bins.psi, distance: 'texts' in profile ? halfDifference(profile, counts) : bins.distance,
    missing: { trained: share(profile.missing, trained + profile.missing), now: share(missing, rows) }, outside: share(below + above, present),
  }
}

/** Total variation distance. */
function halfDifference(profile: TextProfile, counts: Float64Array): number {
  const [trained, now] = [profile.counts, counts].map((list) => Array.from(list).reduce((sum, number) => sum + number, 0))
  return counts.reduce((sum, number, i) => sum + Math.abs(share(number, now) - share(profile.counts[i], trained)) / 2, 0)
}

function compareScores(heldBack: Manifest['heldBack']['scores'], scores: readonly number[], threshold: number): Omit<ScoreDrift, 'drifted'> {
  const { distance, pValue, exact } = kolmogorovSmirnov(scores, heldBack)
  const auroc = superiority(scores, heldBack)
  const called = (values: readonly number[]) => share(values.filter((value) => value > threshold).length, values.length)
  return { pValue, exact, distance, auroc, cliffsDelta: 2 * auroc - 1, called: { heldBack: called(heldBack), now: called(scores) } }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

function describe({ rows, fdr, drifted, score, columns }: Drift, top: number): string {
  const p = (value: number) => (value < 1e-4 ? value.toExponential(1) : value.toFixed(4))
  const percent = (value: number) => `${Number((100 * value).toPrecision(3))} %`
  const mark = (called: boolean) => (called ? 'drift' : '')
  const shown = columns.slice(0, top)
  const table = columns.length === 0 ? [] : [renderText({
    columns: [{ title: 'Column' }, ...['p-value', '', 'PSI', 'distance', 'missing before', 'now', 'outside'].map((title) => ({ title, align: 'right' }) as const)],
    rows: shown.map((column) => [
      column.column, p(column.pValue), mark(column.drifted), column.psi.toFixed(3), column.distance.toFixed(3), percent(column.missing.trained), percent(column.missing.now), percent(column.outside),
    ]),
  })]
  const drifting = columns.filter((column) => column.drifted).length
  return [
    ...table,
    ...(shown.length < columns.length ? [`... and ${columns.length - shown.length} more columns, of larger p-values; --top shows more`] : []),
    ...(score ? [
      `Score: ${score.drifted ? 'drift' : 'no drift'}, p-value ${p(score.pValue)}, distance ${score.distance.toFixed(3)}, Cliff's delta ${score.cliffsDelta.toFixed(3)} `
      + `(a new row scores higher than a held-back one with chance ${score.auroc.toFixed(3)}); ${percent(score.called.now)} of rows are above the threshold, ${percent(score.called.heldBack)} of held-back rows were.`,
    ] : ['No rows were held back when the model was fitted: the score is not compared.']),
    `${drifted ? `Drift in ${drifting} of ${columns.length} columns${score?.drifted ? ' and in the score' : ''}` : 'No drift'}, at a false discovery rate of ${fdr}, by ${rows.now} rows.`,
    ...(rows.unscored > 0 ? [`${rows.unscored} rows could not be scored and are left out of the score.`] : []),
  ].join('\n')
}
