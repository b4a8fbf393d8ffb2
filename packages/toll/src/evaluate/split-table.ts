// Which rows of a labelled table train and which test: at random, each class by itself; or by whole groups, or the
// latest rows, where rows depend on each other and a random split would let a detector see its test.

import { Random, TollError, type RowOrder } from '../base/index.js'
import { sequencesOf } from '../preprocess/index.js'

export interface TableSplit {
  readonly train: Int32Array
  readonly test: Int32Array
}

export interface SplitOptions extends RowOrder {
  /** 1 = anomaly, one per row. */
  readonly labels: Uint8Array
  readonly testShare: number
  readonly seed: number
  /** `normal`: anomalies of the training part are left out of it. */
  readonly trainOn: 'normal' | 'all'
}

/**
 * The split of this number. With times there is one: the latest rows test, or the groups that start latest.
 *
 * @throws `data` when a part lacks a class that it needs; `shape` when lists differ in length.
 */
export function splitTable(rows: number, options: SplitOptions, split: number): TableSplit {
  const { labels, testShare, seed, trainOn, groups, time } = options
  if (labels.length !== rows)
    throw new TollError('length-mismatch', `expected ${rows} labels, one per row, got ${labels.length}`, {
      option: 'labels',
    })
  for (const label of [0, 1] as const) {
    const members = labels.reduce((sum, other) => sum + Number(other === label), 0)
    const min = label === 1 && trainOn === 'normal' ? 1 : 2
    if (members < min)
      throw new TollError(
        members === 0 ? 'one-class' : 'too-few-rows',
        `comparing detectors needs at least ${min} ${label === 1 ? 'anomalies' : 'normal rows'}, got ` +
          `${members} of ${rows} rows`,
        { limit: min, value: members },
      )
  }
  const random = Random.seeded(seed).fork(`split ${split}`)
  const isTest = groups
    ? byGroups(rows, options, random)
    : time
      ? byTime(rows, testShare, time)
      : byClass(labels, testShare, random)
  const all = Int32Array.from({ length: rows }, (_, row) => row)
  const test = all.filter((row) => isTest[row] === 1)
  const train = all.filter((row) => isTest[row] === 0 && (trainOn === 'all' || labels[row] === 0))
  if (train.length < 2)
    throw new TollError(
      'too-few-rows',
      `a test share of ${testShare} leaves ${train.length} rows to train on; at least 2 are needed`,
      { option: 'testShare', value: testShare, limit: 2 },
    )
  const anomalies = test.reduce((sum, row) => sum + labels[row], 0)
  if (anomalies === 0 || anomalies === test.length) {
    throw new TollError(
      'one-class',
      `the ${test.length} ${time ? 'latest rows' : 'rows of the groups'} that test hold ` +
        `${anomalies === 0 ? 'no anomaly' : 'no normal row'}; both classes are needed: try another share` +
        (time ? '' : ' or seed'),
      { option: 'testShare', value: testShare },
    )
  }
  return { train, test }
}

function byClass(labels: Uint8Array, testShare: number, random: Random): Uint8Array {
  const isTest = new Uint8Array(labels.length)
  for (const label of [0, 1] as const) {
    const members = Int32Array.from(labels.keys()).filter((row) => labels[row] === label)
    const order = random.fork(label === 1 ? 'anomalies' : 'normal rows').permutation(members.length)
    const tested = Math.min(
      Math.max(1, Math.round(testShare * members.length)),
      Math.max(1, members.length - (label === 0 ? 2 : 1)),
    )
    for (const i of order.subarray(0, tested)) isTest[members[i]] = 1
  }
  return isTest
}

function byTime(rows: number, testShare: number, time: ArrayLike<number>): Uint8Array {
  const [order] = sequencesOf(rows, { time })
  const cut = time[order[rows - Math.min(rows - 1, Math.max(1, Math.round(testShare * rows)))]]
  return Uint8Array.from({ length: rows }, (_, row) => Number(time[row] >= cut))
}

/** Groups with anomalies and groups without are shared out by themselves; with times the latest of each. */
function byGroups(rows: number, { labels, testShare, groups, time }: SplitOptions, random: Random): Uint8Array {
  const members = sequencesOf(rows, { groups, time })
  const isTest = new Uint8Array(rows)
  for (const anomalous of [false, true]) {
    const stratum = members.filter((list) => list.some((row) => labels[row] === 1) === anomalous)
    const order = time
      ? stratum.sort((a, b) => time[b[0]] - time[a[0]])
      : Array.from(
          random.fork(anomalous ? 'groups with anomalies' : 'groups without').permutation(stratum.length),
          (i) => stratum[i],
        )
    const tested = Math.min(Math.max(1, Math.round(testShare * order.length)), Math.max(1, order.length - 1))
    for (const list of order.slice(0, tested)) for (const row of list) isTest[row] = 1
  }
  return isTest
}
