// What the owner of a model may not expect of its training, read from the manifest: columns that were left out or never
// change, numbers that were filled in, and what the threshold was set by.

import type { Manifest } from '../model/index.js'
import type { LeftOut } from '../preprocess/index.js'

/** One thing to know of how a model was fitted. */
export type TrainingNote =
  /** Columns that the model does not take: a constant, an identifier, or nothing in the rows that train. */
  | { readonly code: 'columns-left-out'; readonly reason: LeftOut['reason']; readonly columns: readonly string[] }
  /** Columns of strings that are categories now, and how many each has. */
  | {
      readonly code: 'strings-as-categories'
      readonly columns: readonly { readonly column: string; readonly categories: number }[]
    }
  /** Columns that never changed in training and are taken all the same: any change will be scored. */
  | { readonly code: 'constant-columns'; readonly columns: readonly string[] }
  /** Missing numbers that became the median of their column, how many in each. */
  | {
      readonly code: 'missing-numbers'
      readonly columns: readonly { readonly column: string; readonly missing: number }[]
    }
  /** There were fewer rows than a batch should have. */
  | { readonly code: 'small-batch'; readonly rows: number; readonly batch: number }
  /** Whole groups were held out: bounds on false alarms are about new groups. */
  | {
      readonly code: 'groups-held-out'
      readonly samples: 'rows' | 'windows'
      readonly heldOut: number
      readonly groups: number
    }
  /** The most recent samples were held out: bounds on false alarms assume that what comes is like them. */
  | { readonly code: 'latest-held-out'; readonly samples: 'rows' | 'windows'; readonly heldOut: number }
  /** Too few rows to hold any out: the threshold comes from scores of rows that trained, and is too low. */
  | { readonly code: 'threshold-from-training' }

/** What to know of a model's training. */
export function reviewTraining(manifest: Manifest): TrainingNote[] {
  const { input, heldBack, rows, parameters, window } = manifest
  const samples = window ? 'windows' : 'rows'
  const columns = input.kind === 'table' ? input.columns : []
  const leftOut = input.kind === 'table' ? (input.leftOut ?? []) : []
  const reasons = ['constant', 'empty', 'identifier'] as const
  const categories = columns.filter(({ kind }) => kind === 'category')
  const constant = columns.filter((column) =>
    column.kind === 'category' ? column.distinct === 1 && column.missing === 0 : column.min === column.max,
  )
  const missing = columns.filter(({ kind, missing }) => kind !== 'category' && missing > 0)
  const batch = Number(parameters.batch)
  const heldOut = heldBack.scores.length
  const notes: (TrainingNote | false)[] = [
    ...reasons.map((reason) => {
      const names = leftOut.filter((column) => column.reason === reason).map(({ name }) => name)
      return names.length > 0 && { code: 'columns-left-out' as const, reason, columns: names }
    }),
    categories.length > 0 && {
      code: 'strings-as-categories',
      columns: categories.map(({ name, distinct }) => ({ column: name, categories: distinct })),
    },
    constant.length > 0 && { code: 'constant-columns', columns: constant.map(({ name }) => name) },
    missing.length > 0 && {
      code: 'missing-numbers',
      columns: missing.map((column) => ({ column: column.name, missing: column.missing })),
    },
    batch > rows.trained && { code: 'small-batch', rows: rows.trained, batch },
    heldBack.by === 'groups' && { code: 'groups-held-out', samples, heldOut, groups: heldBack.groups ?? 0 },
    heldBack.by === 'time' && { code: 'latest-held-out', samples, heldOut },
    heldBack.source === 'training' && { code: 'threshold-from-training' },
  ]
  return notes.filter((note) => note !== false)
}
