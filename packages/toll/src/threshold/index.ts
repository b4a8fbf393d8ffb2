// From scores to decisions: rules, fitted thresholds, the comparison, p-values, and control of false discoveries.
export { pValue, pValueSlots, pValues } from './conformal.js'
export { decide } from './decide.js'
export { discoveries } from './discoveries.js'
export type { LabelledScores, ThresholdKind } from './kind.js'
export {
  checkThreshold,
  defaultThresholdRule,
  describeThreshold,
  fitThreshold,
  listThresholdKinds,
  needsLabels,
  readThreshold,
  type Threshold,
  type ThresholdRule,
} from './kinds.js'
export { fitPareto, type ParetoTail } from './tail.js'
