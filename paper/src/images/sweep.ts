// Trials on images as a sweep: how networks and other detectors run on an engine.

import { TollError, type Engine } from 'toll'
import { locate, messageOf } from 'toll/base'
import { runSweep, type Bench, type Sweep, type SweepOptions } from '../sweep/index.js'
import type { LoggedRecord } from './detector-record.js'
import { FeatureCache, runDetectorTrial } from './detector-trial.js'
import { checkImageData, oneClassProblem, oneClassRows, type ImageData } from './one-class.js'
import { isDetectorTrial, planImages, type ImagePlanOptions, type ImageTrial } from './plan.js'
import type { Machine } from './record.js'
import { runNetworkTrial } from './trial.js'

export interface ImageSweepOptions extends Omit<ImagePlanOptions, 'classNames' | 'validationRows'> {
  readonly data: ImageData
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
}

/** Errors: those of `planImages`. */
export async function imageSweep(options: ImageSweepOptions): Promise<Sweep<ImageTrial, LoggedRecord>> {
  const { data } = options
  const { train, validationRows } = data
  return {
    ...(await planImages({ ...options, classNames: train.classes, validationRows })),
    resumable: true,
    // By class, so that detectors with the same features follow each other.
    order: (a, b) =>
      isDetectorTrial(a) && isDetectorTrial(b)
        ? a.key.class - b.key.class
        : Number(isDetectorTrial(b)) - Number(isDetectorTrial(a)),
    check: (missing) => checkProblems(options, missing),
    // The others say whether it is the setting or bad luck of one seed.
    survives: (error) => error instanceof TollError && error.code === 'diverged',
    open: (engine) => openBench(options, engine),
  }
}

function openBench(
  { protocol, setting, data, machine, versions }: ImageSweepOptions,
  engine: Engine,
): Bench<ImageTrial, LoggedRecord> {
  const features = new FeatureCache()
  return {
    run: (trial, { signal, onWork, checkpoint }) => {
      const common = { engine, id: trial.id, machine, versions, signal }
      if (isDetectorTrial(trial))
        return runDetectorTrial({
          ...common,
          features,
          recipe: trial.recipe,
          key: trial.key,
          images: data,
          onShare: (share) => onWork(share * trial.work),
        })
      return runNetworkTrial({
        ...common,
        protocol,
        setting,
        problem: oneClassProblem(protocol, data, trial.key.class, setting.validation),
        key: trial.key,
        checkpoint,
        onSteps: (step) => onWork(step, `step ${step} of ${setting.steps}`),
      })
    },
  }
}

/**
 * The records of all wanted trials, in the order of `planImages`; those that the store lacks are run. Errors:
 * `argument` and `data` for settings and data that do not fit, before anything runs; those of `runSweep`; `diverged`
 * for trials that did, when all others are done.
 */
export async function runImageTrials(
  options: ImageSweepOptions & SweepOptions<ImageTrial, LoggedRecord>,
): Promise<LoggedRecord[]> {
  const { records, failures, missing } = await runSweep(await imageSweep(options), options)
  if (failures.length > 0)
    throw new TollError(
      'loss-not-finite',
      `${failures.length} of ${missing} trials diverged, the others are in the log; ` +
        failures.map(({ trial, error }) => `${messageOf(locate(error, trial.name, {}))}`).join('; '),
      { cause: failures[0].error },
    )
  return [...records.values()]
}

/** What cannot run is said before hours are spent on what can. */
function checkProblems({ protocol, setting, data }: ImageSweepOptions, missing: readonly ImageTrial[]): void {
  const classes = new Set(missing.filter((trial) => !isDetectorTrial(trial)).map(({ key }) => key.class))
  if (classes.size > 0) checkImageData(data)
  for (const normal of classes) {
    const { trainRows } = oneClassRows(protocol, data, normal, setting.validation)
    if (setting.batch > trainRows.length) {
      throw new TollError(
        'out-of-domain',
        `a batch of ${setting.batch} is more than the ${trainRows.length} training images of class ${normal} ` +
          `(${data.train.classes[normal]})`,
        { option: 'batch', value: setting.batch, limit: trainRows.length },
      )
    }
  }
}
