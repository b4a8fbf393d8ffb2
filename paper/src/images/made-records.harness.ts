// Made-up image trials for tests: a record with plausible curves and histograms around a given AUROC.

import { Random } from 'toll/base'
import { imageProtocols, type ImageDataset, type ImageSetting } from './protocol.js'
import type { ImageRecord } from './record.js'

export interface MadeTrial {
  readonly dataset?: ImageDataset
  readonly class: number
  readonly className: string
  readonly beta: number
  readonly seed: number
  /** Test AUROC in [0, 1]. */
  readonly labelled: number
  readonly last: number
  readonly setting?: Partial<ImageSetting>
  readonly id?: string
}

const bins = 40

export function makeRecord({
  dataset = 'mnist',
  labelled,
  last,
  setting: changes,
  id,
  ...key
}: MadeTrial): ImageRecord {
  const { setting: paper, network } = imageProtocols[dataset]
  const setting = { ...paper, steps: 200, ...changes }
  const random = Random.seeded(key.seed).fork(`${key.class} ${key.beta}`)
  const step = Array.from({ length: setting.steps / setting.validateEvery }, (_, i) => (i + 1) * setting.validateEvery)
  const falling = (from: number, to: number) =>
    step.map((s) => Number((to + (from - to) * Math.exp(-s / 60) * (1 + 0.05 * random.normal())).toPrecision(6)))
  const hill = (centre: number, width: number, count: number) =>
    Array.from({ length: bins }, (_, b) =>
      Math.round((count / width / 2.5) * Math.exp(-(((b - centre) / width) ** 2) / 2)),
    )
  const measures = (auroc: number, at: number) => ({
    step: at,
    auroc,
    averagePrecision: auroc,
    aurocReconstruction: auroc,
    aurocLatentNorm: auroc,
  })
  const norm = 40 / (1 + key.beta)
  return {
    format: 1,
    id: id ?? [dataset, key.class, key.beta, key.seed, JSON.stringify(setting)].join(' '),
    dataset,
    ...key,
    network,
    setting,
    images: { train: 4900 + 100 * key.class, validation: setting.validation, test: 10_000, testAnomalies: 9000 },
    test: { labelled: measures(labelled, step[Math.floor(step.length / 2)]), last: measures(last, setting.steps) },
    curve: {
      step,
      trainReconstruction: falling(24, 9),
      trainLatentNorm: falling(20, norm),
      normalReconstruction: falling(25, 10),
      normalLatentNorm: falling(20, norm),
      anomalousReconstruction: falling(30, 15),
      anomalousLatentNorm: falling(25, 1.6 * norm),
      validationAuroc: falling(0.7, last),
    },
    histograms: {
      reconstruction: { range: [4.13, 27.9], normal: hill(10, 4, 1000), anomalous: hill(20, 6, 9000) },
      latentNorm: { range: [0.8 * norm, 3 * norm], normal: hill(3, 2, 1000), anomalous: hill(12, 8, 9000) },
    },
    seconds: { train: 600, validate: 200, test: 100 },
    machine: {
      device: 'cpu',
      threads: 1,
      processor: 'Processor (R) X_1 @ 2 GHz',
      cores: 2,
      memoryGiB: 16,
      platform: 'linux-x64',
    },
    versions: { toll: '0.1.0', 'onnxruntime-node': '1.30.0' },
    finished: '2026-01-01T00:00:00.000Z',
  }
}

export const digits = Array.from({ length: 10 }, (_, digit) => String(digit))
