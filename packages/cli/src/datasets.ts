// toll datasets: which public data sets there are, where they are on this machine, and how to get them.

import type { Command } from 'commander'
import { TollError } from 'toll/base'
import { datasets, type Dataset } from 'toll/data'
import type { LocatedDataset } from 'toll/node'
import { renderText } from 'toll/report'
import { addOutputOptions, examples } from './parameters.js'
import type { ProgressBar, Terminal } from './terminal.js'

export function defineDatasets(command: Command, terminal: Terminal): void {
  command.description(
    'Finds and downloads public data sets. They are looked for in the folder TOLL_DATA, then in the cache ' +
      '(TOLL_CACHE or the ' +
      "system's cache folder), then in installed packages.",
  )
  const names = datasets.map(({ name }) => name).join(', ')
  const list = command
    .command('list')
    .summary('list the data sets, their licences and whether they are here')
    .description('Lists the data sets, their licences and whether they are here.')
    .action(() => runList(terminal))
  const get = command
    .command('get')
    .summary('download what is not here, and check it')
    .argument('<NAME...>', `data sets: ${names}; or all`)
    .description('Downloads what is not here into the cache and checks it. A broken download goes on where it stopped.')
    .action((chosen: string[]) => runGet(chosen, terminal))
  const path = command
    .command('path')
    .summary('print where the files of a data set are')
    .argument('<NAME>', `data set: ${names}`)
    .description('Prints where the files of a data set are, one path a line.')
    .action((chosen: string) => runPath(chosen, terminal))
  for (const sub of [list, get, path]) addOutputOptions(sub.helpOption('-h, --help', 'print this help'))
  examples(list, ['toll datasets list', 'toll datasets list --json'])
  examples(get, ['toll datasets get cifar-10', 'toll datasets get mnist arrhythmia'])
  examples(path, ['toll datasets path arrhythmia'])
  examples(command, ['toll datasets list', 'toll datasets get cifar-10', 'toll datasets path arrhythmia'])
}

async function runList(terminal: Terminal): Promise<void> {
  const { cacheFolder, locateDataset } = await import('toll/node')
  const located = await Promise.all(datasets.map((dataset) => locateDataset(dataset)))
  const rows = located.map(({ dataset, missing, files }) => {
    const state =
      missing.length === 0
        ? 'here'
        : files.size === 0
          ? 'not here'
          : `${missing.length} of ${missing.length + files.size} files missing`
    return [dataset.name, state, megabytes(dataset), dataset.licence, dataset.title]
  })
  const table = renderText({
    columns: [
      { title: 'Name' },
      { title: 'State' },
      { title: 'MB', align: 'right' },
      { title: 'Licence' },
      { title: 'What' },
    ],
    rows,
  })
  terminal.result(
    { cache: cacheFolder(), datasets: located.map(documentOf) },
    `${table}\nDownloads go to ${cacheFolder()}.`,
  )
}

async function runGet(names: readonly string[], terminal: Terminal): Promise<void> {
  const { locateDataset } = await import('toll/node')
  const chosen = names.includes('all') ? datasets.map(({ name }) => name) : names
  // All names are checked before anything is downloaded.
  for (const name of chosen) await locateDataset(name)
  const found: LocatedDataset[] = []
  for (const name of chosen) found.push(await download(name, terminal))
  terminal.summary(
    { datasets: found.map(documentOf) },
    found
      .map(({ dataset, files }) => `${dataset.name}: ${files.size} files are here (toll datasets path ${dataset.name})`)
      .join('\n'),
  )
}

async function download(name: string, terminal: Terminal): Promise<LocatedDataset> {
  const { downloadDataset } = await import('toll/node')
  let bar: { file: string; bar: ProgressBar } | undefined
  let opening = Promise.resolve()
  try {
    return await downloadDataset(name, {
      signal: terminal.signal,
      onProgress: ({ file, received, total }) => {
        if (bar?.file === file) return bar.bar.update(Math.round(received / 1e6))
        opening = opening.then(async () => {
          if (bar?.file === file) return
          bar?.bar.stop()
          bar = { file, bar: await terminal.progress(file, total && Math.round(total / 1e6), 'MB') }
        })
      },
    })
  } finally {
    await opening
    bar?.bar.stop()
  }
}

async function runPath(name: string, terminal: Terminal): Promise<void> {
  const { locateDataset } = await import('toll/node')
  const located = await locateDataset(name)
  if (located.missing.length > 0) {
    const files = located.missing.map(({ path }) => path).join(', ')
    throw new TollError(
      'unknown-dataset',
      `data set '${name}' is not complete here, ${files} ${located.missing.length === 1 ? 'is' : 'are'} ` +
        `missing; get it with "toll datasets get ${name}", or name its folder in TOLL_DATA`,
    )
  }
  terminal.result(documentOf(located), [...located.files.values()].join('\n'))
}

function documentOf({ dataset, files, missing }: LocatedDataset): object {
  const { name, title, kind, homepage, licence, citation } = dataset
  return {
    name,
    title,
    kind,
    homepage,
    licence,
    citation,
    files: Object.fromEntries(files),
    missing: missing.map(({ path }) => path),
  }
}

function megabytes({ downloads }: Dataset): string {
  const bytes = downloads.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0)
  return (bytes / 1e6).toFixed(1)
}
