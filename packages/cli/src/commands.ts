// The closed list of commands. What a command needs is loaded when it is the one that runs, so that `toll --help` stays
// quick.

import type { CommandEntry } from './program.js'

export const commands: readonly CommandEntry[] = [
  {
    name: 'fit',
    usage: 'SOURCE -o MODEL.onnx',
    summary: 'learn what is normal from a table or from images, and write a model file',
    load: async () => (await import('./fit.js')).defineFit,
  },
  {
    name: 'score',
    usage: 'MODEL SOURCE',
    summary: 'score every row of a source with a model',
    load: async () => (await import('./score.js')).defineScore,
  },
  {
    name: 'explain',
    usage: 'MODEL SOURCE',
    summary: 'say which columns or pixels make the highest scores',
    load: async () => (await import('./explain.js')).defineExplain,
  },
  {
    name: 'report',
    usage: 'MODEL [SOURCE] -o REPORT.html',
    summary: 'write a page on a model: which rows are wrong, why, and whether to trust it',
    load: async () => (await import('./report.js')).defineReport,
  },
  {
    name: 'eval',
    usage: 'MODEL SOURCE --label COLUMN',
    summary: 'measure a model on labelled rows, with intervals',
    load: async () => (await import('./eval.js')).defineEval,
  },
  {
    name: 'threshold',
    usage: 'MODEL [--fpr RATE]',
    summary: 'show what a model calls an anomaly, or move it without training again',
    load: async () => (await import('./threshold.js')).defineThreshold,
  },
  {
    name: 'drift',
    usage: 'MODEL SOURCE',
    summary: 'compare new data with what a model was trained on',
    load: async () => (await import('./drift.js')).defineDrift,
  },
  {
    name: 'inspect',
    usage: 'MODEL',
    summary: 'say what a model file holds',
    load: async () => (await import('./inspect.js')).defineInspect,
  },
  {
    name: 'compare',
    usage: 'SOURCE --label COLUMN',
    summary: 'rank all detectors on a labelled table',
    load: async () => (await import('./compare.js')).defineCompare,
  },
  {
    name: 'detectors',
    usage: '[NAME]',
    summary: 'list the detectors and their parameters',
    load: async () => (await import('./detectors.js')).defineDetectors,
  },
  {
    name: 'datasets',
    usage: 'list|get|path',
    summary: 'find and download public data sets',
    load: async () => (await import('./datasets.js')).defineDatasets,
  },
]
