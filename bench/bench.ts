// npm run bench -- [--quick] [--only NETWORK|train|score ...] [--threads N] [--json]: training steps and scoring of the
// paper's three networks, next to PyTorch on the same machine where python3 has torch. Both are timed in alternation,
// the medians of the rounds are compared, and PyTorch counts at its best of 1 and 2 threads. The ceiling is this
// machine's 2048 x 2048 matrix product, measured in every round.

import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { openEngine, TollError, type Engine } from 'toll'
import { messageOf } from 'toll/base'
import { input, matmul } from 'toll/graph'
import { float32 } from 'toll/runtime'
import { openPeer, type Peer } from './peer.js'
import { formatTable, median } from './table.js'
import { scoringOf, targets, trainingOf, workloads, type Workload } from './workloads.js'

type Mode = 'train' | 'score'

interface Result {
  readonly network: string
  readonly mode: Mode
  readonly batch: number
  /** Milliseconds per step, or per scoring run. */
  readonly ms: number
  /** PyTorch's at its best thread setting. */
  readonly peerMs?: number
  readonly peerThreads?: number
  /** Share of the matrix-product ceiling. */
  readonly ceiling: number
}

interface Timed {
  readonly workload: Workload
  readonly mode: Mode
  readonly batch: number
  /** Seconds of one run, measured over several. */
  once(): Promise<number>
  close(): Promise<void>
}

const peerThreads = [1, 2]

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const known = [...workloads.map(({ name }) => name), 'train', 'score']
  const unknown = values.only.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new TollError('unknown-parameter', `--only takes ${known.join(', ')}, got '${unknown}'`)
  const wanted = (names: readonly string[], name: string) =>
    !values.only.some((only) => names.includes(only)) || values.only.includes(name)
  const jobs = workloads
    .filter(({ name }) =>
      wanted(
        workloads.map((workload) => workload.name),
        name,
      ),
    )
    .flatMap((workload) =>
      (['train', 'score'] as const)
        .filter((mode) => wanted(['train', 'score'], mode))
        .map((mode) => ({ workload, mode })),
    )

  const engine = await openEngine({ device: 'cpu', threads: Number(values.threads) })
  const peer = await openPeer()
  if (!values.json) {
    console.log(
      `${cpus()[0].model}, ${engine.threads} threads; ` +
        (peer
          ? `PyTorch ${peer.version}`
          : 'no python3 with torch: ours alone (Debian: apt-get install python3-torch)'),
    )
  }
  const results: Result[] = []
  for (const { workload, mode } of jobs) results.push(await compare(engine, peer, workload, mode, values.quick ? 2 : 5))
  peer?.close()
  await engine.close()
  console.log(
    values.json ? JSON.stringify({ threads: engine.threads, torch: peer?.version ?? null, results }) : show(results),
  )
}

async function compare(
  engine: Engine,
  peer: Peer | undefined,
  workload: Workload,
  mode: Mode,
  rounds: number,
): Promise<Result> {
  const ours = await (mode === 'train' ? timedTraining : timedScoring)(engine, workload)
  const ceiling = await timedProduct(engine)
  const { name } = workload
  const repeat = mode === 'train' ? workload.steps * workload.stepsPerRun : workload.scorings
  const times: number[] = []
  const products: number[] = []
  const theirs = new Map(peerThreads.map((threads): [number, number[]] => [threads, []]))
  const ask = async (threads: number) =>
    median(await peer!.time({ network: name, batch: ours.batch, mode, threads, repeat }))
  await ours.once()
  for (let round = 0; round < rounds; round++) {
    products.push(await ceiling.once())
    times.push(await ours.once())
    if (peer) for (const threads of peerThreads) theirs.get(threads)!.push(await ask(threads))
  }
  await ours.close()
  await ceiling.close()
  const ms = 1e3 * median(times)
  const flops = (mode === 'train' ? 3 : 1) * 2 * workload.multiplyAdds * ours.batch
  const best =
    peer &&
    [...theirs].map(([threads, all]) => ({ threads, ms: 1e3 * median(all) })).reduce((a, b) => (b.ms < a.ms ? b : a))
  return {
    network: name,
    mode,
    batch: ours.batch,
    ms,
    ceiling: flops / (ms / 1e3) / ((2 * 2048 ** 3) / median(products)),
    ...(best && { peerMs: best.ms, peerThreads: best.threads }),
  }
}

async function timedTraining(engine: Engine, workload: Workload): Promise<Timed> {
  const training = trainingOf(workload)
  const session = await engine.load(training.program)
  const loop = await session.loop(training.loop)
  let run = 0
  return {
    workload,
    mode: 'train',
    batch: workload.batch,
    async once() {
      const feeds = Array.from({ length: workload.steps }, () => training.feeds(run++))
      return (await seconds(() => loop.advance(feeds))) / (feeds.length * workload.stepsPerRun)
    },
    close: () => session.close(),
  }
}

async function timedScoring(engine: Engine, workload: Workload): Promise<Timed> {
  const { program, x } = scoringOf(workload)
  const session = await engine.load(program)
  return {
    workload,
    mode: 'score',
    batch: workload.scoringBatch,
    async once() {
      const all: number[] = []
      for (let run = 0; run < workload.scorings; run++) all.push(await seconds(() => session.run({ x })))
      return median(all)
    },
    close: () => session.close(),
  }
}

async function timedProduct(engine: Engine): Promise<Pick<Timed, 'once' | 'close'>> {
  const n = 2048
  const side = float32(
    [n, n],
    Float32Array.from({ length: n * n }, (_, i) => (i % 17) / 17),
  )
  const [a, b] = [input('a', [n, n]), input('b', [n, n])]
  const session = await engine.load({ outputs: { y: matmul(a, b) } })
  const loop = await session.loop({ constants: { a: side }, state: { b: side }, carry: { b: 'y' } })
  await loop.advance([{}])
  return { once: () => seconds(() => loop.advance([{}])), close: () => session.close() }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1e3
}

function show(results: readonly Result[]): string {
  const rows = results.map(({ network, mode, batch, ms, peerMs, peerThreads: threads, ceiling }) => {
    const perSecond = `${Math.round((batch * 1e3) / ms)}`
    const ratio =
      peerMs === undefined
        ? ''
        : mode === 'train'
          ? `${(ms / peerMs).toFixed(2)} of the time`
          : `${(peerMs / ms).toFixed(2)} x as fast`
    const target =
      mode === 'train' ? `at most ${targets.step[network as Workload['name']]}` : `at least ${targets.scoring}`
    return [
      network,
      mode === 'train' ? 'training step' : 'scoring',
      String(batch),
      ms.toFixed(2),
      perSecond,
      peerMs === undefined ? '' : peerMs.toFixed(2),
      threads === undefined ? '' : String(threads),
      ratio,
      peerMs === undefined ? '' : target,
      `${(100 * ceiling).toFixed(0)} %`,
    ]
  })
  return formatTable(
    ['network', 'work', 'batch', 'ms', 'rows/s', 'PyTorch ms', 'threads', 'ratio', 'target', 'of ceiling'],
    rows,
  )
}

try {
  await main()
} catch (error) {
  console.error(`bench: ${messageOf(error)}`)
  process.exitCode = 1
}
