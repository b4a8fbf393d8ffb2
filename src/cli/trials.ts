// toll trials: finished trials in logs, as a table or by a question in SQL.

import type { Command } from 'commander'
import { TollError } from '../base/index.js'
import type { QueryValue } from '../data/node/index.js'
import { renderText } from '../report/index.js'
import { addOutputOptions, examples } from './parameters.js'
import type { Terminal } from './terminal.js'

interface TrialsFlags {
  readonly sql?: string
  readonly csv?: boolean
}

export function defineTrials(command: Command, terminal: Terminal): void {
  command.description('Lists the finished image trials of trial logs (NDJSON), or answers a question about them in SQL. Logs of several machines are read as one; a trial that is '
    + 'in two of them counts once.')
    .argument('<log...>', 'trial logs')
    .option('--sql <query>', 'a query (DuckDB) over the views trials, checkpoints and baselines (other detectors), or over records, the lines as they are')
    .option('--csv', 'print CSV')
  addOutputOptions(command)
  examples(command, [
    'toll trials toll-trials.ndjson',
    'toll trials a.ndjson b.ndjson --sql "SELECT name, avg(auroc) FROM trials WHERE beta > 0 GROUP BY name"',
    'toll trials a.ndjson --csv --sql "SELECT step, validation_auroc FROM checkpoints WHERE class = 8 AND beta = 0 AND seed = 0"',
  ])
  command.action((paths: string[], flags: TrialsFlags) => runTrials(paths, flags, terminal))
}

async function runTrials(paths: readonly string[], { sql, csv }: TrialsFlags, terminal: Terminal): Promise<void> {
  const { access } = await import('node:fs/promises')
  const { queryTrials, readTrialLogs } = await import('../experiments/node/index.js')
  for (const path of paths) {
    await access(path).catch(() => {
      throw new TollError('not-found', `there is no trial log ${path}`)
    })
  }
  const records = await readTrialLogs(paths, (message) => terminal.note(message))
  if (records.length === 0) throw new TollError('data', `no finished image trial is in ${paths.join(', ')}`)
  const { columns, rows } = await queryTrials(records, sql)
  if (terminal.json) return terminal.result(rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))), '')
  if (csv) {
    const { openRowWriter } = await import('../data/node/index.js')
    const writer = await openRowWriter(process.stdout, { format: 'csv', columns: columns.map((name) => ({ name, kind: 'text' })) })
    await writer.write(columns.map((_, c) => rows.map((row) => flat(row[c]))))
    return writer.close()
  }
  const isNumeric = (c: number) => rows.some((row) => typeof row[c] === 'number')
  terminal.print(renderText({
    columns: columns.map((title, c) => ({ title, align: isNumeric(c) ? 'right' : 'left' })),
    rows: rows.map((row) => row.map((cell) => (typeof cell === 'number' && !Number.isInteger(cell) ? cell.toFixed(4) : flat(cell)))),
  }).trimEnd())
}

/** Nested values as JSON, everything else as text. */
function flat(value: QueryValue): string | null {
  return value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
