// The sections of scores: their histogram, the course of training, and how far refits with other seeds agree.

import type { Detector } from '../detectors/index.js'
import type { Manifest } from '../model/index.js'
import { lossChart, scoreHistogram, type Block, type ReportTable } from '../report/index.js'
import { describeThreshold } from '../threshold/index.js'
import { mean } from './report-verdict.js'
import type { Sifted } from './sift.js'
import type { Stability } from './stability.js'
import { counted, grouped, named, percent, showNumber } from './words.js'

export async function scoreBlocks(
  { heldBack, threshold, thresholds = {} }: Manifest,
  sifted?: Sifted,
): Promise<Block[]> {
  const scored = sifted ? sifted.scores.filter(Number.isFinite) : []
  const infinite = (sifted?.scores.length ?? 0) - scored.length
  const further = Object.entries(thresholds)
    .map(([name, { value }]) => ({ name, value }))
    .filter(({ value }) => Number.isFinite(value))
  const held = heldBack.source === 'held-back' ? 'held-back rows' : 'training rows'
  const drift = sifted?.drift?.score
  return [
    {
      kind: 'figure',
      title: 'Scores and threshold',
      caption:
        'Share of each kind of rows per bin of scores. ' +
        (held === 'held-back rows'
          ? 'Held-back rows are normal rows that training did not see.'
          : 'No rows were held back; these are scores of training.'),
      chart: await scoreHistogram(heldBack.scores, scored, threshold.value, {
        names: [held, 'scored rows'],
        further,
        bins: 48,
      }),
    },
    ...(infinite > 0
      ? [
          {
            kind: 'paragraph',
            text:
              `${counted(infinite, 'score')} beyond what the model can tell apart, infinite, are above every ` +
              'threshold and not in the chart.',
          } as const,
        ]
      : []),
    {
      kind: 'table',
      table: {
        caption: 'Rows above each threshold',
        columns: [
          { title: 'threshold' },
          { title: 'score above', align: 'right' },
          { title: held, align: 'right' },
          ...(sifted ? [{ title: 'scored rows', align: 'right' } as const] : []),
          { title: 'rule' },
        ],
        rows: [
          ['decides', threshold, sifted?.anomalies] as const,
          ...Object.entries(thresholds).map(([name, rule]) => [named(name), rule, sifted?.alarms[name]] as const),
        ].map(([name, rule, called]) => [
          name,
          showNumber(rule.value),
          `${grouped(heldBack.scores.filter((score) => score > rule.value).length)} of ` +
            `${grouped(heldBack.scores.length)}`,
          ...(sifted ? [`${grouped(called ?? 0)} of ${grouped(sifted.scores.length)}`] : []),
          describeThreshold(rule).replace(String(rule.value), showNumber(rule.value)),
        ]),
      },
    },
    ...(drift
      ? [
          {
            kind: 'paragraph',
            text:
              `A scored row is above a held-back one with a chance of ${percent(drift.auroc)}; 50\u00a0% is no ` +
              'change. The two distributions ' +
              `${drift.drifted ? 'differ by more than chance' : 'do not differ by more than chance'} ` +
              `(Kolmogorov-Smirnov, distance ${showNumber(drift.distance)}).`,
          } as const,
        ]
      : []),
  ]
}

type History = Readonly<Record<string, readonly number[]>>

/** Series that one chart can tell apart, and charts of a model. */
const most = { series: 4, charts: 4 }

export async function trainingBlocks(
  { training, detector: name }: Manifest,
  detector: Detector | undefined,
): Promise<Block[]> {
  const members = membersOf(training)
  const courses =
    members.length > 0
      ? members.map((member, i) => ({
          name: `${i + 1} ${member.detector}`,
          history: historyOf(member.history),
        }))
      : [{ name, history: historyOf(training.history) }]
  const trained = courses.flatMap(({ name, history }) => (history ? [{ name, history }] : []))
  const keys = [...new Set(trained.flatMap(({ history }) => Object.keys(history)))]
    .filter((key) => key !== 'step')
    .slice(0, most.charts)
  const figures = await Promise.all(
    keys.map(async (key): Promise<Block> => ({
      kind: 'figure',
      title: titled(wordsOf(key)),
      chart: await lossChart(
        trained
          .filter(({ history }) => key in history)
          .slice(0, most.series)
          .map(({ name, history }) => ({ name, x: history.step, y: history[key] })),
        { width: 400, yLabel: wordsOf(key) },
      ),
    })),
  )
  const cut = trained.length > most.series ? ` The first ${most.series} of ${trained.length} members are drawn.` : ''
  return [
    trained.length > 0
      ? {
          kind: 'paragraph',
          text:
            'Means over the batch of each step. A curve that still falls at its end asks for more steps; one that ' +
            `jumps, for a lower learning rate.${cut}`,
        }
      : {
          kind: 'paragraph',
          text:
            `${detector?.title ?? name} is not trained in steps, so that there is no curve. ` + 'What fitting found:',
        },
    ...(figures.length > 0 ? [{ kind: 'columns', blocks: figures } as const] : []),
    ...(members.length > 0 ? [{ kind: 'table', table: memberTable(members) } as const] : []),
    ...factsOf(training),
  ]
}

/** A detector of an ensemble, as far as a manifest says what it is. */
export interface Member extends Readonly<Record<string, unknown>> {
  readonly detector: string
  readonly parameters: Manifest['parameters']
}

export function membersOf({ members }: Manifest['training']): Member[] {
  const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null
  return Array.isArray(members)
    ? members.filter(
        (member: unknown): member is Member =>
          isRecord(member) && typeof member.detector === 'string' && isRecord(member.parameters),
      )
    : []
}

/** Lists of finite numbers with the steps they belong to. */
function historyOf(value: unknown): History | undefined {
  if (
    typeof value !== 'object' ||
    value === null ||
    !('step' in value) ||
    !Array.isArray(value.step) ||
    value.step.length === 0
  )
    return undefined
  const { length } = value.step
  if (!value.step.every(Number.isFinite)) return undefined
  const lists = Object.entries(value).filter(
    (entry): entry is [string, number[]] =>
      Array.isArray(entry[1]) && entry[1].length === length && entry[1].every(Number.isFinite),
  )
  return lists.length > 1 ? Object.fromEntries(lists) : undefined
}

/** latentNorm as latent norm. */
function wordsOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function titled(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Members that are listed. */
const mostMembers = 50

function memberTable(members: readonly Member[]): ReportTable {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? showNumber(value) : null)
  return {
    caption: `Members${members.length > mostMembers ? `, the first ${mostMembers} of ${members.length}` : ''}`,
    columns: [
      { title: 'member' },
      { title: 'detector' },
      { title: 'mean score', align: 'right' },
      { title: 'standard deviation', align: 'right' },
      { title: 'parameters' },
    ],
    rows: members.slice(0, mostMembers).map(({ detector, mean: centre, sd, parameters }, i) => [
      String(i + 1),
      detector,
      number(centre),
      number(sd),
      Object.entries(parameters)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(', ') || 'none',
    ]),
  }
}

/** Single numbers and words of what fitting found. */
function factsOf(training: Manifest['training']): Block[] {
  const facts = Object.entries(training).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'number')
      return [[wordsOf(name), Number.isInteger(value) ? grouped(value) : showNumber(value)]]
    if (typeof value === 'string') return [[wordsOf(name), value]]
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
    return Object.entries(value).flatMap(([key, inner]): [string, string][] =>
      typeof inner === 'number'
        ? [[`${wordsOf(name)}, ${wordsOf(key)}`, showNumber(inner)]]
        : typeof inner === 'string'
          ? [[`${wordsOf(name)}, ${wordsOf(key)}`, inner]]
          : [],
    )
  })
  return facts.length === 0
    ? []
    : [
        {
          kind: 'table',
          table: {
            caption: 'What fitting found',
            columns: [{ title: 'name' }, { title: 'value' }],
            rows: facts.map(([name, value]) => [name, value]),
          },
        },
      ]
}

/** @param hint how to measure it, where it was not */
export function stabilityBlocks(stability: Stability | undefined, hint: string): Block[] {
  if (!stability)
    return [
      {
        kind: 'paragraph',
        text: `Not measured: it takes the training data, which a model file does not hold. ${hint}`,
      },
    ]
  const { refits, rows, top, anomalies } = stability
  const known = refits.flatMap(({ correlation }) => (correlation === null ? [] : [correlation]))
  return [
    {
      kind: 'paragraph',
      text:
        `The model was fitted again with ${counted(refits.length, 'other seed')}, everything else the same, ` +
        `and each refit scored the ${grouped(rows)} rows of the training data. On average ` +
        (known.length > 0 ? `the rank correlation of the scores is ${mean(known).toFixed(3)}, ` : '') +
        `${percent(mean(refits.map(({ topOverlap }) => topOverlap)))} of the ${grouped(top)} highest scores ` +
        `are the same rows, and ${percent(mean(refits.map(({ sameDecision }) => sameDecision)))} of the rows ` +
        'get the same decision.',
    },
    {
      kind: 'table',
      table: {
        caption: `Refits against this model, which calls ${grouped(anomalies)} of these rows`,
        columns: [
          { title: 'seed' },
          { title: 'rank correlation', digits: 3 },
          { title: `of the ${grouped(top)} highest`, align: 'right' },
          { title: 'same decision', align: 'right' },
          { title: 'rows called', align: 'right' },
          { title: 'threshold', align: 'right' },
        ],
        rows: refits.map(({ seed, correlation, topOverlap, sameDecision, anomalies: called, threshold }) => [
          String(seed),
          correlation,
          percent(topOverlap),
          percent(sameDecision),
          grouped(called),
          showNumber(threshold),
        ]),
      },
    },
    {
      kind: 'paragraph',
      text:
        "Spearman's rank correlation; 1 is the same order. A seed also draws which rows are held back, and so " +
        'moves the threshold. Rows that only some seeds call are near the boundary: look at them before ' +
        'acting on them.',
    },
  ]
}
