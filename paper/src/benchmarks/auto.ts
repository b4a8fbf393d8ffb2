// What choosing Toll's settings without labels is worth: on the data sets of PyOD's benchmark and over its splits (see
// pyod.ts), networks of several settings are trained once; criteria that see no labels choose one of them, combinations
// use them all, also with other detectors beside them, and both stand beside the choice that labels would make.

import {
  Random,
  TollError,
  integer,
  resolveParameters,
  takeColumns,
  takeSamples,
  throwIfAborted,
  version,
  type Watched,
} from 'toll/base'
import {
  autoClassical,
  autoNetworks,
  autoSettings,
  comparable,
  detectorNamed,
  fitScoreScale,
  toll,
  tollAutoParameters,
  type EnsembleMember,
} from 'toll/detectors'
import { input } from 'toll/graph'
import { auroc } from 'toll/metrics'
import { float64, type Engine } from 'toll/runtime'
import {
  chosenBy,
  combinations,
  criteria,
  highestAverage,
  highestOfGroups,
  standardisedByAll,
  type ScoredMember,
} from './auto-criteria.js'
import { runDetector, type Rows } from 'toll/evaluate'
import { checkEngines, runOnEngines } from 'toll/evaluate'
import { pyodSplit, type PyodDataset } from './pyod.js'
import { fitStandardization, standardize } from './standardize.js'
import { fingerprintSettings } from '../sweep/index.js'

export const autoParameters = {
  splits: integer({
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Splits of each data set, by seeds 0, 1, ...',
    source: "PyOD's benchmark",
  }),
}

/** AUROC of the test rows by each way, on one split of one data set. */
export interface AutoTrial {
  readonly dataset: string
  readonly split: number
  /** By `networkName`. */
  readonly networks: Readonly<Record<string, number>>
  /** Detectors beside the networks, by name. */
  readonly others: Readonly<Record<string, number>>
  /** By name of the criterion, which chooses one of the networks of `toll-auto`. */
  readonly chosen: Readonly<Record<string, number>>
  /** By name of the combination, over the networks of `toll-auto`. */
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
  if (stored.length === 0) throw new TollError('no-results', 'the log holds no comparison of choices')
  const trials = [...new Map(stored.map(({ experiment: _, settings: __, ...trial }) => [keyOf(trial), trial])).values()]
  const datasets = [...new Set(trials.map(({ dataset }) => dataset))].sort()
  return {
    splits: Math.max(...datasets.map((name) => trials.filter(({ dataset }) => dataset === name).length)),
    datasets,
    trials,
  }
}

function keyOf({ dataset, split }: Pick<AutoTrial, 'dataset' | 'split'>): string {
  return `${dataset} ${split}`
}

/** Tukey's. */
const fence = 1.5

const ownTrim = tollAutoParameters.trim.default

/** Fitted on every split, set by set: the members of `toll-auto`, its networks in other ways, and other detectors. */
const wanted: readonly Wanted[] = [
  ...autoNetworks({ trim: ownTrim, repeats: 1 }).map((member): Wanted => ({
    set: 'main',
    trim: ownTrim,
    repeat: 0,
    member,
  })),
  ...autoNetworks({ trim: ownTrim, repeats: 1 }).map((member): Wanted => ({
    set: 'second seed',
    trim: ownTrim,
    repeat: 1,
    member,
  })),
  ...autoNetworks({ trim: 0, repeats: 1 }).map((member): Wanted => ({ set: 'untrimmed', trim: 0, repeat: 0, member })),
  ...autoNetworks({ trim: ownTrim, repeats: 1 }).map((member): Wanted => ({
    set: 'half of the columns',
    trim: ownTrim,
    repeat: 0,
    member,
    columns: 0.5,
  })),
  ...[4, 64].flatMap((latent) =>
    [0, 1, 10].map((beta): Wanted => ({
      set: 'other widths',
      trim: ownTrim,
      repeat: 0,
      member: {
        detector: detectorNamed(toll.name),
        parameters: { beta, latent, steps: 60, trim: ownTrim, schedule: 'cosine' },
      },
    })),
  ),
  ...autoNetworks({ trim: 0, repeats: 1 }).map(({ parameters, ...member }): Wanted => ({
    set: 'fenced',
    trim: 0,
    repeat: 0,
    member: { ...member, parameters: { ...parameters, trimBeyond: fence } },
  })),
  ...autoClassical.map((member): Wanted => ({ set: 'classical', trim: 0, repeat: 0, member })),
  ...['pca', 'knn', 'ecod', 'loda'].map((name): Wanted => ({
    set: 'others',
    trim: 0,
    repeat: 0,
    member: { detector: detectorNamed(name) },
  })),
]

interface Wanted {
  readonly set:
    'main' | 'second seed' | 'untrimmed' | 'half of the columns' | 'other widths' | 'fenced' | 'classical' | 'others'
  readonly trim: number
  readonly repeat: number
  readonly member: EnsembleMember
  /** Share of the columns that it sees; all where absent. */
  readonly columns?: number
}

type Member = ScoredMember & Pick<Wanted, 'set'>

const [forest, histograms] = autoClassical.map(({ detector }) => detector.name)

/**
 * Sets of members, and single detectors, that are combined like those of `toll-auto`: networks of equal steps are a
 * group, other detectors are one.
 */
const pools: Readonly<Record<string, readonly string[]>> = {
  'toll-auto': ['main', 'classical'],
  'its networks alone': ['main'],
  'its classical detectors alone': ['classical'],
  'networks and isolation forest': ['main', forest],
  'networks and histograms': ['main', histograms],
  'toll-auto and PCA': ['main', 'classical', 'pca'],
  'networks and PCA': ['main', 'pca'],
  'networks and kNN': ['main', 'knn'],
  'networks and ECOD': ['main', 'ecod'],
  'networks and LODA': ['main', 'loda'],
  'networks, two seeds of each': ['main', 'second seed'],
  'networks without trimming': ['untrimmed'],
  'networks, trimmed beyond the fence': ['fenced'],
  'networks, codes of width 4 and 64 as well': ['main', 'other widths'],
  'networks on half of the columns': ['half of the columns'],
  'networks on all and on half of the columns': ['main', 'half of the columns'],
}

const isIn =
  (pool: readonly string[]) =>
  ({ set, setting }: Pick<Member, 'set' | 'setting'>) =>
    pool.includes(set) || pool.includes(setting)

const shortest = Math.min(...autoSettings.map(({ steps }) => steps))

/** Share of the training rows that no network learns from; below 50 rows all rows do both, as in the ensemble. */
const heldShare = 0.2
const mostHeld = 5000

/**
 * Runs what the store lacks, split by split. Errors: `argument` for splits out of range and no data set; `aborted`;
 * those of the store and of the detectors.
 */
export async function compareChoices(options: AutoOptions): Promise<AutoTable> {
  const { engines, store, signal, onProgress, datasets } = options
  const { splits } = resolveParameters(
    autoParameters,
    options.splits === undefined ? {} : { splits: options.splits },
    'setting',
  )
  checkEngines(engines)
  if (datasets.length === 0) throw new TollError('out-of-domain', 'the comparison needs at least one data set')
  const { device, threads } = engines[0]
  const settings = new Map(
    await Promise.all(
      datasets.map(
        async ({ name, x }) =>
          [
            name,
            await fingerprintSettings(
              {
                wanted: wanted.map(({ set: _, member: { detector, parameters }, ...member }) => ({
                  ...member,
                  detector: detector.name,
                  parameters,
                })),
                device,
                threads,
                version,
              },
              x.data,
            ),
          ] as const,
      ),
    ),
  )
  const stored = new Map(
    ((await store?.read()) ?? [])
      .filter((trial) => settings.get(trial.dataset) === trial.settings)
      .map(({ experiment: _, settings: __, ...trial }) => [keyOf(trial), trial]),
  )
  const tasks = Array.from({ length: splits }, (_, split) => datasets.map((dataset) => ({ dataset, split }))).flat()
  const missing = tasks.filter(({ dataset, split }) => !stored.has(keyOf({ dataset: dataset.name, split })))
  let done = tasks.length - missing.length
  const fresh = await runOnEngines(
    engines,
    missing,
    async ({ dataset, split }, engine, stopped) => {
      const report = (share: number) =>
        onProgress?.({
          phase: 'comparison',
          done: done + share,
          total: tasks.length,
          message: `${dataset.name}, split ${split + 1} of ${splits}`,
        })
      const trial = await runSplit(dataset, split, engine, stopped, report)
      await store?.append({ experiment: 'auto', settings: settings.get(dataset.name)!, ...trial })
      done++
      report(0)
      return trial
    },
    signal,
  )
  for (const trial of fresh) stored.set(keyOf(trial), trial)
  return {
    splits,
    datasets: datasets.map(({ name }) => name),
    trials: tasks.map(({ dataset, split }) => stored.get(keyOf({ dataset: dataset.name, split }))!),
  }
}

async function runSplit(
  { name, x, y }: PyodDataset,
  split: number,
  engine: Engine,
  signal: AbortSignal,
  report: (share: number) => void,
): Promise<AutoTrial> {
  const { train, test } = pyodSplit(y.length, split)
  const scaling = fitStandardization(takeSamples(x, train) as Rows)
  const rows = (chosen: ArrayLike<number>) => standardize(takeSamples(x, Array.from(chosen)) as Rows, scaling)
  const random = Random.seeded(split).fork('auto')
  const order = Array.from(random.permutation(train.length), (i) => train[i])
  const held = order.length < 50 ? 0 : Math.round(heldShare * order.length)
  const [heldRows, learned] = [
    rows((held > 0 ? order.slice(0, held) : order).slice(0, mostHeld)),
    rows(order.slice(held)),
  ]
  const scored = {
    test: rows(test),
    held: heldRows,
    learned: {
      shape: [Math.min(learned.shape[0], mostHeld), learned.shape[1]],
      data: learned.data.subarray(0, mostHeld * learned.shape[1]),
    },
    shuffled: shuffleColumns(heldRows, random),
    uniform: uniformRows(learned, heldRows.shape[0], random),
  }
  const seeds = random.fork('networks')
  const raw: Omit<Member, 'ranks'>[] = []
  let fitSeconds = 0
  for (const {
    set,
    trim,
    repeat,
    columns,
    member: { detector, parameters },
  } of wanted) {
    throwIfAborted(signal)
    const seen =
      columns === undefined ? undefined : seeds.sample(x.shape[1], Math.max(1, Math.round(columns * x.shape[1]))).sort()
    const view = (part: Rows) => (seen ? (takeColumns(part, seen) as Rows) : part)
    const run = await runDetector({
      detector,
      parameters,
      train: view(learned),
      scored: Object.values(scored).map(view),
      engine,
      seed: seeds.integer(2 ** 32),
      signal,
    })
    const scores = Object.fromEntries(
      Object.keys(scored).map((part, i) => [part, run.scores[i]]),
    ) as unknown as ScoredMember['scores']
    const member = {
      set,
      setting: parameters ? settingName(parameters, columns) : detector.name,
      beta: Number(parameters?.beta ?? 0),
      steps: Number(parameters?.steps ?? 0),
      trim,
      repeat,
      scores,
    }
    raw.push(member)
    if (isIn(pools['toll-auto'])(member)) fitSeconds += run.fitSeconds
    report(raw.length / wanted.length)
  }
  const members = await withRanks(raw, engine)
  const [networks, others] = [members.filter(({ steps }) => steps > 0), members.filter(({ steps }) => steps === 0)]
  const [main, ofAuto] = [members.filter(isIn(['main'])), members.filter(isIn(pools['toll-auto']))]
  const twice = members.filter(isIn(pools['networks, two seeds of each']))
  const labels = Uint8Array.from(test, (row) => y[row])
  const measure = (scores: Float64Array) => auroc(scores, labels)
  const combined = (some: readonly ScoredMember[]) => measure(highestAverage.combine(some))
  return {
    dataset: name,
    split,
    networks: Object.fromEntries(networks.map((network) => [networkName(network), measure(network.scores.test)])),
    others: Object.fromEntries(others.map(({ setting, scores: { test: own } }) => [setting, measure(own)])),
    chosen: Object.fromEntries(
      criteria.map((criterion) => [criterion.name, measure(chosenBy(criterion, main, twice).scores.test)]),
    ),
    combined: Object.fromEntries(combinations.map(({ name: way, combine }) => [way, measure(combine(main))])),
    pools: {
      ...Object.fromEntries(Object.entries(pools).map(([pool, sets]) => [pool, combined(members.filter(isIn(sets)))])),
      'networks of short training': combined(main.filter(({ steps }) => steps === shortest)),
      'networks of long training': combined(main.filter(({ steps }) => steps > shortest)),
      'toll-auto, outer scores as they are': measure(highestOfGroups(ofAuto, standardisedByAll)),
    },
    fitSeconds,
  }
}

/** `beta 1, latent 16, steps 60, trim 0.1`, and which repeat it is from the second on. */
export function networkName({ setting, trim, repeat }: Pick<ScoredMember, 'setting' | 'trim' | 'repeat'>): string {
  return [setting, ...(trim > 0 ? [`trim ${trim}`] : []), ...(repeat > 0 ? [`seed ${repeat + 1}`] : [])].join(', ')
}

function settingName(parameters: EnsembleMember['parameters'], columns: number | undefined): string {
  return [
    ...['beta', 'latent', 'steps'].map((name) => `${name} ${String(parameters![name])}`),
    ...(columns === undefined ? [] : [`columns ${columns}`]),
    ...(parameters!.trimBeyond ? [`beyond ${String(parameters!.trimBeyond)}`] : []),
  ].join(', ')
}

/** Shares of the held-back rows that score lower, as the ensemble has them. */
async function withRanks<M extends Omit<ScoredMember, 'ranks'>>(
  networks: readonly M[],
  engine: Engine,
): Promise<(M & Pick<ScoredMember, 'ranks'>)[]> {
  const ports = networks.map((_, i) => input(`s${i}`, ['n'], 'float64'))
  const ranked = comparable(ports, fitScoreScale(networks.map(({ scores }) => scores.held)), 'rank')
  const session = await engine.load({
    inputs: ports,
    outputs: Object.fromEntries(ranked.map((tensor, i) => [`r${i}`, tensor])),
  })
  try {
    const ranksOf = async (part: 'test' | 'held') =>
      session.run(
        Object.fromEntries(networks.map(({ scores }, i) => [`s${i}`, float64([scores[part].length], scores[part])])),
      )
    const [test, held] = [await ranksOf('test'), await ranksOf('held')]
    return networks.map((network, i) => ({
      ...network,
      ranks: { test: test[`r${i}`].data as Float64Array, held: held[`r${i}`].data as Float64Array },
    }))
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
  return {
    shape: [count, d],
    data: Float64Array.from(
      { length: count * d },
      (_, i) => bounds[i % d][0] + random.uniform() * (bounds[i % d][1] - bounds[i % d][0]),
    ),
  }
}

/** How the line of a trial begins. */
export const autoTrialBegins = '{"experiment":'

/** A line of a log. Error: `format` with what is wrong. */
export function readAutoTrial(value: unknown): StoredAutoTrial {
  const trial = (value ?? {}) as Partial<StoredAutoTrial>
  const areShares = (values: unknown) =>
    typeof values === 'object' &&
    values !== null &&
    Object.values(values).every((share) => typeof share === 'number' && share >= 0 && share <= 1)
  const fine =
    trial.experiment === 'auto' &&
    typeof trial.settings === 'string' &&
    typeof trial.dataset === 'string' &&
    Number.isSafeInteger(trial.split) &&
    trial.split! >= 0 &&
    typeof trial.fitSeconds === 'number' &&
    trial.fitSeconds >= 0 &&
    [trial.networks, trial.others, trial.chosen, trial.combined, trial.pools].every(areShares)
  if (!fine)
    throw new TollError('damaged-file', 'it lacks a field of a comparison of choices or holds one outside its range')
  return value as StoredAutoTrial
}
