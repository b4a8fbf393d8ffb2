// toll drift: new data against what a model was trained on, column by column and on the score.

import type { Command } from 'commander'
import { measureDrift, type Drift, type Model } from 'toll'
import { integer, locate, real, type ColumnKind } from 'toll/base'
import { renderText } from 'toll/report'
import { addEngineOptions, type EngineFlags } from './engine.js'
import { addOutputOptions, examples, parameterOption } from './parameters.js'
import { streamOf, withModelAndSource } from './scoring.js'
import { addSourceOptions, sourceHelp, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

const settings = {
  fdr: real({
    default: 0.05,
    min: 0,
    aboveMin: true,
    max: 1,
    belowMax: true,
    doc: 'Of what is called drift, at most this share has not changed, in expectation.',
  }),
  top: integer({ default: 20, min: 1, max: 1e6, doc: 'Columns to show, those of the smallest p-values first.' }),
}

interface DriftFlags extends SourceFlags, EngineFlags {
  readonly fdr?: number
  readonly top?: number
}

export function defineDrift(command: Command, terminal: Terminal): void {
  command
    .description(
      'Compares new data with what a model was trained on, per column and on the score: p-values, effect ' +
        'sizes, missing numbers.',
    )
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'table or array file to compare')
  command.optionsGroup('Result:')
  for (const name of ['fdr', 'top'] as const) command.addOption(parameterOption(name, settings[name]))
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(
    command,
    ['toll drift model.onnx this-week.csv', 'toll drift model.onnx "days/*.parquet" --fdr 0.01 --json | jq .score'],
    `${sourceHelp}\nThe exit code is 0 whether there is drift or not; --json says so in "drifted".`,
  )
  command.action((path: string, sources: string[], flags: DriftFlags) => runDrift(path, sources, flags, terminal))
}

async function runDrift(
  path: string,
  sources: readonly string[],
  flags: DriftFlags,
  terminal: Terminal,
): Promise<void> {
  const drift = await withModelAndSource(path, sources, flags, terminal, (model, source) =>
    measure(source, model, flags.fdr ?? settings.fdr.default, terminal),
  )
  terminal.result(drift, describe(drift, flags.top ?? settings.top.default))
}

async function measure(source: Source, model: Model, fdr: number, terminal: Terminal): Promise<Drift> {
  const bar = await terminal.progress('drift', source.kind === 'rows' ? source.table.rowCount : undefined, 'rows')
  try {
    return await measureDrift(model, streamOf(source), {
      fdr,
      signal: terminal.signal,
      onProgress: (rows) => bar.update(rows),
    })
  } catch (error) {
    throw source.kind === 'array' ? locate(error, source.name) : error
  } finally {
    bar.stop()
  }
}

const held: Readonly<Record<ColumnKind, string>> = {
  number: 'numbers',
  boolean: 'flags',
  category: 'texts',
  time: 'times',
}

function describe({ rows, fdr, drifted, score, columns, invalidCells, retyped = [] }: Drift, top: number): string {
  const p = (value: number) => (value === 0 ? '< 1e-300' : value < 1e-4 ? value.toExponential(1) : value.toFixed(4))
  const percent = (value: number) => `${Number((100 * value).toPrecision(3))} %`
  const mark = (called: boolean) => (called ? 'drift' : '')
  const shown = columns.slice(0, top)
  const table =
    columns.length === 0
      ? []
      : [
          renderText({
            columns: [
              { title: 'Column' },
              ...['p-value', '', 'PSI', 'distance', 'missing before', 'now', 'outside'].map(
                (title) => ({ title, align: 'right' }) as const,
              ),
            ],
            rows: shown.map((column) => [
              column.column,
              p(column.pValue),
              mark(column.drifted),
              column.psi.toFixed(3),
              column.distance.toFixed(3),
              percent(column.missing.trained),
              percent(column.missing.now),
              percent(column.outside),
            ]),
          }),
        ]
  const drifting = columns.filter((column) => column.drifted).length
  return [
    ...table,
    ...(shown.length < columns.length
      ? [`... and ${columns.length - shown.length} more columns, of larger p-values; --top shows more`]
      : []),
    ...(score
      ? [
          `Score: ${score.drifted ? 'drift' : 'no drift'}, p-value ${p(score.pValue)}, distance ` +
            `${score.distance.toFixed(3)}, Cliff's delta ${score.cliffsDelta.toFixed(3)} ` +
            `(a new row scores higher than a held-back one with chance ${score.auroc.toFixed(3)}); ` +
            `${percent(score.called.now)} of rows are above the threshold, ${percent(score.called.heldBack)} of ` +
            'held-back rows were.',
        ]
      : [
          retyped.length > 0
            ? 'No row could be scored: the score is not compared.'
            : 'No rows were held back when the model was fitted: the score is not compared.',
        ]),
    ...retyped.map(
      ({ column, trained, now }) => `Column ${column} holds ${held[now]} now; in training it held ${held[trained]}.`,
    ),
    ...(invalidCells
      ? [
          `${invalidCells.rows} of ${rows.now} rows ${invalidCells.rows === 1 ? 'holds' : 'hold'} a cell that is ` +
            'not what its column held in ' +
            `training${invalidCells.drifted ? `: drift, p-value ${p(invalidCells.pValue)}` : ''}.`,
        ]
      : []),
    (drifted
      ? `Drift in ${drifting + retyped.length} of ${columns.length + retyped.length} columns` +
        (score?.drifted ? ' and in the score' : '') +
        (invalidCells?.drifted ? ', and in rows that cannot be read' : '')
      : 'No drift') +
      ', ' +
      `at a false discovery rate of ${fdr}, by ${rows.now} rows.`,
    ...(rows.invalid > 0 && retyped.length === 0
      ? [
          `${rows.invalid} ${rows.invalid === 1 ? 'row' : 'rows'} could not be scored and ` +
            `${rows.invalid === 1 ? 'is' : 'are'} left out of the score.`,
        ]
      : []),
  ].join('\n')
}
