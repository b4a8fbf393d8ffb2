// npm run paper -- table1, table2, table4 and figure4: many trials on images, one class at a time being the normal one.
// Finished trials are kept in a log, so that the same command goes on where it was stopped and makes its tables again
// at no cost.

import type { Command } from 'commander'
import { TollError } from 'toll'
import { choice, integer, messageOf } from 'toll/base'
import type { RenderedExperiment } from 'toll/report'
import { claimFolder, examples, parameterOption, readNames, type Definition, type Terminal } from 'toll-cli/terminal'
import {
  renderAblation,
  renderBetaSweep,
  renderImageTable,
  selectTrials,
  type ImageReportOptions,
} from '../image-tables/index.js'
import {
  differencesFrom,
  imageFormat,
  imageParameters,
  imageProtocols,
  isDetectorRecord,
  isDetectorTrial,
  planImages,
  recipeNames,
  resolveImageSetting,
  runImageTrials,
  type DetectorRecord,
  type ImageDataset,
  type ImageProtocol,
  type ImageRecord,
  type ImageSetting,
  type ImageTrial,
  type LoggedRecord,
  type WantedImageTrials,
} from '../images/index.js'
import { firstOf, type SweepOptions } from '../sweep/index.js'
import { describeMissing, describeNetworkCost } from './dry-run.js'
import { classNames, readBetas, readClasses } from './image-classes.js'
import {
  addSweepOptions,
  commandWith,
  nothingFinished,
  rangeOption,
  readLogs,
  runLogged,
  showResult,
  type RangeFlag,
  type SweepFlags,
} from './sweeps.js'

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

interface ImageFlags extends SweepFlags, Partial<ImageSetting> {
  readonly dataset?: ImageDataset
  readonly classes?: string
  readonly seeds?: RangeFlag
  readonly beta?: readonly number[]
  readonly plain?: boolean
  readonly detectors?: string
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
    .addOption(rangeOption('seeds', seeds))
    .option(
      experiment.plain === 'listed' ? '--beta <list>' : '--beta <number>',
      `weight${experiment.plain === 'listed' ? 's' : ''} of the norm term, from 0 (default ` +
        `${experiment.betas?.join(',') ?? "the paper's"})`,
      readBetas,
    )
  if (comparesDetectors(experiment)) {
    command.option(
      '--detectors <list>',
      `toll, ${recipeNames.join(', ')}: which to run; without toll its trials in the log are shown beside ` +
        '(default toll)',
    )
  }
  if (experiment.plain === 'optional')
    command.option('--plain', 'run the same network without the norm term (beta 0) as well')
  const { beta: _, ...domains } = imageParameters(imageProtocols[first])
  for (const [name, domain] of Object.entries(domains))
    command.addOption(parameterOption(name, domain, experiment.datasets.length > 1 ? "the paper's" : undefined))
  addSweepOptions(command, {
    log: 'toll-trials.ndjson',
    written: 'a page (HTML), tables (Markdown, CSV, JSON) and charts (SVG)',
  })
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

interface Wanted {
  readonly protocol: ImageProtocol
  readonly setting: ImageSetting
  /** Networks have betas even where only other detectors run: theirs in the log are shown beside. */
  readonly wanted: WantedImageTrials
  readonly networks: boolean
}

async function runExperiment(experiment: ImageExperiment, flags: ImageFlags, terminal: Terminal): Promise<void> {
  const all = readWanted(experiment, flags)
  const { protocol, setting, wanted } = all
  if (flags.dryRun) return printPlan(all, flags, terminal)
  const name = `${experiment.name}-${protocol.dataset}`
  await claimFolder(flags.output, name, terminal)
  const { records, others } = await (flags.renderOnly ? readTrials : runTrials)(all, flags, terminal)
  const rendered = await experiment.render({
    records,
    others,
    protocol,
    setting,
    classes: classNames(protocol),
    name,
    beta: Math.max(...wanted.betas),
    command: commandLine(experiment, flags),
  })
  await showResult(rendered, name, flags, terminal)
}

function readWanted(experiment: ImageExperiment, flags: ImageFlags): Wanted {
  const protocol = imageProtocols[flags.dataset ?? experiment.datasets[0]]
  const { latent, batch, learningRate, steps, validateEvery, validation } = flags
  const names = classNames(protocol)
  const chosen =
    flags.detectors === undefined ? ['toll'] : readNames('--detectors', flags.detectors, ['toll', ...recipeNames])
  return {
    protocol,
    setting: resolveImageSetting(protocol, { latent, batch, learningRate, steps, validateEvery, validation }),
    wanted: {
      classes:
        flags.classes === undefined
          ? (experiment.classes ?? names.map((_, i) => i))
          : readClasses(flags.classes, names),
      seeds: flags.seeds?.numbers ?? firstOf(seeds.default),
      betas: chooseBetas(experiment, protocol, flags),
      detectors: chosen.filter((detector) => detector !== 'toll'),
    },
    networks: chosen.includes('toll'),
  }
}

/** The command that asks for the same numbers, wherever its files go. */
function commandLine({ name }: ImageExperiment, flags: ImageFlags): string {
  const { dataset, classes, seeds: range, beta, plain, detectors } = flags
  const { latent, batch, learningRate, steps, validateEvery, validation } = flags
  return commandWith(`toll reproduce ${name}`, {
    dataset,
    classes,
    seeds: range,
    beta: beta?.join(','),
    plain,
    detectors,
    latent,
    batch,
    learningRate,
    steps,
    validateEvery,
    validation,
  })
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
      { option: 'beta', value: given },
    )
  if (plain === 'always' && given[0] === 0)
    throw new TollError('out-of-domain', `npm run paper -- ${name} compares with beta 0: --beta must be above 0`, {
      option: 'beta',
      value: 0,
    })
  return given[0] !== 0 && (plain === 'always' || flags.plain) ? [0, ...given] : given
}

/**
 * How many trials the logs lack, and what networks among them take. Without the data at hand all of those are missing.
 */
async function printPlan({ protocol, setting, wanted, networks }: Wanted, flags: ImageFlags, terminal: Terminal) {
  const { loadValidationRows } = await import('../images/node/index.js')
  const notHere = (error: unknown) => {
    if (!(error instanceof TollError && error.code === 'not-found')) throw error
    terminal.note(`${messageOf(error)}; all trials are counted as missing`)
    return undefined
  }
  const { format, trials } = await planImages({
    protocol,
    setting,
    wanted: { ...wanted, betas: networks ? wanted.betas : [] },
    classNames: classNames(protocol),
    validationRows: networks ? await loadValidationRows(protocol).catch(notHere) : undefined,
  })
  const records = await readLogs(format, flags, terminal)
  const of = (some: (trial: ImageTrial) => boolean, what?: string) =>
    describeMissing({ format, trials: trials.filter(some) }, records, flags, what)
  const { dataset } = protocol
  const { detectors } = wanted
  const others = detectors.length > 0 && (await of(isDetectorTrial, `of ${detectors.join(', ')} `))
  if (!networks && others) return terminal.result({ dataset, detectors, ...others.document }, others.text)
  const counted = await of((trial) => !isDetectorTrial(trial))
  const { document, text } =
    counted.document.trials.missing === 0
      ? { document: { dataset, setting, ...counted.document }, text: counted.text }
      : await describeNetworkCost({ protocol, setting, trials: counted.document.trials, flags })
  terminal.result(
    { ...document, ...(others && { others: { detectors, ...others.document } }) },
    others ? `${text}\n${others.text}` : text,
  )
}

interface FinishedTrials {
  readonly records: readonly ImageRecord[]
  readonly others: readonly DetectorRecord[]
}

/** Runs what the log lacks. Where no network runs, finished ones are shown beside. */
async function runTrials(all: Wanted, flags: ImageFlags, terminal: Terminal): Promise<FinishedTrials> {
  const { protocol, setting, wanted, networks } = all
  const { describeMachine, loadImageData } = await import('../images/node/index.js')
  const { engineVersions } = await import('toll/node')
  const data = await loadImageData(protocol, { networks })
  const finished = await runLogged(
    imageFormat,
    flags,
    terminal,
    (options: SweepOptions<ImageTrial, LoggedRecord>) =>
      runImageTrials({
        protocol,
        setting,
        wanted: { ...wanted, betas: networks ? wanted.betas : [] },
        data,
        machine: describeMachine(options.engines[0]),
        versions: engineVersions(),
        ...options,
      }),
    describeTrial,
  )
  const others = finished.filter(isDetectorRecord)
  if (networks) return { records: finished.filter((record) => !isDetectorRecord(record)), others }
  return { records: selectFinished(all, await readLogs(imageFormat, flags, terminal), flags, true), others }
}

/** What the logs hold of the wanted trials; of other detectors those that are named, or all. */
async function readTrials(all: Wanted, flags: ImageFlags, terminal: Terminal): Promise<FinishedTrials> {
  const {
    protocol: { dataset },
    wanted: { classes, seeds: numbers, detectors },
  } = all
  const logged = await readLogs(imageFormat, flags, terminal)
  const others = logged
    .filter(isDetectorRecord)
    .filter(
      (record) =>
        record.dataset === dataset &&
        classes.includes(record.class) &&
        numbers.includes(record.seed) &&
        (flags.detectors === undefined || detectors.includes(record.detector)),
    )
  return { records: selectFinished(all, logged, flags, others.length > 0), others }
}

/** Networks of this setting; `mayLack` where a table can do without. */
function selectFinished(
  { protocol, setting, wanted: { classes, seeds: numbers, betas } }: Wanted,
  logged: readonly LoggedRecord[],
  flags: ImageFlags,
  mayLack: boolean,
): ImageRecord[] {
  const all = logged.filter((record) => !isDetectorRecord(record)).filter(({ dataset }) => dataset === protocol.dataset)
  const ofSetting = selectTrials(all, { protocol, setting, classes: classNames(protocol) })
  if (ofSetting.length === 0 && all.length > 0 && !mayLack) {
    const held = new Set(all.map((record) => differencesFrom(protocol, record.setting).join(', ') || "the paper's"))
    throw new TollError(
      'unknown-trial',
      `${flags.trials.join(', ')} holds trials of ${protocol.title} in other settings only ` +
        `(${[...held].join('; ')}); ` +
        'name them with --steps, --batch and so on',
      { file: flags.trials[0] },
    )
  }
  const records = ofSetting.filter(
    (record) => classes.includes(record.class) && numbers.includes(record.seed) && betas.includes(record.beta),
  )
  if (records.length === 0 && !mayLack) throw nothingFinished(flags)
  return records
}

function describeTrial(record: LoggedRecord): string {
  const percent = (share: number) => (100 * share).toFixed(1)
  if (!isDetectorRecord(record)) {
    const { className, beta, seed, test } = record
    return (
      `${className}, beta ${beta}, seed ${seed}: AUROC ${percent(test.labelled.auroc)} ` +
      `(last step ${percent(test.last.auroc)})`
    )
  }
  const { detector, className, seed, tested } = record
  const { labelled, unlabelled } = tested
  const mean = labelled.reduce((sum, { auroc }) => sum + auroc, 0) / Math.max(1, labelled.length)
  const byLabels = labelled.length > 0 ? `, by labels ${percent(mean)}` : ''
  return `${detector}, ${className}, seed ${seed}: AUROC ${percent(unlabelled.auroc)}${byLabels}`
}
