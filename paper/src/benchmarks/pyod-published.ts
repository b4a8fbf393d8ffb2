// What PyOD's documentation prints of its benchmark ("ROC Performances"): AUROC of the test rows, the mean over ten
// splits, of ten detectors on 17 data sets of ODDS. Facts for comparison, as printed.

/** PyOD's columns, in its order. */
export const pyodColumns = ['ABOD', 'CBLOF', 'FB', 'HBOS', 'IForest', 'KNN', 'LOF', 'MCD', 'OCSVM', 'PCA'] as const
export type PyodColumn = (typeof pyodColumns)[number]

export interface PublishedBenchmark {
  /** Of the data set, the stem of its file in ODDS. */
  readonly name: string
  readonly rows: number
  readonly columns: number
  /** Outliers among the rows, per cent. */
  readonly outlierPercent: number
  /** In the order of `pyodColumns`, in [0, 1]. */
  readonly auroc: readonly number[]
  /**
   * The same by PyOD's release of 2024, on the same splits: where it differs, the detector has changed since the table
   * was printed.
   */
  readonly rerun: readonly number[]
}

export const pyodBenchmark: readonly PublishedBenchmark[] = [
  {
    name: 'arrhythmia',
    rows: 452,
    columns: 274,
    outlierPercent: 14.6018,
    auroc: [0.7688, 0.7835, 0.7781, 0.8219, 0.8005, 0.7861, 0.7787, 0.779, 0.7812, 0.7815],
    rerun: [0.7688, 0.7777, 0.7771, 0.8219, 0.8013, 0.7861, 0.7787, 0.779, 0.7812, 0.7815],
  },
  {
    name: 'cardio',
    rows: 1831,
    columns: 21,
    outlierPercent: 9.6122,
    auroc: [0.5692, 0.9276, 0.5867, 0.8351, 0.9213, 0.7236, 0.5736, 0.8135, 0.9348, 0.9504],
    rerun: [0.5692, 0.8008, 0.5859, 0.8351, 0.9183, 0.7236, 0.5736, 0.8057, 0.9348, 0.9504],
  },
  {
    name: 'glass',
    rows: 214,
    columns: 9,
    outlierPercent: 4.2056,
    auroc: [0.7951, 0.8504, 0.8726, 0.7389, 0.7569, 0.8508, 0.8644, 0.7901, 0.6324, 0.6747],
    rerun: [0.7951, 0.8495, 0.8424, 0.7389, 0.7503, 0.8508, 0.8644, 0.7892, 0.6324, 0.6747],
  },
  {
    name: 'ionosphere',
    rows: 351,
    columns: 33,
    outlierPercent: 35.8974,
    auroc: [0.9248, 0.8134, 0.873, 0.5614, 0.8499, 0.9267, 0.8753, 0.9557, 0.8419, 0.7962],
    rerun: [0.9248, 0.9115, 0.8742, 0.5614, 0.8528, 0.9267, 0.8753, 0.9561, 0.8419, 0.7962],
  },
  {
    name: 'letter',
    rows: 1600,
    columns: 32,
    outlierPercent: 6.25,
    auroc: [0.8783, 0.507, 0.866, 0.5927, 0.642, 0.8766, 0.8594, 0.8074, 0.6118, 0.5283],
    rerun: [0.8783, 0.7834, 0.872, 0.5927, 0.638, 0.8766, 0.8594, 0.8075, 0.6118, 0.5283],
  },
  {
    name: 'lympho',
    rows: 148,
    columns: 18,
    outlierPercent: 4.0541,
    auroc: [0.911, 0.9728, 0.9753, 0.9957, 0.9941, 0.9745, 0.9771, 0.9, 0.9759, 0.9847],
    rerun: [0.911, 0.9636, 0.9738, 0.9957, 0.9932, 0.9745, 0.9771, 0.8955, 0.9759, 0.9847],
  },
  {
    name: 'mnist',
    rows: 7603,
    columns: 100,
    outlierPercent: 9.2069,
    auroc: [0.7815, 0.8009, 0.7205, 0.5742, 0.8159, 0.8481, 0.7161, 0.8666, 0.8529, 0.8527],
    rerun: [0.7815, 0.8455, 0.7192, 0.5742, 0.808, 0.8481, 0.7161, 0.8619, 0.8529, 0.8527],
  },
  {
    name: 'musk',
    rows: 3062,
    columns: 166,
    outlierPercent: 3.1679,
    auroc: [0.1844, 0.9879, 0.5263, 1.0, 0.9999, 0.7986, 0.5287, 0.9998, 1.0, 1.0],
    rerun: [0.1844, 1.0, 0.5345, 1.0, 0.9998, 0.7986, 0.5287, 0.9999, 1.0, 1.0],
  },
  {
    name: 'optdigits',
    rows: 5216,
    columns: 64,
    outlierPercent: 2.8758,
    auroc: [0.4667, 0.5089, 0.4434, 0.8732, 0.7253, 0.3708, 0.45, 0.3979, 0.4997, 0.5086],
    rerun: [0.4667, 0.7754, 0.4383, 0.8732, 0.7021, 0.3708, 0.45, 0.3935, 0.4997, 0.5086],
  },
  {
    name: 'pendigits',
    rows: 6870,
    columns: 16,
    outlierPercent: 2.2707,
    auroc: [0.6878, 0.9486, 0.4595, 0.9238, 0.9435, 0.7486, 0.4698, 0.8344, 0.9303, 0.9352],
    rerun: [0.6878, 0.8868, 0.4559, 0.9238, 0.9498, 0.7486, 0.4698, 0.8343, 0.9303, 0.9352],
  },
  {
    name: 'pima',
    rows: 768,
    columns: 8,
    outlierPercent: 34.8958,
    auroc: [0.6794, 0.7348, 0.6235, 0.7, 0.6806, 0.7078, 0.6271, 0.6753, 0.6215, 0.6481],
    rerun: [0.6794, 0.655, 0.6211, 0.7, 0.68, 0.7078, 0.627, 0.6757, 0.6215, 0.6481],
  },
  {
    name: 'satellite',
    rows: 6435,
    columns: 36,
    outlierPercent: 31.6395,
    auroc: [0.5714, 0.6693, 0.5572, 0.7581, 0.7022, 0.6836, 0.5573, 0.803, 0.6622, 0.5988],
    rerun: [0.5714, 0.7496, 0.5573, 0.7581, 0.6929, 0.6836, 0.5573, 0.8031, 0.6622, 0.5988],
  },
  {
    name: 'satimage-2',
    rows: 5803,
    columns: 36,
    outlierPercent: 1.2235,
    auroc: [0.819, 0.9917, 0.457, 0.9804, 0.9947, 0.9536, 0.4577, 0.9959, 0.9978, 0.9822],
    rerun: [0.819, 0.9992, 0.4589, 0.9804, 0.9939, 0.9536, 0.4577, 0.9959, 0.9978, 0.9822],
  },
  {
    name: 'shuttle',
    rows: 49097,
    columns: 9,
    outlierPercent: 7.1511,
    auroc: [0.6234, 0.6272, 0.4724, 0.9855, 0.9971, 0.6537, 0.5264, 0.9903, 0.9917, 0.9898],
    rerun: [0.6234, 0.6121, 0.4758, 0.9855, 0.9971, 0.6537, 0.5264, 0.9904, 0.9917, 0.9898],
  },
  {
    name: 'vertebral',
    rows: 240,
    columns: 6,
    outlierPercent: 12.5,
    auroc: [0.4262, 0.3486, 0.4166, 0.3263, 0.3905, 0.3817, 0.4081, 0.3906, 0.4431, 0.4027],
    rerun: [0.4261, 0.4452, 0.4029, 0.3262, 0.3887, 0.3817, 0.4081, 0.4047, 0.4431, 0.4027],
  },
  {
    name: 'vowels',
    rows: 1456,
    columns: 12,
    outlierPercent: 3.4341,
    auroc: [0.9606, 0.5856, 0.9425, 0.6727, 0.7585, 0.968, 0.941, 0.8076, 0.7802, 0.6027],
    rerun: [0.9606, 0.9301, 0.9419, 0.6727, 0.7557, 0.968, 0.941, 0.7911, 0.7802, 0.6027],
  },
  {
    name: 'wbc',
    rows: 378,
    columns: 30,
    outlierPercent: 5.5556,
    auroc: [0.9047, 0.9227, 0.9325, 0.9516, 0.931, 0.9366, 0.9349, 0.921, 0.9319, 0.9159],
    rerun: [0.9047, 0.9125, 0.9349, 0.9516, 0.932, 0.9366, 0.9349, 0.9181, 0.9319, 0.9159],
  },
]

/** The published value and that of 2024; undefined where there is none. */
export function publishedAuroc(
  dataset: string,
  column: PyodColumn,
): { readonly published: number; readonly rerun: number } | undefined {
  const entry = pyodBenchmark.find(({ name }) => name === dataset)
  const at = pyodColumns.indexOf(column)
  return entry && { published: entry.auroc[at], rerun: entry.rerun[at] }
}
