// Trials of such detectors: which are wanted, which the log has, and the rest over the engines.

import { TollError, type Watched } from 'toll/base'
import type { ImageSet } from 'toll/data'
import type { Engine } from 'toll/runtime'
import { imageBaselines, svmGrid, type ImageBaseline } from './detectors.js'
import type { BaselineKey, BaselineRecord } from './detector-record.js'
import { FeatureCache, runBaselineTrial } from './detector-trial.js'
import type { ImageDataset } from './protocol.js'
import type { Machine } from './record.js'
import { runOnEngines } from 'toll/evaluate'
import { fingerprintSettings } from '../sweep/index.js'

export interface WantedBaselines {
  readonly dataset: ImageDataset
  /** Names of detectors. */
  readonly detectors: readonly string[]
  readonly classes: readonly number[]
  readonly seeds: readonly number[]
}

export interface IdentifiedBaseline {
  readonly baseline: ImageBaseline
  readonly key: BaselineKey
  readonly id: string
}

/** Detectors that have a recipe on images. */
export const baselineNames: readonly string[] = imageBaselines.map(({ detector }) => detector)

/** Detectors that draw nothing have one trial a class. Error: `argument` for a detector without a recipe. */
export async function identifyBaselines({
  dataset,
  detectors,
  classes,
  seeds,
}: WantedBaselines): Promise<IdentifiedBaseline[]> {
  const wanted = detectors.flatMap((name) => {
    const baseline = imageBaselines.find(({ detector }) => detector === name)
    if (!baseline)
      throw new TollError(
        'out-of-domain',
        `there is no recipe for '${name}' on images; there are recipes for ${baselineNames.join(', ')}`,
      )
    return (baseline.seeded ? seeds : seeds.slice(0, 1)).flatMap((seed) =>
      classes.map((normal) => ({ baseline, key: { detector: name, dataset, class: normal, seed } })),
    )
  })
  return Promise.all(
    wanted.map(async ({ baseline, key }) => {
      const { scale, variance, parameters, tuned } = baseline
      const settings = {
        key,
        scale: scale[dataset],
        variance,
        parameters,
        ...(tuned !== 'nothing' && { tuned, grid: svmGrid }),
      }
      return { baseline, key, id: await fingerprintSettings(settings, new Uint8Array(0)) }
    }),
  )
}

export interface BaselineStore {
  readBaselines(): Promise<readonly BaselineRecord[]>
  append(record: BaselineRecord): Promise<void>
}

export interface BaselineTrialsOptions extends Watched {
  readonly wanted: WantedBaselines
  readonly images: { readonly train: ImageSet; readonly test: ImageSet }
  readonly engines: readonly Engine[]
  readonly store: BaselineStore
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly onTrial?: (record: BaselineRecord) => void
}

/**
 * The records of all wanted trials; those that the store lacks are run. Errors: `argument`, `aborted`, those of the
 * detectors with the trial's name.
 */
export async function runBaselineTrials({
  wanted,
  images,
  engines,
  store,
  machine,
  versions,
  signal,
  onProgress,
  onTrial,
}: BaselineTrialsOptions): Promise<BaselineRecord[]> {
  const trials = await identifyBaselines(wanted)
  const known = new Map((await store.readBaselines()).map((record) => [record.id, record]))
  // By class, so that trials with the same features follow each other.
  const missing = trials.filter(({ id }) => !known.has(id)).sort((a, b) => a.key.class - b.key.class)
  const features = new Map(engines.map((engine) => [engine, new FeatureCache()]))
  const shares = new Map<string, number>()
  const fresh = await runOnEngines(
    engines,
    missing,
    async ({ baseline, key, id }, engine, stopped) => {
      const name = `${key.detector}, ${images.train.classes[key.class]}, seed ${key.seed}`
      const onShare = (share: number) => {
        shares.set(id, share)
        const done = trials.length - missing.length + [...shares.values()].reduce((sum, one) => sum + one, 0)
        onProgress?.({ phase: 'other detectors', done, total: trials.length, message: name })
      }
      onShare(0)
      try {
        const record = await runBaselineTrial({
          engine,
          features: features.get(engine)!,
          baseline,
          key,
          id,
          images,
          machine,
          versions,
          signal: stopped,
          onShare,
        })
        await store.append(record)
        onShare(1)
        onTrial?.(record)
        return record
      } catch (error) {
        if (error instanceof TollError && error.code !== 'aborted') throw error.within(name, {})
        throw error
      }
    },
    signal,
  )
  for (const record of fresh) known.set(record.id, record)
  return trials.map(({ id }) => known.get(id)!)
}
