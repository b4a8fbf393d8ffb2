// What the commands that run experiments share: several engines, progress bars by phase, and the folder for results.

import { join } from 'node:path'
import type { Command } from 'commander'
import type { Engine } from 'toll'
import { integer, type PhaseProgress as ExperimentProgress } from 'toll/base'
import { checkFolder, makeFolder, writeFileAtomic } from 'toll/node'
import type { RenderedExperiment } from 'toll/report'
import { addEngineOptions, type EngineFlags } from './engine.js'
import { parameterOption } from './parameters.js'
import type { ProgressBar, Terminal } from './terminal.js'

export interface EnginesFlags extends EngineFlags {
  readonly workers?: number
}

const workers = integer({ default: 1, min: 1, max: 64, doc: 'Trainings side by side.' })

export function addEnginesOptions(command: Command): void {
  addEngineOptions(command, { device: 'cpu', threads: '1 each' })
  command.addOption(parameterOption('workers', workers, 'one per core'))
}

/** Runs `work` on engines that are closed whatever happens. Errors: `device`, `argument`. */
export async function withEngines<T>(
  { device = 'cpu', threads, workers: count }: EnginesFlags,
  work: (engines: readonly Engine[]) => Promise<T>,
): Promise<T> {
  const { closeEngines, openEngines } = await import('toll/node')
  const engines = await openEngines({
    device,
    ...(threads !== undefined && { threads }),
    ...(count !== undefined && { workers: count }),
  })
  try {
    return await work(engines)
  } finally {
    await closeEngines(engines)
  }
}

/**
 * For `showRendered` into a folder, before anything is computed: it can be made, and no file of `name` is one that is
 * read. Errors: `io`, `argument`.
 */
export async function claimFolder(folder: string | undefined, name: string, { files }: Terminal): Promise<void> {
  if (folder === undefined) return
  await checkFolder(folder)
  for (const ending of endings) await files.writes('--output', join(folder, `${name}.${ending}`))
}

const endings = ['html', 'md', 'csv', 'json'] as const

/**
 * Writes the files of one result, the one to open first, into a folder that is made if missing. Errors: `io`,
 * `not-found`.
 */
export async function writeFolder(
  folder: string,
  files: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<void> {
  await makeFolder(folder)
  for (const file of Object.keys(files)) await terminal.files.writes('--output', join(folder, file))
  for (const [file, content] of Object.entries(files)) await writeFileAtomic(join(folder, file), content)
  const [first, ...others] = Object.keys(files)
  terminal.note(`wrote ${join(folder, first)}${others.length === 0 ? '' : ` and ${others.length} files beside it`}`)
}

/** Runs an experiment with one bar after the other, as it goes through its phases. */
export async function showPhases<T>(
  terminal: Terminal,
  work: (onProgress: (progress: ExperimentProgress) => void) => Promise<T>,
): Promise<T> {
  let phase = ''
  let bar: Promise<ProgressBar> | undefined
  const stop = async () => (await bar)?.stop()
  try {
    return await work(({ phase: next, done, total, message }) => {
      if (next !== phase) {
        void stop()
        phase = next
        bar = terminal.progress(next, total, '')
      }
      void bar?.then((shown) => shown.update(done, message))
    })
  } finally {
    await stop()
  }
}

/**
 * Writes a result's page, tables, numbers and charts into a folder where one is named, and prints what is asked for.
 * Errors as `writeFolder`.
 */
export async function showRendered(
  { text, markdown, csv, json, html, svg }: RenderedExperiment,
  name: string,
  { output, markdown: asMarkdown }: { readonly output?: string; readonly markdown?: boolean },
  terminal: Terminal,
): Promise<void> {
  if (output !== undefined)
    await writeFolder(
      output,
      { [`${name}.html`]: html, [`${name}.md`]: markdown, [`${name}.csv`]: csv, [`${name}.json`]: json, ...svg },
      terminal,
    )
  if (terminal.json) terminal.print(json.trimEnd())
  else terminal.print((asMarkdown ? markdown : text).trimEnd())
}
