// Stage 2 of a fit: which samples train, which are held out for the threshold, and which are neither. At random by
// default; by whole groups or by time where rows depend on each other: a held-out row whose neighbour trained is no new
// row, and a threshold from such rows is too low.

import { Random, TollError, rowCount, type RowOrder } from '../base/index.js'
import { sequencesOf, type Windows } from '../preprocess/index.js'
import { checkThreshold } from '../threshold/index.js'
import type { Preparation } from './prepare.js'

/** Indices of samples, in rising order. */
export interface Split {
  /** Labelled anomalies: they are neither trained on nor held out. */
  readonly anomalies: readonly number[]
  readonly heldOut: readonly number[]
  readonly training: readonly number[]
  /** How held-out samples were chosen, where not at random. */
  readonly by?: 'groups' | 'time'
  /** Groups that are held out. */
  readonly groups?: number
}

export interface SplitOptions extends RowOrder {
  readonly labels?: Uint8Array
  /** Share of the normal samples, in [0, 0.9]. */
  readonly holdOut: number
  readonly random: Random
  /** Where samples are windows: `groups` and `time` are of the rows in them. */
  readonly windows?: Windows
}

/** Below this many normal samples all of them train. */
export const minRowsToSplit = 50

/** @throws as `split`; as `checkThreshold` for a rule that so many held-out samples cannot serve. */
export function splitSamples({ samples, labels, windows, holdOut, seed, options }: Preparation): Split {
  const { groups, time, threshold } = options
  const random = Random.seeded(seed).fork('held-back')
  const parts = split(rowCount(samples), { labels, groups, time, windows, holdOut, random })
  if (threshold) checkThreshold(threshold, (parts.heldOut.length > 0 ? parts.heldOut : parts.training).length)
  return parts
}

/**
 * Splits samples 0 to `count` - 1. With groups, whole ones are held out: at random, or with times those that start
 * latest. With times and no groups the latest rows are held out, rows of equal time together. Windows without groups
 * are held out like times, and a window that shares a row with a held-out one does not train.
 *
 * @param count rows, or windows
 * @throws `data` when fewer than 2 normal samples would train; errors as `sequencesOf`.
 */
export function split(count: number, options: SplitOptions): Split {
  const { labels, holdOut, random, windows, groups, time } = options
  if (!(holdOut >= 0 && holdOut <= 0.9))
    throw new TollError('out-of-domain', `holdOut must be a share from 0 to 0.9, got ${holdOut}`, {
      option: 'holdOut',
      value: holdOut,
    })
  const all = Array.from({ length: count }, (_, sample) => sample)
  const normals = labels ? all.filter((sample) => labels[sample] === 0) : all
  const anomalies = labels ? all.filter((sample) => labels[sample] === 1) : []
  const what = windows ? 'windows' : 'rows'
  if (normals.length < 2) {
    const needed =
      anomalies.length > 0
        ? `normal ${what} (${anomalies.length} of ${count} ${windows ? 'hold' : 'are labelled as'} anomalies)`
        : what
    throw new TollError('too-few-rows', `fitting needs at least 2 ${needed}, got ${normals.length}`, {
      value: normals.length,
      limit: 2,
    })
  }
  const wanted = normals.length < minRowsToSplit ? 0 : Math.round(holdOut * normals.length)
  if (wanted === 0) return { anomalies, heldOut: [], training: normals }
  const chosen = groups
    ? byGroups(normals, wanted, options)
    : windows
      ? byOrder(normals, wanted, windows)
      : time
        ? byTime(normals, wanted, time)
        : atRandom(normals, wanted, random)
  if (chosen.training.length < 2) {
    throw new TollError(
      'too-few-rows',
      `holding out ${chosen.heldOut.length} of ${normals.length} normal ${what} ` +
        `${chosen.by === 'groups' ? 'by whole groups' : 'by time'} leaves ${chosen.training.length} to ` +
        'train on; ' +
        'hold fewer out, or ' +
        `${windows ? 'choose smaller windows' : `leave the ${chosen.by === 'groups' ? 'groups' : 'times'} out`}`,
      { option: 'holdOut', value: chosen.training.length, limit: 2 },
    )
  }
  return { ...chosen, anomalies }
}

type Choice = Omit<Split, 'anomalies'>

function atRandom(normals: readonly number[], wanted: number, random: Random): Choice {
  const chosen = new Set(random.sample(normals.length, wanted))
  return { heldOut: normals.filter((_, i) => chosen.has(i)), training: normals.filter((_, i) => !chosen.has(i)) }
}

function byTime(normals: readonly number[], wanted: number, time: ArrayLike<number>): Choice {
  sequencesOf(time.length, { time })
  const cut = normals.map((row) => time[row]).sort((a, b) => a - b)[normals.length - wanted]
  return {
    by: 'time',
    heldOut: normals.filter((row) => time[row] >= cut),
    training: normals.filter((row) => time[row] < cut),
  }
}

/** Windows of one sequence come in order. */
function byOrder(normals: readonly number[], wanted: number, { members }: Windows): Choice {
  const heldOut = normals.slice(-wanted)
  const taken = new Set(heldOut.flatMap((window) => [...members[window]]))
  return {
    by: 'time',
    heldOut,
    training: normals.slice(0, -wanted).filter((window) => members[window].every((row) => !taken.has(row))),
  }
}

/** A group that would hold out more than this times what was asked for is left to train, where the order is free. */
const maxExcess = 1.5

function byGroups(normals: readonly number[], wanted: number, { groups, time, windows, random }: SplitOptions): Choice {
  const groupOf = (sample: number) => groups![windows ? windows.members[sample][0] : sample]
  const sizes = new Map<string | number, number>()
  for (const sample of normals) sizes.set(groupOf(sample), (sizes.get(groupOf(sample)) ?? 0) + 1)
  if (sizes.size < 2)
    throw new TollError(
      'too-few-rows',
      `holding out whole groups needs normal rows in at least 2 groups, got ${sizes.size}`,
      { option: 'groups', value: sizes.size, limit: 2 },
    )
  const known = [...sizes.keys()]
  const order = time
    ? latestFirst(groups!, time).filter((group) => sizes.has(group))
    : Array.from(random.permutation(known.length), (i) => known[i])
  const chosen = new Set<string | number>()
  let held = 0
  for (const group of order) {
    if (held >= wanted || chosen.size === known.length - 1) break
    if (!time && held + sizes.get(group)! > maxExcess * wanted) continue
    chosen.add(group)
    held += sizes.get(group)!
  }
  // Every group is larger than what was asked for: the smallest one.
  if (chosen.size === 0)
    chosen.add(order.reduce((least, group) => (sizes.get(group)! < sizes.get(least)! ? group : least)))
  const isHeldOut = (sample: number) => chosen.has(groupOf(sample))
  return {
    by: 'groups',
    groups: chosen.size,
    heldOut: normals.filter(isHeldOut),
    training: normals.filter((sample) => !isHeldOut(sample)),
  }
}

/** Groups by the time of their first row, the latest first. */
function latestFirst(groups: ArrayLike<string | number>, time: ArrayLike<number>): (string | number)[] {
  const sequences = sequencesOf(time.length, { groups, time })
  return sequences.sort((a, b) => time[b[0]] - time[a[0]]).map(([row]) => groups[row])
}
