// npm run bench:cost -- [--only NETWORK ...] [--threads N] [--batch N] [--steps N]: what the cost of a graph says
// beforehand about time and memory of the paper's three networks, beside what is measured. Memory is the growth of a
// process of its own from before the program is loaded to its peak.

import { execFile } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { openEngine, TollError, type Engine } from 'toll'
import { messageOf } from 'toll/base'
import { costOf, type Cost } from 'toll/graph'
import { expectedBytes, expectedSeconds, measureMachine, type MachineRates } from 'toll/runtime'
import { formatTable, median } from './table.js'
import { scoringOf, trainingOf, workloadNamed, workloads, type Workload } from './workloads.js'

type Mode = 'train' | 'score'

interface Measured {
  readonly seconds: number
  readonly bytes: number
}

const warmUp = 2
const runs = { tabular: 40, cifar10: 12, mnist: 5 } as const

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: String(availableParallelism()) },
      batch: { type: 'string' },
      steps: { type: 'string' },
      measure: { type: 'string' },
      mode: { type: 'string', default: 'train' },
    },
  })
  /** With a training batch of one's own, such as the paper's 1000 for MNIST; scoring is left out then. */
  const { batch } = values
  const workloadOf = (name: string): Workload => ({
    ...workloadNamed(name),
    ...(batch !== undefined && { batch: Number(batch) }),
  })
  const steps = (name: Workload['name']) => (values.steps === undefined ? runs[name] : Number(values.steps))
  const engine = await openEngine({ device: 'cpu', threads: Number(values.threads) })
  if (values.measure !== undefined) {
    console.log(
      JSON.stringify(
        await measure(
          engine,
          workloadOf(values.measure),
          values.mode as Mode,
          steps(values.measure as Workload['name']),
        ),
      ),
    )
    await engine.close()
    return
  }
  const rates = await measureMachine(engine)
  await engine.close()
  console.log(`${cpus()[0].model}, ${values.threads} threads: ${show(rates)}\n`)
  const named = (values.only.length > 0 ? values.only : workloads.map(({ name }) => name)).map(workloadOf)
  const rows: string[][] = []
  for (const workload of named) {
    for (const mode of batch === undefined ? (['train', 'score'] as const) : (['train'] as const)) {
      const options = [
        '--threads',
        values.threads,
        '--batch',
        String(workload.batch),
        '--steps',
        String(steps(workload.name)),
      ]
      rows.push(compare(workload, mode, rates, await measureApart(workload, mode, options)))
    }
  }
  console.log(
    formatTable(
      ['network', 'work', 'GFLOP', 'ms expected', 'ms', 'ratio', 'tensors MB', 'MB expected', 'MB', 'ratio'],
      rows,
    ),
  )
}

function costFor(workload: Workload, mode: Mode): Cost {
  const { program } = mode === 'train' ? trainingOf(workload) : scoringOf(workload)
  if (!('outputs' in program)) throw new TollError('internal', 'the workloads are graphs')
  return costOf(program.outputs, {
    inputs: program.inputs,
    sizes: mode === 'train' ? {} : { n: workload.scoringBatch },
  })
}

function compare(workload: Workload, mode: Mode, rates: MachineRates, { seconds, bytes }: Measured): string[] {
  const cost = costFor(workload, mode)
  const [time, memory] = [expectedSeconds(cost, rates), expectedBytes(cost)]
  const mega = (value: number) => (value / 1e6).toFixed(0)
  return [
    workload.name,
    mode === 'train'
      ? `training, ${workload.batch} rows x ${workload.stepsPerRun}`
      : `scoring, ${workload.scoringBatch} rows`,
    ((cost.products + cost.elementwise) / 1e9).toFixed(2),
    (1e3 * time).toFixed(2),
    (1e3 * seconds).toFixed(2),
    (time / seconds).toFixed(2),
    mega(cost.peakBytes),
    mega(memory),
    mega(bytes),
    (memory / bytes).toFixed(2),
  ]
}

/** In a process of its own, whose memory nothing else has touched. */
async function measureApart({ name }: Workload, mode: Mode, options: readonly string[]): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    fileURLToPath(import.meta.url),
    '--measure',
    name,
    '--mode',
    mode,
    ...options,
  ])
  return JSON.parse(stdout) as Measured
}

async function measure(engine: Engine, workload: Workload, mode: Mode, steps: number): Promise<Measured> {
  const training = mode === 'train' ? trainingOf(workload) : undefined
  const scoring = mode === 'score' ? scoringOf(workload) : undefined
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const session = await engine.load((training ?? scoring)!.program)
  const loop = await (training && session.loop(training.loop))
  const once = (run: number) => (training ? loop!.advance([training.feeds(run)]) : session.run({ x: scoring!.x }))
  const seconds: number[] = []
  for (let run = 0; run < warmUp + steps; run++) {
    const start = performance.now()
    await once(run)
    seconds.push((performance.now() - start) / 1e3)
  }
  // The largest resident set, in kilobytes.
  const bytes = process.resourceUsage().maxRSS * 1024 - before
  await session.close()
  return { seconds: median(seconds.slice(warmUp)), bytes }
}

function show({
  productsPerSecond,
  bytesPerSecond,
  cachedBytesPerSecond,
  secondsPerPiece,
  secondsPerNode,
  secondsPerRun,
}: MachineRates): string {
  return (
    `products ${(productsPerSecond / 1e9).toFixed(0)} GFLOP/s, passes ` +
    `${(bytesPerSecond / 1e9).toFixed(1)} GB/s (small ${(cachedBytesPerSecond / 1e9).toFixed(1)}), ` +
    `${(secondsPerPiece * 1e9).toFixed(1)} ns per row of a patch, ${(secondsPerNode * 1e6).toFixed(2)} us ` +
    `per node, ${(secondsPerRun * 1e6).toFixed(0)} us per run`
  )
}

try {
  await main()
} catch (error) {
  console.error(`bench:cost: ${messageOf(error)}`)
  process.exitCode = 1
}
