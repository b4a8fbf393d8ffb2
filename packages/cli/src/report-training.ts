// The report of a model on the data that it was fitted to, for toll fit and for toll report: rows scored, refits made,
// the page written.

import { basename } from 'node:path'
import { measureStability, type Model, type Stability } from 'toll'
import { TollError } from 'toll/base'
import { openAtomic, writeFileAtomic } from 'toll/node'
import { modelReport, renderReport, siftTraining, type CommandLine, type ModelReportOptions } from 'toll/report'
import { shellWord } from './columns.js'
import type { Terminal } from './terminal.js'
import type { TrainingInput } from './training.js'

/** Finds out before the work, not after it, that `what` cannot be written. */
export async function requireWritable(path: string, what: string): Promise<void> {
  if (path === '-') throw new TollError('out-of-domain', `${what} is written to a file, not to standard output`)
  await (await openAtomic(path)).discard()
}

/** The same for a page. Error: `argument` also for a name that no browser opens as one. */
export async function requirePage(path: string): Promise<void> {
  await requireWritable(path, 'a report')
  if (!/\.html?$/i.test(path))
    throw new TollError('out-of-domain', `a report is an HTML page; name it like report.html, got ${path}`)
}

/** Refits where they are cheap: a model of images takes minutes. */
export function defaultSeeds({ manifest: { input } }: Model): number {
  return input.kind === 'table' ? 3 : 0
}

/** Refits with a bar; undefined for none. */
export async function refit(
  model: Model,
  training: TrainingInput,
  seeds: number,
  top: number | undefined,
  terminal: Terminal,
): Promise<Stability | undefined> {
  if (seeds === 0) return undefined
  const bar = await terminal.progress('refits', 1000 * seeds, 'thousandths')
  try {
    const { data, labels, weights, groups, time } = training
    return await measureStability(
      model,
      { data, labels, weights, groups, time },
      {
        seeds,
        signal: terminal.signal,
        ...(top !== undefined && { top }),
        onProgress: (done, progress) =>
          bar.update(
            Math.floor(1000 * (done + (progress && progress.steps > 0 ? progress.step / progress.steps : 0))),
            `seed ${Math.min(done + 1, seeds)} of ${seeds}`,
          ),
      },
    )
  } catch (error) {
    throw error instanceof TollError && error.code === 'data' ? error.within(training.name) : error
  } finally {
    bar.stop()
  }
}

/** Explains the rows with a bar, and writes the page whole. Returns its size in bytes. */
export async function writePage(
  model: Model,
  path: string,
  options: Omit<ModelReportOptions, 'signal' | 'onProgress'>,
  terminal: Terminal,
): Promise<number> {
  const bar = await terminal.progress('explain', options.sifted?.top.length ?? 0, 'rows')
  try {
    const page = Buffer.from(
      renderReport(
        await modelReport(model, { ...options, signal: terminal.signal, onProgress: (rows) => bar.update(rows) }),
      ),
    )
    await writeFileAtomic(path, page)
    return page.length
  } finally {
    bar.stop()
  }
}

/** The command line as it was given. */
export function commandLine(args: readonly string[]): string {
  return ['toll', ...args.map(shellWord)].join(' ')
}

/** The report that follows a fit. The model is written before. */
export async function reportTraining(
  model: Model,
  training: TrainingInput,
  flags: { readonly output: string; readonly report: string; readonly reportSeeds?: number },
  args: readonly string[],
  terminal: Terminal,
): Promise<void> {
  terminal.whenStopped(() => `stopped; ${flags.output} is written, ${flags.report} is not`)
  const { titles } = training
  const sifted = await siftTraining(model, training, { signal: terminal.signal, ...(titles && { titles }) })
  const stability = await refit(model, training, flags.reportSeeds ?? defaultSeeds(model), undefined, terminal)
  const commands: CommandLine[] = [{ title: 'The model and this report:', line: commandLine(args) }]
  await writePage(
    model,
    flags.report,
    {
      name: basename(flags.output),
      source: 'its training data',
      ofTraining: true,
      sifted,
      commands,
      ...(stability && { stability }),
      hints: {
        stability:
          `Add --report-seeds 3 to the command below, or run: toll report ${shellWord(basename(flags.output))} ` +
          `--training ${shellWord(basename(training.name))} -o ${shellWord(basename(flags.report))}`,
      },
    },
    terminal,
  )
}
