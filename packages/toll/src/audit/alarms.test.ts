// How many calls are too many, or too few.

import { expect, it } from 'vitest'
import { reviewAlarms } from './index.js'

const manifestOf = (called: number, of: number) => ({
  heldBack: { source: 'held-back', scores: Array.from({ length: of }, (_, i) => (i < of - called ? 0 : 2)) } as const,
  threshold: { kind: 'fixed', value: 1 } as const,
})

it('warns of what chance does not make', () => {
  const manifest = manifestOf(10, 1000)
  expect(reviewAlarms(manifest, { rows: 23_000, anomalies: 3958 })).toEqual({
    code: 'many-alarms',
    rows: 23_000,
    anomalies: 3958,
    expected: 230,
  })
  expect(reviewAlarms(manifest, { rows: 23_000, anomalies: 10 })).toMatchObject({ code: 'few-alarms' })
  expect(reviewAlarms(manifest, { rows: 23_000, anomalies: 300 })).toBeUndefined()
  // Five of a hundred may be chance, where ten of a thousand were.
  expect(reviewAlarms(manifest, { rows: 100, anomalies: 4 })).toBeUndefined()
  expect(reviewAlarms(manifestOf(0, 50), { rows: 1000, anomalies: 0 })).toBeUndefined()
  expect(reviewAlarms(manifestOf(0, 50), { rows: 1000, anomalies: 900 })).toMatchObject({ expected: 0 })
  expect(reviewAlarms(manifest, { rows: 0, anomalies: 0 })).toBeUndefined()
  const unknown = { ...manifest, heldBack: { source: 'training', scores: [1, 2] } as const }
  expect(reviewAlarms(unknown, { rows: 1000, anomalies: 900 })).toBeUndefined()
})
