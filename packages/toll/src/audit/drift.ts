// Drift: new data against what a model was trained on, column by column and on the score. Many columns are tested, so
// that some look changed by chance: what is called drift is decided over all of them (Benjamini and Hochberg 1995).
// Rows go by once; counts and scores stay.

import { TollError, type ColumnKind, type InvalidRow, type Table } from '../base/index.js'
import { compareBins, countTest, kolmogorovSmirnov, outsideTest, superiority } from '../metrics/index.js'
import {
  featuresOf,
  noScoredRows,
  scoreStream,
  type Manifest,
  type Model,
  type RowSource,
  type RowStream,
  type ScoredBatch,
} from '../model/index.js'
import { countBins, countCategories, type CategoryProfile, type ColumnProfile } from '../preprocess/index.js'
import { discoveries } from '../threshold/index.js'

export interface ColumnDrift {
  readonly column: string
  readonly pValue: number
  readonly drifted: boolean
  /** Population stability index. */
  readonly psi: number
  /**
   * Largest difference of the distribution functions at the ends of the bins; of texts half the sum of the differences
   * of their shares.
   */
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

export interface Drift {
  readonly rows: { readonly now: number; readonly invalid: number; readonly heldBack: number }
  readonly fdr: number
  /** Whether anything is. */
  readonly drifted: boolean
  readonly score?: ScoreDrift
  /** The smallest p-value first. */
  readonly columns: readonly ColumnDrift[]
  /**
   * Rows with a cell that is not what its column held in training, such as a text among numbers: training had none.
   * Absent when there are none.
   */
  readonly invalidCells?: { readonly rows: number; readonly pValue: number; readonly drifted: boolean }
  /**
   * Columns that hold something else now, such as texts where training had numbers. They are drift; no row has a score
   * then. Absent when there are none.
   */
  readonly retyped?: readonly Retyped[]
}

export interface Retyped {
  readonly column: string
  readonly trained: ColumnKind
  readonly now: ColumnKind
}

/** What is counted of a column while rows go by. */
export interface ColumnTally {
  readonly profile: ColumnProfile
  /** Rows per bin of the profile. */
  readonly counts: Float64Array
  rows: number
  missing: number
  below: number
  above: number
}

/** Counts what the manifest has a profile of. */
export class DriftTally {
  readonly columns: readonly ColumnTally[]
  rows = 0
  /** Rows with a cell that is not what its column holds. */
  invalid = 0

  /** @param retyped columns whose values are not read, and so not counted */
  constructor({ profile = [] }: Pick<Manifest, 'profile'>, retyped: readonly Retyped[] = []) {
    const left = new Set(retyped.map(({ column }) => column))
    this.columns = profile
      .filter(({ name }) => !left.has(name))
      .map((column) => ({
        profile: column,
        counts: new Float64Array(column.counts.length),
        rows: 0,
        missing: 0,
        below: 0,
        above: 0,
      }))
  }

  /** Further rows, as they were read; columns are found by name. */
  push({ data, invalid }: Pick<ScoredBatch, 'data' | 'invalid'>): void {
    if (data.kind !== 'table') return
    const bad = new Set([...invalid].filter(([, { column }]) => column !== undefined).map(([row]) => row))
    this.rows += data.rows
    this.invalid += bad.size
    for (const tally of this.columns) count(tally, data, bad)
  }
}

export interface DriftOptions {
  /** Of what is called drift, at most this share has not changed, in expectation; in (0, 1), default 0.05. */
  readonly fdr?: number
  readonly signal?: AbortSignal
  /** Called with the number of rows that have gone by. */
  readonly onProgress?: (rows: number) => void
}

/**
 * Compares rows with what the model was trained on. Where a column of a source holds something else now, such as
 * strings where training had numbers, that is drift, no row is scored, and the other columns are compared.
 *
 * @throws `data` when not one row could be scored, and for a model that holds neither a profile of its columns nor
 * scores of held-out rows; as `scoreStream`.
 */
export async function measureDrift(
  model: Model,
  stream: RowStream,
  { fdr = 0.05, signal, onProgress }: DriftOptions = {},
): Promise<Drift> {
  const { manifest } = model
  if (manifest.profile === undefined && manifest.heldBack.source !== 'held-back') {
    throw new TollError(
      'no-held-out-scores',
      'the model holds neither a profile of its columns nor scores of held-out rows; fit it again to compare with it',
    )
  }
  const source = 'batches' in stream ? stream : undefined
  const retyped = source ? retypedIn(source, manifest) : []
  const tally = new DriftTally(manifest, retyped)
  if (source && retyped.length > 0) {
    await countOthers(source, manifest, retyped, { tally, signal, onProgress })
    return compareWithTraining(manifest, tally, [], { rows: tally.rows, fdr, retyped })
  }
  const scores: number[] = []
  let [rows, first]: [number, InvalidRow | undefined] = [0, undefined]
  for await (const batch of scoreStream(model, stream, { invalidRows: 'mark', signal })) {
    tally.push(batch)
    batch.score.forEach((score, row) => {
      if (!batch.invalid.has(row)) scores.push(score)
    })
    for (const problem of batch.invalid.values()) first ??= problem
    onProgress?.((rows += batch.score.length))
  }
  if (scores.length === 0) throw source ? noScoredRows(first).within(source.name) : noScoredRows(first)
  return compareWithTraining(manifest, tally, scores, { rows, fdr })
}

/**
 * Columns of which, as far as the first rows say, not half of the values can be read as what they were in training.
 * Everything can be read as strings.
 */
function retypedIn({ columns }: RowSource, manifest: Manifest): Retyped[] {
  const now = new Map(columns.map((column) => [column.name, column]))
  const isNumeric = (kind: ColumnKind) => kind === 'number' || kind === 'boolean'
  return featuresOf(manifest).flatMap(({ name, kind: trained }) => {
    const column = now.get(name)
    if (!column || trained === 'category') return []
    const { kind, type, readable: shares } = column
    const readable = shares ? shares[trained] >= 0.5 : kind === trained || (isNumeric(kind) && isNumeric(trained))
    // Strings of which no shares are known, such as those of Parquet, may be numbers or times all the same: reading
    // them tells.
    return readable || (!shares && type === 'VARCHAR') ? [] : [{ column: name, trained, now: kind }]
  })
}

/** The columns that are what they were, counted in a pass of their own. */
async function countOthers(
  source: RowSource,
  manifest: Manifest,
  retyped: readonly Retyped[],
  { tally, signal, onProgress }: Pick<DriftOptions, 'signal' | 'onProgress'> & { readonly tally: DriftTally },
): Promise<void> {
  const others = featuresOf(manifest).filter(({ name }) => retyped.every(({ column }) => column !== name))
  // A reader must have something to read.
  const passthrough = others.length === 0 ? [retyped[0].column] : []
  const batches = source.batches({ columns: others, passthrough, invalidRows: 'mark', signal })
  for await (const { table, invalid = new Map() } of batches) {
    tally.push({ data: table, invalid })
    onProgress?.(tally.rows)
  }
}

/**
 * Compares what was counted with the profile, and scores with the held-back ones.
 *
 * @param scores finite or infinite, of the rows that could be scored
 * @param rows all rows that went by
 * @param fdr of what is called drift, at most this share has not changed, in expectation; in (0, 1)
 * @param retyped columns because of which nothing was scored
 */
export function compareWithTraining(
  { heldBack, threshold }: Pick<Manifest, 'heldBack' | 'threshold'>,
  tally: DriftTally,
  scores: readonly number[],
  { rows, fdr, retyped = [] }: { readonly rows: number; readonly fdr: number; readonly retyped?: readonly Retyped[] },
): Drift {
  const columns = tally.columns.map(compareColumn)
  const score =
    heldBack.source === 'held-back' && scores.length > 0
      ? compareScores(heldBack.scores, scores, threshold.value)
      : undefined
  const trained = trainedRows(tally)
  const invalidCells =
    tally.invalid > 0 && trained > 0
      ? { rows: tally.invalid, pValue: countTest(0, trained, tally.invalid, tally.rows) }
      : undefined
  const called = discoveries(
    [...columns, ...(score ? [score] : []), ...(invalidCells ? [invalidCells] : [])].map(({ pValue }) => pValue),
    fdr,
  )
  return {
    rows: {
      now: rows,
      invalid: rows - scores.length,
      heldBack: heldBack.source === 'held-back' ? heldBack.scores.length : 0,
    },
    fdr,
    drifted: called.includes(1) || retyped.length > 0,
    ...(score && { score: { ...score, drifted: called[columns.length] === 1 } }),
    ...(invalidCells && { invalidCells: { ...invalidCells, drifted: called.at(-1) === 1 } }),
    columns: columns
      .map((column, i) => ({ ...column, drifted: called[i] === 1 }))
      .sort((a, b) => a.pValue - b.pValue || b.psi - a.psi),
    ...(retyped.length > 0 && { retyped }),
  }
}

/** Rows that the profile counts. */
function trainedRows({ columns }: DriftTally): number {
  return Math.max(
    0,
    ...columns.map(({ profile }) => profile.missing + profile.counts.reduce((sum, number) => sum + number, 0)),
  )
}

function count(tally: ColumnTally, table: Table, bad: ReadonlySet<number>): void {
  const { profile } = tally
  const column = table.columns.find(({ name }) => name === profile.name)!
  const values = bad.size === 0 ? column.values : column.values.filter((_, row) => !bad.has(row))
  const fresh =
    profile.kind === 'category'
      ? countCategories(values, column.kind === 'category' ? column.categories : [], profile)
      : countBins(values, profile.edges)
  fresh.forEach((number, bin) => {
    tally.counts[bin] += number
  })
  tally.rows += values.length
  const range = profile.kind === 'category' ? undefined : profile.range
  for (const value of values) {
    if (Number.isNaN(value)) tally.missing++
    else if (range && value < range[0]) tally.below++
    else if (range && value > range[1]) tally.above++
  }
  // Training had no other categories: these are new.
  if (profile.kind === 'category' && profile.counts.at(-1) === 0) tally.above += fresh.at(-1)!
}

/**
 * The tests that say something about this column, and twice, three times the smallest p-value for two, three of them
 * (Bonferroni).
 */
function compareColumn({ profile, counts, rows, missing, below, above }: ColumnTally): Omit<ColumnDrift, 'drifted'> {
  const trained = profile.counts.reduce((sum, number) => sum + number, 0)
  const present = rows - missing
  // Times continue: only their gaps are compared.
  const compared = trained > 0 && present > 0 && profile.kind !== 'time'
  const bins = compared ? compareBins(profile.counts, counts) : { pValue: NaN, psi: 0, distance: 0 }
  const tests = [
    // A column of one value, and a handful of rows, have one bin: what is left is whether numbers lie where none were.
    ...(Number.isNaN(bins.pValue)
      ? compared
        ? [outsideTest(below, present, trained), outsideTest(above, present, trained)]
        : []
      : [bins.pValue]),
    ...(missing + profile.missing > 0 ? [countTest(profile.missing, trained + profile.missing, missing, rows)] : []),
  ]
  return {
    column: profile.name,
    pValue: tests.length === 0 ? 1 : Math.min(1, tests.length * Math.min(1, ...tests)),
    psi: bins.psi,
    distance: profile.kind === 'category' && present > 0 ? halfDifference(profile, counts) : bins.distance,
    missing: { trained: share(profile.missing, trained + profile.missing), now: share(missing, rows) },
    outside: share(below + above, present),
  }
}

/** Total variation distance. */
function halfDifference(profile: CategoryProfile, counts: Float64Array): number {
  const [trained, now] = [profile.counts, counts].map((list) =>
    Array.from(list).reduce((sum, number) => sum + number, 0),
  )
  return counts.reduce(
    (sum, number, i) => sum + Math.abs(share(number, now) - share(profile.counts[i], trained)) / 2,
    0,
  )
}

function compareScores(
  heldBack: Manifest['heldBack']['scores'],
  scores: readonly number[],
  threshold: number,
): Omit<ScoreDrift, 'drifted'> {
  const { distance, pValue, exact } = kolmogorovSmirnov(scores, heldBack)
  const auroc = superiority(scores, heldBack)
  const called = (values: readonly number[]) => share(values.filter((value) => value > threshold).length, values.length)
  return {
    pValue,
    exact,
    distance,
    auroc,
    cliffsDelta: 2 * auroc - 1,
    called: { heldBack: called(heldBack), now: called(scores) },
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
