// npm run profile -- NETWORK [--score] [--runs N] [--top N] [--threads N]: where the time of a training step (or a
// scoring run) goes, from ONNX Runtime's own profiler: one table by operator, one of the heaviest nodes with their
// shapes.

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openEngine, TollError, type Engine } from 'toll'
import { messageOf } from 'toll/base'
import { formatTable } from './table.js'
import { scoringOf, trainingOf, workloadNamed, type Workload } from './workloads.js'

interface NodeTime {
  readonly node: string
  readonly operator: string
  readonly shapes: string
  /** Summed over all runs, in milliseconds. */
  readonly total: number
  readonly calls: number
}

/** Profiler entries, `dur` in microseconds. */
interface ProfileEvent {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args?: Readonly<Record<string, unknown>>
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      score: { type: 'boolean', default: false },
      runs: { type: 'string' },
      top: { type: 'string', default: '25' },
      threads: { type: 'string', default: '2' },
    },
    allowPositionals: true,
  })
  if (positionals.length !== 1) throw new TollError('out-of-domain', 'name one network: tabular, cifar10 or mnist')
  const workload = workloadNamed(positionals[0])
  const runs = positive('--runs', values.runs ?? String(workload.steps + 1))
  const folder = await mkdtemp(join(tmpdir(), 'toll-profile-'))
  try {
    const engine = await openEngine({ device: 'cpu', threads: positive('--threads', values.threads), profile: folder })
    await (values.score ? runScoring : runTraining)(engine, workload, runs)
    await engine.close()
    const [file] = await readdir(folder)
    const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[]
    report(events, runs, values.score ? 1 : workload.stepsPerRun, positive('--top', values.top))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function runTraining(engine: Engine, workload: Workload, runs: number): Promise<void> {
  const training = trainingOf(workload)
  const session = await engine.load(training.program)
  const loop = await session.loop(training.loop)
  for (let run = 0; run < runs; run++) await loop.advance([training.feeds(run)])
  await session.close()
}

async function runScoring(engine: Engine, workload: Workload, runs: number): Promise<void> {
  const { program, x } = scoringOf(workload)
  const session = await engine.load(program)
  for (let run = 0; run < runs; run++) await session.run({ x })
  await session.close()
}

function report(events: readonly ProfileEvent[], runs: number, steps: number, top: number): void {
  const nodes = nodeTimes(events)
  const total = nodes.reduce((sum, { total }) => sum + total, 0)
  const whole = events.filter(({ name }) => name === 'model_run').reduce((sum, { dur }) => sum + dur / 1000, 0)
  const show = (ms: number) => (ms / runs).toFixed(3)
  const share = (ms: number) => `${((100 * ms) / total).toFixed(1)} %`
  const operators = new Map<string, { total: number; count: number }>()
  for (const { operator, total } of nodes) {
    const so = operators.get(operator) ?? { total: 0, count: 0 }
    operators.set(operator, { total: so.total + total, count: so.count + 1 })
  }
  const byTime = [...operators].toSorted(([, a], [, b]) => b.total - a.total)
  console.log(
    `${show(whole)} ms per run, ${show(total)} ms of it in ${nodes.length} nodes; mean of ${runs} runs, ` +
      `the first among them${steps > 1 ? `; ${steps} steps each` : ''}\n`,
  )
  console.log(
    formatTable(
      ['operator', 'nodes', 'ms', 'share'],
      byTime.map(([name, { total, count }]) => [name, String(count), show(total), share(total)]),
    ),
  )
  const heaviest = nodes.toSorted((a, b) => b.total - a.total).slice(0, top)
  console.log(
    `\n${formatTable(
      ['ms', 'share', 'operator', 'node', 'shapes'],
      heaviest.map(({ total, operator, node, shapes }) => [show(total), share(total), operator, node, shapes]),
    )}`,
  )
}

function nodeTimes(events: readonly ProfileEvent[]): NodeTime[] {
  const found = new Map<string, NodeTime>()
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || !args) continue
    const node = name.slice(0, -'_kernel_time'.length)
    const so = found.get(node)
    found.set(node, {
      node,
      operator: String(args.op_name),
      shapes: `${showShapes(args.input_type_shape)} -> ${showShapes(args.output_type_shape)}`,
      total: (so?.total ?? 0) + dur / 1000,
      calls: (so?.calls ?? 0) + 1,
    })
  }
  return [...found.values()]
}

/** `[{"float": [50, 3, 32, 32]}]` becomes `50x3x32x32`. */
function showShapes(types: unknown): string {
  if (!Array.isArray(types)) return ''
  return types
    .map((type: Record<string, number[]>) =>
      Object.values(type)
        .map((shape) => (shape.length > 0 ? shape.join('x') : '1'))
        .join(),
    )
    .join(' ')
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new TollError('out-of-domain', `${option} needs a positive integer, got '${text}'`)
  return value
}

try {
  await main()
} catch (error) {
  console.error(`profile: ${messageOf(error)}`)
  process.exitCode = 1
}
