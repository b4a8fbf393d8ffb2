// What the library notes of data and of a fit, in words and with the flags that answer it.

import type { DataWarning, EvaluationWarning, reviewAlarms, TrainingNote } from 'toll'
import { listNames } from 'toll/base'
import { shellWord } from './columns.js'

/** One sentence, with the flag that helps. */
export function describeWarning(warning: DataWarning): string {
  const { column } = warning
  const exclude = `--exclude ${shellWord(column)}`
  switch (warning.code) {
    case 'label-leak':
      return `column ${column} alone tells every label; if it is known only afterwards, leave it out with ${exclude}`
    case 'label-like':
      return `column ${column} looks like a label, and is learned from; say --label ${shellWord(column)}, or ` + exclude
    case 'dates-as-strings':
      return (
        `column ${column} seems to hold dates ('${warning.example}'), but is read as texts, since which number is ` +
        'the day is not guessed; a query reads it as times (--sql with dateformat or timestampformat of read_csv)'
      )
    case 'numbers-as-strings':
      return (
        `column ${column} seems to hold numbers ('${warning.example}'), but is read as texts; ` +
        (warning.decimalComma ? '--decimal , reads decimal commas' : 'make numbers of them in a query (--sql)')
      )
    case 'increasing-column':
      return (
        `column ${column} rises from row to row, as keys and times do, so that new rows may lie beyond all of ` +
        `training; leave it out with ${exclude}`
      )
  }
}

export function describeEvaluationWarning(warning: EvaluationWarning): string {
  switch (warning.code) {
    case 'training-rows':
      return (
        'these are the rows that the model was fitted to, which makes the measures too good; evaluate on others, or ' +
        'let toll compare split them'
      )
    case 'few-clusters': {
      const { unit, withAnomalies, min } = warning
      return (
        `Fewer than ${min} ${unit} ${withAnomalies < min ? 'with anomalies ' : ''}make intervals that are too ` +
        'narrow.'
      )
    }
  }
}

const reasons = {
  constant: 'the same value in every row',
  empty: 'no value in the rows that train',
  identifier: 'another text in nearly every row',
} satisfies Record<Extract<TrainingNote, { code: 'columns-left-out' }>['reason'], string>

export function describeNote(note: TrainingNote): string {
  switch (note.code) {
    case 'columns-left-out': {
      const { reason, columns } = note
      const keep = reason === 'empty' ? '' : ` (--types ${shellWord(columns[0])}=category keeps it)`
      return `${reasons[reason]}: ${listNames(columns)} ${columns.length === 1 ? 'is' : 'are'} left out${keep}`
    }
    case 'strings-as-categories':
      return (
        'texts became categories: ' +
        `${listNames(note.columns.map(({ column, categories }) => `${column} (${categories})`))}`
      )
    case 'constant-columns':
      return (
        `${note.columns.length === 1 ? 'column' : 'columns'} ${listNames(note.columns)} never ` +
        `${note.columns.length === 1 ? 'changes' : 'change'}, and will be scored by any change`
      )
    case 'missing-numbers':
      return (
        'missing numbers became the median of their column, and that they were missing counts: ' +
        listNames(note.columns.map(({ column, missing }) => `${missing} in ${column}`))
      )
    case 'small-batch':
      return `a batch is all ${note.rows} rows, fewer than the ${note.batch} asked for`
    case 'groups-held-out':
      return (
        `${note.heldOut} held-back ${note.samples} of ${note.groups} whole groups: promises on false alarms ` +
        'are about ' +
        `rows of new groups, and ${note.groups} is the number that says how sure they are`
      )
    case 'latest-held-out':
      return (
        `the latest ${note.heldOut} ${note.samples} are held back: promises on false alarms hold as far as what ` +
        'comes is like them'
      )
    case 'threshold-from-training':
      return 'too few rows to hold any back: the threshold comes from training scores and is too low'
  }
}

/** What a person should know of how many of the rows that a model was fitted to are above its threshold. */
export function describeTrainingAlarms({
  rows,
  anomalies,
  expected,
}: NonNullable<ReturnType<typeof reviewAlarms>>): string {
  return (
    `${anomalies} of ${rows} rows that it was fitted to are above the threshold, where by the held-out rows about ` +
    `${usual(expected)} would be: they hold that many anomalies, or the held-out rows are not like the others`
  )
}

function usual(expected: number): number {
  return expected < 10 ? Number(expected.toPrecision(2)) : Math.round(expected)
}

/** What a person should know of how many rows a model called. */
export function describeAlarms({ rows, anomalies, expected }: NonNullable<ReturnType<typeof reviewAlarms>>): string {
  return (
    `${anomalies} of ${rows} rows are above the threshold, where about ${usual(expected)} of normal rows would be: ` +
    'there are that many anomalies, or these are other data than the model learned from (toll drift compares them)'
  )
}
