// What the trials of one setting say: per class and beta over seeds, the average over classes, and beta against beta 0
// on equal seeds. AUROC of the test images in [0, 1]. Trials of another data set, setting or beta never enter; what did
// not run stays absent.

import { TollError } from 'toll'
import { meanInterval, type MeanInterval } from 'toll/metrics'
import type { ImageProtocol, ImageSetting } from '../images/index.js'
import { choices, type Choice, type ImageRecord } from '../images/index.js'

/** Which trials of a log are meant. */
export interface ImageSelection {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  /** Names of all classes of the data set, in order. */
  readonly classes: readonly string[]
}

/** Once by the checkpoint that labelled validation images choose, once by the last step. */
export type ByChoice = Readonly<Record<Choice, MeanInterval>>

export interface ClassSummary {
  readonly name: string
  /** Ascending. */
  readonly seeds: readonly number[]
  /** Over `seeds`; absent when there are none. */
  readonly auroc?: ByChoice
}

export interface ImageSummary {
  readonly beta: number
  /** One per class of the data set. */
  readonly classes: readonly ClassSummary[]
  /**
   * The mean over all classes of each seed, then over the seeds with which all classes ran; without `auroc` when there
   * is none.
   */
  readonly average: Omit<ClassSummary, 'name'>
}

/**
 * Beta minus beta 0 on the same class and seed. All three are over `seeds`, so that the means subtract to the mean
 * difference.
 */
export interface PairedSummary {
  readonly name: string
  readonly seeds: readonly number[]
  readonly plain?: ByChoice
  readonly toll?: ByChoice
  readonly difference?: ByChoice
}

export interface ImageAblation {
  readonly beta: number
  readonly classes: readonly PairedSummary[]
  readonly average: Omit<PairedSummary, 'name'>
}

/**
 * The trials of the selection, each once: a line that comes again with the same id is passed over.
 * Errors: `data` for a class that the names do not have, and for two different trials with the same class, beta and
 * seed (other validation rows or another version): joined, they would count as one.
 */
export function selectTrials(
  records: readonly ImageRecord[],
  { protocol, setting, classes }: ImageSelection,
): ImageRecord[] {
  const known = new Map<string, ImageRecord>()
  for (const record of records) {
    if (record.dataset !== protocol.dataset || !sameSetting(record.setting, setting)) continue
    const { class: normal, className, beta, seed, id } = record
    if (classes[normal] !== className) {
      const there = classes[normal] === undefined ? `classes 0 to ${classes.length - 1}` : `'${classes[normal]}' there`
      throw new TollError(
        'inconsistent-results',
        `trial ${id} has class ${normal} '${className}', ${protocol.title} has ${there}`,
        { value: className, expected: there },
      )
    }
    const key = `${normal} ${beta} ${seed}`
    const before = known.get(key)
    if (before && before.id !== id) {
      const what = `class ${normal}, beta ${beta}, seed ${seed} in one setting`
      throw new TollError(
        'inconsistent-results',
        `trials ${before.id} and ${id} are both of ${what}, but of other validation rows or networks; pass one of them`,
      )
    }
    if (!before) known.set(key, record)
  }
  return [...known.values()].sort((a, b) => a.beta - b.beta || a.class - b.class || a.seed - b.seed)
}

/** Betas of the trials, ascending. */
export function betasOf(trials: readonly ImageRecord[]): number[] {
  return [...new Set(trials.map(({ beta }) => beta))].sort((a, b) => a - b)
}

/** Of `selectTrials`. */
export function summarizeImages(
  trials: readonly ImageRecord[],
  classes: readonly string[],
  beta: number,
): ImageSummary {
  const bySeed = classes.map(
    (_, normal) =>
      new Map(
        trials
          .filter((trial) => trial.beta === beta && trial.class === normal)
          .map((trial) => [trial.seed, trial] as const),
      ),
  )
  const values = (list: readonly ImageRecord[], choice: Choice) => list.map(({ test }) => test[choice].auroc)
  const whole = sharedSeeds(bySeed)
  const cell = (of: Map<number, ImageRecord>) => {
    const seeds = [...of.keys()].sort((a, b) => a - b)
    return {
      seeds,
      ...(seeds.length > 0 && {
        auroc: byChoice((choice) =>
          meanAuroc(
            values(
              seeds.map((seed) => of.get(seed)!),
              choice,
            ),
          ),
        ),
      }),
    }
  }
  return {
    beta,
    classes: classes.map((name, normal) => ({ name, ...cell(bySeed[normal]) })),
    average: {
      seeds: whole,
      ...(whole.length > 0 && {
        auroc: byChoice((choice) =>
          meanAuroc(
            whole.map(
              (seed) =>
                meanInterval(
                  values(
                    bySeed.map((of) => of.get(seed)!),
                    choice,
                  ),
                ).mean,
            ),
          ),
        ),
      }),
    },
  }
}

/** Of `selectTrials`. Errors: `argument` for a beta of 0, which has nothing to be compared with. */
export function compareWithPlain(
  trials: readonly ImageRecord[],
  classes: readonly string[],
  beta: number,
): ImageAblation {
  if (!(beta > 0)) throw new TollError('out-of-domain', `the beta that is compared with 0 must be above 0, got ${beta}`)
  type Pair = Readonly<Record<'plain' | 'toll', ImageRecord>>
  const pairs = classes.map((_, normal) => {
    const of = trials.filter((trial) => trial.class === normal)
    const plain = new Map(of.filter((trial) => trial.beta === 0).map((trial) => [trial.seed, trial] as const))
    const both = of.filter((trial) => trial.beta === beta && plain.has(trial.seed))
    return new Map(both.map((trial): [number, Pair] => [trial.seed, { plain: plain.get(trial.seed)!, toll: trial }]))
  })
  const auroc = (record: ImageRecord, choice: Choice) => record.test[choice].auroc
  /** `value` of one seed for a measure of a pair. */
  const summary = (seeds: readonly number[], value: (seed: number, measure: (pair: Pair) => number) => number) => {
    if (seeds.length === 0) return { seeds }
    const over = (measure: (pair: Pair, choice: Choice) => number, summarize = meanAuroc) =>
      byChoice((choice) => summarize(seeds.map((seed) => value(seed, (pair) => measure(pair, choice)))))
    return {
      seeds,
      plain: over(({ plain }, choice) => auroc(plain, choice)),
      toll: over(({ toll }, choice) => auroc(toll, choice)),
      difference: over(({ plain, toll }, choice) => auroc(toll, choice) - auroc(plain, choice), meanGain),
    }
  }
  const whole = sharedSeeds(pairs)
  return {
    beta,
    classes: classes.map((name, normal) => {
      const of = pairs[normal]
      return {
        name,
        ...summary(
          [...of.keys()].sort((a, b) => a - b),
          (seed, measure) => measure(of.get(seed)!),
        ),
      }
    }),
    average: summary(whole, (seed, measure) => meanInterval(pairs.map((of) => measure(of.get(seed)!))).mean),
  }
}

/** The mean of means over classes, which has no spread of its own. */
export function meanOverClasses(classes: readonly ByChoice[]): ByChoice {
  return byChoice((choice) => meanAuroc([meanInterval(classes.map((of) => of[choice].mean)).mean]))
}

/**
 * Places of values from the highest, 1 first; values that tie share the mean of their places (mid-ranks). Unknown
 * values have no place.
 */
export function rankDescending(values: readonly (number | undefined)[]): (number | undefined)[] {
  return values.map((value) => {
    if (value === undefined) return undefined
    const higher = values.filter((other) => other !== undefined && other > value).length
    const equal = values.filter((other) => other === value).length
    return higher + (equal + 1) / 2
  })
}

function sameSetting(a: ImageSetting, b: ImageSetting): boolean {
  return (Object.keys(b) as (keyof ImageSetting)[]).every((name) => a[name] === b[name])
}

/** Seeds that every class has, ascending. */
function sharedSeeds(bySeed: readonly ReadonlyMap<number, unknown>[]): number[] {
  const [first, ...others] = bySeed
  return [...(first?.keys() ?? [])].filter((seed) => others.every((of) => of.has(seed))).sort((a, b) => a - b)
}

function byChoice(summarize: (choice: Choice) => MeanInterval): ByChoice {
  return Object.fromEntries(choices.map((choice) => [choice, summarize(choice)])) as Record<Choice, MeanInterval>
}

/** With the 95 % interval inside [0, 1]. */
export function meanAuroc(values: readonly number[]): MeanInterval {
  return meanInterval(values, 0.95, { low: 0, high: 1 })
}

function meanGain(values: readonly number[]): MeanInterval {
  return meanInterval(values, 0.95, { low: -1, high: 1 })
}
