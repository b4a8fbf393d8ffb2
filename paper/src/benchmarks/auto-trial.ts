// One comparison of choices: on one split of one data set, networks of several settings are trained once, and
// everything that can be done with their scores is measured.

import type { Engine } from 'toll'
import { Random, takeColumns, takeSamples, throwIfAborted } from 'toll/base'
import { comparable, fitScoreScale, runDetector, type Rows } from 'toll/detectors'
import { input } from 'toll/graph'
import { auroc } from 'toll/metrics'
import { float64 } from 'toll/runtime'
import {
  chosenBy,
  combinations,
  criteria,
  highestAverage,
  highestOfGroups,
  standardisedByAll,
  type ScoredMember,
} from './auto-criteria.js'
import { isIn, networkName, pools, settingName, shortest, wantedMembers, type Member } from './auto-members.js'
import type { AutoTrial } from './auto-record.js'
import { pyodSplit, type PyodDataset } from './pyod.js'
import { fitStandardization, standardize } from './standardize.js'

/** Share of the training rows that no network learns from; below 50 rows all rows do both, as in the ensemble. */
const heldShare = 0.2
const maxHeld = 5000

export interface AutoTrialOptions {
  readonly dataset: PyodDataset
  readonly split: number
  readonly engine: Engine
  readonly signal: AbortSignal
  /** Told how many of `wantedMembers` are fitted. */
  readonly onMembers: (fitted: number) => void
}

/** Errors: those of the detectors, `aborted`. */
export async function runAutoTrial({
  dataset: { name, x, y },
  split,
  engine,
  signal,
  onMembers,
}: AutoTrialOptions): Promise<AutoTrial> {
  const { train, test } = pyodSplit(y.length, split)
  const scaling = fitStandardization(takeSamples(x, train) as Rows)
  const rows = (chosen: ArrayLike<number>) => standardize(takeSamples(x, Array.from(chosen)) as Rows, scaling)
  const random = Random.seeded(split).fork('auto')
  const order = Array.from(random.permutation(train.length), (i) => train[i])
  const held = order.length < 50 ? 0 : Math.round(heldShare * order.length)
  const [heldRows, learned] = [
    rows((held > 0 ? order.slice(0, held) : order).slice(0, maxHeld)),
    rows(order.slice(held)),
  ]
  const scored = {
    test: rows(test),
    held: heldRows,
    learned: {
      shape: [Math.min(learned.shape[0], maxHeld), learned.shape[1]],
      data: learned.data.subarray(0, maxHeld * learned.shape[1]),
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
  } of wantedMembers) {
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
    onMembers(raw.length)
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
