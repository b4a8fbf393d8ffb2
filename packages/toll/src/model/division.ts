// Which rows train, which are held back, and which are neither. At random by default; by whole groups or by time where
// rows depend on each other: a held-back row whose neighbour trained is no new row, and a threshold from such rows is
// too low.

import { TollError, type Random } from '../base/index.js'
import { sequencesOf, type RowOrder, type Windows } from '../preprocess/index.js'

export interface Division {
  /** Labelled anomalies: they are neither trained on nor held back. */
  readonly anomalies: readonly number[]
  readonly heldBack: readonly number[]
  readonly training: readonly number[]
  /** How held-back samples were chosen, where not at random. */
  readonly by?: 'groups' | 'time'
  /** Groups that are held back. */
  readonly groups?: number
}

export interface DivisionOptions extends RowOrder {
  readonly labels?: Uint8Array
  /** Share of the normal samples, in [0, 0.9]. */
  readonly holdOut: number
  readonly random: Random
  /** Where samples are windows: `groups` and `time` are of the rows in them. */
  readonly windows?: Windows
}

/** Below this many normal rows all of them train. */
export const fewestRows = 50

/**
 * Divides samples. With groups, whole ones are held back: at random, or with times those that start latest. With times
 * and no groups the latest rows are held back, rows of equal time together. Windows without groups are held back like
 * times, and a window that shares a row with a held-back one does not train.
 *
 * @param samples rows, or windows
 * @throws `data` when fewer than 2 normal samples would train; errors as `sequencesOf`.
 */
export function divide(samples: number, options: DivisionOptions): Division {
  const { labels, holdOut, random, windows, groups, time } = options
  if (!(holdOut >= 0 && holdOut <= 0.9))
    throw new TollError('out-of-domain', `holdOut must be a share from 0 to 0.9, got ${holdOut}`)
  const all = Array.from({ length: samples }, (_, sample) => sample)
  const normals = labels ? all.filter((sample) => labels[sample] === 0) : all
  const anomalies = labels ? all.filter((sample) => labels[sample] === 1) : []
  const what = windows ? 'windows' : 'rows'
  if (normals.length < 2) {
    const wanted =
      anomalies.length > 0
        ? `normal ${what} (${anomalies.length} of ${samples} ${windows ? 'hold' : 'are labelled as'} anomalies)`
        : what
    throw new TollError('too-few-rows', `fitting needs at least 2 ${wanted}, got ${normals.length}`)
  }
  const wanted = normals.length < fewestRows ? 0 : Math.round(holdOut * normals.length)
  if (wanted === 0) return { anomalies, heldBack: [], training: normals }
  const division = groups
    ? byGroups(normals, wanted, options)
    : windows
      ? byOrder(normals, wanted, windows)
      : time
        ? byTime(normals, wanted, time)
        : atRandom(normals, wanted, random)
  if (division.training.length < 2) {
    throw new TollError(
      'unusable-data',
      `holding back ${division.heldBack.length} of ${normals.length} normal ${what} ` +
        `${division.by === 'groups' ? 'by whole groups' : 'by time'} leaves ${division.training.length} to ` +
        'train on; ' +
        'hold fewer back, or ' +
        `${windows ? 'choose smaller windows' : `leave the ${division.by === 'groups' ? 'groups' : 'times'} out`}`,
    )
  }
  return { ...division, anomalies }
}

type Parts = Omit<Division, 'anomalies'>

function atRandom(normals: readonly number[], wanted: number, random: Random): Parts {
  const chosen = new Set(random.sample(normals.length, wanted))
  return { heldBack: normals.filter((_, i) => chosen.has(i)), training: normals.filter((_, i) => !chosen.has(i)) }
}

function byTime(normals: readonly number[], wanted: number, time: ArrayLike<number>): Parts {
  sequencesOf(time.length, { time })
  const cut = normals.map((row) => time[row]).sort((a, b) => a - b)[normals.length - wanted]
  return {
    by: 'time',
    heldBack: normals.filter((row) => time[row] >= cut),
    training: normals.filter((row) => time[row] < cut),
  }
}

/** Windows of one sequence come in order. */
function byOrder(normals: readonly number[], wanted: number, { members }: Windows): Parts {
  const heldBack = normals.slice(-wanted)
  const taken = new Set(heldBack.flatMap((window) => [...members[window]]))
  return {
    by: 'time',
    heldBack,
    training: normals.slice(0, -wanted).filter((window) => members[window].every((row) => !taken.has(row))),
  }
}

/** A group that would hold back more than this times what was asked for is left to train, where the order is free. */
const mostBeyond = 1.5

function byGroups(
  normals: readonly number[],
  wanted: number,
  { groups, time, windows, random }: DivisionOptions,
): Parts {
  const groupOf = (sample: number) => groups![windows ? windows.members[sample][0] : sample]
  const sizes = new Map<string | number, number>()
  for (const sample of normals) sizes.set(groupOf(sample), (sizes.get(groupOf(sample)) ?? 0) + 1)
  if (sizes.size < 2)
    throw new TollError(
      'too-few-rows',
      `holding back whole groups needs normal rows in at least 2 groups, got ${sizes.size}`,
    )
  const known = [...sizes.keys()]
  const order = time
    ? latestFirst(groups!, time).filter((group) => sizes.has(group))
    : Array.from(random.permutation(known.length), (i) => known[i])
  const chosen = new Set<string | number>()
  let held = 0
  for (const group of order) {
    if (held >= wanted || chosen.size === known.length - 1) break
    if (!time && held + sizes.get(group)! > mostBeyond * wanted) continue
    chosen.add(group)
    held += sizes.get(group)!
  }
  // Every group is larger than what was asked for: the smallest one.
  if (chosen.size === 0)
    chosen.add(order.reduce((least, group) => (sizes.get(group)! < sizes.get(least)! ? group : least)))
  const isHeld = (sample: number) => chosen.has(groupOf(sample))
  return {
    by: 'groups',
    groups: chosen.size,
    heldBack: normals.filter(isHeld),
    training: normals.filter((sample) => !isHeld(sample)),
  }
}

/** Groups by the time of their first row, the latest first. */
function latestFirst(groups: ArrayLike<string | number>, time: ArrayLike<number>): (string | number)[] {
  const sequences = sequencesOf(time.length, { groups, time })
  return sequences.sort((a, b) => time[b[0]] - time[a[0]]).map(([row]) => groups[row])
}
