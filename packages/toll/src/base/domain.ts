// Parameters declared once: type, range, default, meaning, source. Everything that takes parameters resolves them here,
// so that a wrong value is refused by name and help texts, manifests and forms read the same table.

import { TollError } from './errors.js'

interface Described {
  /** What it does, with its unit; one sentence. */
  readonly doc: string
  /** Where the default comes from. */
  readonly source?: string
}

export interface RealDomain extends Described {
  readonly kind: 'real' | 'integer'
  readonly default: number
  readonly min?: number
  readonly max?: number
  /** Whether `min` itself is refused. */
  readonly aboveMin?: boolean
  /** Whether `max` itself is refused. */
  readonly belowMax?: boolean
}

export interface ChoiceDomain<V extends string = string> extends Described {
  readonly kind: 'choice'
  readonly default: V
  readonly values: readonly V[]
}

export interface FlagDomain extends Described {
  readonly kind: 'flag'
  readonly default: boolean
}

/** Names out of a closed list, in order; one name may stand several times. */
export interface ListDomain<V extends string = string> extends Described {
  readonly kind: 'list'
  readonly default: readonly V[]
  readonly values: readonly V[]
  /** Fewest names; default 1. */
  readonly fewest?: number
}

export type Domain = RealDomain | ChoiceDomain | FlagDomain | ListDomain
export type Domains = Readonly<Record<string, Domain>>
export type ParameterValue = number | string | boolean | readonly string[]

type ValueOf<D> =
  D extends ChoiceDomain<infer V>
    ? V
    : D extends FlagDomain
      ? boolean
      : D extends ListDomain<infer V>
        ? readonly V[]
        : number

/** The values that a table of domains describes. */
export type Values<D extends Domains> = { -readonly [K in keyof D]: ValueOf<D[K]> }

export function real(spec: Omit<RealDomain, 'kind'>): RealDomain {
  return { ...spec, kind: 'real' }
}

export function integer(spec: Omit<RealDomain, 'kind'>): RealDomain {
  return { ...spec, kind: 'integer' }
}

export function choice<const V extends string>(
  spec: { values: readonly V[]; default: NoInfer<V> } & Described,
): ChoiceDomain<V> {
  return { ...spec, kind: 'choice' }
}

export function flag(spec: Omit<FlagDomain, 'kind'>): FlagDomain {
  return { ...spec, kind: 'flag' }
}

export function list<const V extends string>(
  spec: { values: readonly V[]; default: readonly NoInfer<V>[]; fewest?: number } & Described,
): ListDomain<V> {
  return { ...spec, kind: 'list' }
}

/** Fills defaults and refuses unknown names and values outside their domain (code `argument`). */
export function resolveParameters<D extends Domains>(
  domains: D,
  given: Partial<Values<D>> = {},
  owner = 'parameter',
): Values<D> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(domains, name)) {
      throw new TollError(
        'unknown-parameter',
        `${owner} '${name}' does not exist; known: ${Object.keys(domains).join(', ')}`,
        { option: name, value: given[name], expected: Object.keys(domains) },
      )
    }
  }
  const resolved: Record<string, unknown> = {}
  for (const [name, domain] of Object.entries(domains)) {
    const value = (given as Record<string, unknown>)[name] ?? domain.default
    const problem = violation(domain, value)
    if (problem)
      throw new TollError(
        'out-of-domain',
        `${owner} '${name}' must be ${problem}, got ${typeof value === 'number' ? value : JSON.stringify(value)}`,
        { option: name, value, expected: problem },
      )
    resolved[name] = value
  }
  return resolved as Values<D>
}

/** Reads one parameter from text, as a command line gives it; commas part the names of a list. */
export function parseParameter(domain: Domain, text: string): ParameterValue {
  if (domain.kind === 'list')
    return text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
  if (domain.kind === 'flag') return text === 'true' ? true : text === 'false' ? false : text
  if (domain.kind === 'choice') return text
  return text.trim() === '' ? NaN : Number(text)
}

/** The domain in words, such as `a real number above 0 and at most 1`. */
export function describeDomain(domain: Domain): string {
  if (domain.kind === 'flag') return 'true or false'
  if (domain.kind === 'choice') return `one of ${domain.values.join(', ')}`
  if (domain.kind === 'list') return `a list of at least ${domain.fewest ?? 1} of ${domain.values.join(', ')}`
  const bounds: string[] = []
  if (domain.min !== undefined) bounds.push(`${domain.aboveMin ? 'above' : 'at least'} ${domain.min}`)
  if (domain.max !== undefined) bounds.push(`${domain.belowMax ? 'below' : 'at most'} ${domain.max}`)
  const kind = domain.kind === 'integer' ? 'an integer' : 'a finite number'
  return [kind, bounds.join(' and ')].filter(Boolean).join(' ')
}

function violation(domain: Domain, value: unknown): string | undefined {
  const inside =
    domain.kind === 'flag'
      ? typeof value === 'boolean'
      : domain.kind === 'choice'
        ? domain.values.includes(value as string)
        : domain.kind === 'list'
          ? Array.isArray(value) &&
            value.length >= (domain.fewest ?? 1) &&
            value.every((name) => domain.values.includes(name as string))
          : typeof value === 'number' &&
            Number.isFinite(value) &&
            (domain.kind === 'real' || Number.isSafeInteger(value)) &&
            (domain.min === undefined || (domain.aboveMin ? value > domain.min : value >= domain.min)) &&
            (domain.max === undefined || (domain.belowMax ? value < domain.max : value <= domain.max))
  return inside ? undefined : describeDomain(domain)
}
