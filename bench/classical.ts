// npm run bench:classical -- [--quick] [--only DETECTOR ...] [--threads N] [--json]: fit plus score of the classical
// detectors, next to scikit-learn on the same machine where python3 has it. Both are timed in alternation, the medians
// of the rounds are compared, and scikit-learn counts at its best setting. Ours is the detector itself: fit, compile
// the scoring graph, load it, score in batches.

import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { openEngine, TollError, type Detector, type Engine, type NdArray } from 'toll'
import { messageOf, Random, resolveParameters } from 'toll/base'
import { detectors } from 'toll/detectors'
import { costOf, input } from 'toll/graph'
import { openLearner, type Learner, type LearnerRequest } from './learner.js'
import { formatTable, median } from './table.js'

interface Classical {
  readonly title: string
  readonly detector: string
  readonly parameters: Readonly<Record<string, number | string>>
  /** Rows and columns of the training table. */
  readonly fit: readonly [number, number]
  readonly score: number
  /** Settings of scikit-learn that do the same; each is timed. */
  readonly theirs: readonly (LearnerRequest['parameters'] & { readonly label?: string })[]
  /** Largest share of scikit-learn's time aimed at. */
  readonly target?: number
}

const workloads: readonly Classical[] = [
  {
    title: 'isolation forest',
    detector: 'isolation-forest',
    parameters: {},
    fit: [100_000, 20],
    score: 100_000,
    theirs: [{}],
    target: 0.5,
  },
  {
    title: 'KDE',
    detector: 'kde',
    parameters: { bandwidth: 1 },
    fit: [5000, 50],
    score: 20_000,
    target: 0.5,
    theirs: [
      { label: 'tree', bandwidth: 1 },
      { label: 'one leaf', bandwidth: 1, leaf_size: 5000 },
    ],
  },
  {
    title: 'OC-SVM, nu 0.5',
    detector: 'oc-svm',
    parameters: { nu: 0.5 },
    fit: [5000, 20],
    score: 5000,
    theirs: [{ nu: 0.5 }],
    target: 0.5,
  },
  {
    title: 'OC-SVM, nu 0.1',
    detector: 'oc-svm',
    parameters: { nu: 0.1 },
    fit: [5000, 20],
    score: 5000,
    theirs: [{ nu: 0.1 }],
    target: 0.5,
  },
  {
    title: 'kNN',
    detector: 'knn',
    parameters: { k: 5 },
    fit: [10_000, 20],
    score: 10_000,
    theirs: [{ n_neighbors: 5 }],
  },
  {
    title: 'LOF',
    detector: 'lof',
    parameters: { k: 20 },
    fit: [10_000, 20],
    score: 10_000,
    theirs: [{ n_neighbors: 20 }],
  },
]

interface Seconds {
  readonly fit: number
  /** Fit and score. */
  readonly seconds: number
}

interface Result {
  readonly title: string
  readonly ours: Seconds
  /** One for each setting of scikit-learn, the fastest first. */
  readonly theirs: readonly (Seconds & { readonly label: string })[]
  readonly target?: number
}

/** Bytes of intermediate results of a scoring run: as many rows go together as a model file would take. */
const batchBytes = 16 * 2 ** 20

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const names = [...new Set(workloads.map(({ detector }) => detector))]
  const unknown = values.only.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new TollError('unknown-parameter', `--only takes ${names.join(', ')}, got '${unknown}'`)
  const engine = await openEngine({ device: 'cpu', threads: Number(values.threads) })
  const learner = await openLearner()
  const say = (line: string) => values.json || console.log(line)
  say(
    `${cpus()[0].model}, ${engine.threads} threads; ` +
      (learner
        ? `scikit-learn ${learner.version}`
        : 'no python3 with sklearn: ours alone (Debian: apt-get install python3-sklearn)'),
  )
  const results: Result[] = []
  for (const workload of workloads) {
    if (values.only.length > 0 && !values.only.includes(workload.detector)) continue
    const detector = detectors.get(workload.detector)
    if (detector) results.push(await compare(engine, learner, detector, workload, values.quick ? 2 : 5))
    else say(`${workload.title}: skipped, there is no detector '${workload.detector}'`)
  }
  learner?.close()
  await engine.close()
  console.log(
    values.json
      ? JSON.stringify({ threads: engine.threads, sklearn: learner?.version ?? null, results })
      : show(results),
  )
}

async function compare(
  engine: Engine,
  learner: Learner | undefined,
  detector: Detector,
  workload: Classical,
  rounds: number,
): Promise<Result> {
  const { title, fit, score, theirs, target } = workload
  const random = Random.seeded(0)
  const table = (rows: number, spread: number): NdArray<Float64Array> => ({
    shape: [rows, fit[1]],
    data: Float64Array.from({ length: rows * fit[1] }, () => spread * random.normal()),
  })
  const [train, queries] = [table(fit[0], 1), table(score, 1.2)]
  const settings = theirs.flatMap(({ label, ...parameters }) =>
    [1, engine.threads]
      .filter((threads, i, all) => all.indexOf(threads) === i)
      .map((threads) => ({
        label: [label, `${threads} jobs`].filter(Boolean).join(', '),
        request: { detector: detector.name, fit, score, parameters, threads },
      })),
  )
  // Where it has no jobs the second setting would be the first again.
  const distinct = ['kde', 'oc-svm'].includes(detector.name)
    ? settings.filter(({ request }) => request.threads === 1)
    : settings
  const ours: Seconds[] = []
  const others = distinct.map((): Seconds[] => [])
  // One round of each to warm up, not counted.
  for (let round = -1; round < rounds; round++) {
    const own = await timed(engine, detector, workload, train, queries)
    if (round >= 0) ours.push(own)
    if (learner)
      for (const [i, { request }] of distinct.entries()) {
        if (round < 0 && i > 0) continue
        const other = await learner.time(request)
        if (round >= 0) others[i].push(other)
      }
  }
  const middle = (all: readonly Seconds[]) => ({
    fit: median(all.map((one) => one.fit)),
    seconds: median(all.map((one) => one.seconds)),
  })
  return {
    title,
    ours: middle(ours),
    target,
    theirs: learner
      ? distinct.map(({ label }, i) => ({ label, ...middle(others[i]) })).sort((a, b) => a.seconds - b.seconds)
      : [],
  }
}

async function timed(
  engine: Engine,
  detector: Detector,
  { parameters }: Classical,
  train: NdArray<Float64Array>,
  queries: NdArray<Float64Array>,
): Promise<Seconds> {
  const start = performance.now()
  const fitted = await detector.fit(
    { samples: train },
    resolveParameters(detector.parameters, parameters as Record<string, number>),
    { engine, seed: 0 },
  )
  const fit = (performance.now() - start) / 1e3
  const [m, d] = queries.shape
  const x = input('x', ['batch', d], 'float64')
  const { score } = fitted.score(x)
  const peak = (rows: number) => costOf({ score }, { inputs: [x], sizes: { batch: rows } }).peakBytes
  const rows = Math.max(64, Math.floor(batchBytes / ((peak(1025) - peak(1)) / 1024)))
  const session = await engine.load({ inputs: [x], outputs: { score } })
  for (let from = 0; from < m; from += rows) {
    const to = Math.min(m, from + rows)
    await session.run({ x: { dtype: 'float64', shape: [to - from, d], data: queries.data.slice(from * d, to * d) } })
  }
  const seconds = (performance.now() - start) / 1e3
  await session.close()
  return { fit, seconds }
}

function show(results: readonly Result[]): string {
  const rows = results.flatMap(({ title, ours, theirs, target }) => {
    const own = [title, ours.fit.toFixed(3), ours.seconds.toFixed(3)]
    if (theirs.length === 0) return [[...own, '', '', '', '', '']]
    return theirs.map(({ label, fit, seconds }, i) => [
      ...(i === 0 ? own : ['', '', '']),
      label,
      fit.toFixed(3),
      seconds.toFixed(3),
      `${(ours.seconds / seconds).toFixed(2)} of the time`,
      target !== undefined ? `at most ${target}` : '',
    ])
  })
  return formatTable(
    ['work', 'fit s', 'fit + score s', 'scikit-learn', 'fit s', 'fit + score s', 'ratio', 'target'],
    rows,
  )
}

try {
  await main()
} catch (error) {
  console.error(`bench: ${messageOf(error)}`)
  process.exitCode = 1
}
