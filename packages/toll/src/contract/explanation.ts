// What a detector promises that says what makes its score.

import { quantile, rowCount } from '../base/index.js'
import { explain } from '../explain/index.js'
import { Model } from '../model/index.js'
import { demand, type Check } from './subject.js'

/** Terms may differ from the score by the rounding of single precision. */
const rounding = 1e-5
/** Share of the score that a numerical integral may lack on half of the rows. */
const maxRemainder = 0.05

export const explanationChecks: readonly Check[] = [
  {
    name: 'explanation',
    promise:
      'A detector that says what makes its score explains it from the file alone: base and contributions add up to ' +
      'the score of every row, and the terms to their own changes.',
    async run(subject) {
      const { detector, engine, signal, probe } = subject
      if (!detector.explanation) return
      const loaded = new Model((await subject.model()).bytes.slice(), engine)
      try {
        const { method, base, rows } = await explain(loaded, probe, { detector, signal })
        demand(method === 'gradients', `the file is explained by ${method}: its outputs are not what is declared`)
        demand(rows.length === rowCount(probe), `${rows.length} of ${rowCount(probe)} rows are explained`)
        for (const { row, score, contributions } of rows) {
          const sum = contributions.reduce((total, contribution) => total + contribution, base.value)
          demand(
            Math.abs(sum - score) <= rounding * Math.max(Math.abs(score), Math.abs(base.value)),
            `base and contributions of row ${row} add up to ${sum}, its score is ${score}`,
          )
        }
        const remainder = quantile(
          rows.map((row) => Math.abs(row.remainder)),
          0.5,
        )
        demand(remainder <= maxRemainder, `the integrals lack a share of ${remainder} of the score`)
      } finally {
        await loaded.close()
      }
    },
  },
]
