// How a threshold is chosen on the command line: one flag per rule, and --param for what else a rule takes.

import { Option, type Command } from 'commander'
import type { Threshold, ThresholdRule } from 'toll'
import { describeDomain, TollError } from 'toll/base'
import { listThresholdKinds } from 'toll/metrics'
import { readParameter } from './parameters.js'

/** The flag of each kind of rule, and the parameter that its value sets. */
const flagsOfKinds = {
  quantile: ['quantile', 'quantile'],
  fpr: ['conformal', 'rate'],
  tailRate: ['tail', 'rate'],
  mad: ['mad', 'deviations'],
  value: ['fixed', 'value'],
  fScore: ['f-score', 'beta'],
  cost: ['cost', 'miss'],
} as const

type RuleFlag = keyof typeof flagsOfKinds

export type ThresholdFlags = Partial<Record<RuleFlag, number>>

/** What a value means where the rule's own word for it would not say enough. */
const meanings: Partial<Record<RuleFlag, string>> = {
  fpr: 'share of normal rows that may be called, a bound that holds for any number of held-back rows',
  tailRate:
    'share of normal rows that may be called, below what held-back rows resolve: extrapolated by extreme-value theory',
  fScore: 'best F score on labelled rows; 1 weighs precision and recall alike',
  cost: 'lowest cost on labelled rows, where a miss costs this many false alarms',
}

export function addThresholdOptions(command: Command, prefix = ''): void {
  for (const [name, [kind, parameter]] of Object.entries(flagsOfKinds) as [
    RuleFlag,
    (typeof flagsOfKinds)[RuleFlag],
  ][]) {
    const domain = listThresholdKinds().find((known) => known.kind === kind)!.parameters[parameter]
    const flag = flagOf(name, prefix)
    command.addOption(
      new Option(
        `${flag} <number>`,
        `${meanings[name] ?? domain.doc.replace(/\.$/, '')} (${describeDomain(domain)})`,
      ).argParser((text) => readParameter(flag, domain, text)),
    )
  }
}

/** The rule that the flags choose. @throws `argument` when they choose more than one. */
export function readThresholdRule(flags: Readonly<Record<string, unknown>>, prefix = ''): ThresholdRule | undefined {
  const given = (Object.keys(flagsOfKinds) as RuleFlag[]).filter((name) => flags[keyOf(name, prefix)] !== undefined)
  if (given.length > 1)
    throw new TollError(
      'out-of-domain',
      `a threshold follows one rule, got ${given.map((name) => flagOf(name, prefix)).join(' and ')}`,
    )
  if (given.length === 0) return undefined
  const [kind, parameter] = flagsOfKinds[given[0]]
  return { kind, [parameter]: flags[keyOf(given[0], prefix)] }
}

/** The words of a command line that choose the rule of a threshold. */
export function thresholdWords(threshold: Threshold, prefix = ''): string[] {
  const [name, [, parameter]] = (Object.entries(flagsOfKinds) as [RuleFlag, (typeof flagsOfKinds)[RuleFlag]][]).find(
    ([, [kind]]) => kind === threshold.kind,
  )!
  return [flagOf(name, prefix), String((threshold as unknown as Readonly<Record<string, number>>)[parameter])]
}

function keyOf(name: RuleFlag, prefix: string): string {
  return prefix === '' ? name : `${prefix}${name[0].toUpperCase()}${name.slice(1)}`
}

function flagOf(name: RuleFlag, prefix: string): string {
  return `--${keyOf(name, prefix).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
