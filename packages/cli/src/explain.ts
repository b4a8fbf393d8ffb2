// toll explain: which columns or pixels make the highest scores of a source, or the scores of chosen rows.

import { basename, extname, join } from 'node:path'
import type { Command } from 'commander'
import { explain, nearestRows, noScoredRows, pickRows, titleOf, type Model, type Neighbour, type PickedRow } from 'toll'
import { integer, joinRows, messageOf, takeRows, TollError, type InvalidRow, type Samples } from 'toll/base'
import { makeFolder, writeFileAtomic } from 'toll/node'
import {
  columnTable,
  describeExplanation,
  explanationReport,
  formatNumber,
  heatMapPng,
  heatOf,
  neighbourTable,
  renderCsv,
  renderReport,
  renderText,
  type ExplainedRow,
  type ExplainedTable,
} from 'toll/report'
import { shellWord } from './columns.js'
import { addEngineOptions, type EngineFlags } from './engine.js'
import { addOutputOptions, append, examples, parameterOption } from './parameters.js'
import { keysOf, scoreSource, streamOf, withModelAndSource } from './scoring.js'
import { addSourceOptions, sourceHelp, withSource, type Source, type SourceFlags } from './source.js'
import type { Terminal } from './terminal.js'

interface ExplainFlags extends SourceFlags, EngineFlags {
  readonly top?: number
  readonly row?: readonly string[]
  readonly id?: string
  readonly columnsShown?: number
  readonly neighbours?: string
  readonly neighbourCount?: number
  readonly seed?: number
  readonly evaluations?: number
  readonly output?: string
  readonly heatMaps?: string
}

const top = integer({ default: 20, min: 1, max: 1000, doc: 'Rows of the highest scores.' })
const columnsShown = integer({
  default: 5,
  min: 1,
  max: 50,
  doc: 'Columns that are shown with each row; .json, .ndjson and .csv have all.',
})
const neighbourCount = integer({ default: 5, min: 1, max: 100, doc: 'Nearest rows of each row.' })
const seed = integer({ default: 0, min: 0, max: 0xffffffff, doc: 'Of the orders that Shapley values are drawn from.' })
const evaluations = integer({
  default: 2048,
  min: 1,
  max: 1e9,
  doc: 'Scores that the Shapley values of one row take, at least two orders of its columns.',
})

const formats = ['.json', '.ndjson', '.csv', '.html']

export function defineExplain(command: Command, terminal: Terminal): void {
  command
    .description(
      'Says which columns, or pixels, make a score: a base and one number per column that add up to it, ' +
        'beside the value and the median of training.',
    )
    .argument('<MODEL>', 'model file')
    .argument('[SOURCE...]', 'table or array file')
  command.optionsGroup('Rows:')
  command
    .addOption(parameterOption('top', top))
    .option('--row <number>', 'explain this row, counted from 1, in place of the highest scores; repeatable', append)
    .option('--id <column>', 'a key that names each row, in place of its number')
    .option('--neighbours <file>', 'a table or array of normal rows, of which the nearest are listed')
    .addOption(parameterOption('neighbourCount', neighbourCount))
  command.optionsGroup('Shapley values (all detectors but toll):')
  command.addOption(parameterOption('evaluations', evaluations)).addOption(parameterOption('seed', seed))
  command.optionsGroup('Result:')
  command
    .addOption(parameterOption('columnsShown', columnsShown))
    .option('-o, --output <file>', 'file to write: .html, .json, .ndjson or .csv')
    .option('--heat-maps <folder>', 'images: write the heat map of each as a PNG file')
  addSourceOptions(command)
  addEngineOptions(command)
  addOutputOptions(command)
  examples(
    command,
    [
      'toll explain model.onnx new.csv --top 20',
      'toll explain model.onnx new.csv --id account -o why.html --neighbours normal.csv',
      'toll explain model.onnx new.parquet --row 17 --row 204 --json',
    ],
    `${sourceHelp}\nRows that cannot be scored are counted and left out.`,
  )
  command.action((path: string, sources: string[], flags: ExplainFlags) => runExplain(path, sources, flags, terminal))
}

/** Rows that are to be explained, with the names of each. */
interface Chosen {
  readonly data: Samples
  readonly titles: readonly (string | number)[]
}

interface Outcome {
  readonly explained: ExplainedTable
  readonly chosen: Chosen
  /** Rows of the source, by their title, that have no explanation. */
  readonly invalid: readonly (InvalidRow & { readonly row: string | number })[]
  readonly neighbours?: readonly (readonly Neighbour[])[]
}

async function runExplain(
  path: string,
  sources: readonly string[],
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<void> {
  const wanted = flags.row?.map(readRow)
  const { output } = flags
  const format = output === undefined ? undefined : extname(output).toLowerCase()
  if (format !== undefined && !formats.includes(format))
    throw new TollError(
      'unsupported-format',
      `cannot tell the format of ${output} from its extension; name it ${formats.join(', ')}`,
    )
  if (output !== undefined) await terminal.files.writes('--output', output)
  const name = sources.join(' ') || 'a query'
  const { outcome, range } = await withModelAndSource(path, sources, flags, terminal, async (model, source) => {
    const { input } = model.manifest
    if (flags.heatMaps !== undefined && input.kind !== 'image')
      throw new TollError('out-of-domain', '--heat-maps draws images; this model scores tables')
    return {
      outcome: await explainSource(source, model, wanted, flags, terminal),
      range: input.kind === 'image' ? input.range : undefined,
    }
  })
  const { explained, chosen, invalid, neighbours } = outcome
  const document = {
    model: path,
    source: name,
    ...explained,
    ...(neighbours && { neighbours }),
    invalid,
  }
  if (flags.heatMaps !== undefined) await writeHeatMaps(explained, flags.heatMaps, terminal)
  if (output !== undefined) {
    const images = chosen.data.kind === 'table' ? undefined : chosen.data
    const command = `toll explain ${[path, ...sources].map(shellWord).join(' ')}`
    await writeFileAtomic(
      output,
      format === '.html'
        ? renderReport(
            await explanationReport(explained, {
              source: sources.map((source) => basename(source)).join(' ') || name,
              command,
              ...(images && { images }),
              ...(range && { range }),
              ...(neighbours && { neighbours }),
              ...(flags.columnsShown !== undefined && { columnsShown: flags.columnsShown }),
            }),
          )
        : format === '.json'
          ? `${JSON.stringify(document, undefined, 2)}\n`
          : format === '.ndjson'
            ? explained.rows
                .map((row, i) => `${JSON.stringify({ ...row, ...(neighbours && { neighbours: neighbours[i] }) })}\n`)
                .join('')
            : renderCsv(longTable(explained)),
    )
  }
  for (const problem of invalid) terminal.note(`row ${problem.row}: ${messageOf(problem)}`)
  if (output === undefined) terminal.result(document, describe(outcome, flags.columnsShown ?? columnsShown.default))
  else
    terminal.summary(
      document,
      `${output}: ${explained.rows.length} rows ` +
        `explained${invalid.length > 0 ? `, ${invalid.length} could not be scored or explained` : ''}`,
    )
}

function readRow(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new TollError('out-of-domain', `--row takes the number of a row, from 1, got '${text}'`)
  return Number(text)
}

async function explainSource(
  source: Source,
  model: Model,
  wanted: readonly number[] | undefined,
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<Outcome> {
  const { signal } = terminal
  const { invalid, ...chosen } = await choose(source, model, wanted, flags, terminal)
  const bar = await terminal.progress('explain', chosen.titles.length, 'rows')
  try {
    const explanation = await explain(model, chosen.data, {
      invalidRows: 'mark',
      signal,
      onProgress: (rows) => bar.update(rows),
      ...(flags.seed !== undefined && { seed: flags.seed }),
      ...(flags.evaluations !== undefined && { evaluations: flags.evaluations }),
    })
    const rows = explanation.rows.map(({ row }) => row)
    const data = takeRows(chosen.data, rows)
    const titles = rows.map((row) => chosen.titles[row])
    const near =
      flags.neighbours === undefined ? undefined : await neighboursOf(flags.neighbours, model, data, flags, terminal)
    const unexplained = [...explanation.invalid].map(([row, problem]) => ({ row: chosen.titles[row], ...problem }))
    return {
      explained: describeExplanation(model, chosen.data, explanation, chosen.titles),
      chosen: { data, titles },
      invalid: [...invalid, ...unexplained],
      ...(near && { neighbours: near }),
    }
  } finally {
    bar.stop()
  }
}

async function neighboursOf(
  path: string,
  model: Model,
  data: Samples,
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<Neighbour[][]> {
  // The table of normal rows is read as SOURCE is, but is a file of its own.
  const { sql: _, ...reading } = flags
  const nearest = (source: Source) =>
    nearestRows(model, data, streamOf(source), {
      signal: terminal.signal,
      ...(flags.neighbourCount !== undefined && { count: flags.neighbourCount }),
    })
  return withSource([path], reading, terminal, nearest, model.manifest)
}

/** The rows to explain, read in bounded memory: those named, or those of the highest scores, highest first. */
async function choose(
  source: Source,
  model: Model,
  wanted: readonly number[] | undefined,
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<Chosen & Pick<Outcome, 'invalid'>> {
  const [id] = keysOf(source, flags.id === undefined ? [] : [flags.id])
  const scored = scoreSource(source, model, { passthrough: id === undefined ? [] : [id], signal: terminal.signal })
  const { picked, rows, ...rest } = await pickRows(
    scored,
    wanted ? { rows: wanted.map((row) => row - 1) } : { top: flags.top ?? top.default },
  )
  const nameOf = ({ row, passthrough }: Pick<PickedRow, 'row' | 'passthrough'>) =>
    titleOf(id === undefined ? null : passthrough.get(id), row)
  const invalid = rest.invalid.map(({ passthrough, ...problem }) => ({
    ...problem,
    row: nameOf({ passthrough, ...problem }),
  }))
  const missing = wanted?.find((row) => row > rows)
  if (missing !== undefined)
    throw new TollError('out-of-domain', `--row ${missing} is beyond the ${rows} rows of ${source.name}`)
  if (picked.length === 0) throw noScoredRows(invalid[0], invalid[0]?.row).within(source.name)
  return { data: joinRows(picked.map(({ samples }) => samples)), titles: picked.map(nameOf), invalid }
}

function longTable({ rows, shape }: ExplainedTable) {
  const names = Object.keys(rows[0]?.columns[0]?.parts ?? {})
  const fixed = [
    'row',
    'score',
    'p_value',
    'is_anomaly',
    'base',
    'remainder',
    'rank',
    'column',
    'value',
    'typical',
    'contribution',
  ]
  const start = (row: ExplainedRow) => [
    row.row,
    row.score,
    row.pValue ?? null,
    String(row.isAnomaly),
    row.base,
    row.remainder,
  ]
  return {
    columns: [...fixed, ...names].map((title) => ({ title })),
    rows: rows.flatMap((row) =>
      shape
        ? row.pixels!.map((pixel, p) => [...start(row), null, `pixel ${p}`, null, null, pixel])
        : row.columns.map((column, i) => [
            ...start(row),
            i + 1,
            column.column,
            column.value,
            column.typical,
            column.contribution,
            ...names.map((name) => column.parts[name]),
          ]),
    ),
  }
}

async function writeHeatMaps({ rows, shape }: ExplainedTable, folder: string, { files }: Terminal): Promise<void> {
  await makeFolder(folder)
  const [, height, width] = shape!
  const maps = rows.map(({ row, pixels }) => ({ path: join(folder, `row-${row}.png`), pixels: pixels! }))
  for (const { path } of maps) await files.writes('--heat-maps', path)
  for (const { path, pixels } of maps)
    await writeFileAtomic(path, await heatMapPng(heatOf(pixels, shape!), { width, height }))
}

function describe({ explained, neighbours }: Outcome, shown: number): string {
  const { base, threshold, shape } = explained
  const blocks = explained.rows.map((row, i) => {
    const p = row.pValue === undefined ? '' : `, p ${formatNumber(row.pValue)}`
    const head =
      `row ${row.row}: score ${formatNumber(row.score)}${p}, ${row.isAnomaly ? 'above' : 'not above'} the ` +
      `threshold ${formatNumber(threshold)}\n` +
      `base ${formatNumber(row.base)}, ${shape ? 'pixels' : 'columns'} ` +
      `${formatNumber(row.score - row.base)}, remainder ` +
      `${Math.abs(row.remainder) < 1e-9 ? 0 : Number((100 * row.remainder).toPrecision(2))} % of the score`
    const { caption: _, ...columns } = columnTable(row.columns.slice(0, shown))
    const rest = row.columns.slice(shown)
    const others =
      rest.length === 0
        ? ''
        : `${rest.length} other columns: ` +
          `${formatNumber(rest.reduce((sum, { contribution }) => sum + contribution, 0))}\n`
    return [
      head,
      shape ? heatText(row, shape) : `${renderText(columns)}${others}`,
      ...(neighbours ? [renderText(neighbourTable(neighbours[i]))] : []),
    ].join('\n')
  })
  return `${blocks.join('\n')}\nBase: ${base.name}. Base and contributions add up to the score.`
}

/** Where an image's largest contribution is. */
function heatText({ pixels }: ExplainedRow, shape: readonly [number, number, number]): string {
  const heat = heatOf(pixels!, shape)
  const strongest = heat.reduce((best, value, p) => (Math.abs(value) > Math.abs(heat[best]) ? p : best), 0)
  return (
    `strongest pixel: line ${Math.floor(strongest / shape[2]) + 1}, column ${(strongest % shape[2]) + 1}, ` +
    `${formatNumber(heat[strongest])}; -o FILE.html or --heat-maps FOLDER show all\n`
  )
}
