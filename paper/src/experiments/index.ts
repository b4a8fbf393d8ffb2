// Experiments: the paper's protocols and tables, and the demo. Reading data and writing files stand in ./node.
export { distanceToMean, randomSplit, shippedSplit, type ArrhythmiaData, type ProtocolSplit } from './arrhythmia.js'
export {
  differencesFrom,
  imageParameters,
  imageProtocols,
  resolveImageSetting,
  type ImageDataset,
  type ImageProtocol,
  type ImageSetting,
} from './image-protocol.js'
export { costOfTrial, usualImages, type PartCost, type TrialCost, type TrialImages } from './image-cost.js'
export { oneClassProblem, type ImageData, type LabelledImages, type OneClassProblem } from './one-class.js'
export {
  choices,
  readImageRecord,
  type Choice,
  type Curve,
  type ImageRecord,
  type ImageTrialKey,
  type Machine,
  type PartHistogram,
  type TestMeasures,
} from './image-record.js'
export {
  identifyTrials,
  runImageTrials,
  type IdentifiedTrial,
  type ImageTrialsOptions,
  type ImageTrialStore,
  type WantedTrials,
} from './image-trials.js'
export { arrhythmiaProtocol } from './arrhythmia-trial.js'
export {
  arrhythmiaBaseline,
  arrhythmiaProblem,
  arrhythmiaProtocols,
  measureFloor,
  measureProblem,
  runArrhythmiaBaselines,
  type ArrhythmiaBaseline,
  type ArrhythmiaBaselinesOptions,
  type ArrhythmiaProblem,
  type ArrhythmiaProtocolName,
  type BaselineRun,
} from './arrhythmia-baselines.js'
export {
  reproduceTable3,
  table3Parameters,
  type MethodResult,
  type ProtocolResult,
  type Summary,
  type Table3,
  type Table3Options,
} from './table3.js'
export {
  explainTable3,
  renderTable3Json,
  renderTable3Markdown,
  renderTable3Text,
  tabulateF1,
  tabulateProtocols,
  tabulateRanking,
} from './table3-render.js'
export { paperTable3, referenceCode, type PublishedResult } from './table3-paper.js'
export { readTrial, type Measured, type StoredTrial, type Trial, type TrialKey, type TrialStore } from './trials.js'
export {
  compareOnDigits,
  demoParameters,
  demoSettings,
  toSamples,
  type ComparedDetector,
  type CompareOptions,
  type Comparison,
} from './demo.js'
export { renderDemoReport, tabulateDemo } from './demo-report.js'
export { renderAblation, renderBetaSweep, renderImageTable, type ImageReportOptions } from './image-render.js'
export {
  compareWithPlain,
  selectTrials,
  summarizeImages,
  type ByChoice,
  type ClassSummary,
  type ImageAblation,
  type ImageSelection,
  type ImageSummary,
  type PairedSummary,
} from './image-summary.js'
export { findUnevenAverages, paperTables, type PaperColumn, type PaperTable } from './paper-images.js'
export { publishedAuroc, pyodBenchmark, pyodColumns, type PublishedBenchmark, type PyodColumn } from './pyod-paper.js'
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
export { differenceOf, explainPyod, renderPyod } from './pyod-render.js'
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
export { imageBaselines, svmGrid, type ImageBaseline } from './image-baseline.js'
export {
  isBaseline,
  readLoggedRecord,
  type BaselineKey,
  type BaselineMeasures,
  type BaselineRecord,
  type LoggedRecord,
} from './image-baseline-record.js'
export {
  baselineNames,
  identifyBaselines,
  runBaselineTrials,
  type BaselineStore,
  type BaselineTrialsOptions,
  type IdentifiedBaseline,
  type WantedBaselines,
} from './image-baseline-trials.js'
export { explainOthers, tabulateOthers } from './image-baseline-table.js'
export { renderSamplePictures, samplePictureParameters, type SamplePictureOptions } from './sample-pictures.js'
export { renderFigure2, plantedAurocs, type PlantedAurocs } from './theory-figure2.js'
export { renderLemma1 } from './theory-lemma1.js'
export { renderScale } from './theory-scale.js'
export { renderTheorem1 } from './theory-theorem1.js'
export { renderTheorem2 } from './theory-theorem2.js'
export type { TheoryPageOptions } from './theory-page.js'
