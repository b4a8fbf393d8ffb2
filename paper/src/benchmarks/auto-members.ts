// What is fitted on every split to compare choices: the members of `toll-auto`, its networks in other ways, and other
// detectors; and which of them are combined.

import {
  autoClassical,
  autoNetworks,
  autoSettings,
  detectorNamed,
  toll,
  tollAutoParameters,
  type EnsembleMember,
} from 'toll/detectors'
import type { ScoredMember } from './auto-criteria.js'

/** Tukey's. */
const fence = 1.5

const ownTrim = tollAutoParameters.trim.default

/** Fitted on every split, set by set: the members of `toll-auto`, its networks in other ways, and other detectors. */
export const wantedMembers: readonly WantedMember[] = [
  ...autoNetworks({ trim: ownTrim, repeats: 1 }).map((member): WantedMember => ({
    set: 'main',
    trim: ownTrim,
    repeat: 0,
    member,
  })),
  ...autoNetworks({ trim: ownTrim, repeats: 1 }).map((member): WantedMember => ({
    set: 'second seed',
    trim: ownTrim,
    repeat: 1,
    member,
  })),
  ...autoNetworks({ trim: 0, repeats: 1 }).map((member): WantedMember => ({
    set: 'untrimmed',
    trim: 0,
    repeat: 0,
    member,
  })),
  ...autoNetworks({ trim: ownTrim, repeats: 1 }).map((member): WantedMember => ({
    set: 'half of the columns',
    trim: ownTrim,
    repeat: 0,
    member,
    columns: 0.5,
  })),
  ...[4, 64].flatMap((latent) =>
    [0, 1, 10].map((beta): WantedMember => ({
      set: 'other widths',
      trim: ownTrim,
      repeat: 0,
      member: {
        detector: detectorNamed(toll.name),
        parameters: { beta, latent, steps: 60, trim: ownTrim, schedule: 'cosine' },
      },
    })),
  ),
  ...autoNetworks({ trim: 0, repeats: 1 }).map(({ parameters, ...member }): WantedMember => ({
    set: 'fenced',
    trim: 0,
    repeat: 0,
    member: { ...member, parameters: { ...parameters, trimBeyond: fence } },
  })),
  ...autoClassical.map((member): WantedMember => ({ set: 'classical', trim: 0, repeat: 0, member })),
  ...['pca', 'knn', 'ecod', 'loda'].map((name): WantedMember => ({
    set: 'others',
    trim: 0,
    repeat: 0,
    member: { detector: detectorNamed(name) },
  })),
]

export interface WantedMember {
  readonly set:
    'main' | 'second seed' | 'untrimmed' | 'half of the columns' | 'other widths' | 'fenced' | 'classical' | 'others'
  readonly trim: number
  readonly repeat: number
  readonly member: EnsembleMember
  /** Share of the columns that it sees; all where absent. */
  readonly columns?: number
}

export type Member = ScoredMember & Pick<WantedMember, 'set'>

const [forest, histograms] = autoClassical.map(({ detector }) => detector.name)

/**
 * Sets of members, and single detectors, that are combined like those of `toll-auto`: networks of equal steps are a
 * group, other detectors are one.
 */
export const pools: Readonly<Record<string, readonly string[]>> = {
  'toll-auto': ['main', 'classical'],
  'its networks alone': ['main'],
  'its classical detectors alone': ['classical'],
  'networks and isolation forest': ['main', forest],
  'networks and histograms': ['main', histograms],
  'toll-auto and PCA': ['main', 'classical', 'pca'],
  'networks and PCA': ['main', 'pca'],
  'networks and kNN': ['main', 'knn'],
  'networks and ECOD': ['main', 'ecod'],
  'networks and LODA': ['main', 'loda'],
  'networks, two seeds of each': ['main', 'second seed'],
  'networks without trimming': ['untrimmed'],
  'networks, trimmed beyond the fence': ['fenced'],
  'networks, codes of width 4 and 64 as well': ['main', 'other widths'],
  'networks on half of the columns': ['half of the columns'],
  'networks on all and on half of the columns': ['main', 'half of the columns'],
}

export const isIn =
  (pool: readonly string[]) =>
  ({ set, setting }: Pick<Member, 'set' | 'setting'>) =>
    pool.includes(set) || pool.includes(setting)

export const shortest = Math.min(...autoSettings.map(({ steps }) => steps))

/** `beta 1, latent 16, steps 60, trim 0.1`, and which repeat it is from the second on. */
export function networkName({ setting, trim, repeat }: Pick<ScoredMember, 'setting' | 'trim' | 'repeat'>): string {
  return [setting, ...(trim > 0 ? [`trim ${trim}`] : []), ...(repeat > 0 ? [`seed ${repeat + 1}`] : [])].join(', ')
}

/** A network's setting, or the name of another detector. */
export function settingName(parameters: EnsembleMember['parameters'], columns: number | undefined): string {
  return [
    ...['beta', 'latent', 'steps'].map((name) => `${name} ${String(parameters![name])}`),
    ...(columns === undefined ? [] : [`columns ${columns}`]),
    ...(parameters!.trimBeyond ? [`beyond ${String(parameters!.trimBeyond)}`] : []),
  ].join(', ')
}
