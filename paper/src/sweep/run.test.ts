// The runner by a sweep that computes nothing: what runs and what does not, what happens to errors, and what is said.

import { describe, expect, it } from 'vitest'
import { TollError } from 'toll'
import { throwIfAborted, type PhaseProgress } from 'toll/base'
import { forecastTrials, missingOf, runSweep, type Bench, type TrialStore } from './index.js'
import { madeEngines, madeFormat, madeSweep, madeTrial, type MadeRecord, type MadeTrial } from './made-sweep.harness.js'
import { memoryStore } from './memory-store.harness.js'

const [one] = madeEngines
const diverged = (n: number) => new TollError('loss-not-finite', `number ${n} is too much`)
/** Fails on some numbers. */
const failing = (ran: number[], bad: (n: number) => boolean) => (): Bench<MadeTrial, MadeRecord> => ({
  async run({ n }) {
    ran.push(n)
    if (bad(n)) throw diverged(n)
    return { made: 1, n, twice: 2 * n }
  },
})

describe('a sweep', () => {
  it('runs what the store lacks, once, and gives all in the order of its list', async () => {
    const store = memoryStore<MadeRecord>([{ made: 1, n: 2, twice: 4 }])
    const ran: number[] = []
    const sweep = madeSweep(4, ran)
    const twice = { ...sweep, trials: [...sweep.trials, madeTrial(1)] }
    expect(missingOf(twice, store.trials).map(({ n }) => n)).toEqual([0, 1, 3])
    const { records, missing, failures } = await runSweep(twice, { engines: madeEngines, store })
    expect([...records.values()].map(({ twice: value }) => value)).toEqual([0, 2, 4, 6])
    expect([ran.sort(), missing, failures]).toEqual([[0, 1, 3], 3, []])
    await runSweep(twice, { engines: madeEngines, store })
    expect([ran.length, store.trials.length]).toEqual([3, 4])
  })

  it('runs without a store, in an order of its own', async () => {
    const ran: number[] = []
    const { records } = await runSweep(madeSweep(3, ran, { order: (a, b) => b.n - a.n }), { engines: [one] })
    expect([ran, [...records.keys()]]).toEqual([
      [2, 1, 0],
      ['n 0', 'n 1', 'n 2'],
    ])
  })

  it('counts work, what the store held as done, and estimates the rest', async () => {
    const store = memoryStore<MadeRecord>([{ made: 1, n: 1, twice: 2 }])
    const events: PhaseProgress[] = []
    const left: number[] = []
    await runSweep(madeSweep(3), {
      engines: [one],
      store,
      onProgress: (event) => events.push(event),
      onTrial: (_, secondsLeft) => left.push(secondsLeft),
    })
    expect(events.map(({ done, message }) => [done, message])).toEqual([
      [6, 'number 0: half of it; 1 of 3 trials done'],
      [8, 'number 0; 2 of 3 trials done'],
      [10, 'number 2: half of it; 2 of 3 trials done'],
      [12, 'number 2; 3 of 3 trials done'],
    ])
    expect(events.every(({ phase, total }) => phase === 'trials' && total === 12)).toBe(true)
    expect([left.length, left[0] > 0, left[1]]).toEqual([2, true, 0])
  })

  it('stops at the first error, which has the name of its trial', async () => {
    const ran: number[] = []
    const store = memoryStore<MadeRecord>()
    const sweep = madeSweep(5, [], { open: failing(ran, (n) => n === 1) })
    await expect(runSweep(sweep, { engines: [one], store })).rejects.toMatchObject({
      reason: 'loss-not-finite',
      message: 'number 1: number 1 is too much',
    })
    expect([ran, store.trials.map(({ n }) => n)]).toEqual([[0, 1], [0]])
  })

  it('survives what it says, and does not ask for the rest of a group', async () => {
    const ran: number[] = []
    const store = memoryStore<MadeRecord>()
    const { records, failures, missing } = await runSweep(
      madeSweep(6, [], {
        open: failing(ran, (n) => n % 2 === 1),
        survives: (error) => error instanceof TollError && error.code === 'diverged',
        group: ({ kind }) => kind,
      }),
      { engines: [one], store },
    )
    expect(ran).toEqual([0, 1, 2, 4])
    expect([...records.keys()]).toEqual(['n 0', 'n 2', 'n 4'])
    expect(failures.map(({ trial, error }) => [trial.n, error])).toEqual([[1, diverged(1)]])
    expect([missing, store.trials.length]).toEqual([6, 3])
  })

  it('never survives a record that cannot be kept', async () => {
    const store: TrialStore<MadeRecord> = {
      read: () => Promise.resolve([]),
      append: () => Promise.reject(new TollError('cannot-write', 'the disk is full')),
    }
    const ran: number[] = []
    await expect(
      runSweep(madeSweep(3, ran, { survives: () => true }), { engines: [one], store }),
    ).rejects.toMatchObject({ code: 'io', message: 'the disk is full' })
    expect(ran).toEqual([0])
  })

  it('checks what is missing before anything runs, and closes its benches whatever happens', async () => {
    const ran: number[] = []
    const closed: number[] = []
    const check = (missing: readonly MadeTrial[]) => {
      throw diverged(missing.length)
    }
    await expect(runSweep(madeSweep(3, ran, { check }), { engines: [one] })).rejects.toMatchObject({ code: 'diverged' })
    expect(ran).toEqual([])
    const bench = failing([], () => true)()
    const open = () => ({ ...bench, close: async () => void closed.push(1) })
    await expect(runSweep(madeSweep(2, [], { open }), { engines: [one] })).rejects.toMatchObject({ code: 'diverged' })
    expect(closed).toEqual([1])
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const store = memoryStore<MadeRecord>()
    const open = (): Bench<MadeTrial, MadeRecord> => ({
      async run({ n }, { signal }) {
        if (n === 1) stop.abort()
        throwIfAborted(signal)
        return { made: 1, n, twice: 2 * n }
      },
    })
    const sweep = madeSweep(4, [], { open, survives: () => true })
    await expect(runSweep(sweep, { engines: [one], store, signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    })
    expect(store.trials.map(({ n }) => n)).toEqual([0])
  })

  it('keeps half-done trials only where it can continue them', async () => {
    const asked: string[] = []
    const checkpoint = (id: string) => {
      asked.push(id)
      return {
        location: id,
        read: async () => undefined,
        write: async () => undefined,
        remove: async () => undefined,
        finish: async () => void asked.push(`${id} finished`),
      }
    }
    const store = () => ({ ...memoryStore<MadeRecord>(), checkpoint })
    await runSweep(madeSweep(1), { engines: [one], store: store() })
    expect(asked).toEqual([])
    await runSweep(madeSweep(1, [], { resumable: true }), { engines: [one], store: store() })
    expect(asked).toEqual(['n 0', 'n 0 finished'])
  })
})

it('forecasts by the mean of each kind, and leaves out kinds that none has finished of', () => {
  const finished = [1, 3].map((n): MadeRecord => ({ made: 1, n, twice: 2 * n, seconds: n }))
  expect(forecastTrials([5, 6, 7].map(madeTrial), madeFormat, finished)).toEqual({ trials: 2, seconds: 4 })
  expect(forecastTrials([madeTrial(5)], madeFormat, [])).toEqual({ trials: 0, seconds: 0 })
})
