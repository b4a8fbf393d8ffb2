// From scores to decisions: rules, fitted thresholds, and the comparison.
export { decide } from './decide.js'
export { defaultThresholdRule, describeThreshold, fitThreshold, listThresholdKinds, readThreshold, type Threshold, type ThresholdRule } from './kinds.js'
export type { FixedRule, FixedThreshold } from './fixed.js'
export type { QuantileRule, QuantileThreshold } from './quantile.js'
