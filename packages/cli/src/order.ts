// --group and --time: columns that say which rows belong together and which came first.

import type { Command } from 'commander'
import { choice, timeUnits, type OrderColumns, type TimeUnit } from 'toll/base'
import { parameterOption } from './parameters.js'

export type OrderFlags = OrderColumns

export interface TimeUnitFlags {
  readonly timeUnit?: TimeUnit
}

const timeUnit = choice({ values: timeUnits, default: 's', doc: 'Unit of times that are numbers; dates need none.' })

export function addOrderOptions(
  command: Command,
  { group, time }: { readonly group: string; readonly time: string },
): void {
  command.option('--group <column>', group).option('--time <column>', time)
}

export function addTimeUnit(command: Command): void {
  command.addOption(parameterOption('timeUnit', timeUnit))
}
