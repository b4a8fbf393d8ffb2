// Stage 3 of a fit: scaling, filling and categories, learned from the rows that train alone; and with them the inputs
// that the model file takes.

import { resolveParameters, takeRows, type NdArray, type Samples, type Table } from '../base/index.js'
import {
  dropEmpty,
  fitImagePreprocessing,
  fitTablePreprocessing,
  imageParameters,
  summarize,
  tableParameters,
  typicalImage,
  type LeftOut,
} from '../preprocess/index.js'
import { declaredNames, inputColumns, type DeclaredNames, type Encoding } from './compose.js'
import type { Preparation } from './prepare.js'
import type { Split } from './split.js'

export interface Preprocessed {
  /** What was given, and the samples, without columns that have no value in the rows that train. */
  readonly given: Samples
  readonly samples: Samples
  /** From the inputs of the model file to what the detector learns from. */
  readonly encoding: Encoding
  /** The outputs of the file that the detector names: no input is called like one of them. */
  readonly declared: DeclaredNames
}

/** @throws `argument` for an unknown scale; `data` when no column has a value in the rows that train. */
export function fitPreprocessing(preparation: Preparation, { training }: Split): Preprocessed {
  const { detector, parameters, weights, windows, options } = preparation
  const declared = declaredNames(detector, parameters, weights !== undefined)
  const { data: given, leftOut } = withoutEmpty(preparation, training)
  const samples = windows?.table ?? given
  const learned = takeRows(samples, training)
  const fitted =
    learned.kind === 'table'
      ? fitToTable(learned, { leftOut, declared, scale: options.scale })
      : fitToImages(learned, options.scale)
  return { given, samples, encoding: { ...fitted, precision: detector.precision }, declared }
}

/** Columns of windows are kept: a lag may be empty in the training windows only. */
function withoutEmpty(
  { given, leftOut, windows }: Preparation,
  training: readonly number[],
): { readonly data: Samples; readonly leftOut: readonly LeftOut[] } {
  if (given.kind !== 'table' || windows) return { data: given, leftOut }
  const { table, leftOut: all } = dropEmpty(given, training, leftOut)
  return { data: table, leftOut: all }
}

type Fitted = Omit<Encoding, 'precision'>

interface TableOptions {
  readonly leftOut: readonly LeftOut[]
  readonly declared: DeclaredNames
  readonly scale?: string
}

function fitToTable(data: Table, { leftOut, declared, scale = 'standard' }: TableOptions): Fitted {
  const summary = summarize(data)
  const parameters = resolveParameters(tableParameters, { scale: scale as never }, 'option')
  return {
    preprocessing: fitTablePreprocessing(data, summary, parameters),
    input: { kind: 'table', columns: inputColumns(summary, declared), ...(leftOut.length > 0 && { leftOut }) },
  }
}

function fitToImages(images: NdArray, scale = 'standard'): Fitted {
  const preprocessing = fitImagePreprocessing(
    images,
    resolveParameters(imageParameters, { scale: scale as never }, 'option'),
  )
  const { shape, range } = preprocessing
  const typical = typicalImage(images, range)
  return { preprocessing, input: { kind: 'image', input: 'image', layout: 'NCHW', shape, range, typical } }
}
