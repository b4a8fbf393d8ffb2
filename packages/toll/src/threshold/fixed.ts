// A threshold that somebody chose. It needs no held-back rows and promises nothing.

import { real } from '../base/index.js'
import type { ThresholdKind } from './kind.js'

const parameters = { value: real({ default: NaN, doc: 'The threshold, in units of the score.' }) }

export const fixedKind: ThresholdKind<'fixed', typeof parameters, Record<never, never>> = {
  kind: 'fixed',
  doc: 'a given score',
  needs: 'nothing',
  parameters,
  facts: {},
  fit: ({ value }) => ({ value }),
  describe: ({ value }) => `${value} (fixed)`,
}
