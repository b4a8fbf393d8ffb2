// Toll on tables without settings. Networks of several code weights are trained shortly and at length, all trimmed
// against anomalies among the training rows; beside them stand an isolation forest and histograms of the columns.
// Standardised scores are averaged within these three groups, and the highest of the three averages counts: a short
// training knows the bulk of the data and has not learned small clusters of anomalies yet, a long one knows the
// structure inside the bulk, and the third group sees values that are rare by themselves, however well a network
// reconstructs them. What criteria that choose one setting by unlabelled scores are worth, and other combinations, is
// measured in docs/auto.md. Sources: ensembles of autoencoders, Chen et al., "Outlier detection with autoencoder
// ensembles" (SDM 2017); the maximum of averages, Aggarwal and Sathe 2015. Left out: random connections, adaptive
// sampling, and weights of members.

import { flag, integer, real, type Domains, type Values } from '../base/index.js'
import type { Detector } from './contract.js'
import { combinationFormula, fitEnsemble, memberNames, type EnsembleMember } from './ensemble.js'
import { hbos } from './hbos.js'
import { isolationForest } from './isolation-forest.js'
import { toll, type TollParameters } from './toll.js'

export type AutoSetting = Pick<TollParameters, 'beta' | 'latent' | 'steps'>

/** What the networks differ in. */
export const autoSettings: readonly AutoSetting[] = [60, 500].flatMap((steps) =>
  [0, 1, 10].map((beta) => ({ beta, latent: 16, steps })),
)

export const tollAutoParameters = {
  trim: real({
    default: 0.1,
    min: 0,
    max: 0.5,
    belowMax: true,
    doc:
      'Share of the training rows that may be anomalies: the networks do not learn from so many of every ' +
      'batch, its rows of highest loss, and so many of the scores that put members on one scale are drawn ' +
      'in, half on either side; 0 where the rows are known to be normal.',
    source: 'docs/auto.md: better than none on contaminated training rows',
  }),
  classical: flag({
    default: true,
    doc: 'Whether an isolation forest and histograms stand beside the networks; they do not where rows have weights.',
    source: 'docs/auto.md: better with them, most of all where values are rare by themselves',
  }),
  repeats: integer({
    default: 1,
    min: 1,
    max: 100,
    doc:
      'Networks of each setting, with seeds of their own; more make the result depend less on the seed, at ' +
      'their multiple of the time.',
  }),
  length: real({
    default: 1,
    min: 0.01,
    max: 100,
    doc: "Multiple of the networks' training steps, which are 60 and 500; below 1 for a first look.",
  }),
  standardiseBy: real({
    default: 0.2,
    min: 0,
    max: 0.5,
    doc:
      'Share of the normal rows that members do not learn from and whose scores put members on one scale; ' +
      'below 50 such rows, or at 0, all rows do both.',
    source: 'a member scores rows that it has learned from too low',
  }),
} satisfies Domains

/** Networks of equal `steps` are one group. */
export function autoNetworks({
  trim,
  repeats,
  length = 1,
}: {
  readonly trim: number
  readonly repeats: number
  readonly length?: number
}): EnsembleMember[] {
  return Array.from({ length: repeats }, () => autoSettings)
    .flat()
    .map(({ steps, ...setting }) => ({
      detector: toll,
      group: steps,
      parameters: { ...setting, steps: Math.max(1, Math.round(length * steps)), trim, schedule: 'cosine' },
    }))
}

/** The third group. */
export const autoClassical: readonly EnsembleMember[] = [isolationForest, hbos].map((detector) => ({
  detector,
  group: 0,
}))

/** Neither of the classical members takes weights. */
function membersOf({ classical, ...networks }: Values<typeof tollAutoParameters>, weighted: boolean): EnsembleMember[] {
  return [...autoNetworks(networks), ...(classical && !weighted ? autoClassical : [])]
}

/** The largest of the averages over the members of each group; every member names its own. */
const combined = { combination: 'moa', groups: 1, subsample: 0 } as const

export const tollAuto: Detector<typeof tollAutoParameters> = {
  name: 'toll-auto',
  title: 'Toll without settings',
  idea:
    'Toll networks of several code weights, trained shortly and at length, trimmed against anomalies ' +
    'among the training rows, and beside them an isolation forest and histograms; the score is the ' +
    "highest of the three groups' average standardised scores.",
  reference:
    'Ghafourian et al., arXiv 2306.12627; Chen et al., SDM 2017; Aggarwal and Sathe, SIGKDD Explorations 17(1), 2015',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: true,
  exceptions: { ...toll.exceptions },
  parameters: tollAutoParameters,
  components: (parameters, { weighted }) => memberNames(membersOf(parameters, weighted)),
  formula: ({ standardiseBy, trim }, summary) =>
    combinationFormula({ ...combined, standardiseBy, outer: trim }, summary),

  async fit(data, parameters, context) {
    const { standardiseBy, classical, trim } = parameters
    const members = membersOf(parameters, data.weights !== undefined)
    const fitted = await fitEnsemble(members, data, { ...combined, standardiseBy, outer: trim }, context)
    return {
      ...fitted,
      summary: {
        choice:
          'no single setting: without labels none is known to be best; scores are averaged within each group, ' +
          'and the highest average counts',
        ...(classical && data.weights && { classical: 'left out, since they take no weights of rows' }),
        ...fitted.summary,
      },
    }
  },
}
