// Options from parameter domains: a flag, its help and its check from the one place where a parameter is declared.

import { Option, type Command } from 'commander'
import {
  describeDomain,
  parseParameter,
  resolveParameters,
  TollError,
  type Domain,
  type Domains,
  type ParameterValue,
} from 'toll/base'

export type Settings = Record<string, ParameterValue>

/** An option for one parameter. Left out, it has no value: the default is the declaring room's business. */
export function parameterOption(name: string, domain: Domain, shownDefault = String(domain.default)): Option {
  const placeholder = { real: 'number', integer: 'integer', choice: 'name', flag: 'true|false', list: 'a,b,...' }[
    domain.kind
  ]
  const flags = `--${kebab(name)} <${placeholder}>`
  return new Option(
    flags,
    `${domain.doc.replace(/(?<!\.)\.$/, '')} (${describeDomain(domain)}; default ${shownDefault})`,
  ).argParser((text) => readParameter(`--${kebab(name)}`, domain, text))
}

/** Reads and checks one value; `flag` is what messages call it. */
export function readParameter(flag: string, domain: Domain, text: string): ParameterValue {
  const value = parseParameter(domain, text)
  try {
    resolveParameters({ value: domain }, { value })
  } catch {
    throw new TollError('out-of-domain', `${flag} must be ${describeDomain(domain)}, got '${text}'`)
  }
  return value
}

/** `--param key=value`, any number of times; read by `readAssignments` once the domains are known. */
export function addAssignments(command: Command): void {
  command.option('--param <key=value>', 'set any parameter of the detector by its name; repeatable', append)
}

/** `prefix` is what stood before the names: `knn.` of `knn.k=5`. */
export function readAssignments(texts: readonly string[], domains: Domains, owner: string, prefix = ''): Settings {
  return Object.fromEntries(
    texts.map((text) => {
      const split = text.indexOf('=')
      const name = text.slice(0, Math.max(split, 0)).trim()
      if (split < 1)
        throw new TollError(
          'out-of-domain',
          `--param takes ${prefix}key=value, got '${prefix}${text}'; the keys are ${Object.keys(domains).join(', ')}`,
        )
      if (!Object.hasOwn(domains, name))
        throw new TollError(
          'unknown-parameter',
          `${owner} has no parameter '${name}'; it has ${Object.keys(domains).join(', ')}`,
        )
      return [name, readParameter(`--param ${prefix}${name}`, domains[name], text.slice(split + 1))]
    }),
  )
}

/** Collects a repeatable option. */
export function append(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** --json and --quiet, which every command has. */
export function addOutputOptions(command: Command): void {
  command
    .optionsGroup('Output:')
    .option('--json', 'print one JSON document for programs')
    .option('-q, --quiet', 'print errors and results only')
}

export function examples(command: Command, lines: readonly string[], after = ''): void {
  command.addHelpText(
    'after',
    `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}${after && `\n\n${after}`}`,
  )
}

export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
