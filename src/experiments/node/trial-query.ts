// Questions to trial logs, in SQL. The views flatten what a record nests.

import { queryRecords, type QueryResult } from '../../data/node/index.js'
import { imageRecordBegins, readImageRecord, type ImageRecord } from '../image-record.js'
import { readTrialLog } from './trial-log.js'

/** Views for `queryTrials`; `records` beside them holds the lines as they are. */
export const trialViews: Readonly<Record<string, string>> = {
  trials: `SELECT dataset, class, className AS name, beta, seed, test.labelled.auroc AS auroc, test.labelled.step AS step,
    test.last.auroc AS auroc_last, setting.steps AS steps, setting.batch AS batch, setting.learningRate AS learning_rate, setting.latent AS latent,
    setting.validation AS validation, test.labelled.averagePrecision AS average_precision, test.labelled.aurocReconstruction AS auroc_reconstruction,
    test.labelled.aurocLatentNorm AS auroc_latent_norm, round(seconds.train) AS train_seconds, round(seconds.validate) AS validate_seconds,
    round(seconds.test) AS test_seconds, machine.device AS device, machine.threads AS threads, machine.processor AS processor,
    versions.toll AS toll, CAST(finished AS VARCHAR) AS finished, id FROM records`,
  checkpoints: `SELECT dataset, class, className AS name, beta, seed, id, unnest(curve.step) AS step, unnest(curve.validationAuroc) AS validation_auroc,
    unnest(curve.trainReconstruction) AS train_reconstruction, unnest(curve.trainLatentNorm) AS train_latent_norm,
    unnest(curve.normalReconstruction) AS normal_reconstruction, unnest(curve.normalLatentNorm) AS normal_latent_norm,
    unnest(curve.anomalousReconstruction) AS anomalous_reconstruction, unnest(curve.anomalousLatentNorm) AS anomalous_latent_norm FROM records`,
}

/** What is shown when nothing is asked. */
export const defaultTrialQuery = 'SELECT dataset, class, name, beta, seed, auroc, step, auroc_last, steps, batch, train_seconds, finished FROM trials ORDER BY dataset, beta, class, seed'

/** The image trials of several logs, each once: where logs were joined or overlap, the first of equal ones counts. Error: `io`. */
export async function readImageLogs(paths: readonly string[], warn: (message: string) => void): Promise<ImageRecord[]> {
  const logs = await Promise.all(paths.map((path) => readTrialLog(path, { parse: readImageRecord, begins: imageRecordBegins, warn })))
  const byId = new Map<string, ImageRecord>()
  for (const record of logs.flat()) if (!byId.has(record.id)) byId.set(record.id, record)
  return [...byId.values()]
}

/** Errors: those of `queryRecords`. */
export function queryTrials(records: readonly ImageRecord[], sql = defaultTrialQuery): Promise<QueryResult> {
  return queryRecords({ records, views: trialViews, sql })
}
