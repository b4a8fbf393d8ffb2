// The contract of detectors: what every one of them promises, as checks that anybody can run on their own.
export { checkDetector, detectorChecks, runCheck, type CheckReport, type CheckResult } from './check-detector.js'
export { Subject, type Check, type CheckOptions } from './subject.js'
