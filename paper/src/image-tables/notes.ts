// What a reader must know to use the numbers of image trials: the setting and how it differs from the paper's, what
// chooses a checkpoint, what the paper's columns can carry, what did not run, and where the rest did.

import { differencesFrom } from '../images/index.js'
import type { ImageRecord } from '../images/index.js'
import type { ImageSelection } from './summary.js'
import { count } from '../pages/index.js'
import { findUnevenAverages, paperSeeds, type PaperTable } from './published.js'

/**
 * One note each. `trials` are those of `selectTrials` that are shown; what they lack of the selection's classes is
 * said.
 */
export function explainImages(
  trials: readonly ImageRecord[],
  selection: ImageSelection,
  betas: readonly number[],
): string[] {
  const { protocol, setting } = selection
  const { latent, batch, learningRate, steps, validateEvery, validation } = setting
  const seeds = seedsOf(trials)
  return [
    `Setting: ${steps} steps of ${batch} images with Adam at ${learningRate}, a code of ${latent} numbers, ` +
      `a look at ${validation} validation images every ` +
      `${validateEvery === 1 ? 'step' : `${validateEvery} steps`}; ${describeSeeds(trials, betas)}.`,
    describeDifferences(selection, betas, seeds.length),
    ...describeImages(trials, protocol.title),
    'Values are mean ± standard deviation (divisor n) over seeds, with the 95 % interval of the mean ' +
      '(Student t, cut at 0 and 100): of two or three seeds it is wide. ' +
      'It does not cover other images.',
    'The labelled choice tests the step with the highest AUROC on the validation images, labelled ' +
      'anomalies among them, as the paper does. ' +
      'The last step needs no labels: it is what to expect where there are none.',
    ...describeMissing(trials, selection.classes, betas),
    ...describeMachines(trials),
  ]
}

/** What the columns of the paper can carry, and how averages are made. */
export function explainColumns(paper: PaperTable | undefined): string[] {
  const average =
    'The average is the mean over all classes of each seed, then over the seeds with which all classes ran.'
  if (!paper)
    return [
      average,
      'The paper has no such table of this data set; the protocol is that of its reference implementation.',
    ]
  const uneven = findUnevenAverages(paper).map(
    ({ method, printed, mean }) => `${method} ${printed.toFixed(1)} (its classes give ${mean.toFixed(2)})`,
  )
  return [
    average,
    "The paper's columns mix protocols (other splits, ways to choose hyper-parameters and validation " +
      'sets), most copied from other papers: they are not a ranking. ' +
      'Its own Toll was chosen on labelled anomalies; most of the others were not.',
    ...(uneven.length > 0
      ? [`Averages that the paper prints although its classes give others: ${uneven.join(', ')}.`]
      : []),
  ]
}

export function explainRanks({ baselines }: PaperTable): string {
  return (
    `A rank is the place among the paper's ${baselines.length} other methods, from the highest, with ` +
    'values rounded as printed; ties share the mean of their places.'
  )
}

function describeDifferences({ protocol, setting }: ImageSelection, betas: readonly number[], seeds: number): string {
  const positive = betas.filter((beta) => beta > 0)
  const beta =
    positive.length === 1 && positive[0] !== protocol.beta ? [`beta ${positive[0]} (paper ${protocol.beta})`] : []
  const differences = [
    ...differencesFrom(protocol, setting),
    ...beta,
    ...(seeds === paperSeeds ? [] : [`${count(seeds, 'seed')} (paper ${paperSeeds})`]),
  ]
  return differences.length === 0
    ? "Nothing of the setting differs from the paper's."
    : `What differs from the paper's: ${differences.join(', ')}.`
}

function describeImages(trials: readonly ImageRecord[], title: string): string[] {
  if (trials.length === 0) return []
  const range = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return low === high ? String(low) : `${low} to ${high}`
  }
  const images = trials.map((trial) => trial.images)
  return [
    `Images of ${title}: ${range(images.map(({ train }) => train))} of the normal class train, ` +
      `${range(images.map(({ validation }) => validation))} of all classes validate, ` +
      `${range(images.map(({ test }) => test))} test, ` +
      `${range(images.map(({ testAnomalies }) => testAnomalies))} of them anomalies.`,
  ]
}

/** Classes without any trial, and seeds that some classes have and others lack. */
function describeMissing(
  trials: readonly ImageRecord[],
  classes: readonly string[],
  betas: readonly number[],
): string[] {
  const missing = betas.flatMap((beta) => {
    const of = trials.filter((trial) => trial.beta === beta)
    const absent = classes.filter((name) => !of.some(({ className }) => className === name))
    if (absent.length === classes.length) return [`beta ${beta}: nothing ran`]
    const partly = seedsOf(of).flatMap((seed) => {
      const lacking = classes.filter(
        (name) => !absent.includes(name) && !of.some((trial) => trial.className === name && trial.seed === seed),
      )
      return lacking.length > 0 ? [`seed ${seed} of ${lacking.join(', ')}`] : []
    })
    const parts = [...(absent.length > 0 ? [absent.join(', ')] : []), ...partly]
    return parts.length > 0 ? [`beta ${beta}: ${parts.join('; ')}`] : []
  })
  return missing.length > 0 ? [`Not run, and blank: ${missing.join('. ')}.`] : []
}

function describeMachines(trials: readonly ImageRecord[]): string[] {
  if (trials.length === 0) return []
  const machines = new Set(
    trials.map(
      ({ machine: { device, threads, processor, cores, memoryGiB, platform } }) =>
        `${device}, ${count(threads, 'thread')} a trial, ${processor} (${count(cores, 'core')}, ${memoryGiB} ` +
        `GiB, ${platform})`,
    ),
  )
  const versions = new Set(
    trials.map((trial) =>
      Object.entries(trial.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ),
  )
  const hours = trials.reduce((sum, { seconds: { train, validate, test } }) => sum + train + validate + test, 0) / 3600
  return [
    `Ran on ${[...machines].sort().join('; ')}. Versions: ${[...versions].sort().join('; ')}. ` +
      `${count(trials.length, 'trial')}, ${hours.toFixed(1)} hours of one engine in all. Other machines and ` +
      'numbers of threads give other bits.',
  ]
}

/** Which seeds stand behind which beta, said once where they are the same. */
function describeSeeds(trials: readonly ImageRecord[], betas: readonly number[]): string {
  const of = betas.map((beta) => seedsOf(trials.filter((trial) => trial.beta === beta)).join(', '))
  const seeds = (list: string) => (list === '' ? 'no seed' : `seed${list.includes(',') ? 's' : ''} ${list}`)
  if (new Set(of).size <= 1) return `beta ${betas.join(', ')}; ${seeds(of[0] ?? '')}`
  return betas.map((beta, i) => `beta ${beta} with ${seeds(of[i])}`).join(', ')
}

function seedsOf(trials: readonly ImageRecord[]): number[] {
  return [...new Set(trials.map(({ seed }) => seed))].sort((a, b) => a - b)
}
