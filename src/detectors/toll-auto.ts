// Toll on tables without settings: networks of several beta, code widths and numbers of steps, trimmed against anomalies among the training
// rows, and the average of their ranks. Which single setting would be best cannot be told without labels: every criterion tried chose worse
// than the average of all does (docs/auto.md has them, and what each was worth).
// Sources: an ensemble of autoencoders, Chen et al., "Outlier detection with autoencoder ensembles" (SDM 2017); the average of ranks as the
// safe choice, Aggarwal and Sathe 2015. Left out: weights of members, and random connections.

import { integer, real, type Domains, type Values } from '../base/index.js'
import type { Detector } from './contract.js'
import { fitEnsemble, type EnsembleMember } from './ensemble.js'
import { toll, type TollParameters } from './toll.js'

type Setting = Pick<TollParameters, 'beta' | 'latent' | 'steps'>

/** What the members differ in. */
export const autoSettings: readonly Setting[] = [0, 1, 10, 100].flatMap((beta) => [
  { beta, latent: 16, steps: 200 },
  { beta, latent: 4, steps: 100 },
])

export const tollAutoParameters = {
  trim: real({
    default: 0.1, min: 0, max: 0.5, belowMax: true,
    doc: 'Share of every batch, its rows of highest loss, that the members do not learn from; 0 where the training rows are known to be normal.',
    source: 'docs/auto.md: the best of 0, 0.1 and 0.25 on contaminated training rows',
  }),
  repeats: integer({ default: 1, min: 1, max: 100, doc: 'Networks of each setting, with seeds of their own; more make the result depend less on the seed, at their multiple of the time.' }),
  standardiseBy: real({
    default: 0.2, min: 0, max: 0.5,
    doc: 'Share of the normal rows that members do not learn from and whose scores turn scores into ranks; below 50 such rows, or at 0, all rows do both.',
    source: 'a member scores rows that it has learned from too low',
  }),
} satisfies Domains

export function autoMembers({ trim, repeats }: Pick<Values<typeof tollAutoParameters>, 'trim' | 'repeats'>): EnsembleMember[] {
  return Array.from({ length: repeats }, () => autoSettings).flat().map((setting) => ({ detector: toll as unknown as Detector, parameters: { ...setting, trim, schedule: 'cosine' } }))
}

export const tollAuto: Detector<typeof tollAutoParameters> = {
  name: 'toll-auto',
  title: 'Toll without settings',
  idea: 'Toll networks of several code weights, code widths and lengths of training, trimmed against anomalies among the training rows; the score is the average of their ranks.',
  reference: 'Ghafourian et al., arXiv 2306.12627; Chen et al., SDM 2017; Aggarwal and Sathe, SIGKDD Explorations 17(1), 2015',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: true,
  parameters: tollAutoParameters,

  async fit(data, { standardiseBy, ...members }, context) {
    const fitted = await fitEnsemble(autoMembers(members), data, { combination: 'rank', groups: 1, standardiseBy }, context)
    return { ...fitted, summary: { choice: 'no single setting: without labels none is known to be best, so the ranks of all are averaged', ...fitted.summary } }
  },
}
