// What is published on Arrhythmia. The numbers stand behind different protocols (splits, shares of anomalies, choice of
// the threshold), so they are shown beside ours and not ranked with them.

/** F1 in per cent. */
export interface PublishedResult {
  readonly method: string
  readonly f1: number
  /** Standard deviation over seeds (ddof 0), where it is known. */
  readonly sd?: number
}

/** Table 3 of arXiv 2306.12627, in its order of results. */
export const paperTable3: readonly PublishedResult[] = [
  { method: 'Toll', f1: 60.0 },
  { method: 'MEMGAN', f1: 55.72 },
  { method: 'RCGAN', f1: 54.14 },
  { method: 'IF', f1: 53.03 },
  { method: 'GOAD', f1: 52.0 },
  { method: 'ALAD', f1: 51.52 },
  { method: 'MemAE', f1: 51.13 },
  { method: 'DAGMM', f1: 49.83 },
  { method: 'DSEBM', f1: 46.01 },
  { method: 'OC-SVM', f1: 45.18 },
  { method: 'AnoGAN', f1: 42.42 },
  { method: 'DSVDD', f1: 34.79 },
]

/** The authors' code as they ship it, on its own split, ten seeds, PyTorch 1.13 on one thread. */
export const referenceCode: Required<PublishedResult> = { method: 'reference code of the paper', f1: 65.4, sd: 6.2 }
