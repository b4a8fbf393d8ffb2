// A sweep without an engine, for tests: each trial's record is its number, doubled.

import { TollError, type Engine } from 'toll'
import type { RecordFormat } from './format.js'
import type { Sweep, SweepTrial } from './sweep.js'

export interface MadeTrial extends SweepTrial {
  readonly n: number
}

export interface MadeRecord {
  readonly made: 1
  readonly n: number
  readonly twice: number
  readonly seconds?: number
}

export const madeFormat: RecordFormat<MadeRecord> = {
  name: 'made trial',
  version: 1,
  begins: ['{"made":'],
  owns: (line) => 'made' in line,
  read(value) {
    if (typeof (value as MadeRecord).n !== 'number') throw new TollError('damaged-file', 'it has no n')
    return value as MadeRecord
  },
  identify: ({ n }) => `n ${n}`,
  took: ({ n, seconds }) => (seconds === undefined ? undefined : { kind: n % 2 === 0 ? 'even' : 'odd', seconds }),
  views: [
    {
      name: 'made',
      has: () => true,
      sql: 'SELECT n, twice FROM records WHERE made IS NOT NULL',
      shown: 'SELECT * FROM made ORDER BY n',
    },
  ],
}

/** They compute nothing. */
export const madeEngines = [0, 1].map(() => ({ device: 'cpu', threads: 1 }) as Engine)

export function madeTrial(n: number): MadeTrial {
  return { id: `n ${n}`, name: `number ${n}`, work: 4, kind: n % 2 === 0 ? 'even' : 'odd', n }
}

/** Trials 0, 1, ...; `ran` collects the numbers that are run. */
export function madeSweep(
  count: number,
  ran: number[] = [],
  more: Partial<Sweep<MadeTrial, MadeRecord>> = {},
): Sweep<MadeTrial, MadeRecord> {
  return {
    format: madeFormat,
    trials: Array.from({ length: count }, (_, n) => madeTrial(n)),
    open: () => ({
      async run({ n }, { onWork }) {
        ran.push(n)
        onWork(2, 'half of it')
        return { made: 1, n, twice: 2 * n }
      },
    }),
    ...more,
  }
}
