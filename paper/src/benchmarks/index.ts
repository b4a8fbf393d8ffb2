// Detectors on tables of others: PyOD's benchmark, and Toll's settings chosen without labels. Reading data stands in ./node.
export {
  autoParameters,
  autoTrialBegins,
  compareChoices,
  networkName,
  readAutoTrial,
  tableOfTrials,
  type AutoOptions,
  type AutoStore,
  type AutoTable,
  type AutoTrial,
  type StoredAutoTrial,
} from './auto.js'
export {
  chosenBy,
  combinations,
  criteria,
  type Combination,
  type Criterion,
  type ScoredMember,
} from './auto-criteria.js'
export { against, renderAuto, waysOf, type Way } from './auto-render.js'
export {
  pyodMethod,
  pyodParameters,
  pyodSplit,
  pyodTrialBegins,
  readPyodTrial,
  reproducePyod,
  type PyodCell,
  type PyodDataset,
  type PyodMethod,
  type PyodOptions,
  type PyodStore,
  type PyodTable,
  type PyodTrial,
  type PyodTrialKey,
  type StoredPyodTrial,
} from './pyod.js'
export {
  publishedAuroc,
  pyodBenchmark,
  pyodColumns,
  type PublishedBenchmark,
  type PyodColumn,
} from './pyod-published.js'
export { differenceOf, explainPyod, renderPyod } from './pyod-render.js'
export { fitStandardization, standardize } from './standardize.js'
