// The trials of Table 3 as a sweep: the paper's network over seeds on the shipped split and over random splits, with
// and without the norm term, and other detectors under every protocol.

import { TollError, version, type Engine } from 'toll'
import { integer, resolveParameters } from 'toll/base'
import { detectorNamed } from 'toll/detectors'
import { checkNumbers, fingerprintSettings, firstOf, type Bench, type Sweep, type SweepTrial } from '../sweep/index.js'
import { chosenParameters, runDetectorTrial, seedsOf } from './detectors.js'
import { arrhythmiaProtocol } from './protocol.js'
import {
  arrhythmiaProtocols,
  table3Format,
  trialId,
  type DetectorKey,
  type Table3Record,
  type TrialKey,
} from './record.js'
import { randomSplit, shippedSplit, type ArrhythmiaData } from './splits.js'
import { NetworkBench } from './trial.js'

/** How much is run. `steps` below the protocol's 2000 makes a rehearsal, not a reproduction. */
export const table3Parameters = {
  seeds: integer({
    default: 10,
    min: 1,
    max: 1000,
    doc: 'Runs on the shipped split, with seeds 0, 1, ...',
    source: 'paper, section 4.1',
  }),
  splits: integer({ default: 100, min: 0, max: 10_000, doc: 'Random splits, one run with one seed on each.' }),
  steps: integer({
    default: arrhythmiaProtocol.steps,
    min: 20,
    max: 1_000_000,
    doc: 'Training steps of a run, a multiple of 20.',
    source: 'paper, section 4.1',
  }),
}

export interface Table3Wanted {
  readonly data: ArrhythmiaData
  /** Of runs on the shipped split; default 0 to 9. */
  readonly seeds?: readonly number[]
  /** Seeds of random splits; default 0 to 99. */
  readonly splits?: readonly number[]
  /** Default 2000. */
  readonly steps?: number
  /** Toll and other detectors by name, which run with the same seeds and splits; default Toll alone. */
  readonly detectors?: readonly string[]
  /** Whether the same network without the norm term (beta 0) runs as well, which doubles the time; default false. */
  readonly plain?: boolean
}

export type Table3Setting = Required<Table3Wanted>

interface NetworkTrial extends SweepTrial {
  readonly settings: string
  readonly key: TrialKey
}

interface DetectorTrial extends SweepTrial {
  readonly settings: string
  readonly key: DetectorKey
}

export type Table3Trial = NetworkTrial | DetectorTrial

/** A detector takes about as long as so many steps of the network. */
const detectorWork = 20

/**
 * What is wanted, with defaults. Errors: `argument` for settings outside their domain, `not-found` for a detector that
 * does not exist.
 */
export function resolveTable3(wanted: Table3Wanted): Table3Setting {
  const {
    data,
    seeds = firstOf(table3Parameters.seeds.default),
    splits = firstOf(table3Parameters.splits.default),
    detectors = ['toll'],
    plain = false,
  } = wanted
  checkNumbers('seeds', table3Parameters.seeds, seeds)
  checkNumbers('splits', table3Parameters.splits, splits)
  const { steps } = resolveParameters(
    { steps: table3Parameters.steps },
    wanted.steps === undefined ? {} : { steps: wanted.steps },
    'table 3 setting',
  )
  const { validateEvery } = arrhythmiaProtocol
  if (steps % validateEvery !== 0)
    throw new TollError(
      'out-of-domain',
      `table 3 setting 'steps' must be a multiple of ${validateEvery}, got ${steps}`,
      { option: 'steps', value: steps, expected: `a multiple of ${validateEvery}` },
    )
  if (detectors.length === 0)
    throw new TollError('missing-argument', 'table 3 needs at least one detector, got none', { option: 'detectors' })
  return {
    data,
    seeds,
    splits,
    steps,
    plain,
    detectors: [...new Set(detectors)].map((name) => detectorNamed(name).name),
  }
}

/**
 * The trials on engines that compute as `engine` does. Errors: `shape` and `data` for data that do not fit the
 * protocol.
 */
export async function table3Sweep(
  setting: Table3Setting,
  engine: Pick<Engine, 'device' | 'threads'>,
): Promise<Sweep<Table3Trial, Table3Record>> {
  const { data } = setting
  const orders = [...shippedSplit(data).test]
  const fingerprint = ({ device, threads }: typeof engine, of: object) =>
    fingerprintSettings({ ...of, device, threads, version, orders }, data.x.data)
  return {
    format: table3Format,
    trials: [
      ...networkTrials(setting, await fingerprint(engine, { protocol: arrhythmiaProtocol, steps: setting.steps })),
      ...(await detectorTrials(setting, (of) => fingerprint(engine, of))),
    ],
    open: (one) => openBench(setting, one),
  }
}

function networkTrials({ detectors, seeds, splits, steps, plain }: Table3Setting, settings: string): NetworkTrial[] {
  if (!detectors.includes('toll')) return []
  const betas = plain ? [arrhythmiaProtocol.beta, 0] : [arrhythmiaProtocol.beta]
  const keys = [
    ...betas.flatMap((beta) => seeds.map((seed): TrialKey => ({ split: 'shipped', beta, seed }))),
    // The seed varies with the split, so that the spread is that of both.
    ...betas.flatMap((beta) => splits.map((split): TrialKey => ({ split, beta, seed: split }))),
  ]
  return keys.map((key) => ({
    key,
    settings,
    id: trialId(settings, key),
    name:
      (key.split === 'shipped' ? `seed ${key.seed}` : `split ${key.split}`) +
      (key.beta === 0 ? ', without the norm term' : ''),
    work: steps,
    kind: 'network',
  }))
}

async function detectorTrials(
  { detectors, seeds, splits }: Table3Setting,
  fingerprint: (settings: object) => Promise<string>,
): Promise<DetectorTrial[]> {
  const lists = detectors
    .filter((name) => name !== 'toll')
    .map(async (detector) => {
      const parameters = resolveParameters(
        detectorNamed(detector).parameters,
        chosenParameters(detector),
        `${detector} parameter`,
      )
      const settings = await fingerprint({ detector, parameters, normalShare: arrhythmiaProtocol.normalShare })
      return arrhythmiaProtocols.flatMap((protocol) =>
        seedsOf(protocol, { seeds, splits }).map((seed): DetectorTrial => {
          const key = { detector, protocol, seed }
          return {
            key,
            settings,
            id: trialId(settings, key),
            name: `${detector}, ${protocol} split ${seed}`,
            work: detectorWork,
            kind: detector,
          }
        }),
      )
    })
  return (await Promise.all(lists)).flat()
}

function openBench({ data, steps }: Table3Setting, engine: Engine): Bench<Table3Trial, Table3Record> {
  // Only where a network runs.
  let network: NetworkBench | undefined
  return {
    async run({ settings, key }, { signal, onWork }) {
      const started = performance.now()
      const stored = (measured: Omit<Table3Record, 'settings'>) =>
        ({ settings, ...measured, seconds: (performance.now() - started) / 1e3 }) as Table3Record
      if ('detector' in key) return stored(await runDetectorTrial({ data, key, engine, signal }))
      network ??= new NetworkBench(data, engine)
      const { split } = key
      return stored(
        await network.run({
          key,
          split: split === 'shipped' ? shippedSplit(data) : randomSplit(data, split),
          steps,
          signal,
          onSteps: (step) => onWork(step, `step ${step} of ${steps}`),
        }),
      )
    },
    close: async () => network?.close(),
  }
}
