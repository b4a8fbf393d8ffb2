// toll reproduce: tables and figures of the paper, made again on this machine.

import type { Command } from 'commander'
import { examples } from './parameters.js'
import { defineAuto } from './reproduce-auto.js'
import { defineFigure3 } from './reproduce-figure3.js'
import { definePyod } from './reproduce-pyod.js'
import { defineImageExperiment, imageExperiments } from './reproduce-images.js'
import { defineTable3 } from './reproduce-table3.js'
import type { Terminal } from './terminal.js'

export function defineReproduce(command: Command, terminal: Terminal): void {
  command.description('Makes tables and figures of the paper again, and PyOD\'s benchmark.')
  const add = (name: string, summary: string) => command.command(name).helpOption('-h, --help', 'print this help').summary(summary)
  for (const experiment of imageExperiments) defineImageExperiment(add(experiment.name, experiment.summary), experiment, terminal)
  defineTable3(add('table3', 'F1 on Arrhythmia: ten seeds on the shipped split, and 100 random splits'), terminal)
  defineFigure3(add('figure3', 'sample pictures of every class'), terminal)
  definePyod(add('pyod', 'PyOD\'s benchmark of classical detectors, beside its published values'), terminal)
  defineAuto(add('auto', 'Toll without settings: criteria and combinations beside the choice that labels would make'), terminal)
  examples(command, ['toll reproduce table3', 'toll reproduce table2 --classes truck --seeds 1 --dry-run'])
}
