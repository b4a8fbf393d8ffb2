// --dry-run: how many trials of a sweep are missing, and what they take on this machine.

import { costOfTrial, usualImages, type ImageProtocol, type ImageSetting } from '../images/index.js'
import { renderText } from 'toll/report'
import { measureMachine, type MachineRates } from 'toll/runtime'
import { withEngines, type Terminal } from 'toll-cli/terminal'
import { forecastTrials, missingOf, type Forecast, type SweepPlan, type SweepTrial } from '../sweep/index.js'
import { count } from '../pages/index.js'
import { duration } from './duration.js'
import { readLogs, type SweepFlags } from './sweeps.js'

/** How many trials are missing in the logs, and about how long they will take where finished ones say so. */
export async function printMissing<T extends SweepTrial, R extends object>(
  plan: SweepPlan<T, R>,
  described: object,
  flags: SweepFlags,
  terminal: Terminal,
): Promise<void> {
  const { document, text } = await describeMissing(plan, await readLogs(plan.format, flags, terminal), flags)
  terminal.result({ ...described, ...document }, text)
}

export interface DescribedPlan {
  readonly document: {
    readonly trials: { readonly total: number; readonly missing: number }
    /** Where finished trials are of the kinds that are missing: how many those are, and seconds until they are done. */
    readonly forecast?: Forecast
  }
  readonly text: string
}

/** The same as data and as a sentence; `what` are the trials, such as `of oc-svm `. */
export async function describeMissing<T extends SweepTrial, R extends object>(
  plan: SweepPlan<T, R>,
  records: readonly R[],
  flags: SweepFlags,
  what = '',
): Promise<DescribedPlan> {
  const missing = missingOf(plan, records)
  const trials = { total: plan.trials.length, missing: missing.length }
  const text = `${missing.length} of ${trials.total} trials ${what}are missing in ${flags.trials.join(', ')}`
  const alone = forecastTrials(missing, plan.format, records)
  if (alone.trials === 0) return { document: { trials }, text: `${text}.` }
  const busy = Math.min(missing.length, await withEngines(flags, async (engines) => engines.length))
  const forecast = { ...alone, seconds: alone.seconds / busy }
  const all = alone.trials === missing.length
  return {
    document: { trials, forecast },
    text:
      `${text}: about ${duration(forecast.seconds)} with ${count(busy, 'worker')}` +
      `${all ? '' : ` for ${alone.trials} of them`}, by what finished ones of their kind took.`,
  }
}

export interface NetworkDryRun {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  /** Of networks; some are missing. */
  readonly trials: { readonly total: number; readonly missing: number }
  readonly flags: SweepFlags
}

/** What the missing networks take on this machine, from the programs that would run. */
export async function describeNetworkCost({
  protocol,
  setting,
  trials: { total, missing },
  flags,
}: NetworkDryRun): Promise<{ readonly document: object; readonly text: string }> {
  const { rates, workers, device, threads } = await withEngines(flags, async (engines) => ({
    // All at once, as they will work: they share the machine's memory.
    rates: slowest(await Promise.all(engines.map(measureMachine))),
    workers: engines.length,
    device: engines[0].device,
    threads: engines[0].threads,
  }))
  const images = usualImages[protocol.dataset]
  const cost = costOfTrial(protocol, setting, rates, images)
  const parts = { train: cost.train, validate: cost.validate, test: cost.test }
  const trial = Object.values(parts).reduce(
    (sum, { seconds, operations }) => ({ seconds: sum.seconds + seconds, operations: sum.operations + operations }),
    { seconds: 0, operations: 0 },
  )
  const busy = Math.min(workers, Math.max(1, missing))
  const document = {
    dataset: protocol.dataset,
    setting,
    trials: { total, missing },
    device,
    threads,
    workers,
    images,
    step: cost.step,
    trial: { ...parts, ...trial },
    operations: missing * trial.operations,
    seconds: Math.ceil(missing / busy) * trial.seconds,
    bytes: busy * cost.bytes,
    rates,
  }
  const line = (name: string, { operations, seconds }: { operations: number; seconds: number }) => [
    name,
    tera(operations),
    duration(seconds),
  ]
  const table = renderText({
    caption:
      `One trial of ${protocol.title}: ${setting.steps} steps of ${setting.batch} images, ` +
      `${setting.validation} validation images every ${setting.validateEvery} steps, ${images.test} test ` +
      'images',
    columns: [{ title: 'part' }, { title: 'TFLOP', align: 'right' }, { title: 'expected', align: 'right' }],
    rows: [
      line('a training step', cost.step),
      line('training', cost.train),
      line('validation', cost.validate),
      line('test, two checkpoints', cost.test),
      line('all', trial),
    ],
  })
  const text = [
    table,
    `${missing} of ${total} trials are missing in ${flags.trials.join(', ')}: ` +
      `${(document.operations / 1e15).toPrecision(3)} ` +
      `PFLOP, about ${duration(document.seconds)} with ${count(busy, 'worker')} ` +
      `of ${count(threads, 'thread')} on ${device}, and ` +
      `${(document.bytes / 2 ** 30).toFixed(1)} GiB of memory beside the images.`,
    `Measured here: ${(rates.productsPerSecond / 1e9).toFixed(0)} GFLOP/s in matrix products and ` +
      `${(rates.bytesPerSecond / 1e9).toFixed(1)} GB/s in elementwise passes per worker, ` +
      `${workers === 1 ? 'alone' : `with ${workers} at once`}.`,
  ].join('\n')
  return { document, text }
}

/** The engine that is behind decides when all are done. */
function slowest(all: readonly MachineRates[]): MachineRates {
  return all.reduce((a, b) => (b.productsPerSecond < a.productsPerSecond ? b : a))
}

function tera(operations: number): string {
  return (operations / 1e12).toPrecision(3)
}
