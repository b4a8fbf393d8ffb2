// npm run paper -- table1, table2, table4 and figure4: many trials on images, one class at a time being the normal one.
// Finished trials are kept in a log, so that the same command goes on where it was stopped and makes its tables again
// at no cost.

import type { Command } from 'commander'
import { TollError, choice, integer } from 'toll/base'
import { checkFolder } from 'toll/base/node'
import { datasets } from 'toll/data'
import {
  baselineNames,
  differencesFrom,
  imageParameters,
  imageProtocols,
  resolveImageSetting,
  type BaselineRecord,
  type ImageDataset,
  type ImageProtocol,
  type ImageRecord,
  type ImageSetting,
  type WantedBaselines,
  type WantedTrials,
} from '../images/index.js'
import {
  renderAblation,
  renderBetaSweep,
  renderImageTable,
  selectTrials,
  type ImageReportOptions,
} from '../image-tables/index.js'
import { type RenderedExperiment } from 'toll/evaluate'
import { readNames } from 'toll-cli/terminal'
import { printBaselineDryRun, printDryRun } from './dry-run.js'
import { duration } from './duration.js'
import { addEnginesOptions, runStoppable, writeFolder, type EnginesFlags } from 'toll-cli/terminal'
import { addOutputOptions, examples, parameterOption } from 'toll-cli/terminal'
import type { Definition, Terminal } from 'toll-cli/terminal'

interface ImageExperiment {
  readonly name: 'table1' | 'table2' | 'table4' | 'figure4'
  readonly description: string
  /** The first is the default. */
  readonly datasets: readonly ImageDataset[]
  /** Normal classes; default all. */
  readonly classes?: readonly number[]
  /** Weights of the norm term; default the protocol's. */
  readonly betas?: readonly number[]
  /** Whether beta 0 runs beside it: always, when asked for, or as one of the betas. */
  readonly plain: 'always' | 'optional' | 'listed'
  readonly render: (options: ImageReportOptions) => Promise<RenderedExperiment>
  readonly examples: readonly string[]
}

const imageExperiments: readonly ImageExperiment[] = [
  {
    name: 'table1',
    datasets: ['mnist', 'fashion-mnist'],
    description:
      'Table 1 of the paper, MNIST, and the same protocol on Fashion-MNIST: test AUROC per normal class ' +
      "over seeds, beside the paper's columns.",
    plain: 'optional',
    render: renderImageTable,
    examples: [
      'npm run paper -- table1 --dry-run',
      'npm run paper -- table1 --steps 260 --batch 64 --validation 500 --seeds 2 -o results',
      'npm run paper -- table1 --dataset fashion-mnist --classes 0-4 --seeds 1',
      'npm run paper -- table1 --detectors oc-svm,kde,isolation-forest --seeds 3',
    ],
  },
  {
    name: 'table2',
    datasets: ['cifar-10', 'cifar-100'],
    description:
      'Table 2 of the paper, CIFAR-10, and the same protocol on the 20 coarse classes of CIFAR-100: test ' +
      "AUROC per normal class over seeds, beside the paper's columns.",
    plain: 'optional',
    render: renderImageTable,
    examples: [
      'npm run paper -- table2 --validation 1000 --seeds 2 -o results',
      'npm run paper -- table2 --classes truck,ship --seeds 1',
      'npm run paper -- table2 --detectors isolation-forest --seeds 3',
    ],
  },
  {
    name: 'table4',
    datasets: ['mnist', 'fashion-mnist', 'cifar-10', 'cifar-100'],
    description:
      'Table 4 of the paper: Toll against the same network with beta 0, as differences between trials with ' +
      'equal class and seed.',
    plain: 'always',
    render: renderAblation,
    examples: [
      'npm run paper -- table4 --steps 260 --batch 64 --validation 500 --seeds 2',
      'npm run paper -- table4 --dataset cifar-10 --validation 1000 --seeds 1',
    ],
  },
  {
    name: 'figure4',
    datasets: ['mnist', 'fashion-mnist', 'cifar-10', 'cifar-100'],
    classes: [2, 8],
    description: 'Figure 4 of the paper: test AUROC over the weight of the norm term, for a few classes.',
    betas: [0, 1, 10, 100, 1000, 10_000],
    plain: 'listed',
    render: renderBetaSweep,
    examples: [
      'npm run paper -- figure4 --classes 2,8 --beta 0,1,10,100,1000,10000 --seeds 1 --steps 260 --batch 64 ' +
        '--validation 500 -o results',
    ],
  },
]

interface ImageFlags extends EnginesFlags, Partial<ImageSetting> {
  readonly dataset?: ImageDataset
  readonly classes?: string
  readonly seeds?: number
  readonly beta?: readonly number[]
  readonly plain?: boolean
  readonly detectors?: string
  readonly trials: string
  readonly output?: string
  readonly markdown?: boolean
  readonly renderOnly?: boolean
  readonly dryRun?: boolean
}

const seeds = integer({
  default: 10,
  min: 1,
  max: 1000,
  doc: 'Trials of each class and beta, with seeds 0, 1, ...',
  source: 'paper, section 4.1',
})

/** The command of one of the experiments. */
export function defineImageExperiment(name: string): Definition {
  const experiment = imageExperiments.find((candidate) => candidate.name === name)!
  return (command, terminal) => defineExperiment(command, experiment, terminal)
}

function defineExperiment(command: Command, experiment: ImageExperiment, terminal: Terminal): void {
  const [first] = experiment.datasets
  command.description(experiment.description)
  const dataset = choice({ values: experiment.datasets, default: first, doc: 'The image set.' })
  command
    .addOption(parameterOption('dataset', dataset))
    .option(
      '--classes <list>',
      'normal classes by number, range or name, such as 0,3-5,truck (default ' +
        `${experiment.classes?.join(',') ?? 'all'})`,
    )
    .addOption(parameterOption('seeds', seeds))
    .option(
      experiment.plain === 'listed' ? '--beta <list>' : '--beta <number>',
      `weight${experiment.plain === 'listed' ? 's' : ''} of the norm term, from 0 (default ` +
        `${experiment.betas?.join(',') ?? "the paper's"})`,
      readBetas,
    )
  if (comparesDetectors(experiment)) {
    command.option(
      '--detectors <list>',
      `toll, ${baselineNames.join(', ')}: which to run; without toll its trials in the log are shown beside ` +
        '(default toll)',
    )
  }
  if (experiment.plain === 'optional')
    command.option('--plain', 'run the same network without the norm term (beta 0) as well')
  const { beta: _, ...domains } = imageParameters(imageProtocols[first])
  for (const [name, domain] of Object.entries(domains))
    command.addOption(parameterOption(name, domain, experiment.datasets.length > 1 ? "the paper's" : undefined))
  command
    .optionsGroup('Results:')
    .option('--trials <file>', 'log of finished trials (NDJSON): what it holds is not run again', 'toll-trials.ndjson')
    .option('-o, --output <folder>', 'write a page (HTML), tables (Markdown, CSV, JSON) and charts (SVG) there')
    .option('--markdown', 'print Markdown')
    .option('--render-only', 'run nothing: make tables of what the log holds')
    .option('--dry-run', 'run nothing: print what it would take')
  addEnginesOptions(command)
  addOutputOptions(command)
  examples(
    command,
    experiment.examples,
    `It needs data sets (toll datasets get ${first} toll-splits). The paper's setting takes many hours on ` +
      'a CPU: look at --dry-run first.',
  )
  command.action((flags: ImageFlags) => runExperiment(experiment, flags, terminal))
}

/** Tables 1 and 2 have columns of other detectors. */
function comparesDetectors({ plain }: ImageExperiment): boolean {
  return plain === 'optional'
}

async function runExperiment(experiment: ImageExperiment, flags: ImageFlags, terminal: Terminal): Promise<void> {
  const protocol = imageProtocols[flags.dataset ?? experiment.datasets[0]]
  const { latent, batch, learningRate, steps, validateEvery, validation, output } = flags
  const setting = resolveImageSetting(protocol, { latent, batch, learningRate, steps, validateEvery, validation })
  const names = classNames(protocol)
  const wanted: WantedTrials = {
    classes:
      flags.classes === undefined ? (experiment.classes ?? names.map((_, i) => i)) : readClasses(flags.classes, names),
    seeds: Array.from({ length: flags.seeds ?? seeds.default }, (_, seed) => seed),
    betas: chooseBetas(experiment, protocol, flags),
  }
  const chosen =
    flags.detectors === undefined ? ['toll'] : readNames('--detectors', flags.detectors, ['toll', ...baselineNames])
  const baselines: WantedBaselines = {
    dataset: protocol.dataset,
    detectors: chosen.filter((name) => name !== 'toll'),
    classes: wanted.classes,
    seeds: wanted.seeds,
  }
  if (flags.dryRun && !chosen.includes('toll')) return printBaselineDryRun(baselines, flags.trials, terminal)
  if (flags.dryRun) return printDryRun({ protocol, setting, wanted, log: flags.trials, flags }, terminal)
  if (output !== undefined) await checkFolder(output)
  const running: Running = { protocol, setting, wanted, flags, terminal }
  const others = await readOrRunBaselines(baselines, running)
  const run = !flags.renderOnly && chosen.includes('toll')
  const records = await (run
    ? runTrials(running)
    : readFinished(flags.trials, { protocol, setting, wanted }, terminal, others.length > 0))
  const name = `${experiment.name}-${protocol.dataset}`
  const { text, markdown, csv, json, svg, html } = await experiment.render({
    records,
    others,
    protocol,
    setting,
    classes: names,
    name,
    beta: Math.max(...wanted.betas),
    command: commandLine(experiment, flags),
  })
  if (output !== undefined) {
    await writeFolder(
      output,
      { [`${name}.html`]: html, [`${name}.md`]: markdown, [`${name}.csv`]: csv, [`${name}.json`]: json, ...svg },
      terminal,
    )
  } else {
    terminal.note('the charts and a page with all of it are written with -o FOLDER')
  }
  if (terminal.json) terminal.print(json.trimEnd())
  else terminal.print((flags.markdown ? markdown : text).trimEnd())
}

/** The command that asks for the same numbers, wherever its files go. */
function commandLine({ name }: ImageExperiment, flags: ImageFlags): string {
  const {
    dataset,
    classes,
    seeds: count,
    beta,
    plain,
    detectors,
    latent,
    batch,
    learningRate,
    steps,
    validateEvery,
    validation,
  } = flags
  const values = {
    dataset,
    classes,
    seeds: count,
    beta: beta?.join(','),
    plain,
    detectors,
    latent,
    batch,
    'learning-rate': learningRate,
    steps,
    'validate-every': validateEvery,
    validation,
  }
  const given = Object.entries(values).flatMap(([option, value]) =>
    value === undefined
      ? []
      : value === true
        ? [`--${option}`]
        : [`--${option} ${/\s/.test(String(value)) ? `"${value}"` : value}`],
  )
  return ['toll reproduce', name, ...given].join(' ')
}

function chooseBetas(
  { betas, plain, name }: ImageExperiment,
  protocol: ImageProtocol,
  flags: ImageFlags,
): readonly number[] {
  const given = flags.beta ?? betas ?? [protocol.beta]
  if (plain === 'listed') return given
  if (given.length > 1)
    throw new TollError(
      'out-of-domain',
      `npm run paper -- ${name} takes one --beta, got ${given.join(',')}; figure4 takes several`,
    )
  if (plain === 'always' && given[0] === 0)
    throw new TollError('out-of-domain', `npm run paper -- ${name} compares with beta 0: --beta must be above 0`)
  return given[0] !== 0 && (plain === 'always' || flags.plain) ? [0, ...given] : given
}

interface Running {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  readonly wanted: WantedTrials
  readonly flags: ImageFlags
  readonly terminal: Terminal
}

/**
 * Runs what the log lacks. A remark after every trial says how it went and what is left, for those who read a file
 * instead of a bar.
 */
async function runTrials({ protocol, setting, wanted, flags, terminal }: Running): Promise<ImageRecord[]> {
  const { runLoggedTrials } = await import('../images/node/index.js')
  const log = flags.trials
  return runStoppable(
    flags,
    `stopped; finished trials are in ${log}, half-done ones beside it: the same command goes on`,
    terminal,
    (engines, onProgress) =>
      runLoggedTrials({
        protocol,
        setting,
        wanted,
        engines,
        log,
        signal: terminal.signal,
        warn: (message) => terminal.note(message),
        onProgress,
        onTrial: ({ className, beta, seed, test }, secondsLeft) => {
          const left = secondsLeft > 0 ? `, about ${duration(secondsLeft)} left` : ''
          terminal.note(
            `${className}, beta ${beta}, seed ${seed}: AUROC ${(100 * test.labelled.auroc).toFixed(1)} (last ` +
              `step ${(100 * test.last.auroc).toFixed(1)})${left}`,
          )
        },
      }),
  )
}

/** Those of other detectors: run where they are asked for and missing, read where nothing runs. */
async function readOrRunBaselines(wanted: WantedBaselines, { flags, terminal }: Running): Promise<BaselineRecord[]> {
  const { readBaselineLogs, runLoggedBaselines } = await import('../images/node/index.js')
  const log = flags.trials
  if (flags.renderOnly) {
    const { dataset, classes, seeds: numbers, detectors } = wanted
    // Lines that are none were told of when the trials of the network were read from the same log.
    return (await readBaselineLogs([log], () => undefined)).filter(
      (record) =>
        record.dataset === dataset &&
        classes.includes(record.class) &&
        numbers.includes(record.seed) &&
        (flags.detectors === undefined || detectors.includes(record.detector)),
    )
  }
  if (wanted.detectors.length === 0) return []
  return runStoppable(
    flags,
    `stopped; finished trials are in ${log}: the same command goes on`,
    terminal,
    (engines, onProgress) =>
      runLoggedBaselines({
        wanted,
        engines,
        log,
        signal: terminal.signal,
        warn: (message) => terminal.note(message),
        onProgress,
        onTrial: ({ detector, className, seed, tested: { labelled, unlabelled } }) => {
          const byLabels =
            labelled.length > 0
              ? ', by labels ' +
                `${((100 * labelled.reduce((sum, { auroc }) => sum + auroc, 0)) / labelled.length).toFixed(1)}`
              : ''
          terminal.note(
            `${detector}, ${className}, seed ${seed}: AUROC ${(100 * unlabelled.auroc).toFixed(1)}${byLabels}`,
          )
        },
      }),
  )
}

/** What the log holds of the wanted trials; `mayLack` where a table can do without. */
async function readFinished(
  log: string,
  { protocol, setting, wanted }: Omit<Running, 'flags' | 'terminal'>,
  terminal: Terminal,
  mayLack: boolean,
): Promise<ImageRecord[]> {
  const { readImageLogs } = await import('../images/node/index.js')
  const all = (await readImageLogs([log], (message) => terminal.note(message))).filter(
    ({ dataset }) => dataset === protocol.dataset,
  )
  const { classes, seeds: numbers, betas } = wanted
  const ofSetting = selectTrials(all, { protocol, setting, classes: classNames(protocol) })
  if (ofSetting.length === 0 && all.length > 0 && !mayLack) {
    const held = new Set(all.map((record) => differencesFrom(protocol, record.setting).join(', ') || "the paper's"))
    throw new TollError(
      'unknown-trial',
      `${log} holds trials of ${protocol.title} in other settings only (${[...held].join('; ')}); name them ` +
        'with --steps, --batch and so on',
    )
  }
  const records = ofSetting.filter(
    (record) => classes.includes(record.class) && numbers.includes(record.seed) && betas.includes(record.beta),
  )
  if (records.length === 0 && !mayLack)
    throw new TollError(
      'unknown-trial',
      `no such trial is finished in ${log}; run without --render-only, or name a log with --trials`,
    )
  return records
}

function classNames({ dataset, labels }: ImageProtocol): readonly string[] {
  const { classes, coarseClasses } = datasets.find(({ name }) => name === dataset)!
  return (labels === 'coarse' ? coarseClasses : classes)!
}

/** `0,3-5,truck` as class numbers, in their order, each once. Error: `argument`. */
export function readClasses(text: string, names: readonly string[]): number[] {
  const chosen = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => {
      const named = names.findIndex((name) => name.toLowerCase() === part.toLowerCase())
      // Digits name themselves: class 8 is '8'.
      if (named >= 0) return [named]
      const range = /^(\d+)(?:-(\d+))?$/.exec(part)
      const [from, to] = range ? [Number(range[1]), Number(range[2] ?? range[1])] : [0, -1]
      if (!range || from > to || to >= names.length) {
        throw new TollError(
          'out-of-domain',
          `--classes takes numbers from 0 to ${names.length - 1}, ranges such as 3-5, or names ` +
            `(${names.join(', ')}); '${part}' is none of them`,
        )
      }
      return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    })
  if (chosen.length === 0) throw new TollError('missing-argument', '--classes names no class')
  return [...new Set(chosen)].sort((a, b) => a - b)
}

export function readBetas(text: string): number[] {
  const betas = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const beta = Number(part)
      if (!(beta >= 0 && Number.isFinite(beta)))
        throw new TollError('out-of-domain', `--beta takes numbers from 0, such as 10 or 0,10,100; '${part}' is none`)
      return beta
    })
  if (betas.length === 0) throw new TollError('missing-argument', '--beta names no number')
  return [...new Set(betas)].sort((a, b) => a - b)
}
