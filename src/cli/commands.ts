// The closed list of commands. What a command needs is loaded when it is the one that runs, so that `toll --help` stays quick.

import type { Command } from 'commander'
import type { Terminal } from './terminal.js'

/** Adds arguments, options, examples and the action of one command. `args` are the words of the command line, where options depend on them. */
export type Definition = (command: Command, terminal: Terminal, args: readonly string[]) => void

export interface CommandEntry {
  readonly name: string
  /** Arguments, as the list of commands shows them. */
  readonly usage: string
  readonly summary: string
  readonly load: () => Promise<Definition>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'fit', usage: 'SOURCE -o MODEL.onnx', summary: 'learn what is normal from a table or from images, and write a model file',
    load: async () => (await import('./fit.js')).defineFit,
  },
  {
    name: 'score', usage: 'MODEL SOURCE', summary: 'score every row of a source with a model',
    load: async () => (await import('./score.js')).defineScore,
  },
  {
    name: 'explain', usage: 'MODEL SOURCE', summary: 'say which columns or pixels make the highest scores',
    load: async () => (await import('./explain.js')).defineExplain,
  },
  {
    name: 'report', usage: 'MODEL [SOURCE] -o REPORT.html', summary: 'write a page on a model: which rows are wrong, why, and whether to trust it',
    load: async () => (await import('./report.js')).defineReport,
  },
  {
    name: 'eval', usage: 'MODEL SOURCE --label COLUMN', summary: 'measure a model on labelled rows, with intervals',
    load: async () => (await import('./eval.js')).defineEval,
  },
  {
    name: 'threshold', usage: 'MODEL [--fpr RATE]', summary: 'show what a model calls an anomaly, or move it without training again',
    load: async () => (await import('./threshold.js')).defineThreshold,
  },
  {
    name: 'drift', usage: 'MODEL SOURCE', summary: 'compare new data with what a model was trained on',
    load: async () => (await import('./drift.js')).defineDrift,
  },
  {
    name: 'inspect', usage: 'MODEL', summary: 'say what a model file holds',
    load: async () => (await import('./inspect.js')).defineInspect,
  },
  {
    name: 'compare', usage: 'SOURCE --label COLUMN', summary: 'rank all detectors on a labelled table',
    load: async () => (await import('./compare.js')).defineCompare,
  },
  {
    name: 'detectors', usage: '[NAME]', summary: 'list the detectors and their parameters',
    load: async () => (await import('./detectors.js')).defineDetectors,
  },
  {
    name: 'datasets', usage: 'list|get|path', summary: 'find and download public data sets',
    load: async () => (await import('./datasets.js')).defineDatasets,
  },
  {
    name: 'demo', usage: '', summary: 'train on handwritten digits and write a report, in under 90 seconds',
    load: async () => (await import('./demo.js')).defineDemo,
  },
  {
    name: 'reproduce', usage: 'table3', summary: 'make a table of the paper or PyOD\'s benchmark again, with intervals',
    load: async () => (await import('./reproduce.js')).defineReproduce,
  },
  {
    name: 'theory', usage: 'lemma1|theorem1|theorem2|figure2|scale', summary: 'see in numbers and pictures why the norm term works',
    load: async () => (await import('./theory.js')).defineTheory,
  },
  {
    name: 'trials', usage: 'LOG...', summary: 'list finished trials of experiments, or query them in SQL',
    load: async () => (await import('./trials.js')).defineTrials,
  },
]
