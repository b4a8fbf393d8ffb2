// --dry-run: what the missing trials of an image experiment take on this machine, from the programs that would run.

import { TollError, messageOf } from 'toll/base'
import {
  costOfTrial,
  identifyBaselines,
  identifyTrials,
  usualImages,
  type ImageProtocol,
  type ImageSetting,
  type WantedBaselines,
  type WantedTrials,
} from '../images/index.js'
import { renderText } from 'toll/report'
import { measureMachine, type MachineRates } from 'toll/runtime'
import { duration } from './duration.js'
import { withEngines, type EnginesFlags } from 'toll-cli/terminal'
import type { Terminal } from 'toll-cli/terminal'

export interface DryRun {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  readonly wanted: WantedTrials
  readonly log: string
  readonly flags: EnginesFlags
}

export async function printDryRun(
  { protocol, setting, wanted, log, flags }: DryRun,
  terminal: Terminal,
): Promise<void> {
  const { total, missing } = await countMissing({ protocol, setting, wanted, log }, terminal)
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
    `${missing} of ${total} trials are missing in ${log}: ${(document.operations / 1e15).toPrecision(3)} ` +
      `PFLOP, about ${duration(document.seconds)} with ${busy} ${busy === 1 ? 'worker' : 'workers'} ` +
      `of ${threads} ${threads === 1 ? 'thread' : 'threads'} on ${device}, and ` +
      `${(document.bytes / 2 ** 30).toFixed(1)} GiB of memory beside the images.`,
    `Measured here: ${(rates.productsPerSecond / 1e9).toFixed(0)} GFLOP/s in matrix products and ` +
      `${(rates.bytesPerSecond / 1e9).toFixed(1)} GB/s in elementwise passes per worker, ` +
      `${workers === 1 ? 'alone' : `with ${workers} at once`}.`,
  ].join('\n')
  terminal.result(document, text)
}

/** Without the data at hand everything counts as missing. */
async function countMissing(
  { protocol, setting, wanted, log }: Omit<DryRun, 'flags'>,
  terminal: Terminal,
): Promise<{ total: number; missing: number }> {
  const { loadValidationRows, readImageLogs } = await import('../images/node/index.js')
  const total = wanted.classes.length * wanted.seeds.length * wanted.betas.length
  try {
    const trials = await identifyTrials(protocol, setting, wanted, await loadValidationRows(protocol))
    const finished = new Set((await readImageLogs([log], (message) => terminal.note(message))).map(({ id }) => id))
    return { total, missing: trials.filter(({ id }) => !finished.has(id)).length }
  } catch (error) {
    if (!(error instanceof TollError && error.code === 'not-found')) throw error
    terminal.note(`${messageOf(error)}; all trials are counted as missing`)
    return { total, missing: total }
  }
}

/** The engine that is behind decides when all are done. */
function slowest(all: readonly MachineRates[]): MachineRates {
  return all.reduce((a, b) => (b.productsPerSecond < a.productsPerSecond ? b : a))
}

function tera(operations: number): string {
  return (operations / 1e12).toPrecision(3)
}

/** Trials of other detectors, counted; their time depends on how the data lie, and is not forecast. */
export async function printBaselineDryRun(wanted: WantedBaselines, log: string, terminal: Terminal): Promise<void> {
  const { readBaselineLogs } = await import('../images/node/index.js')
  const trials = await identifyBaselines(wanted)
  const finished = new Map(
    (await readBaselineLogs([log], (message) => terminal.note(message))).map((record) => [record.id, record]),
  )
  const missing = trials.filter(({ id }) => !finished.has(id))
  const known = wanted.detectors.flatMap((detector) => {
    const of = [...finished.values()].filter(
      (record) => record.detector === detector && record.dataset === wanted.dataset,
    )
    const mean = of.reduce((sum, { seconds }) => sum + seconds.prepare + seconds.run, 0) / Math.max(1, of.length)
    return of.length > 0 ? [`${detector} took ${duration(mean)} a trial`] : []
  })
  const document = {
    dataset: wanted.dataset,
    detectors: wanted.detectors,
    trials: { total: trials.length, missing: missing.length },
  }
  terminal.result(
    document,
    `${missing.length} of ${trials.length} trials of ${wanted.detectors.join(', ')} are missing in ` +
      `${log}${known.length > 0 ? `; there, ${known.join(', ')}` : ''}.`,
  )
}
