// What the paper (arXiv 2306.12627) prints on images: Tables 1, 2 and 4, AUROC in per cent. Its columns stand behind
// different protocols (splits, choice of hyper-parameters, labelled validation data), most copied from other papers:
// they stand beside ours as printed.

import { meanInterval } from 'toll/metrics'
import type { ImageDataset } from '../images/index.js'

/** AUROC in per cent, one value per class in the data set's order. */
export interface PaperColumn {
  readonly method: string
  readonly auroc: readonly number[]
  /** Standard deviation over seeds, where it is printed. */
  readonly sd?: readonly number[]
  /** As printed; it is not always the mean of `auroc`. */
  readonly average: number
}

export interface PaperTable {
  readonly title: string
  readonly toll: PaperColumn
  /** In the order printed. */
  readonly baselines: readonly PaperColumn[]
  /** The column without the norm term (beta 0), where there is one. */
  readonly plain?: PaperColumn
}

/** Seeds behind each of the paper's own values. */
export const paperSeeds = 10

export const paperTables: Readonly<Partial<Record<ImageDataset, PaperTable>>> = {
  mnist: tableOf(
    'Table 1',
    [
      {
        method: 'OC-SVM',
        auroc: [98.6, 99.5, 82.5, 88.1, 94.9, 77.1, 96.5, 93.7, 88.9, 93.1],
        sd: [0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        average: 91.3,
      },
      { method: 'OCGAN', auroc: [99.8, 99.9, 94.2, 96.3, 97.5, 98.0, 99.1, 98.1, 93.9, 98.1], average: 97.5 },
      { method: 'VAE', auroc: [99.7, 99.9, 93.6, 95.9, 97.3, 96.4, 99.3, 97.6, 92.3, 97.6], average: 97.0 },
      {
        method: 'DCAE',
        auroc: [97.6, 98.3, 85.4, 86.7, 86.5, 78.2, 94.6, 92.3, 86.5, 90.4],
        sd: [0.7, 0.6, 2.4, 0.9, 2.0, 2.7, 0.5, 1.0, 1.6, 1.8],
        average: 89.7,
      },
      {
        method: 'IF',
        auroc: [98.0, 97.3, 88.6, 89.9, 92.7, 85.5, 95.6, 92.0, 89.9, 93.5],
        sd: [0.3, 0.4, 0.5, 0.4, 0.6, 0.8, 0.3, 0.4, 0.4, 0.3],
        average: 92.3,
      },
      {
        method: 'AnoGAN',
        auroc: [96.6, 99.2, 85.0, 88.7, 89.4, 88.3, 94.7, 93.5, 84.9, 92.4],
        sd: [1.3, 0.6, 2.9, 2.1, 1.3, 2.9, 2.7, 1.8, 2.1, 1.1],
        average: 91.4,
      },
      {
        method: 'KDE',
        auroc: [97.1, 98.9, 79.0, 86.2, 87.9, 73.8, 87.6, 91.4, 79.2, 88.2],
        sd: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        average: 87.0,
      },
      {
        method: 'DSVDD',
        auroc: [98.0, 99.7, 91.7, 91.9, 94.9, 88.5, 98.3, 94.6, 93.9, 96.5],
        sd: [0.7, 0.1, 0.8, 1.5, 0.8, 0.9, 0.5, 0.9, 1.6, 0.3],
        average: 94.8,
      },
      {
        method: 'MemAE',
        auroc: [99.3, 99.8, 90.6, 94.7, 94.5, 95.1, 98.4, 95.4, 86.9, 97.3],
        sd: [0.1, 0.0, 0.8, 0.6, 0.4, 0.1, 0.5, 0.2, 0.5, 0.2],
        average: 95.2,
      },
      {
        method: 'MEMGAN',
        auroc: [99.3, 99.9, 94.5, 95.7, 96.1, 93.6, 98.6, 96.2, 93.5, 95.9],
        sd: [0.1, 0.0, 0.1, 0.4, 0.4, 0.3, 0.1, 0.2, 0.1, 0.1],
        average: 96.5,
      },
      {
        method: 'Toll',
        auroc: [99.8, 99.9, 96.2, 97.9, 97.8, 98.1, 99.5, 98.7, 97.3, 98.5],
        sd: [0.1, 0.0, 1.6, 0.6, 0.4, 0.6, 0.1, 0.2, 0.5, 0.3],
        average: 98.4,
      },
    ],
    {
      method: 'Toll, beta 0',
      auroc: [99.1, 99.9, 91.4, 93.4, 94.3, 95.1, 98.5, 96.4, 82.9, 96.2],
      sd: [0.1, 0.0, 0.3, 0.2, 0.3, 0.1, 0.1, 0.1, 0.2, 0.1],
      average: 94.7,
    },
  ),
  'cifar-10': tableOf('Table 2', [
    { method: 'OCGAN', auroc: [75.7, 53.1, 64.0, 62.0, 72.3, 62.0, 72.3, 57.5, 82.0, 55.4], average: 65.6 },
    { method: 'VAE', auroc: [70.0, 38.6, 67.9, 53.5, 74.8, 52.3, 68.7, 49.3, 69.6, 38.6], average: 58.3 },
    {
      method: 'DSVDD',
      auroc: [61.7, 65.9, 50.8, 59.1, 60.9, 65.7, 67.7, 67.3, 75.9, 73.1],
      sd: [4.1, 2.1, 0.8, 1.4, 1.1, 0.8, 2.6, 0.9, 1.2, 1.2],
      average: 64.8,
    },
    {
      method: 'DSEBM',
      auroc: [41.4, 57.1, 61.9, 50.1, 73.3, 60.5, 68.4, 53.3, 73.9, 63.6],
      sd: [2.3, 2.0, 0.1, 0.4, 0.2, 0.3, 0.3, 0.7, 0.3, 3.1],
      average: 60.4,
    },
    {
      method: 'DAGMM',
      auroc: [56.0, 48.3, 53.8, 51.2, 52.2, 49.3, 64.9, 55.3, 51.9, 54.2],
      sd: [6.9, 1.8, 4.0, 0.8, 7.3, 3.6, 1.7, 0.8, 2.4, 5.8],
      average: 54.4,
    },
    {
      method: 'IF',
      auroc: [60.1, 50.8, 49.2, 55.1, 49.8, 58.5, 42.9, 55.1, 74.2, 58.9],
      sd: [0.7, 0.6, 0.4, 0.4, 0.4, 0.4, 0.6, 0.7, 0.6, 0.7],
      average: 55.5,
    },
    {
      method: 'AnoGAN',
      auroc: [67.1, 54.7, 52.9, 54.5, 65.1, 60.3, 58.5, 62.5, 75.8, 66.5],
      sd: [2.5, 3.4, 3.0, 1.9, 3.2, 2.6, 1.4, 0.8, 4.1, 2.8],
      average: 61.8,
    },
    {
      method: 'ALAD',
      auroc: [64.7, 38.7, 67.0, 59.2, 72.7, 52.8, 69.5, 44.8, 73.4, 39.2],
      sd: [2.6, 0.8, 0.7, 0.3, 0.6, 1.2, 1.1, 0.4, 0.4, 1.3],
      average: 59.3,
    },
    {
      method: 'MemAE',
      auroc: [66.5, 46.4, 66.0, 52.9, 72.8, 52.9, 63.7, 45.9, 70.1, 48.2],
      sd: [0.9, 0.1, 0.1, 0.1, 0.1, 0.2, 0.4, 0.1, 0.1, 0.2],
      average: 58.5,
    },
    {
      method: 'MEMGAN',
      auroc: [73.0, 52.5, 67.2, 57.3, 73.9, 65.0, 72.8, 52.5, 74.4, 65.6],
      sd: [0.8, 0.7, 0.1, 0.2, 0.9, 0.2, 0.7, 0.5, 0.3, 1.6],
      average: 65.3,
    },
    {
      method: 'Toll',
      auroc: [75.0, 67.6, 56.2, 64.6, 67.7, 68.1, 74.7, 65.8, 80.0, 76.2],
      sd: [4.3, 3.2, 2.8, 1.6, 1.4, 1.6, 2.5, 1.3, 1.1, 0.5],
      average: 69.6,
    },
  ]),
}

/** Columns whose printed average is more than rounding (0.05) away from the mean of their classes. */
export function findUnevenAverages({
  toll,
  baselines,
  plain,
}: PaperTable): { method: string; printed: number; mean: number }[] {
  return [...baselines, toll, ...(plain ? [plain] : [])].flatMap(({ method, auroc, average }) => {
    const { mean } = meanInterval(auroc)
    return Math.abs(mean - average) > 0.05 + 1e-9 ? [{ method, printed: average, mean }] : []
  })
}

function tableOf(title: string, columns: readonly PaperColumn[], plain?: PaperColumn): PaperTable {
  return { title, toll: columns[columns.length - 1], baselines: columns.slice(0, -1), ...(plain && { plain }) }
}
