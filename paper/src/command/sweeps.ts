// What the commands of sweeps share: a log that trials are taken from and added to, a dry run, tables of a log alone.

import { Option, type Command } from 'commander'
import { TollError, type Engine } from 'toll'
import { describeDomain, type PhaseProgress, type RealDomain } from 'toll/base'
import {
  addEnginesOptions,
  addOutputOptions,
  kebab,
  showPhases,
  showRendered,
  withEngines,
  type EnginesFlags,
  type Terminal,
} from 'toll-cli/terminal'
import type { RenderedExperiment } from 'toll/report'
import { readRange, type RecordFormat, type SweepOptions, type SweepTrial } from '../sweep/index.js'
import { duration } from './duration.js'

export interface SweepFlags extends EnginesFlags {
  /** The first is written, the others are read beside it. */
  readonly trials: readonly string[]
  readonly renderOnly?: boolean
  readonly dryRun?: boolean
  readonly output?: string
  readonly markdown?: boolean
}

/** `--trials`, `-o` and their like, `--device`, `--json` and their like. */
export function addSweepOptions(
  command: Command,
  { log, written }: { readonly log: string; readonly written: string },
): void {
  command
    .optionsGroup('Results:')
    .addOption(
      new Option(
        '--trials <file...>',
        'log of finished trials (NDJSON): what it holds is not run again; further logs are read beside it',
      ).default([log], log),
    )
    .option('-o, --output <folder>', `write ${written} there`)
    .option('--markdown', 'print Markdown')
    .option('--render-only', 'run nothing: make tables of what the logs hold')
    .option('--dry-run', 'run nothing: print what it would take')
  addEnginesOptions(command)
  addOutputOptions(command)
}

/** Seeds or splits as they were typed, and which they are. */
export interface RangeFlag {
  readonly text: string
  readonly numbers: readonly number[]
}

export function rangeOption(name: string, domain: RealDomain): Option {
  const flag = `--${kebab(name)}`
  return new Option(
    `${flag} <count|ranges>`,
    `${domain.doc.replace(/\.$/, '')} (${describeDomain(domain)}, or which, such as 0-4,7; default ${domain.default})`,
  ).argParser((text): RangeFlag => ({ text: text.trim(), numbers: readRange(flag, domain, text) }))
}

/** What the logs hold of these trials, each once. Error: `io`. */
export async function readLogs<R extends object>(
  format: RecordFormat<R>,
  { trials }: SweepFlags,
  terminal: Terminal,
): Promise<R[]> {
  await terminal.files.reads('--trials', trials)
  const { readTrials } = await import('../sweep/node/index.js')
  return readTrials(trials, { format, warn: (text) => terminal.note(text) })
}

/** For tables of a log that has nothing of what is asked for. */
export function nothingFinished({ trials }: SweepFlags): TollError {
  return new TollError(
    'unknown-trial',
    `no such trial is finished in ${trials.join(', ')}; run without --render-only, or name a log with --trials`,
    { file: trials[0] },
  )
}

/**
 * Runs a sweep on engines, with its log as the store and a bar. A remark after every trial, where `describe` makes one,
 * says what is left, for those who read a file instead of a bar. A stop ends it with words on what is kept. Errors:
 * `aborted`, those of the store and of the sweep.
 */
export async function runLogged<T extends SweepTrial, R extends object, Result>(
  format: RecordFormat<R>,
  flags: SweepFlags,
  terminal: Terminal,
  run: (options: SweepOptions<T, R>) => Promise<Result>,
  describe?: (record: R) => string,
): Promise<Result> {
  const { openTrialStore } = await import('../sweep/node/index.js')
  await terminal.files.reads('--trials', flags.trials)
  const [log] = flags.trials
  const stopped = `stopped; finished trials are in ${log}, half-done ones beside it: the same command goes on`
  const store = await openTrialStore(flags.trials, { format, warn: (text) => terminal.note(text) })
  terminal.whenStopped(() => stopped)
  const onTrial = (record: R, secondsLeft: number) => {
    if (describe) terminal.note(`${describe(record)}${secondsLeft > 0 ? `, about ${duration(secondsLeft)} left` : ''}`)
  }
  const work = (engines: readonly Engine[]) =>
    showPhases(terminal, (onProgress: (progress: PhaseProgress) => void) =>
      run({ engines, store, signal: terminal.signal, onProgress, onTrial }),
    )
  try {
    return await withEngines(flags, work)
  } catch (error) {
    throw error instanceof TollError && error.code === 'aborted'
      ? new TollError('aborted', stopped, { cause: error })
      : error
  } finally {
    await store.close()
  }
}

/** `work` with what the engines will be: trials of tables are bound to device and threads. */
export async function withMachine<T>(
  flags: SweepFlags,
  work: (engine: Pick<Engine, 'device' | 'threads'>) => Promise<T>,
): Promise<T> {
  return withEngines({ ...flags, workers: 1 }, ([engine]) => work(engine))
}

/** `showRendered`, with a word on the charts where they are written nowhere. */
export async function showResult(
  rendered: RenderedExperiment,
  name: string,
  flags: Pick<SweepFlags, 'output' | 'markdown'>,
  terminal: Terminal,
): Promise<void> {
  if (flags.output === undefined && Object.keys(rendered.svg).length > 0)
    terminal.note('the charts and a page with all of it are written with -o FOLDER')
  await showRendered(rendered, name, flags, terminal)
}

/** The command with the options that are set, wherever its files go. */
export function commandWith(
  command: string,
  options: Readonly<Record<string, string | number | boolean | RangeFlag | undefined>>,
): string {
  const given = Object.entries(options).flatMap(([option, value]) => {
    if (value === undefined || value === false) return []
    if (value === true) return [`--${kebab(option)}`]
    const text = typeof value === 'object' ? value.text : String(value)
    return [`--${kebab(option)} ${/\s/.test(text) ? `"${text}"` : text}`]
  })
  return [command, ...given].join(' ')
}

/** The names of a list with commas; undefined for none. */
export function listedNames(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
