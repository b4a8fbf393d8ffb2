// Questions to trial logs, in SQL. The views flatten what a record nests.

import { queryRecords, type QueryResult } from 'toll/data/node'
import { isBaseline, readLoggedRecord, type BaselineRecord, type LoggedRecord } from '../detector-record.js'
import { imageRecordBegins, type ImageRecord } from '../record.js'
import { readTrialLog } from '../../sweep/node/index.js'

/** Views over trials of trained networks. */
const networkViews: Readonly<Record<string, string>> = {
  trials: `SELECT dataset, class, className AS name, beta, seed, test.labelled.auroc AS auroc, test.labelled.step AS step,
    test.last.auroc AS auroc_last, setting.steps AS steps, setting.batch AS batch, setting.learningRate AS learning_rate, setting.latent AS latent,
    setting.validation AS validation, test.labelled.averagePrecision AS average_precision, test.labelled.aurocReconstruction AS auroc_reconstruction,
    test.labelled.aurocLatentNorm AS auroc_latent_norm, round(seconds.train) AS train_seconds, round(seconds.validate) AS validate_seconds,
    round(seconds.test) AS test_seconds, machine.device AS device, machine.threads AS threads, machine.processor AS processor,
    versions.toll AS toll, CAST(finished AS VARCHAR) AS finished, id FROM records WHERE format = 1`,
  checkpoints: `SELECT dataset, class, className AS name, beta, seed, id, unnest(curve.step) AS step, unnest(curve.validationAuroc) AS validation_auroc,
    unnest(curve.trainReconstruction) AS train_reconstruction, unnest(curve.trainLatentNorm) AS train_latent_norm,
    unnest(curve.normalReconstruction) AS normal_reconstruction, unnest(curve.normalLatentNorm) AS normal_latent_norm,
    unnest(curve.anomalousReconstruction) AS anomalous_reconstruction, unnest(curve.anomalousLatentNorm) AS anomalous_latent_norm FROM records WHERE format = 1`,
}

/**
 * A view over trials of other detectors; `auroc` used no label, `auroc_labelled` is the mean over draws of labelled
 * images that choose.
 */
const baselineViews: Readonly<Record<string, string>> = {
  baselines: `SELECT detector, dataset, class, className AS name, seed, tested.unlabelled.auroc AS auroc, list_avg(list_transform(tested.labelled, lambda one: one.auroc)) AS auroc_labelled,
    tested.unlabelled.averagePrecision AS average_precision, scale, variance, features, round(seconds.prepare) AS prepare_seconds, round(seconds.run) AS run_seconds,
    machine.threads AS threads, machine.processor AS processor, versions.toll AS toll, CAST(finished AS VARCHAR) AS finished, id FROM records WHERE format = 2`,
}

/**
 * Views for `queryTrials`, those of the kinds of trials that there are; `records` beside them holds the lines as they
 * are.
 */
export const trialViews: Readonly<Record<string, string>> = { ...networkViews, ...baselineViews }

/** What is shown when nothing is asked. */
export const defaultTrialQuery =
  'SELECT dataset, class, name, beta, seed, auroc, step, auroc_last, steps, batch, train_seconds, ' +
  'finished FROM trials ORDER BY dataset, beta, class, seed'

/** The same where a log holds other detectors only. */
const defaultBaselineQuery =
  'SELECT detector, dataset, class, name, seed, auroc, auroc_labelled, features, run_seconds, finished ' +
  'FROM baselines ORDER BY dataset, detector, class, seed'

/**
 * The trials of several logs, of both kinds, each once: where logs were joined or overlap, the first of equal ones
 * counts. Error: `io`.
 */
export async function readTrialLogs(
  paths: readonly string[],
  warn: (message: string) => void,
): Promise<LoggedRecord[]> {
  const logs = await Promise.all(
    paths.map((path) => readTrialLog(path, { parse: readLoggedRecord, begins: imageRecordBegins, warn })),
  )
  const byId = new Map<string, LoggedRecord>()
  for (const record of logs.flat()) if (!byId.has(record.id)) byId.set(record.id, record)
  return [...byId.values()]
}

/** Those of trained networks. */
export async function readImageLogs(paths: readonly string[], warn: (message: string) => void): Promise<ImageRecord[]> {
  return (await readTrialLogs(paths, warn)).filter((record) => !isBaseline(record))
}

/** Those of other detectors. */
export async function readBaselineLogs(
  paths: readonly string[],
  warn: (message: string) => void,
): Promise<BaselineRecord[]> {
  return (await readTrialLogs(paths, warn)).filter(isBaseline)
}

/** Errors: those of `queryRecords`. */
export function queryTrials(records: readonly LoggedRecord[], sql?: string): Promise<QueryResult> {
  const kinds = { networks: records.some((record) => !isBaseline(record)), baselines: records.some(isBaseline) }
  return queryRecords({
    records,
    views: { ...(kinds.networks && networkViews), ...(kinds.baselines && baselineViews) },
    sql: sql ?? (kinds.networks ? defaultTrialQuery : defaultBaselineQuery),
  })
}
