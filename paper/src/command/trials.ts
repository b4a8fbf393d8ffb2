// npm run paper -- trials: finished trials in logs, as a table or by a question in SQL.

import type { Command } from 'commander'
import { TollError } from 'toll'
import type { QueryValue } from 'toll/node'
import { renderText } from 'toll/report'
import { addOutputOptions, examples, type Terminal } from 'toll-cli/terminal'
import { table3Format } from '../arrhythmia/index.js'
import { autoFormat, pyodFormat } from '../benchmarks/index.js'
import { imageFormat } from '../images/index.js'
import { anyOf } from '../sweep/index.js'

interface TrialsFlags {
  readonly sql?: string
  readonly csv?: boolean
}

/** Lines of all sweeps. */
const formats = anyOf([imageFormat, pyodFormat, autoFormat, table3Format])

export function defineTrials(command: Command, terminal: Terminal): void {
  command
    .description(
      'Lists the finished trials of trial logs (NDJSON), or answers a question about them in SQL. ' +
        'Logs of several machines are read as one; a trial that is ' +
        'in two of them counts once.',
    )
    .argument('<log...>', 'trial logs')
    .option(
      '--sql <query>',
      `a query (DuckDB) over the views ${formats.views.map(({ name }) => name).join(', ')}, those of the kinds of ` +
        'trials that are there (trials: networks on images, baselines: other detectors on them), or over ' +
        'records, the ' +
        'lines as they are',
    )
    .option('--csv', 'print CSV')
  addOutputOptions(command)
  examples(command, [
    'npm run paper -- trials toll-trials.ndjson',
    'npm run paper -- trials a.ndjson b.ndjson --sql "SELECT name, avg(auroc) FROM trials WHERE beta > 0 ' +
      'GROUP BY name"',
    'npm run paper -- trials a.ndjson --csv --sql "SELECT step, validation_auroc FROM checkpoints WHERE ' +
      'class = 8 AND beta = 0 AND seed = 0"',
  ])
  command.action((paths: string[], flags: TrialsFlags) => runTrials(paths, flags, terminal))
}

async function runTrials(paths: readonly string[], { sql, csv }: TrialsFlags, terminal: Terminal): Promise<void> {
  const { access } = await import('node:fs/promises')
  const { queryTrials, readTrials } = await import('../sweep/node/index.js')
  for (const path of paths) {
    await access(path).catch(() => {
      throw new TollError('unknown-trial', `there is no trial log ${path}`, { file: path })
    })
  }
  const records = await readTrials(paths, { format: formats, warn: (message) => terminal.note(message) })
  if (records.length === 0)
    throw new TollError('no-results', `no finished trial is in ${paths.join(', ')}`, { file: paths[0] })
  const { columns, rows } = await queryTrials(formats, records, sql)
  if (terminal.json)
    return terminal.result(
      rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))),
      '',
    )
  if (csv) {
    const { openRowWriter } = await import('toll/node')
    const writer = await openRowWriter(process.stdout, {
      format: 'csv',
      columns: columns.map((name) => ({ name, kind: 'category' })),
    })
    await writer.write(columns.map((_, c) => rows.map((row) => flat(row[c]))))
    return writer.close()
  }
  const isNumeric = (c: number) => rows.some((row) => typeof row[c] === 'number')
  terminal.print(
    renderText({
      columns: columns.map((title, c) => ({ title, align: isNumeric(c) ? 'right' : 'left' })),
      rows: rows.map((row) =>
        row.map((cell) => (typeof cell === 'number' && !Number.isInteger(cell) ? cell.toFixed(4) : flat(cell))),
      ),
    }).trimEnd(),
  )
}

/** Nested values as JSON, everything else as text. */
function flat(value: QueryValue): string | null {
  return value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
