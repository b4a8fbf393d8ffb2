// `npm run paper -- demo` on Node: digits from the installed package (or a data folder), a model file and a report in a
// folder.

import { join } from 'node:path'
import { saveModel, type Engine } from 'toll'
import { throwIfAborted, type Watched } from 'toll/base'
import { loadImages, makeFolder, writeFileAtomic, type DataFolders } from 'toll/node'
import type { ReportTable } from 'toll/report'
import { renderDemoReport, tabulateDemo } from '../report.js'
import { compareOnDigits, type ComparedDetector, type CompareOptions } from '../compare.js'

export interface DemoOptions extends Watched, Pick<CompareOptions, 'digit' | 'seed' | 'steps'> {
  /** Where `model.onnx` and `report.html` go; made if missing. */
  readonly folder: string
  /** Two with one thread each are fastest on two cores: both detectors train at the same time. */
  readonly engines: readonly Engine[]
  /** Where MNIST is looked for before the installed package; default the environment's. */
  readonly data?: DataFolders
}

export interface DemoMeasures extends Pick<
  ComparedDetector,
  'name' | 'beta' | 'auroc' | 'averagePrecision' | 'decisions'
> {
  readonly threshold: number
}

export interface DemoResult {
  readonly digit: number
  readonly seed: number
  readonly toll: DemoMeasures
  readonly plain: DemoMeasures
  /** The same for a terminal, per cent. */
  readonly table: ReportTable
  readonly modelPath: string
  readonly reportPath: string
}

/**
 * Trains Toll and a plain autoencoder on one class of MNIST, scores the 10,000 test digits with both, writes
 * `model.onnx` (Toll) and `report.html`. Nothing is written before both are whole. Errors: `io`, `argument`,
 * `not-found` (no MNIST), `aborted`.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { folder, signal, onProgress } = options
  throwIfAborted(signal)
  onProgress?.({ phase: 'reading', done: 0, total: 1, message: 'MNIST' })
  const { train, test } = await loadImages('mnist', options.data)
  const comparison = await compareOnDigits({ ...options, train, test })
  onProgress?.({ phase: 'writing', done: 0, total: 2, message: 'report.html' })
  const page = await renderDemoReport(comparison, test)
  throwIfAborted(signal)
  await makeFolder(folder)
  const [modelPath, reportPath] = [join(folder, 'model.onnx'), join(folder, 'report.html')]
  await saveModel(comparison.toll.model, modelPath)
  await writeFileAtomic(reportPath, page)
  await Promise.all([comparison.toll, comparison.plain].map(({ model }) => model.close()))
  onProgress?.({ phase: 'writing', done: 2, total: 2, message: reportPath })
  return {
    digit: comparison.digit,
    seed: comparison.seed,
    toll: measuresOf(comparison.toll),
    plain: measuresOf(comparison.plain),
    table: tabulateDemo(comparison),
    modelPath,
    reportPath,
  }
}

function measuresOf({ name, beta, auroc, averagePrecision, decisions, model }: ComparedDetector): DemoMeasures {
  return { name, beta, auroc, averagePrecision, decisions, threshold: model.manifest.threshold.value }
}
