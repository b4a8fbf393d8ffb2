// From raw data to a model: hold normal rows back, fit the preprocessing, fit the detector, score what was held back,
// set the threshold.

import {
  Random,
  TollError,
  resolveParameters,
  rowCount,
  takeRows,
  version,
  type Domains,
  type FloatArray,
  type NdArray,
  type Values,
  type Samples,
} from '../base/index.js'
import { toll, type Detector, type FitContext, type FittedDetector, type TrainingData } from '../detectors/index.js'
import { input, opsetVersion, type Tensor } from '../graph/index.js'
import {
  fitImagePreprocessing,
  dropEmpty,
  fitTablePreprocessing,
  imageParameters,
  inferSchema,
  profileColumns,
  slideWindows,
  summarize,
  tableParameters,
  typicalImage,
  type FeatureKind,
  type LeftOut,
  type RowOrder,
  type WindowSettings,
  type Windows,
} from '../preprocess/index.js'
import type { Engine, HostTensors } from '../runtime/index.js'
import {
  checkThreshold,
  defaultThresholdRule,
  fitThreshold,
  needsLabels,
  type ThresholdRule,
} from '../threshold/index.js'
import { compose, encodeFile, inputColumns, largestBatchOf, prepare } from './compose.js'
import { divide } from './division.js'
import { columnInput, feedTable } from './feeding.js'
import { fingerprint } from './fingerprint.js'
import { manifestFormat, type HeldBack, type Manifest, type ModelInput } from './manifest.js'
import { Model } from './model.js'

export interface FitOptions<D extends Domains = Domains> extends Partial<Omit<FitContext, 'engine'>>, RowOrder {
  readonly engine: Engine
  /** Default Toll. */
  readonly detector?: Detector<D>
  /** The detector's parameters; what is left out takes its default. */
  readonly parameters?: Partial<Values<D>>
  /** How columns or pixels are scaled; default `standard`. */
  readonly scale?: string
  /**
   * What columns of a table are, where it is not what `inferSchema` makes of them; a column that is named here is never
   * left out.
   */
  readonly types?: Readonly<Record<string, FeatureKind>>
  /** Columns of the source that are not in the table, and why: the model keeps their names. */
  readonly leftOut?: readonly LeftOut[]
  /** 1 = anomaly, one per row: left out of training by detectors that learn from normal data. */
  readonly labels?: ArrayLike<number>
  /** Non-negative weight of each row; default 1. */
  readonly weights?: ArrayLike<number>
  /**
   * Share of the normal rows that training does not see, in [0, 0.9]; default 0.1. Below `fewestRows` normal rows none
   * is held back. With `groups` whole groups are held back, with `time` the latest rows.
   */
  readonly holdOut?: number
  /**
   * Learns from windows of a table's rows, in order of `time` and within `groups`: the model takes the columns of
   * `slideWindows`. A window that holds a labelled anomaly is one. The manifest keeps the settings, and the names that
   * the rows' group and time have.
   */
  readonly window?: Partial<WindowSettings> & { readonly group?: string; readonly time?: string }
  /**
   * Default: the 0.99 quantile of the held-back scores. Rules about labels use the labelled anomalies beside the
   * held-back normal rows.
   */
  readonly threshold?: ThresholdRule
}

/**
 * Fits a detector to a table or to images (n, channels, height, width) of mostly normal rows and returns a model that
 * scores and saves. The same data, options and seed give the same model on the same machine at the same number of
 * threads. Errors: `argument` for parameters outside their domain, `data` and `shape` for data that cannot be learned
 * from, `diverged`, `aborted`.
 */
export async function fit<D extends Domains>(source: Samples, options: FitOptions<D>): Promise<Model> {
  const { engine, seed = 0, signal, onProgress, checkpoint, groups, time, holdOut = 0.1 } = options
  const detector = (options.detector ?? toll) as unknown as Detector
  const parameters = resolveParameters(detector.parameters, options.parameters ?? {}, `${detector.name} parameter`)
  const kind = source.kind === 'table' ? 'table' : 'image'
  if (!detector.accepts.includes(kind))
    throw new TollError(
      'unsupported-input',
      `detector '${detector.name}' does not take ${kind}s; it takes ${detector.accepts.join(' and ')}s`,
    )
  for (const [what, values] of Object.entries({ groups, times: time }))
    if (values) checkedLength(what, values, rowCount(source))
  const schema = source.kind === 'table' ? inferSchema(source, options.types) : { table: source, leftOut: [] }
  const windows = options.window && windowsOf(schema.table, options)
  const samplesGiven = windows?.table ?? schema.table
  const ofRows = checkedLabels(options.labels, rowCount(source))
  const labels =
    ofRows && windows
      ? Uint8Array.from(windows.members, (rows) => Number(rows.some((row) => ofRows[row] === 1)))
      : ofRows
  if (options.weights && !detector.takesWeights)
    throw new TollError(
      'conflicting-options',
      `detector '${detector.name}' does not take weights of rows; leave them out`,
    )
  const weights = options.weights && checkedLength('weights', options.weights, rowCount(samplesGiven))
  const {
    anomalies,
    heldBack,
    training,
    by,
    groups: groupsHeld,
  } = divide(rowCount(samplesGiven), {
    labels,
    groups,
    time,
    windows,
    holdOut,
    random: Random.seeded(seed).fork('held-back'),
  })
  if (options.threshold) checkThreshold(options.threshold, heldBack.length > 0 ? heldBack.length : training.length)
  const { table: given, leftOut } =
    schema.table.kind === 'table' && !windows ? dropEmpty(schema.table, training, schema.leftOut) : schema
  const data = windows?.table ?? given
  const take = (rows: readonly number[]) => takeRows(data, rows)

  const { preprocessing, port, inputs, samples } = fitPreprocessing(take(training), detector, options.scale)
  const trainingRows = [...training, ...anomalies]
  const trainingData: TrainingData = {
    samples: await runPreparation(engine, take(trainingRows), { inputs, samples, port }),
    ...(labels && { labels: Uint8Array.from(trainingRows, (row) => labels[row]) }),
    ...(weights && { weights: Float32Array.from(trainingRows, (row) => weights[row]) }),
  }
  const fitted = await detector.fit(trainingData, parameters, { engine, seed, signal, onProgress, checkpoint })
  return assemble(
    {
      given,
      leftOut: [...(options.leftOut ?? []), ...leftOut],
      ...(options.window && { window: windowOf(options.window, given) }),
      options,
      detector,
      parameters,
      seed,
      preprocessing,
      port,
      fitted,
      engine,
    },
    {
      heldBack:
        heldBack.length > 0
          ? { source: 'held-back', data: take(heldBack), by, groups: groupsHeld, share: holdOut }
          : { source: 'training', data: take(training), share: holdOut },
      ...(anomalies.length > 0 && { anomalies: take(anomalies) }),
      rows: { given: rowCount(data), trained: training.length, anomalies: anomalies.length },
      ...(given.kind === 'table' && {
        profile: profileColumns(
          given,
          Array.from({ length: given.rows }, (_, row) => row).filter((row) => ofRows?.[row] !== 1),
        ),
      }),
    },
  )
}

interface Parts {
  readonly given: Samples
  readonly leftOut: readonly LeftOut[]
  readonly window?: Manifest['window']
  readonly options: Pick<FitOptions, 'threshold' | 'signal'>
  readonly detector: Detector
  readonly parameters: Values<Domains>
  readonly seed: number
  readonly preprocessing: Manifest['preprocessing']
  readonly port: ModelInput
  readonly fitted: FittedDetector
  readonly engine: Engine
}

/**
 * Composes the file with a provisional threshold, scores the held-back rows with it, and puts the real threshold in.
 */
async function assemble(
  { given, leftOut, window, options, detector, parameters, seed, preprocessing, port, fitted, engine }: Parts,
  {
    heldBack: { data: heldBackData, ...heldBack },
    anomalies,
    rows,
    profile,
  }: {
    heldBack: Omit<HeldBack, 'scores'> & { data: Samples }
    anomalies?: Samples
    rows: Manifest['rows']
    profile?: Manifest['profile']
  },
): Promise<Model> {
  const draft = compose({ preprocessing, input: port, detector, fitted })
  // The names of the parts are known only now: a column may be called like one of them.
  const input_ =
    port.kind === 'table'
      ? {
          ...port,
          columns: inputColumns(port.columns, Object.keys(draft.parts)),
          ...(leftOut.length > 0 && { leftOut }),
        }
      : port
  const composed = compose({ preprocessing, input: input_, detector, fitted })
  const provisional: Manifest = {
    format: manifestFormat,
    detector: detector.name,
    parameters,
    seed,
    input: input_,
    preprocessing,
    parts: Object.keys(composed.parts),
    largestBatch: largestBatchOf(composed),
    threshold: { kind: 'fixed', value: 0 },
    heldBack: { ...heldBack, scores: [] },
    ...(window && { window }),
    ...(profile && { profile }),
    rows,
    dataFingerprint: await fingerprint(given),
    containsTrainingRows: fitted.containsTrainingRows,
    training: fitted.summary,
    versions: { toll: version, opset: String(opsetVersion) },
  }
  const model = new Model(encodeFile(composed, provisional), engine)
  const scoresOf = async (rows: Samples) => Array.from((await model.score(rows, { signal: options.signal })).score)
  const normal = await scoresOf(heldBackData)
  // Rows with labels that training did not see: what rules about labels need.
  const rule = options.threshold ?? defaultThresholdRule
  const labelled = anomalies && heldBack.source === 'held-back' && needsLabels(rule) ? await scoresOf(anomalies) : []
  await model.close()
  const scores = normal.toSorted((a, b) => a - b)
  const threshold = fitThreshold(
    rule,
    scores,
    labelled.length === 0
      ? undefined
      : {
          scores: [...normal, ...labelled],
          labels: [...normal.map(() => 0), ...labelled.map(() => 1)],
        },
  )
  return new Model(encodeFile(composed, { ...provisional, heldBack: { ...heldBack, scores }, threshold }), engine)
}

interface Preparation {
  readonly inputs: readonly Tensor[]
  readonly samples: Tensor
  readonly port: ModelInput
}

function fitPreprocessing(
  data: Samples,
  detector: Detector,
  scale = 'standard',
): Preparation & { preprocessing: Manifest['preprocessing'] } {
  if (data.kind === 'table') {
    const summary = summarize(data)
    const preprocessing = fitTablePreprocessing(
      data,
      summary,
      resolveParameters(tableParameters, { scale: scale as never }, 'option'),
    )
    const port = { kind: 'table', columns: inputColumns(summary, []) } as const
    const inputs = port.columns.map((column) => columnInput(column, 'batch'))
    return { preprocessing, port, inputs, samples: prepare(preprocessing, inputs, detector) }
  }
  const preprocessing = fitImagePreprocessing(
    data,
    resolveParameters(imageParameters, { scale: scale as never }, 'option'),
  )
  const port = {
    kind: 'image',
    input: 'image',
    layout: 'NCHW',
    shape: preprocessing.shape,
    range: preprocessing.range,
    typical: typicalImage(data, preprocessing.range),
  } as const
  const inputs = [input(port.input, ['batch', ...port.shape])]
  return { preprocessing, port, inputs, samples: prepare(preprocessing, inputs, detector) }
}

/** Runs the preprocessing as the model file will: the detector trains on what it will score. */
async function runPreparation(engine: Engine, data: Samples, { inputs, samples, port }: Preparation): Promise<NdArray> {
  const session = await engine.load({ inputs, outputs: { samples } })
  try {
    const feeds: HostTensors =
      data.kind === 'table'
        ? feedTable(data, port.kind === 'table' ? port.columns : []).feeds(0, data.rows)
        : { image: { dtype: 'float32', shape: data.shape, data: Float32Array.from(data.data) } }
    const result = await session.run(feeds)
    return { shape: result.samples.shape, data: result.samples.data as FloatArray }
  } finally {
    await session.close()
  }
}

function windowsOf(
  data: Samples,
  { window, weights, ...order }: Pick<FitOptions, 'window' | 'weights' | 'groups' | 'time'>,
): Windows {
  if (data.kind !== 'table')
    throw new TollError('unsupported-input', 'windows are made of the rows of tables, got images')
  if (weights) throw new TollError('conflicting-options', 'weights of rows do not go with windows; leave them out')
  return slideWindows(data, window!, order)
}

function windowOf(
  { size = 1, stride = 1, group, time }: NonNullable<FitOptions['window']>,
  data: Samples,
): Manifest['window'] {
  const columns = data.kind === 'table' ? data.names : []
  return { size, stride, columns, ...(group !== undefined && { group }), ...(time !== undefined && { time }) }
}

function checkedLabels(labels: ArrayLike<number> | undefined, rows: number): Uint8Array | undefined {
  if (!labels) return undefined
  checkedLength('labels', labels, rows)
  return Uint8Array.from(labels, (label, row) => {
    if (label !== 0 && label !== 1)
      throw new TollError('invalid-label', `labels must be 0 (normal) or 1 (anomaly), label ${row} is ${label}`)
    return label
  })
}

function checkedLength<V extends ArrayLike<unknown>>(what: string, values: V, rows: number): V {
  if (values.length !== rows)
    throw new TollError('length-mismatch', `expected ${rows} ${what}, one per row, got ${values.length}`)
  return values
}
