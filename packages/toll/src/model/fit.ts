// From raw data to a model: hold normal rows out, fit the preprocessing and the detector to the others, score what was
// held out, set the threshold. Each stage is a file of its own.

import {
  samplesOf,
  type ColumnKind,
  type Domains,
  type Reading,
  type RowOrder,
  type Samples,
  type SamplesLike,
  type Values,
} from '../base/index.js'
import type { Detector, FitContext } from '../detectors/index.js'
import type { LeftOut, WindowSettings } from '../preprocess/index.js'
import { checkEngine, release, sharedEngine, type Engine } from '../runtime/index.js'
import type { ThresholdRule } from '../threshold/index.js'
import { calibrate } from './calibrate.js'
import { draftFile, encode } from './encode.js'
import { fitDetector } from './fit-detector.js'
import { fitPreprocessing } from './fit-preprocessing.js'
import { Model } from './model.js'
import { explainOverflow } from './overflow.js'
import { prepare } from './prepare.js'
import { splitSamples } from './split.js'

export interface FitOptions<D extends Domains = Domains> extends Partial<Omit<FitContext, 'engine'>>, RowOrder {
  /** Default: one that all models without an engine of their own share. */
  readonly engine?: Engine
  /** A detector, or the name of one (`detectors`); default Toll. */
  readonly detector?: Detector<D> | string
  /** The detector's parameters; what is left out takes its default. */
  readonly parameters?: Partial<Values<D>>
  /** How columns or pixels are scaled; default `standard`. */
  readonly scale?: string
  /**
   * What columns of a table are, where it is not what `inferSchema` makes of them; a column that is named here is never
   * left out.
   */
  readonly types?: Readonly<Record<string, ColumnKind>>
  /** Columns of the source that are not in the table, and why: the model keeps their names. */
  readonly leftOut?: readonly LeftOut[]
  /** How the file of the table was said to be written: the model keeps it for the files that it scores. */
  readonly reading?: Reading
  /** 1 = anomaly, one per row: left out of training by detectors that learn from normal data. */
  readonly labels?: ArrayLike<number>
  /** Non-negative weight of each row; default 1. */
  readonly weights?: ArrayLike<number>
  /**
   * Share of the normal rows that training does not see, in [0, 0.9]; default 0.1. Below `minRowsToSplit` normal
   * rows none is held out. With `groups` whole groups are held out, with `time` the latest rows.
   */
  readonly holdOut?: number
  /**
   * Learns from windows of a table's rows, in order of `time` and within `groups`: the model takes the columns of
   * `slideWindows`. A window that holds a labelled anomaly is one. The manifest keeps the settings, and the names that
   * the rows' group and time have.
   */
  readonly window?: Partial<WindowSettings> & { readonly group?: string; readonly time?: string }
  /**
   * Default: the 0.99 quantile of the held-out scores. Rules about labels use the labelled anomalies and the held-out
   * normal rows.
   */
  readonly threshold?: ThresholdRule
}

/**
 * Fits a detector to a table (or rows of values, or objects) or to images (n, channels, height, width) of mostly normal
 * rows and returns a model that
 * scores and saves. The same data, options and seed give the same model on the same machine at the same number of
 * threads. Errors: `argument` for parameters outside their domain, `data` and `shape` for data that cannot be learned
 * from (`overflow` names columns whose numbers are too large), `diverged`, `aborted`.
 */
export async function fit<D extends Domains>(given: SamplesLike, options: FitOptions<D> = {}): Promise<Model> {
  const source = samplesOf(given)
  checkEngine(options.engine)
  const engine = options.engine ?? (await sharedEngine())
  try {
    return await fitOn(engine, source, options)
  } finally {
    // The model has a share of its own.
    if (options.engine === undefined) await release(engine)
  }
}

async function fitOn<D extends Domains>(engine: Engine, source: Samples, options: FitOptions<D>): Promise<Model> {
  const preparation = prepare(source, { ...options, engine })
  const split = splitSamples(preparation)
  try {
    const preprocessed = fitPreprocessing(preparation, split)
    const fitted = await fitDetector(preparation, split, preprocessed)
    const draft = await draftFile(preparation, split, preprocessed, fitted)
    const calibration = await calibrate(draft, preparation, split, preprocessed)
    return new Model(encode(draft, calibration), engine)
  } catch (error) {
    throw explainOverflow(error, preparation.given)
  }
}
