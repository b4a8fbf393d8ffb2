// The log of image trials: lines of networks (format 1) and of other detectors (format 2), and how SQL sees them.

import type { RecordFormat } from '../sweep/index.js'
import { isDetectorRecord, readLoggedRecord, type LoggedRecord } from './detector-record.js'

const networks = (record: LoggedRecord) => !isDetectorRecord(record)

export const imageFormat: RecordFormat<LoggedRecord> = {
  name: 'image trial',
  version: 2,
  begins: ['{"format":'],
  owns: (line) => 'format' in line,
  read: readLoggedRecord,
  identify: ({ id }) => id,
  took: (record) => ({
    kind: isDetectorRecord(record) ? record.detector : 'network',
    seconds: Object.values(record.seconds).reduce((sum, seconds) => sum + seconds, 0),
  }),
  views: [
    {
      name: 'trials',
      has: networks,
      sql: `SELECT dataset, class, className AS name, beta, seed, test.labelled.auroc AS auroc,
        test.labelled.step AS step, test.last.auroc AS auroc_last, setting.steps AS steps, setting.batch AS batch,
        setting.learningRate AS learning_rate, setting.latent AS latent, setting.validation AS validation,
        test.labelled.averagePrecision AS average_precision,
        test.labelled.aurocReconstruction AS auroc_reconstruction,
        test.labelled.aurocLatentNorm AS auroc_latent_norm, round(seconds.train) AS train_seconds,
        round(seconds.validate) AS validate_seconds, round(seconds.test) AS test_seconds, machine.device AS device,
        machine.threads AS threads, machine.processor AS processor, versions.toll AS toll,
        CAST(finished AS VARCHAR) AS finished, id FROM records WHERE format = 1`,
      shown: `SELECT dataset, class, name, beta, seed, auroc, step, auroc_last, steps, batch, train_seconds, finished
        FROM trials ORDER BY dataset, beta, class, seed`,
    },
    {
      name: 'checkpoints',
      has: networks,
      sql: `SELECT dataset, class, className AS name, beta, seed, id, unnest(curve.step) AS step,
        unnest(curve.validationAuroc) AS validation_auroc, unnest(curve.trainReconstruction) AS train_reconstruction,
        unnest(curve.trainLatentNorm) AS train_latent_norm, unnest(curve.normalReconstruction) AS normal_reconstruction,
        unnest(curve.normalLatentNorm) AS normal_latent_norm,
        unnest(curve.anomalousReconstruction) AS anomalous_reconstruction,
        unnest(curve.anomalousLatentNorm) AS anomalous_latent_norm FROM records WHERE format = 1`,
      shown: 'SELECT * FROM checkpoints',
    },
    // `auroc` used no label, `auroc_labelled` is the mean over draws of labelled images that choose.
    {
      name: 'baselines',
      has: isDetectorRecord,
      sql: `SELECT detector, dataset, class, className AS name, seed, tested.unlabelled.auroc AS auroc,
        list_avg(list_transform(tested.labelled, lambda one: one.auroc)) AS auroc_labelled,
        tested.unlabelled.averagePrecision AS average_precision, scale, variance, features,
        round(seconds.prepare) AS prepare_seconds, round(seconds.run) AS run_seconds, machine.threads AS threads,
        machine.processor AS processor, versions.toll AS toll, CAST(finished AS VARCHAR) AS finished, id
        FROM records WHERE format = 2`,
      shown: `SELECT detector, dataset, class, name, seed, auroc, auroc_labelled, features, run_seconds, finished
        FROM baselines ORDER BY dataset, detector, class, seed`,
    },
  ],
}
