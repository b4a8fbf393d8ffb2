// What every detector promises, as checks that anybody can run on a detector of their own, under any test framework or
// none. Modelled on scikit-learn's estimator checks: one executable contract, and exceptions only by name and with a
// reason.

import { TollError, messageOf, throwIfAborted } from '../base/index.js'
import type { Detector } from '../detectors/index.js'
import { declarationChecks } from './declaration.js'
import { edgeChecks } from './edge-cases.js'
import { explanationChecks } from './explanation.js'
import { fileChecks } from './file.js'
import { fittingChecks } from './fitting.js'
import { scoringChecks } from './scoring.js'
import { Subject, type Check, type CheckOptions } from './subject.js'

export type CheckResult =
  | { readonly name: string; readonly promise: string; readonly outcome: 'passed' }
  | { readonly name: string; readonly promise: string; readonly outcome: 'failed'; readonly message: string }
  | { readonly name: string; readonly promise: string; readonly outcome: 'exempt'; readonly reason: string }

export interface CheckReport {
  readonly detector: string
  /** One per check, in the order of `detectorChecks`. */
  readonly results: readonly CheckResult[]
  /** Name and message of each check that failed; empty for a detector that keeps its promises. */
  readonly failures: readonly string[]
}

/** Every promise of a detector. Add one here and all detectors are held to it. */
export const detectorChecks: readonly Check[] = [
  ...declarationChecks,
  ...fittingChecks,
  ...scoringChecks,
  ...edgeChecks,
  ...fileChecks,
  ...explanationChecks,
]

/**
 * Runs every check on a detector of tables. A check named in `detector.exceptions` is exempt, but runs: one that passes
 * needs no exception, and fails for it.
 * Errors: `argument` for a detector that takes no tables or for an exception to a check that does not exist; `aborted`.
 * What the detector does wrong is never thrown; it stands in the report.
 */
export async function checkDetector(detector: Detector, options: CheckOptions): Promise<CheckReport> {
  const subject = new Subject(detector, options)
  const results: CheckResult[] = []
  try {
    for (const check of detectorChecks) results.push(await runCheck(check, subject))
  } finally {
    await subject.close()
  }
  return {
    detector: detector.name,
    results,
    failures: results.flatMap((result) => (result.outcome === 'failed' ? [`${result.name}: ${result.message}`] : [])),
  }
}

/**
 * Runs one check, for a test framework that wants a test per check. The subject is shared between checks and closed by
 * its owner.
 */
export async function runCheck(check: Check, subject: Subject): Promise<CheckResult> {
  throwIfAborted(subject.signal)
  requireKnownExceptions(subject.detector)
  const { name, promise } = check
  const reason = subject.detector.exceptions?.[name]
  try {
    await check.run(subject)
  } catch (error) {
    throwIfAborted(subject.signal)
    return reason === undefined
      ? { name, promise, outcome: 'failed', message: messageOf(error) }
      : { name, promise, outcome: 'exempt', reason }
  } finally {
    await subject.release()
  }
  if (reason === undefined) return { name, promise, outcome: 'passed' }
  return {
    name,
    promise,
    outcome: 'failed',
    message: `passes, so that its exception ('${reason}') is needless: remove it`,
  }
}

function requireKnownExceptions({ name, exceptions = {} }: Detector): void {
  const unknown = Object.keys(exceptions).find((exception) => !detectorChecks.some((check) => check.name === exception))
  if (unknown === undefined) return
  throw new TollError(
    'unknown-parameter',
    `detector '${name}' declares an exception to '${unknown}', which is no check; checks: ` +
      `${detectorChecks.map((check) => check.name).join(', ')}`,
    { option: 'exceptions', value: unknown },
  )
}
