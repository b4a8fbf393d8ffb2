// The closed list of the paper's commands. What a command needs is loaded when it is the one that runs.

import type { CommandEntry } from 'toll-cli/terminal'

const image = (name: string, summary: string): CommandEntry => ({
  name,
  usage: '[--seeds N] [-o FOLDER]',
  summary,
  load: async () => (await import('./images.js')).defineImageExperiment(name),
})

export const commands: readonly CommandEntry[] = [
  image('table1', 'AUROC on MNIST (or Fashion-MNIST), each class being the normal one'),
  image('table2', 'AUROC on CIFAR-10 (or CIFAR-100 by coarse classes), each class being the normal one'),
  {
    name: 'table3',
    usage: '[-o FOLDER]',
    summary: 'F1 on Arrhythmia: ten seeds on the shipped split, and 100 random splits',
    load: async () => (await import('./table3.js')).defineTable3,
  },
  image('table4', 'with the norm term against without, on the same classes and seeds'),
  {
    name: 'figure3',
    usage: '-o FOLDER',
    summary: 'sample pictures of every class',
    load: async () => (await import('./figure3.js')).defineFigure3,
  },
  image('figure4', 'AUROC over beta'),
  {
    name: 'theory',
    usage: 'lemma1|theorem1|theorem2|figure2|scale',
    summary: 'see in numbers and pictures why the norm term works',
    load: async () => (await import('./theory.js')).defineTheory,
  },
  {
    name: 'pyod',
    usage: '[--datasets LIST]',
    summary: "PyOD's benchmark of classical detectors, beside its published values",
    load: async () => (await import('./pyod.js')).definePyod,
  },
  {
    name: 'auto',
    usage: '[--datasets LIST]',
    summary: 'Toll without settings: criteria and combinations beside the choice that labels would make',
    load: async () => (await import('./auto.js')).defineAuto,
  },
  {
    name: 'trials',
    usage: 'LOG...',
    summary: 'list finished trials of experiments, or query them in SQL',
    load: async () => (await import('./trials.js')).defineTrials,
  },
  {
    name: 'demo',
    usage: '',
    summary: 'train on handwritten digits and write a report, in under 90 seconds',
    load: async () => (await import('./demo.js')).defineDemo,
  },
]
