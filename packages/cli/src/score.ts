// toll score: every row of a source with its score, in order, as CSV, NDJSON or Parquet.

import { extname } from 'node:path'
import { Option, type Command } from 'commander'
import {
  decisionOutput,
  findDiscoveries,
  noScoredRows,
  reviewAlarms,
  type DiscoveryBatch,
  type Model,
  type ScoredBatch,
} from 'toll'
import { messageOf, real, TollError, type Column, type InvalidRow } from 'toll/base'
import type { OutputValues, RowFormat, RowWriter } from 'toll/node'
import { addEngineOptions, type EngineFlags } from './engine.js'
import { describeAlarms } from './notes.js'
import { addOutputOptions, append, examples, parameterOption } from './parameters.js'
import { keysOf, scoreSource, withModelAndSource } from './scoring.js'
import { addSourceOptions, sourceHelp, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

interface ScoreFlags extends SourceFlags, EngineFlags {
  readonly output: string
  readonly format?: RowFormat
  readonly id: readonly string[]
  readonly strict?: boolean
  readonly fdr?: number
}

const fdr = real({
  default: NaN,
  min: 0,
  aboveMin: true,
  max: 1,
  belowMax: true,
  doc:
    'Adds is_discovery, decided over the whole source: of its rows at most this share is normal, in ' +
    'expectation (Benjamini and Hochberg); all scores are kept in memory',
})

const formats: Readonly<Record<string, RowFormat>> = {
  '.csv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.parquet': 'parquet',
  '.pq': 'parquet',
}

export function defineScore(command: Command, terminal: Terminal): void {
  command
    .description(
      'Scores every row of a source with a model, in order; higher is more anomalous. Memory does not grow ' +
        'with the rows.',
    )
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'table or array file to score')
  command
    .optionsGroup('Result:')
    .option('-o, --output <file>', 'file to write: .csv, .ndjson or .parquet; - is standard output', '-')
    .addOption(
      new Option(
        '--format <name>',
        'how to write (default: by the extension of the file; csv on standard output)',
      ).choices(['csv', 'ndjson', 'parquet']),
    )
    .option(
      '--id <column>',
      'a key that is passed on with each row, in place of the row number; repeatable',
      append,
      [],
    )
    .addOption(parameterOption('fdr', fdr, 'none'))
    .option('--strict', 'stop at the first row that cannot be scored, and write nothing to the file')
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(
    command,
    [
      'toll score model.onnx new.csv > scores.csv',
      'toll score model.onnx new.parquet -o scores.parquet --id account --id day',
      "toll score model.onnx rows.csv --strict --format ndjson | jq -c 'select(.is_anomaly)'",
      'toll score model.onnx --sql "select * from \'s.parquet\' where day = today()" -o today.csv',
    ],
    `${sourceHelp}
Columns are found by name, in any order. The result has a column per --id (or the row number from 1),
the score, its parts, the p-value among held-back normal rows, is_anomaly, and, without --strict, the
error of rows that hold text or infinity where numbers belong. Missing numbers become the median of
the training column and are counted. A model of windows scores each row with the rows before it, which
must come in order; the first rows of a group have no score.`,
  )
  command.action((path: string, sources: string[], flags: ScoreFlags) => runScore(path, sources, flags, terminal))
}

async function runScore(
  path: string,
  sources: readonly string[],
  flags: ScoreFlags,
  terminal: Terminal,
): Promise<void> {
  const format = formatOf(flags)
  if (terminal.json && flags.output === '-')
    throw new TollError(
      'out-of-domain',
      '--json prints a summary and needs -o FILE for the rows; for rows as JSON use --format ndjson',
    )
  await terminal.files.writes('--output', flags.output)
  const { totals, manifest } = await withModelAndSource(path, sources, flags, terminal, async (model, source) => ({
    totals: await writeScores(source, model, format, flags, terminal),
    manifest: model.manifest,
  }))
  const text = describe(totals)
  const alarms = reviewAlarms(manifest, { rows: totals.rows - totals.invalid, anomalies: totals.anomalies })
  // Fewer are called where these are rows of training.
  if (alarms?.code === 'many-alarms') terminal.note(`warning: ${describeAlarms(alarms)}`)
  if (flags.output === '-') terminal.note(text)
  else terminal.summary({ output: flags.output, ...totals }, `${flags.output}: ${text}`)
}

function formatOf({ format, output }: ScoreFlags): RowFormat {
  const known =
    format ?? (output === '-' || output.startsWith('/dev/') ? 'csv' : formats[extname(output).toLowerCase()])
  if (!known)
    throw new TollError(
      'unsupported-format',
      `cannot tell the format of ${output} from its extension; give --format csv, ndjson or parquet`,
    )
  return known
}

interface Totals {
  rows: number
  anomalies: number
  /** Missing numbers that became the training median. */
  imputed: number
  /** Texts that training did not see, or too rarely to tell them from others. */
  unseen: number
  /** Rows that could not be scored. */
  invalid: number
  /** Of them, rows before the first full window of their group. */
  incompleteWindows: number
}

async function writeScores(
  source: Source,
  model: Model,
  format: RowFormat,
  flags: ScoreFlags,
  terminal: Terminal,
): Promise<Totals> {
  const strict = flags.strict ?? false
  const id = keysOf(source, flags.id)
  const columns = outputColumns(source, model, id, flags)
  const totals: Totals = { rows: 0, anomalies: 0, imputed: 0, unseen: 0, invalid: 0, incompleteWindows: 0 }
  const { openRowWriter } = await import('toll/node')
  // Opened with the first scored rows, so that an early failure leaves standard output empty.
  let writer: RowWriter | undefined
  let first: InvalidRow | undefined
  const bar = await terminal.progress('score', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  try {
    const scored = scoreSource(source, model, { passthrough: id, strict, signal: terminal.signal })
    for await (const batch of flags.fdr === undefined ? scored : findDiscoveries(scored, flags.fdr)) {
      writer ??= await openRowWriter(flags.output === '-' ? process.stdout : flags.output, { format, columns })
      await write(writer, batch, columns, id)
      totals.rows += batch.score.length
      totals.imputed += batch.imputed
      totals.unseen += batch.unseen
      totals.invalid += batch.invalid.size
      for (const problem of batch.invalid.values()) {
        if (problem.reason === 'incomplete-window') totals.incompleteWindows++
        first ??= problem
      }
      totals.anomalies += batch.isAnomaly.reduce((sum, flag) => sum + flag, 0)
      bar.update(totals.rows)
    }
    if (totals.invalid > totals.incompleteWindows && totals.invalid === totals.rows)
      throw noScoredRows(first).within(source.name)
    await writer?.close()
  } catch (error) {
    await writer?.abort()
    throw error
  } finally {
    bar.stop()
  }
  return totals
}

function outputColumns(source: Source, model: Model, id: readonly string[], { strict, fdr }: ScoreFlags): Column[] {
  const { heldBack, thresholds = {} } = model.manifest
  if (fdr !== undefined && heldBack.source !== 'held-back')
    throw new TollError(
      'no-rows',
      '--fdr needs p-values, and no rows were held back when the model was fitted: fit it on 50 rows or more',
    )
  const known = source.kind === 'rows' ? source.table.columns : []
  const isFlag = (key: string) => known.some(({ name, kind }) => name === key && kind === 'boolean')
  const keys = id.map((name) => ({ name, kind: isFlag(name) ? 'boolean' : 'category' }) as const)
  const columns: Column[] = [
    ...(keys.length > 0 ? keys : [{ name: 'row', kind: 'number' } as const]),
    ...['score', ...model.manifest.parts].map((name) => ({ name, kind: 'number' }) as const),
    ...(heldBack.source === 'held-back' ? [{ name: 'p_value', kind: 'number' } as const] : []),
    { name: 'is_anomaly', kind: 'boolean' },
    ...Object.keys(thresholds).map((name) => ({ name: decisionOutput(name), kind: 'boolean' }) as const),
    ...(fdr === undefined ? [] : [{ name: 'is_discovery', kind: 'boolean' } as const]),
    ...(strict ? [] : [{ name: 'error', kind: 'category' } as const]),
  ]
  const twice = columns.find(({ name }, i) => columns.findIndex((column) => column.name === name) < i)
  if (twice)
    throw new TollError(
      'duplicate-name',
      `the result would have two columns called '${twice.name}'; rename the key, for example with --sql`,
    )
  return columns
}

/** Rows that are turned into text at once. */
const rowsPerWrite = 16_384

async function write(
  writer: RowWriter,
  batch: Omit<ScoredBatch, 'data' | 'samples'> & Partial<Pick<DiscoveryBatch, 'isDiscovery'>>,
  columns: readonly Column[],
  id: readonly string[],
): Promise<void> {
  const { score, parts, pValue, isAnomaly, alarms, isDiscovery, invalid, firstRow } = batch
  const rows = score.length
  const decisions = [isAnomaly, ...Object.values(alarms), ...(isDiscovery ? [isDiscovery] : [])]
  const marks = decisions.map((flags): OutputValues =>
    Array.from(flags, (flag, row) => (invalid.has(row) ? null : flag === 1)),
  )
  const withErrors = columns.at(-1)?.name === 'error'
  for (let start = 0; start < rows; start += rowsPerWrite) {
    const end = Math.min(start + rowsPerWrite, rows)
    const keys =
      id.length > 0
        ? id.map((name) => batch.passthrough.get(name)!.slice(start, end))
        : [Float64Array.from({ length: end - start }, (_, i) => firstRow + start + i + 1)]
    const numbers = [score, ...Object.values(parts), ...(pValue ? [pValue] : [])].map((values) =>
      values.subarray(start, end),
    )
    const messages = withErrors ? [messagesOf(invalid, start, end)] : []
    await writer.write([...keys, ...numbers, ...marks.map((flags) => flags.slice(start, end)), ...messages])
  }
}

/** Why each of the rows `start`..`end` could not be scored; null where it was. */
function messagesOf(invalid: ReadonlyMap<number, InvalidRow>, start: number, end: number): (string | null)[] {
  const messages: (string | null)[] = []
  for (let row = start; row < end; row++) {
    const problem = invalid.get(row)
    messages.push(problem ? messageOf(problem) : null)
  }
  return messages
}

function describe({ rows, anomalies, imputed, unseen, invalid, incompleteWindows }: Totals): string {
  const others = invalid - incompleteWindows
  return [
    `${rows} rows, ${anomalies} ${anomalies === 1 ? 'anomaly' : 'anomalies'}`,
    ...(imputed > 0 ? [`${imputed} missing numbers replaced by the training median`] : []),
    ...(unseen > 0 ? [`${unseen} ${unseen === 1 ? 'text' : 'texts'} that training had not, or rarely`] : []),
    ...(incompleteWindows > 0 ? [`${incompleteWindows} rows before the first full window have no score`] : []),
    ...(others > 0
      ? [
          `${others} ${others === 1 ? 'row' : 'rows'} could not be scored (see the error column; --strict stops ` +
            'at the first)',
        ]
      : []),
  ].join(', ')
}
