// What choosing Toll's settings without labels is worth: on the data sets of PyOD's benchmark and over its splits (see pyod.ts), networks of
// several settings are trained once; criteria that see no labels choose one of them, combinations use them all, also with other detectors beside
// them, and both stand beside the choice that labels would make.

import { Random, TollError, integer, resolveParameters, takeColumns, takeSamples, throwIfAborted, version, type Watched } from '../base/index.js'
import { autoClassical, autoNetworks, autoSettings, comparable, detectorNamed, fitScoreScale, toll, type EnsembleMember } from '../detectors/index.js'
import { input } from '../graph/index.js'
import { auroc } from '../metrics/index.js'
import { float64, type Engine } from '../runtime/index.js'
import { chosenBy, combinations, criteria, highestAverage, highestOfGroups, logStandardised, standardisedByAll, type ScoredMember } from './auto-criteria.js'
import { fitStandardization, runDetector, standardize, type Rows } from './detector-run.js'
import { checkEngines, runOnEngines } from './pool.js'
import { pyodSplit, type PyodDataset } from './pyod.js'
import { fingerprintSettings } from './trials.js'

export const autoParameters = {
  splits: integer({ default: 10, min: 1, max: 1000, doc: 'Splits of each data set, by seeds 0, 1, ...', source: 'PyOD\'s benchmark' }),
}

/** AUROC of the test rows by each way, on one split of one data set. */
export interface AutoTrial {
  readonly dataset: string
  readonly split: number
  /** By `networkName`. */
  readonly networks: Readonly<Record<string, number>>
  /** Detectors beside the networks, by name. */
  readonly others: Readonly<Record<string, number>>
  /** By name of the criterion, of `mainPool`. */
  readonly chosen: Readonly<Record<string, number>>
  /** By name of the combination, over the networks of `mainPool`. */
  readonly combined: Readonly<Record<string, number>>
  /** What `toll-auto` does, over its own members and over others, by name. */
  readonly pools: Readonly<Record<string, number>>
  /** To fit what `toll-auto` fits. */
  readonly fitSeconds: number
}

/** `settings` is the fingerprint of everything else that the numbers depend on. */
export type StoredAutoTrial = { readonly experiment: 'auto'; readonly settings: string } & AutoTrial

export interface AutoStore {
  read(): Promise<readonly StoredAutoTrial[]>
  append(trial: StoredAutoTrial): Promise<void>
}

export interface AutoOptions extends Watched {
  readonly datasets: readonly PyodDataset[]
  /** One thread each and as many as there are cores is fastest; threads are part of the result. */
  readonly engines: readonly Engine[]
  /** Default 10. */
  readonly splits?: number
  readonly store?: AutoStore
}

export interface AutoTable {
  /** Of each data set, or the most of one. */
  readonly splits: number
  readonly datasets: readonly string[]
  readonly trials: readonly AutoTrial[]
}

/** What a log holds, the last of each data set and split. Error: `data` for an empty one. */
export function tableOfTrials(stored: readonly StoredAutoTrial[]): AutoTable {
  if (stored.length === 0) throw new TollError('data', 'the log holds no comparison of choices')
  const trials = [...new Map(stored.map(({ experiment: _, settings: __, ...trial }) => [keyOf(trial), trial])).values()]
  const datasets = [...new Set(trials.map(({ dataset }) => dataset))].sort()
  return { splits: Math.max(...datasets.map((name) => trials.filter(({ dataset }) => dataset === name).length)), datasets, trials }
}

function keyOf({ dataset, split }: Pick<AutoTrial, 'dataset' | 'split'>): string {
  return `${dataset} ${split}`
}

/** Tukey's. */
const fence = 1.5

/**
 * Fitted on every split: the networks of `toll-auto` with two seeds each, without trimming, and on a random half of the columns; some with
 * codes of other widths, and some trimmed beyond the fence; and other detectors, those of `toll-auto` first.
 */
const wanted: readonly Wanted[] = [
  ...[[0.1, 0], [0.1, 1], [0, 0]].flatMap(([trim, repeat]) => autoNetworks({ trim, repeats: 1 }).map((member) => ({ trim, repeat, member }))),
  ...autoNetworks({ trim: 0.1, repeats: 1 }).map((member) => ({ trim: 0.1, repeat: 0, member, columns: 0.5 })),
  ...[4, 64].flatMap((latent) => [0, 1, 10].map((beta) => ({
    trim: 0.1, repeat: 0, member: { detector: detectorNamed(toll.name), parameters: { beta, latent, steps: 60, trim: 0.1, schedule: 'cosine' } },
  }))),
  ...autoNetworks({ trim: 0, repeats: 1 }).map(({ parameters, ...member }) => ({ trim: 0, repeat: 0, member: { ...member, parameters: { ...parameters, trimBeyond: fence } } })),
  ...[...autoClassical, ...['pca', 'knn', 'ecod', 'loda'].map((name) => ({ detector: detectorNamed(name) }))].map((member) => ({ trim: 0, repeat: 0, member })),
]

interface Wanted {
  readonly trim: number
  readonly repeat: number
  readonly member: EnsembleMember
  /** Share of the columns that it sees; all where absent. */
  readonly columns?: number
}

/** Codes of the main networks' width, all columns. */
const usual = /latent 16\b(?!.*(columns|beyond))/

type Named = Pick<ScoredMember, 'trim' | 'repeat' | 'setting' | 'steps'>

const isNetwork = ({ steps }: Named) => steps > 0
const isMain = ({ trim, repeat, setting }: Named) => trim === 0.1 && repeat === 0 && usual.test(setting)
const isOneOf = (...names: readonly string[]) => ({ setting }: Named) => names.includes(setting)
const isClassical = isOneOf(...autoClassical.map(({ detector }) => detector.name))
const [forest, histograms] = autoClassical.map(({ detector }) => detector.name)
const either = (...tests: readonly ((member: Named) => boolean)[]) => (member: Named) => tests.some((test) => test(member))

/** Sets of members that are combined like those of `toll-auto`: networks of equal steps are a group, and other detectors are one. */
const pools: Readonly<Record<string, (member: Named) => boolean>> = {
  'toll-auto': either(isMain, isClassical),
  'its networks alone': isMain,
  'its classical detectors alone': isClassical,
  'networks and isolation forest': either(isMain, isOneOf(forest)),
  'networks and histograms': either(isMain, isOneOf(histograms)),
  'toll-auto and PCA': either(isMain, isClassical, isOneOf('pca')),
  'networks and PCA': either(isMain, isOneOf('pca')),
  'networks and kNN': either(isMain, isOneOf('knn')),
  'networks and ECOD': either(isMain, isOneOf('ecod')),
  'networks and LODA': either(isMain, isOneOf('loda')),
  'networks, two seeds of each': ({ trim, setting }) => trim === 0.1 && usual.test(setting),
  'networks without trimming': (member) => isNetwork(member) && member.trim === 0 && !member.setting.includes('beyond'),
  'networks, trimmed beyond the fence': ({ setting }) => setting.includes('beyond'),
  'networks, codes of width 4 and 64 as well': ({ trim, repeat, setting }) => trim === 0.1 && repeat === 0 && !setting.includes('columns'),
  'networks on half of the columns': ({ setting }) => setting.includes('columns'),
  'networks on all and on half of the columns': either(isMain, ({ setting }) => setting.includes('columns')),
  'networks of short training': (member) => isMain(member) && member.steps === shortest,
  'networks of long training': (member) => isMain(member) && member.steps > shortest,
}

const shortest = Math.min(...autoSettings.map(({ steps }) => steps))

/** Share of the training rows that no network learns from; below 50 rows all rows do both, as in the ensemble. */
const heldShare = 0.2
const mostHeld = 5000

/**
 * Runs what the store lacks, split by split. Errors: `argument` for splits out of range and no data set; `aborted`; those of the store and of
 * the detectors.
 */
export async function compareChoices(options: AutoOptions): Promise<AutoTable> {
  const { engines, store, signal, onProgress, datasets } = options
  const { splits } = resolveParameters(autoParameters, options.splits === undefined ? {} : { splits: options.splits }, 'setting')
  checkEngines(engines)
  if (datasets.length === 0) throw new TollError('argument', 'the comparison needs at least one data set')
  const { device, threads } = engines[0]
  const settings = new Map(await Promise.all(datasets.map(async ({ name, x }) =>
    [name, await fingerprintSettings({ wanted: wanted.map(({ member: { detector, parameters }, ...member }) => ({ ...member, detector: detector.name, parameters })), device, threads, version }, x.data)] as const)))
  const stored = new Map((await store?.read() ?? []).filter((trial) => settings.get(trial.dataset) === trial.settings).map(({ experiment: _, settings: __, ...trial }) => [keyOf(trial), trial]))
  const tasks = Array.from({ length: splits }, (_, split) => datasets.map((dataset) => ({ dataset, split }))).flat()
  const missing = tasks.filter(({ dataset, split }) => !stored.has(keyOf({ dataset: dataset.name, split })))
  let done = tasks.length - missing.length
  const fresh = await runOnEngines(engines, missing, async ({ dataset, split }, engine, stopped) => {
    const report = (share: number) => onProgress?.({ phase: 'comparison', done: done + share, total: tasks.length, message: `${dataset.name}, split ${split + 1} of ${splits}` })
    const trial = await runSplit(dataset, split, engine, stopped, report)
    await store?.append({ experiment: 'auto', settings: settings.get(dataset.name)!, ...trial })
    done++
    report(0)
    return trial
  }, signal)
  for (const trial of fresh) stored.set(keyOf(trial), trial)
  return { splits, datasets: datasets.map(({ name }) => name), trials: tasks.map(({ dataset, split }) => stored.get(keyOf({ dataset: dataset.name, split }))!) }
}

async function runSplit({ name, x, y }: PyodDataset, split: number, engine: Engine, signal: AbortSignal, report: (share: number) => void): Promise<AutoTrial> {
  const { train, test } = pyodSplit(y.length, split)
  const scaling = fitStandardization(takeSamples(x, train) as Rows)
  const rows = (chosen: ArrayLike<number>) => standardize(takeSamples(x, Array.from(chosen)) as Rows, scaling)
  const random = Random.seeded(split).fork('auto')
  const order = Array.from(random.permutation(train.length), (i) => train[i])
  const held = order.length < 50 ? 0 : Math.round(heldShare * order.length)
  const [heldRows, learned] = [rows((held > 0 ? order.slice(0, held) : order).slice(0, mostHeld)), rows(order.slice(held))]
  const scored = { test: rows(test), held: heldRows, learned: { shape: [Math.min(learned.shape[0], mostHeld), learned.shape[1]], data: learned.data.subarray(0, mostHeld * learned.shape[1]) }, shuffled: shuffleColumns(heldRows, random), uniform: uniformRows(learned, heldRows.shape[0], random) }
  const seeds = random.fork('networks')
  const raw: Omit<ScoredMember, 'ranks'>[] = []
  let fitSeconds = 0
  for (const { trim, repeat, columns, member: { detector, parameters } } of wanted) {
    throwIfAborted(signal)
    const seen = columns === undefined ? undefined : seeds.sample(x.shape[1], Math.max(1, Math.round(columns * x.shape[1]))).sort()
    const view = (part: Rows) => (seen ? takeColumns(part, seen) as Rows : part)
    const run = await runDetector({ detector, parameters: parameters, train: view(learned), scored: Object.values(scored).map(view), engine, seed: seeds.integer(2 ** 32), signal })
    const scores = Object.fromEntries(Object.keys(scored).map((part, i) => [part, run.scores[i]])) as unknown as ScoredMember['scores']
    const member = { setting: parameters ? settingName(parameters, columns) : detector.name, beta: Number(parameters?.beta ?? 0), steps: Number(parameters?.steps ?? 0), trim, repeat, scores }
    raw.push(member)
    if (pools['toll-auto'](member)) fitSeconds += run.fitSeconds
    report(raw.length / wanted.length)
  }
  const members = await withRanks(raw, engine)
  const networks = members.filter(isNetwork)
  const labels = Uint8Array.from(test, (row) => y[row])
  const measure = (scores: Float64Array) => auroc(scores, labels)
  const main = networks.filter(isMain)
  const ofAuto = members.filter(pools['toll-auto'])
  const trimmed = networks.filter(({ trim, setting }) => trim === 0.1 && usual.test(setting))
  return {
    dataset: name, split,
    networks: Object.fromEntries(networks.map((network) => [networkName(network), measure(network.scores.test)])),
    others: Object.fromEntries(members.filter((member) => !isNetwork(member)).map(({ setting, scores: { test: own } }) => [setting, measure(own)])),
    chosen: Object.fromEntries(criteria.map((criterion) => [criterion.name, measure(chosenBy(criterion, main, trimmed).scores.test)])),
    combined: Object.fromEntries(combinations.map(({ name: way, combine }) => [way, measure(combine(main))])),
    pools: {
      ...Object.fromEntries(Object.entries(pools).map(([pool, isIn]) => [pool, measure(highestAverage.combine(members.filter(isIn)))])),
      'toll-auto, standardised by all held-back rows': measure(highestOfGroups(ofAuto, standardisedByAll)),
      'toll-auto, log scores standardised': measure(highestOfGroups(ofAuto, logStandardised)),
    },
    fitSeconds,
  }
}

/** `beta 1, latent 16, steps 60, trim 0.1`, and which repeat it is from the second on. */
export function networkName({ setting, trim, repeat }: Pick<ScoredMember, 'setting' | 'trim' | 'repeat'>): string {
  return [setting, ...(trim > 0 ? [`trim ${trim}`] : []), ...(repeat > 0 ? [`seed ${repeat + 1}`] : [])].join(', ')
}

function settingName(parameters: EnsembleMember['parameters'], columns: number | undefined): string {
  return [...['beta', 'latent', 'steps'].map((name) => `${name} ${String(parameters![name])}`), ...(columns === undefined ? [] : [`columns ${columns}`]), ...(parameters!.trimBeyond ? [`beyond ${String(parameters!.trimBeyond)}`] : [])].join(', ')
}

/** Shares of the held-back rows that score lower, as the ensemble has them. */
async function withRanks(networks: readonly Omit<ScoredMember, 'ranks'>[], engine: Engine): Promise<ScoredMember[]> {
  const ports = networks.map((_, i) => input(`s${i}`, ['n'], 'float64'))
  const ranked = comparable(ports, fitScoreScale(networks.map(({ scores }) => scores.held)), 'rank')
  const session = await engine.load({ inputs: ports, outputs: Object.fromEntries(ranked.map((tensor, i) => [`r${i}`, tensor])) })
  try {
    const ranksOf = async (part: 'test' | 'held') => session.run(Object.fromEntries(networks.map(({ scores }, i) => [`s${i}`, float64([scores[part].length], scores[part])])))
    const [test, held] = [await ranksOf('test'), await ranksOf('held')]
    return networks.map((network, i) => ({ ...network, ranks: { test: test[`r${i}`].data as Float64Array, held: held[`r${i}`].data as Float64Array } }))
  } finally {
    await session.close()
  }
}

/** Each column in an order of its own: what is left of the columns is their distributions alone. */
function shuffleColumns({ shape: [n, d], data }: Rows, random: Random): Rows {
  const orders = Array.from({ length: d }, () => random.permutation(n))
  return { shape: [n, d], data: data.map((_, i) => data[orders[i % d][Math.floor(i / d)] * d + (i % d)]) }
}

/** `count` points of the box that the rows span. */
function uniformRows({ shape: [n, d], data }: Rows, count: number, random: Random): Rows {
  const bounds = Array.from({ length: d }, (_, j) => {
    let [low, high] = [Infinity, -Infinity]
    for (let i = 0; i < n; i++) [low, high] = [Math.min(low, data[i * d + j]), Math.max(high, data[i * d + j])]
    return [low, high]
  })
  return { shape: [count, d], data: Float64Array.from({ length: count * d }, (_, i) => bounds[i % d][0] + random.uniform() * (bounds[i % d][1] - bounds[i % d][0])) }
}

/** How the line of a trial begins. */
export const autoTrialBegins = '{"experiment":'

/** A line of a log. Error: `format` with what is wrong. */
export function readAutoTrial(value: unknown): StoredAutoTrial {
  const trial = (value ?? {}) as Partial<StoredAutoTrial>
  const areShares = (values: unknown) => typeof values === 'object' && values !== null
    && Object.values(values).every((share) => typeof share === 'number' && share >= 0 && share <= 1)
  const fine = trial.experiment === 'auto' && typeof trial.settings === 'string' && typeof trial.dataset === 'string'
    && Number.isSafeInteger(trial.split) && trial.split! >= 0 && typeof trial.fitSeconds === 'number' && trial.fitSeconds >= 0
    && [trial.networks, trial.others, trial.chosen, trial.combined, trial.pools].every(areShares)
  if (!fine) throw new TollError('format', 'it lacks a field of a comparison of choices or holds one outside its range')
  return value as StoredAutoTrial
}
