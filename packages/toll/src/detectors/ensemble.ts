// An ensemble: several detectors, each with parameters and a seed of its own, whose scores are combined into one, in
// one graph. Source: Aggarwal and Sathe 2015 (see combination.ts). Left out: choosing or weighting members by
// agreement.

import {
  Random,
  TollError,
  integer,
  list,
  real,
  resolveParameters,
  takeSamples,
  throwIfAborted,
  type Domains,
  type NdArray,
  type ParameterValue,
  type Values,
} from '../base/index.js'
import { cast, costOf, input, type Tensor } from '../graph/index.js'
import {
  combinationChoice,
  combine,
  comparable,
  drawGroups,
  fitScoreScale,
  type Combination,
  type ScoreScale,
} from './combination.js'
import {
  normalIndices,
  type Detector,
  type FitContext,
  type FittedDetector,
  type ScoreFormula,
  type TrainingData,
} from './contract.js'

export interface EnsembleMember {
  readonly detector: Detector
  /** What is left out takes the member's default. */
  readonly parameters?: Readonly<Record<string, ParameterValue>>
  /** Members of one number form a group of aom and moa; where no member has one, groups are drawn at random. */
  readonly group?: number
}

export const ensembleParameters = {
  combination: combinationChoice,
  groups: integer({
    default: 5,
    min: 1,
    max: 1000,
    doc: 'Groups that aom and moa divide the members into, at random.',
    source: 'PyOD: 5',
  }),
  standardiseBy: real({
    default: 0.2,
    min: 0,
    max: 0.5,
    doc:
      'Share of the normal rows that members do not learn from and whose scores put them on one scale; ' +
      'below 50 such rows, or at 0, all rows do both.',
    source: 'a member scores rows that it has learned from too low',
  }),
  subsample: integer({
    default: 0,
    min: 0,
    max: 1e9,
    doc:
      'Normal rows that the members learn from, the same for all of them, drawn at random without ' +
      'replacement; 0 takes all.',
  }),
} satisfies Domains

export type EnsembleParameters = Values<typeof ensembleParameters>

/** Below this many normal rows all of them do both. */
const fewestToDivide = 50

/** Bytes that scoring the held-back rows may hold at once. */
const scoringBytes = 1 << 28

export interface EnsembleOptions extends Partial<EnsembleParameters> {
  /** Contract checks that this ensemble cannot pass, with the reason. */
  readonly exceptions?: Readonly<Record<string, string>>
}

/**
 * A detector made of detectors; options replace the defaults of `ensembleParameters`. Members may repeat: each has its
 * own seed. Members keep no checkpoints.
 * Errors: `argument` for fewer than two members, for parameters outside a member's domain, and for members that share
 * no kind of sample.
 */
export function ensemble(
  members: readonly EnsembleMember[],
  { exceptions, ...defaults }: EnsembleOptions = {},
): Detector<typeof ensembleParameters> {
  const { combination, groups, standardiseBy, subsample } = resolveParameters(
    ensembleParameters,
    defaults,
    'ensemble option',
  )
  if (members.length < 2)
    throw new TollError('out-of-domain', `an ensemble needs at least 2 members, got ${members.length}`, {
      option: 'members',
      value: members.length,
      limit: 2,
    })
  const accepts = (['table', 'image'] as const).filter((kind) =>
    members.every(({ detector }) => detector.accepts.includes(kind)),
  )
  if (accepts.length === 0)
    throw new TollError(
      'unsupported-input',
      `the members ${namesOf(members).join(', ')} take no kind of sample in common`,
      { option: 'members' },
    )
  namedGroups(members)
  for (const member of members) parametersOf(member)
  return {
    ...described,
    title: `Ensemble of ${namesOf(members).join(', ')}`,
    accepts,
    takesWeights: members.every(({ detector }) => detector.takesWeights),
    ...(exceptions && { exceptions }),
    parameters: {
      combination: { ...ensembleParameters.combination, default: combination },
      groups: { ...ensembleParameters.groups, default: groups },
      standardiseBy: { ...ensembleParameters.standardiseBy, default: standardiseBy },
      subsample: { ...ensembleParameters.subsample, default: subsample },
    },
    components: () => memberNames(members),
    formula: combinationFormula,
    fit: (data, parameters, context) => fitEnsemble(members, data, parameters, context),
  }
}

/** The ensemble of the command line: `members` names any of `known`, with their default parameters. */
export function namedEnsemble(known: readonly Detector[], members: readonly string[]) {
  const byName = new Map(known.map((detector) => [detector.name, detector]))
  const chosen = (names: readonly string[]): EnsembleMember[] => names.map((name) => ({ detector: byName.get(name)! }))
  const parameters = {
    members: list({
      values: [...byName.keys()],
      default: members,
      fewest: 2,
      doc:
        'Detectors that are combined, each with its default parameters; a name that stands twice is fitted ' +
        'twice with different seeds.',
    }),
    ...ensembleParameters,
  }
  const detector: Detector<typeof parameters> = {
    ...described,
    title: 'Ensemble of detectors',
    accepts: ['table'],
    takesWeights: false,
    parameters,
    components: ({ members: names }) => memberNames(chosen(names)),
    formula: combinationFormula,
    fit: (data, { members: names, ...rest }, context) => fitEnsemble(chosen(names), data, rest, context),
  }
  return detector
}

const described = {
  name: 'ensemble',
  idea: 'Several detectors score every row; their scores, put on one scale, are averaged or otherwise combined.',
  reference: 'Aggarwal and Sathe, SIGKDD Explorations 17(1), 2015',
  precision: 'float64',
} as const

/** What the members' scores become; each has a formula of its own. */
export function combinationFormula(
  { combination, outer = 0 }: EnsembleParameters & { readonly outer?: number },
  { members, groups }: Readonly<Record<string, unknown>>,
): ScoreFormula {
  const count = Array.isArray(members) ? members.length : 0
  const scale =
    combination === 'rank'
      ? 's_i(x) is the share of standardising rows that member i scores lower.'
      : 's_i(x) is the score of member i less its mean, over its standard deviation, on the standardising ' +
        (outer > 0
          ? `rows, of whose scores the lowest and highest ${Number((50 * outer).toPrecision(3))} % count as the ` +
            'nearest of the others.'
          : 'rows.')
  const listed = Array.isArray(groups)
    ? [`The groups are ${(groups as readonly (readonly string[])[]).map((group) => group.join(' and ')).join('; ')}.`]
    : []
  const average = String.raw`s(x) = \frac{1}{${count}} ∑_{i=1}^{${count}} s_i(x)`
  return {
    score: {
      average,
      rank: average,
      maximum: 's(x) = max_{i} s_i(x)',
      aom: String.raw`s(x) = \op{mean}_{G} max_{i ∈ G} s_i(x)`,
      moa: String.raw`s(x) = max_{G} \op{mean}_{i ∈ G} s_i(x)`,
    }[combination],
    where: [scale, ...listed],
  }
}

/**
 * Fits members to all rows but those that standardise, `outer` as `fitScoreScale` has it; a thousand steps of progress
 * each.
 */
export async function fitEnsemble(
  members: readonly EnsembleMember[],
  data: TrainingData,
  { outer, ...parameters }: EnsembleParameters & { readonly outer?: number },
  context: FitContext,
): Promise<FittedDetector> {
  const random = Random.seeded(context.seed).fork('ensemble')
  const { learning: all, standardising } = divide(data, parameters.standardiseBy, random.fork('standardise'))
  const learning = thinned(all, parameters.subsample, random.fork('subsample'))
  const seeds = random.fork('members')
  const fitted: FittedMember[] = []
  for (const [i, member] of members.entries()) {
    throwIfAborted(context.signal)
    fitted.push({
      precision: member.detector.precision,
      detector: await member.detector.fit(precise(learning, member.detector.precision), parametersOf(member), {
        engine: context.engine,
        seed: seeds.integer(2 ** 32),
        signal: context.signal,
        // A member is a thousand steps, whatever it calls a step.
        onProgress: ({ step, steps, values }) =>
          context.onProgress?.({ step: Math.floor(1000 * (i + step / steps)), steps: 1000 * members.length, values }),
      }),
    })
    context.onProgress?.({ step: 1000 * (i + 1), steps: 1000 * members.length, values: {} })
  }
  const scale = fitScoreScale(await scoresOf(fitted, standardising, context), outer)
  const groups = namedGroups(members) ?? drawGroups(members.length, parameters.groups, random.fork('groups'))
  const names = memberNames(members)
  return {
    score: (x) => score(fitted, x, { scale, how: parameters.combination, groups, names }),
    summary: {
      // Last: a member's own summary may have other things of these names.
      members: members.map((member, i) => ({
        ...fitted[i].detector.summary,
        detector: member.detector.name,
        parameters: parametersOf(member),
        mean: scale.mean[i],
        sd: scale.sd[i],
      })),
      rows: { learning: normalIndices(learning).length, standardising: standardising.shape[0] },
      ...(['aom', 'moa'].includes(parameters.combination) && {
        groups: groups.map((group) => group.map((member) => names[member])),
      }),
    },
    containsTrainingRows: fitted.some(({ detector }) => detector.containsTrainingRows),
  }
}

interface FittedMember {
  readonly detector: FittedDetector
  readonly precision: Detector['precision']
}

/**
 * Places of the members of each group, in order of first appearance; undefined where no member names one. Error:
 * `argument` where only some do.
 */
function namedGroups(members: readonly EnsembleMember[]): number[][] | undefined {
  const named = members.filter(({ group }) => group !== undefined).length
  if (named === 0) return undefined
  if (named < members.length)
    throw new TollError(
      'out-of-domain',
      `either every member of an ensemble has a group or none has, got ${named} of ${members.length}`,
      { option: 'group', value: named, expected: `0 or ${members.length} members with a group` },
    )
  return [...new Set(members.map(({ group }) => group))].map((group) =>
    members.flatMap((member, i) => (member.group === group ? [i] : [])),
  )
}

/** The combined score, and under each member's name its score on the common scale. */
function score(
  fitted: readonly FittedMember[],
  x: Tensor,
  { scale, how, groups, names }: { scale: ScoreScale; how: Combination; groups: number[][]; names: string[] },
) {
  const scores = comparable(memberScores(fitted, x), scale, how)
  return {
    score: combine(scores, how, groups),
    components: Object.fromEntries(names.map((name, i) => [name, scores[i]])),
  }
}

function memberScores(fitted: readonly FittedMember[], x: Tensor): Tensor[] {
  const narrow = cast(x, 'float32')
  return fitted.map(({ detector, precision }) => detector.score(precision === 'float32' ? narrow : x).score)
}

/** Every member's scores of all samples, through the engine, in runs of bounded memory. */
async function scoresOf(
  fitted: readonly FittedMember[],
  samples: NdArray<Float64Array>,
  { engine, signal }: FitContext,
): Promise<Float64Array[]> {
  const [rows, ...shape] = samples.shape
  const x = input('x', ['batch', ...shape], 'float64')
  const outputs = Object.fromEntries(memberScores(fitted, x).map((score, i) => [`score${i}`, score]))
  const peak = (batch: number) => costOf(outputs, { sizes: { batch } }).peakBytes
  const perRow = Math.max(1, peak(2) - peak(1))
  const size = Math.max(1, Math.min(rows, Math.floor(scoringBytes / perRow)))
  const session = await engine.load({ outputs, inputs: [x] })
  const scores = fitted.map(() => new Float64Array(rows))
  try {
    for (let start = 0; start < rows; start += size) {
      throwIfAborted(signal)
      const part = takeSamples(samples, range(start, Math.min(start + size, rows)))
      const results = await session.run({ x: { dtype: 'float64', shape: part.shape, data: part.data as Float64Array } })
      scores.forEach((column, i) => column.set(results[`score${i}`].data as Float64Array, start))
    }
  } finally {
    await session.close()
  }
  return scores
}

/** What members learn from, anomalies among it, and the normal samples that standardise. */
function divide(
  data: TrainingData,
  share: number,
  random: Random,
): { learning: TrainingData; standardising: NdArray<Float64Array> } {
  const normal = normalIndices(data)
  if (normal.length < 2)
    throw new TollError('too-few-rows', `an ensemble learns from at least 2 normal rows, got ${normal.length}`, {
      value: normal.length,
      limit: 2,
    })
  const held = normal.length < fewestToDivide ? 0 : Math.round(share * normal.length)
  const chosen = Array.from(random.sample(normal.length, held), (i) => normal[i]).sort((a, b) => a - b)
  const held64 = chosen.length > 0 ? chosen : normal
  const out = new Set(chosen)
  return {
    learning: takeData(
      data,
      range(0, data.samples.shape[0]).filter((row) => !out.has(row)),
    ),
    standardising: widened(takeSamples(data.samples, held64)),
  }
}

/** `rows` of the normal samples, in their order; everything when `rows` is 0 or not fewer. */
function thinned(data: TrainingData, rows: number, random: Random): TrainingData {
  if (rows === 1)
    throw new TollError('out-of-domain', 'ensemble: subsample must be 0 for all rows, or at least 2, got 1', {
      option: 'subsample',
      value: rows,
      expected: '0, or at least 2',
    })
  const normal = normalIndices(data)
  if (rows === 0 || rows >= normal.length) return data
  return takeData(
    data,
    Array.from(random.sample(normal.length, rows).sort(), (i) => normal[i]),
  )
}

function takeData({ samples, labels, weights }: TrainingData, rows: readonly number[]): TrainingData {
  return {
    samples: takeSamples(samples, rows),
    ...(labels && { labels: Uint8Array.from(rows, (row) => labels[row]) }),
    ...(weights && { weights: Float32Array.from(rows, (row) => weights[row]) }),
  }
}

function precise(data: TrainingData, precision: Detector['precision']): TrainingData {
  const { shape, data: numbers } = data.samples
  return precision === 'float64' ? data : { ...data, samples: { shape, data: Float32Array.from(numbers) } }
}

function widened({ shape, data }: NdArray): NdArray<Float64Array> {
  return { shape, data: Float64Array.from(data) }
}

function parametersOf({ detector, parameters }: EnsembleMember): Values<Domains> {
  return resolveParameters(detector.parameters, parameters ?? {}, `${detector.name} parameter`)
}

function namesOf(members: readonly EnsembleMember[]): string[] {
  return members.map(({ detector }) => detector.name)
}

/** Names of the score's components; one that repeats is numbered from its second member on: toll, toll_2, toll_3. */
export function memberNames(members: readonly EnsembleMember[]): string[] {
  const seen = new Map<string, number>()
  return namesOf(members).map((name) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${count}`
  })
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i)
}
