// npm run paper -- theory: the paper's analysis of the norm term as experiments with every setting open, and what lies
// beyond it.

import { Option, type Command } from 'commander'
import { TollError } from 'toll'
import { throwIfAborted, type Domains, type Watched } from 'toll/base'
import {
  renderFigure2,
  renderLemma1,
  renderScale,
  renderTheorem1,
  renderTheorem2,
  type TheoryPageOptions,
} from '../theory-pages/index.js'
import type { RenderedExperiment } from 'toll/report'
import {
  describeList,
  figure2Experiment,
  figure2Lists,
  figure2Parameters,
  lemma1Experiment,
  lemma1Lists,
  lemma1Parameters,
  resolveList,
  scaleExperiment,
  scaleLists,
  scaleParameters,
  theorem1Experiment,
  theorem1Parameters,
  theorem2Experiment,
  theorem2Lists,
  theorem2Parameters,
  type ListDomain,
} from '../theory/index.js'
import {
  addOutputOptions,
  claimFolder,
  examples,
  kebab,
  parameterOption,
  showPhases,
  type Terminal,
} from 'toll-cli/terminal'
import { showResult } from './sweeps.js'

type Given = Readonly<Record<string, number | string | boolean | readonly number[]>>

interface Laboratory {
  readonly name: string
  readonly summary: string
  readonly description: string
  /** With `lists`, everything that can be set; the options are made from them. */
  readonly parameters: Domains
  readonly lists: Readonly<Record<string, ListDomain>>
  readonly examples: readonly string[]
  readonly run: (given: Given, watched: Watched) => Promise<(page: TheoryPageOptions) => Promise<RenderedExperiment>>
}

/** The options were checked against the tables of the same experiment. */
function runner<Options extends Watched, Result>(
  experiment: (options: Options) => Promise<Result>,
  render: (result: Result, page: TheoryPageOptions) => Promise<RenderedExperiment>,
): Laboratory['run'] {
  return async (given, watched) => {
    const result = await experiment({ ...given, ...watched } as unknown as Options)
    return (page) => render(result, page)
  }
}

const laboratories: readonly Laboratory[] = [
  {
    name: 'lemma1',
    summary: 'the norm term alone: every principal direction of the codes shrinks as exp(-l t)',
    description:
      'Lemma 1: integrates the flow of the norm term on samples with a given spectrum, and compares ' +
      'variances and singular values of the codes with the closed form.',
    parameters: lemma1Parameters,
    lists: lemma1Lists,
    run: runner(lemma1Experiment, renderLemma1),
    examples: [
      'npm run paper -- theory lemma1',
      'npm run paper -- theory lemma1 --eigenvalues 4,1 --code 2 --start random --seed 3 -o lemma1',
    ],
  },
  {
    name: 'theorem1',
    summary: 'the closed form of the collapse against integration, on random covariances',
    description:
      'Theorem 1: integrates the flow of the norm term on random covariances, and compares W(t) and Z(t) ' +
      'with their closed forms (7) and (8).',
    parameters: theorem1Parameters,
    lists: {},
    run: runner(theorem1Experiment, renderTheorem1),
    examples: [
      'npm run paper -- theory theorem1 --dimension 4 --condition 100',
      'npm run paper -- theory theorem1 --dimension 50 --covariances 1 -o theorem1',
    ],
  },
  {
    name: 'theorem2',
    summary: 'two linear layers with and without the norm term: which directions survive',
    description:
      'Theorem 2: integrates (10a) and (10b) for every beta and code dimension from one start: directions ' +
      'kept, norms, angles to the principal directions, the smallest variance kept.',
    parameters: theorem2Parameters,
    lists: theorem2Lists,
    run: runner(theorem2Experiment, renderTheorem2),
    examples: [
      'npm run paper -- theory theorem2',
      'npm run paper -- theory theorem2 --eigenvalues 4,1 --betas 0,0.1,1 --codes 1,2 --stop 1000 -o theorem2',
    ],
  },
  {
    name: 'figure2',
    summary: 'score contours against density, without and with the norm term',
    description:
      'Figure 2: the anomaly score of a linear autoencoder on a Gaussian for a range of beta, its rank ' +
      'correlation with the density over the stopping time, and AUROC against planted anomalies.',
    parameters: figure2Parameters,
    lists: figure2Lists,
    run: runner(figure2Experiment, renderFigure2),
    examples: [
      'npm run paper -- theory figure2 -o figure2',
      'npm run paper -- theory figure2 --betas 0,1 --score norms --variances 9,1 --stop 50',
    ],
  },
  {
    name: 'scale',
    summary: 'which control of scale gives the norm term a true minimum (beyond the paper)',
    description:
      'Beyond the paper: follows the squared loss and the unsquared norms of the real method without a ' +
      'control, with weight decay on V and with rows of V of norm 1, and says which come to rest.',
    parameters: scaleParameters,
    lists: scaleLists,
    run: runner(scaleExperiment, renderScale),
    examples: [
      'npm run paper -- theory scale',
      'npm run paper -- theory scale --beta 0.5 --decoder-scales 0.1,1,4 -o scale',
    ],
  },
]

export function defineTheory(command: Command, terminal: Terminal): void {
  command.description(
    'The theory of the norm term, executable: closed forms against integration, trajectories and ' +
      'contours, with every setting open.',
  )
  for (const laboratory of laboratories)
    defineLaboratory(
      command.command(laboratory.name).helpOption('-h, --help', 'print this help').summary(laboratory.summary),
      laboratory,
      terminal,
    )
  examples(
    command,
    [
      'npm run paper -- theory figure2 -o figure2',
      'npm run paper -- theory theorem2 --betas 0,0.1,1 --codes 2',
      'npm run paper -- theory lemma1 --json',
    ],
    'With their defaults all of them take seconds.',
  )
}

interface TheoryFlags {
  readonly output?: string
  readonly markdown?: boolean
  readonly [parameter: string]: unknown
}

function defineLaboratory(command: Command, laboratory: Laboratory, terminal: Terminal): void {
  command.description(laboratory.description)
  for (const [name, domain] of Object.entries(laboratory.lists)) command.addOption(listOption(name, domain))
  for (const [name, domain] of Object.entries(laboratory.parameters)) command.addOption(parameterOption(name, domain))
  command
    .optionsGroup('Results:')
    .option('-o, --output <folder>', 'write a page (HTML), tables (Markdown, CSV, JSON) and charts (SVG) there')
    .option('--markdown', 'print Markdown')
  addOutputOptions(command)
  examples(command, laboratory.examples)
  command.action((flags: TheoryFlags) => runLaboratory(laboratory, flags, terminal))
}

async function runLaboratory(
  laboratory: Laboratory,
  { output, markdown, ...flags }: TheoryFlags,
  terminal: Terminal,
): Promise<void> {
  const { name, parameters, lists, run } = laboratory
  const given = Object.fromEntries(
    [...Object.keys(lists), ...Object.keys(parameters)].flatMap((key) =>
      flags[key] === undefined ? [] : [[key, flags[key]]],
    ),
  ) as Given
  await claimFolder(output, name, terminal)
  const { signal } = terminal
  const render = await showPhases(terminal, (onProgress) =>
    run(given, {
      signal,
      // One bar for all integrations, in per cent.
      onProgress: ({ done, total, message }) =>
        onProgress({ phase: `theory ${name}`, done: Math.floor((100 * done) / total), total: 100, message }),
    }),
  )
  throwIfAborted(signal)
  // Drawing does not look at the signal, and has nothing to clean up.
  terminal.unguard()
  const rendered = await render({ name, command: commandLine(name, given) })
  terminal.guard()
  await showResult(rendered, name, { output, markdown }, terminal)
}

function listOption(name: string, domain: ListDomain): Option {
  const flag = `--${kebab(name)}`
  return new Option(
    `${flag} <list>`,
    `${domain.doc} (${describeList(domain)}; default ${domain.default.join(',')})`,
  ).argParser((text) => readList(flag, domain, text))
}

/** Numbers with commas between. */
function readList(flag: string, domain: ListDomain, text: string): readonly number[] {
  const values = text.trim() === '' ? [] : text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)))
  try {
    return resolveList(flag, domain, values)
  } catch {
    throw new TollError('out-of-domain', `${flag} must be ${describeList(domain)}, with commas between, got '${text}'`)
  }
}

/** The command that asks for the same numbers, wherever its files go. */
function commandLine(name: string, given: Given): string {
  return [
    'toll theory',
    name,
    ...Object.entries(given).map(
      ([key, value]) => `--${kebab(key)} ${Array.isArray(value) ? value.join(',') : String(value)}`,
    ),
  ].join(' ')
}
