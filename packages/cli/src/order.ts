// Which rows belong together and which came first: --group and --time, read from columns that are no features.

import type { Command } from 'commander'
import { TollError, choice, parseTime, type Values } from 'toll/base'
import type { CellValue } from 'toll/data/node'
import type { RowOrder } from 'toll/preprocess'
import { parameterOption } from './parameters.js'

export interface OrderFlags {
  readonly group?: string
  readonly time?: string
}

const secondsOf = { ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 } as const

const unit = {
  timeUnit: choice({
    values: ['ms', 's', 'min', 'h', 'd'],
    default: 's',
    doc: 'Unit of times that are numbers; dates need none.',
  }),
}
export type TimeUnit = Values<typeof unit>['timeUnit']

export function addOrderOptions(
  command: Command,
  { group, time }: { readonly group: string; readonly time: string },
): void {
  command.option('--group <column>', group).option('--time <column>', time)
}

export function addTimeUnit(command: Command): void {
  command.addOption(parameterOption('timeUnit', unit.timeUnit))
}

/** The columns that the flags name. */
export function orderColumns({ group, time }: OrderFlags): string[] {
  return [...new Set([group, time].filter((name) => name !== undefined))]
}

/**
 * Groups as texts, times in seconds: numbers in `timeUnit`, dates and times as in ISO 8601, UTC where they have no
 * zone.
 *
 * @param firstRow rows of the source before these, for messages
 * @throws `data` for a row without a group, or with a time that is none.
 */
export function readOrder(
  values: ReadonlyMap<string, readonly CellValue[]>,
  { group, time }: OrderFlags,
  {
    source,
    timeUnit = 's',
    firstRow = 0,
  }: { readonly source: string; readonly timeUnit?: TimeUnit; readonly firstRow?: number },
): RowOrder {
  return {
    ...(group !== undefined && {
      groups: values
        .get(group)!
        .map((value, row) => groupOf(value, `${source}, row ${firstRow + row + 1}: column '${group}'`)),
    }),
    ...(time !== undefined && {
      time: Float64Array.from(values.get(time)!, (value, row) =>
        timeOf(value, secondsOf[timeUnit], `${source}, row ${firstRow + row + 1}: column '${time}'`),
      ),
    }),
  }
}

function groupOf(value: CellValue, where: string): string {
  const text = value === null ? '' : String(value).trim()
  if (text === '') throw new TollError('unusable-data', `${where} is empty; every row needs a group`)
  return text
}

function timeOf(value: CellValue, seconds: number, where: string): number {
  const text = typeof value === 'string' ? value.trim() : value
  const number =
    typeof text === 'number' ? text : text === null || text === '' || typeof text === 'boolean' ? NaN : Number(text)
  if (Number.isFinite(number)) return number * seconds
  const moment = parseTime(String(text))
  if (moment !== undefined) return moment
  throw new TollError(
    'not-a-time',
    `${where} holds ${value === null || value === '' ? 'nothing' : `'${String(value).slice(0, 40)}'`}, ` +
      'which is no time; expected a number, or a date such as 2024-05-31 or 2024-05-31T13:00:00Z',
  )
}
