// What a detector says of itself: names, domains and defaults, and that parameters and data stay as they were given.

import {
  describeDomain,
  messageOf,
  resolveParameters,
  rowCount,
  type Domain,
  type ParameterValue,
  type Table,
} from '../base/index.js'
import { input } from '../graph/index.js'
import { demand, demandRefusal, gridSamples, normalTable, standardized, type Check } from './subject.js'

export const declarationChecks: readonly Check[] = [
  {
    name: 'declaration',
    promise:
      'It has a name, a title, its idea and its source; every parameter says what it does and has a default ' +
      'inside its domain.',
    async run({ detector }) {
      for (const field of ['name', 'title', 'idea', 'reference'] as const) {
        demand(
          typeof detector[field] === 'string' && detector[field].trim() !== '',
          `'${field}' must say something, got ${JSON.stringify(detector[field])}`,
        )
      }
      demand(
        detector.precision === 'float32' || detector.precision === 'float64',
        `'precision' must be float32 or float64, got ${JSON.stringify(detector.precision)}`,
      )
      demand(
        typeof detector.takesWeights === 'boolean',
        `'takesWeights' must be true or false, got ${JSON.stringify(detector.takesWeights)}`,
      )
      for (const [check, reason] of Object.entries(detector.exceptions ?? {}))
        demand(reason.trim() !== '', `the exception to '${check}' has no reason`)
      for (const [name, domain] of Object.entries(detector.parameters))
        demand(domain.doc.trim() !== '', `parameter '${name}' does not say what it does`)
      resolveParameters(detector.parameters)
    },
  },
  {
    name: 'components',
    promise:
      'Its scorer computes the components and details that it declares, in their order, a float64 number per row of ' +
      'each component.',
    async run(subject) {
      const { detector, parameters } = subject
      for (const weighted of detector.takesWeights ? [false, true] : [false]) {
        const samples = gridSamples(60, 3)
        const weights = weighted ? { weights: new Float32Array(60).fill(1) } : {}
        const fitted = await subject.fitDirectly({ samples, ...weights })
        const { components = {}, details = {} } = fitted.score(input('x', ['batch', 3], detector.precision))
        for (const [what, built, declared = []] of [
          ['components', components, detector.components?.(parameters, { weighted })],
          ['details', details, detector.details?.(parameters)],
        ] as const)
          demand(
            Object.keys(built).join() === declared.join(),
            `the declared ${what} are ${declared.join(', ') || 'none'}, the scorer computes ` +
              `${Object.keys(built).join(', ') || 'none'}`,
          )
        for (const [name, { dtype, shape }] of Object.entries(components))
          demand(
            dtype === 'float64' && shape.join() === 'batch',
            `component '${name}' is ${dtype} of shape (${shape.join(', ')}), expected float64 of shape (batch)`,
          )
      }
    },
  },
  {
    name: 'parameters-kept',
    promise: 'Parameters stay as they were given, and stand in the model file so.',
    async run(subject) {
      const given = subject.parameters
      const before = JSON.stringify(given)
      const { manifest } = await subject.fit(normalTable(60), { parameters: given })
      demand(
        JSON.stringify(given) === before,
        `fitting changed the parameters from ${before} to ${JSON.stringify(given)}`,
      )
      demand(
        JSON.stringify(manifest.parameters) === before,
        `the model file says ${JSON.stringify(manifest.parameters)}, given was ${before}`,
      )
    },
  },
  {
    name: 'parameter-domains',
    promise: 'A parameter outside its domain, and one that does not exist, is refused by its name.',
    async run(subject) {
      const refused = async (name: string, value: unknown) => {
        const error = await demandRefusal(
          subject.fit(subject.probe, { parameters: { [name]: value } as Record<string, never> }),
          ['argument'],
          `${name} = ${JSON.stringify(value)}`,
        )
        demand(
          error.details.option === name,
          `the refusal of ${name} = ${JSON.stringify(value)} does not name it as its option: ${messageOf(error)}`,
        )
      }
      for (const [name, domain] of Object.entries(subject.detector.parameters)) {
        for (const value of outside(domain)) await refused(name, value)
      }
      await refused('no such parameter', 1)
      for (const seed of [-1, 1.5, NaN, 2 ** 32]) {
        const error = await demandRefusal(subject.fit(subject.probe, { seed }), ['argument'], `seed ${seed}`)
        demand(
          error.details.option === 'seed',
          `the refusal of seed ${seed} does not name it as its option: ${messageOf(error)}`,
        )
      }
    },
  },
  {
    name: 'inputs-kept',
    promise: 'Fitting and scoring leave rows, labels and weights as they were.',
    async run(subject) {
      const rows = rowCount(subject.data)
      const labels = Uint8Array.from({ length: rows }, (_, i) => Number(i % 10 === 0))
      const weights = subject.detector.takesWeights ? { weights: new Float32Array(rows).fill(2) } : {}
      await kept({ data: subject.data, labels, ...weights }, async (given) => {
        const model = await subject.fit(given.data, { labels: given.labels, weights: given.weights })
        await model.score(given.data)
      })
      const { shape, data } = standardized(subject.data)
      const samples = { shape, data: subject.detector.precision === 'float32' ? Float32Array.from(data) : data }
      await kept({ samples, labels, ...weights }, (given) =>
        subject.detector.fit(given, subject.parameters, { engine: subject.engine, seed: 1, signal: subject.signal }),
      )
    },
  },
]

/** Demands that `work` leaves every number of `given` as it was. */
async function kept<T extends Record<string, unknown>>(given: T, work: (given: T) => Promise<unknown>): Promise<void> {
  const before = structuredClone(given)
  await work(given)
  const names = Object.keys(given).filter((name) =>
    arraysOf(given[name]).some((array, i) =>
      array.some((value, at) => !Object.is(value, arraysOf(before[name])[i][at])),
    ),
  )
  demand(names.length === 0, `fitting or scoring changed the ${names.join(' and the ')} that it was given`)
}

function arraysOf(value: unknown): readonly Float64Array[] {
  if (ArrayBuffer.isView(value)) return [value as Float64Array]
  const { columns, data } = value as Partial<Table> & { data?: Float64Array }
  return columns?.map(({ values }) => values) ?? (data ? [data] : [])
}

/** Values of the right and the wrong type that the domain does not hold. */
function outside(domain: Domain): readonly (ParameterValue | null)[] {
  const text = `no ${describeDomain(domain)}`
  switch (domain.kind) {
    case 'flag':
      return [3, text]
    case 'choice':
      return [3, text]
    case 'list':
      return [3, [], [text]]
    case 'real':
    case 'integer': {
      const below = domain.min === undefined ? [] : [domain.aboveMin ? domain.min : domain.min - 1]
      const above =
        domain.max === undefined ? [] : [domain.belowMax ? domain.max : domain.max + Math.max(1, Math.abs(domain.max))]
      return [NaN, Infinity, '1', ...below, ...above, ...(domain.kind === 'integer' ? [domain.default + 0.5] : [])]
    }
  }
}
