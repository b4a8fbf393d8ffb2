// Stage 1 of a fit: what was given, checked against the detector, as the samples that are learned from: rows of a table
// whose columns have their kinds, windows of such rows, or images.

import {
  TollError,
  namesOf,
  resolveParameters,
  rowCount,
  type Domains,
  type ParameterValue,
  type Samples,
  type Values,
} from '../base/index.js'
import { detectorNamed, toll, type Detector } from '../detectors/index.js'
import { inferSchema, slideWindows, type LeftOut, type Windows } from '../preprocess/index.js'
import type { Engine } from '../runtime/index.js'
import type { FitOptions } from './fit.js'
import type { RowWindow } from './manifest.js'

/** Options with the engine that runs the fit. */
type OnEngine<O> = O & { readonly engine: Engine }

/** A fit whose options are known to go together. */
export interface Preparation {
  readonly options: Pick<
    OnEngine<FitOptions>,
    'engine' | 'scale' | 'reading' | 'groups' | 'time' | 'threshold' | 'signal' | 'onProgress' | 'checkpoint'
  >
  readonly detector: Detector
  readonly parameters: Values<Domains>
  readonly seed: number
  readonly holdOut: number
  /** The rows or images that were given, without the columns that say nothing. */
  readonly given: Samples
  readonly leftOut: readonly LeftOut[]
  /** Windows of the given rows, where those are learned from. */
  readonly windows?: Windows & { readonly settings: RowWindow }
  /** What is learned from: the windows, or what was given. */
  readonly samples: Samples
  /** 1 = anomaly, one per row given, and one per sample. */
  readonly rowLabels?: Uint8Array
  readonly labels?: Uint8Array
  /** Non-negative, one per sample. */
  readonly weights?: ArrayLike<number>
}

/**
 * @throws `argument` for parameters outside their domain and options that do not go together; `shape` for labels,
 * weights, groups or times that are not one per row; `data` for labels other than 0 and 1; errors as `inferSchema` and
 * `slideWindows`.
 */
export function prepare<D extends Domains>(source: Samples, options: OnEngine<FitOptions<D>>): Preparation {
  const { groups, time, seed = 0, holdOut = 0.1 } = options
  const wanted = options.detector ?? toll
  const detector = (typeof wanted === 'string' ? detectorNamed(wanted) : wanted) as unknown as Detector
  const parameters = resolveParameters(
    detector.parameters,
    (options.parameters ?? {}) as Readonly<Record<string, ParameterValue>>,
    `${detector.name} parameter`,
  )
  checkInput(source, detector)
  for (const [what, values] of Object.entries({ groups, times: time }))
    if (values) checkLength(what, values, rowCount(source))
  const schema = source.kind === 'table' ? inferSchema(source, options.types) : { table: source, leftOut: [] }
  const windows = options.window && windowsOf(schema.table, options)
  const samples = windows?.table ?? schema.table
  const rowLabels = checkedLabels(options.labels, rowCount(source))
  const labels = windows ? rowLabels && labelsOfWindows(windows, rowLabels) : rowLabels
  const weights = checkedWeights(options.weights, detector, rowCount(samples))
  return {
    options,
    detector,
    parameters,
    seed,
    holdOut,
    given: schema.table,
    leftOut: [...(options.leftOut ?? []), ...schema.leftOut],
    ...(windows && { windows }),
    samples,
    ...(rowLabels && { rowLabels }),
    ...(labels && { labels }),
    ...(weights && { weights }),
  }
}

function checkInput(source: Samples, { name, accepts }: Detector): void {
  const kind = source.kind === 'table' ? 'table' : 'image'
  if (accepts.includes(kind)) return
  throw new TollError(
    'unsupported-input',
    `detector '${name}' does not take ${kind}s; it takes ${accepts.join(' and ')}s`,
    { option: 'detector', value: kind, expected: accepts },
  )
}

function windowsOf(data: Samples, { window, weights, groups, time }: FitOptions): Preparation['windows'] {
  if (data.kind !== 'table')
    throw new TollError('unsupported-input', 'windows are made of the rows of tables, got images', {
      option: 'window',
      value: data.kind,
      expected: 'table',
    })
  if (weights)
    throw new TollError('conflicting-options', 'weights of rows do not go with windows; leave them out', {
      option: 'weights',
    })
  const { size = 1, stride = 1, group, time: timeColumn } = window!
  const settings: RowWindow = {
    size,
    stride,
    columns: namesOf(data.columns),
    ...(group !== undefined && { group }),
    ...(timeColumn !== undefined && { time: timeColumn }),
  }
  return { ...slideWindows(data, { size, stride }, { groups, time }), settings }
}

/** A window that holds an anomaly is one. */
function labelsOfWindows({ members }: Windows, labels: Uint8Array): Uint8Array {
  return Uint8Array.from(members, (rows) => Number(rows.some((row) => labels[row] === 1)))
}

function checkedLabels(labels: ArrayLike<number> | undefined, rows: number): Uint8Array | undefined {
  if (!labels) return undefined
  checkLength('labels', labels, rows)
  return Uint8Array.from(labels, (label, row) => {
    if (label !== 0 && label !== 1)
      throw new TollError('invalid-label', `labels must be 0 (normal) or 1 (anomaly), label ${row} is ${label}`, {
        option: 'labels',
        row,
        value: label,
        expected: ['0', '1'],
      })
    return label
  })
}

function checkedWeights(
  weights: ArrayLike<number> | undefined,
  { name, takesWeights }: Detector,
  samples: number,
): ArrayLike<number> | undefined {
  if (!weights) return undefined
  if (!takesWeights)
    throw new TollError('conflicting-options', `detector '${name}' does not take weights of rows; leave them out`, {
      option: 'weights',
    })
  checkLength('weights', weights, samples)
  return weights
}

function checkLength(what: string, values: ArrayLike<unknown>, rows: number): void {
  if (values.length === rows) return
  throw new TollError('length-mismatch', `expected ${rows} ${what}, one per row, got ${values.length}`, {
    option: what === 'times' ? 'time' : what,
    value: values.length,
    limit: rows,
  })
}
