// The sections for auditors: formulas and settings, and what the model was made of and how to make it again.

import { isoTime, resolveParameters, sha256, version, type ParameterValue } from '../base/index.js'
import { detectors, type Detector } from '../detectors/index.js'
import { manifestFormat, type Manifest, type Model } from '../model/index.js'
import { membersOf } from './report-course.js'
import { imageParameters, type ColumnEncoder, type tableParameters } from '../preprocess/index.js'
import type { Block, ReportTable } from '../report/index.js'
import { describeThreshold } from '../threshold/index.js'
import { cutNote, mostColumns } from './report-columns.js'
import { grouped, named, showNumber } from './words.js'

export function formulaBlocks(manifest: Manifest, detector: Detector | undefined): Block[] {
  return [
    { kind: 'heading', text: 'From the columns to the row' },
    ...scalingBlocks(manifest),
    { kind: 'heading', text: 'Score' },
    ...scoreFormula(manifest.detector, detector, manifest),
    ...memberFormulas(manifest),
    { kind: 'heading', text: 'Decision' },
    ...decisionBlocks(manifest),
    { kind: 'heading', text: 'Settings' },
    { kind: 'table', table: settingsTable(manifest, detector) },
  ]
}

function scalingBlocks({ preprocessing }: Manifest): Block[] {
  if (preprocessing.kind === 'image') {
    const { scale, centre, divisor } = preprocessing
    return [
      { kind: 'formula', formula: String.raw`x = \frac{c - ${plain(centre)}}{${plain(divisor)}}` },
      {
        kind: 'paragraph',
        text:
          'c is ' +
          `${scale === 'contrast' ? 'the image less its mean, over its mean absolute deviation' : 'a raw pixel'}. ` +
          `${ruleOf(imageParameters.scale.doc, scale)}`,
      },
    ]
  }
  const { scale, columns } = preprocessing
  const kinds = new Set(columns.map(({ kind }) => kind))
  return [
    ...(kinds.has('number')
      ? [
          {
            kind: 'formula',
            formula: scale === 'quantile' ? String.raw`x_j = q_j(c_j)` : String.raw`x_j = \frac{c_j - a_j}{b_j}`,
          } as const,
        ]
      : []),
    {
      kind: 'letters',
      items: [
        ...(kinds.has('number')
          ? [
              'c_j is the value of column j; a missing number becomes f_j, the training median.',
              `Scaling is ${scale}: ${scaleWords[scale]}.`,
            ]
          : []),
        ...(kinds.has('category')
          ? [
              'A text has a position for each frequent text and one for all others, 1 or 0, less its training ' +
                'share p, over the root of p (K - 1), K positions having rows.',
            ]
          : []),
        ...(kinds.has('time')
          ? [
              'A time has its place in the span of training, and sine and cosine of its phase in the day, the ' +
                'week and the year as far as training saw them twice, each less its mean over its standard ' +
                'deviation.',
            ]
          : []),
        ...(columns.some(({ gaps }) => gaps)
          ? ['A column with gaps in training has one more position, 1 where it is missing, centred and scaled.']
          : []),
        'A divisor of 0, or of rounding noise, becomes 1; scaled values stay within ±1e15. All of it is float64.',
      ],
    },
    {
      kind: 'details',
      title: 'Scaling of each column',
      note: `${grouped(columns.length)} columns`,
      blocks: [
        ...cutNote(columns.length),
        {
          kind: 'table',
          table: {
            caption: 'Numbers of the scaling',
            columns: [{ title: 'column' }, { title: 'kind' }, { title: 'what it becomes' }],
            rows: columns
              .slice(0, mostColumns)
              .map((encoder) => [
                named(encoder.name),
                encoder.kind,
                `${scalingOf(encoder)}${encoder.gaps ? '; a position of gaps' : ''}`,
              ]),
          },
        },
      ],
    },
  ]
}

function scalingOf(encoder: ColumnEncoder): string {
  switch (encoder.kind) {
    case 'category':
      return (
        'positions ' +
        `${[...encoder.categories.map((text) => (text === '' ? 'missing' : named(text))), 'others'].join(', ')}`
      )
    case 'time':
      return (
        `from ${isoTime(encoder.from)} to ` +
        `${isoTime(encoder.to)}${encoder.cycles.length > 0 ? `, phases of ${encoder.cycles.join(', ')}` : ''}, ` +
        `missing ${isoTime(encoder.fill)}`
      )
    case 'number': {
      const { scaling } = encoder
      return scaling.kind === 'linear'
        ? `f ${exact(encoder.fill)}, a ${exact(scaling.centre)}, b ${exact(scaling.divisor)}`
        : `f ${exact(encoder.fill)}, q through ${scaling.knots.length} quantiles`
    }
  }
}

const scaleWords: Readonly<Record<(typeof tableParameters.scale.values)[number], string>> = {
  standard: 'a_j is the mean and b_j the standard deviation of the training rows',
  robust: 'a_j is the median and b_j the interquartile range of the training rows',
  minmax: 'a_j is the smallest value and b_j the range of the training rows',
  none: 'a_j is 0 and b_j is 1',
  quantile:
    'q_j goes through the quantiles of the training rows to those of the logistic distribution of ' +
    'variance 1, and on in straight lines beyond them',
}

/** The part of a parameter's documentation that is about one of its values. */
function ruleOf(doc: string, value: string): string {
  const found = doc.split('. ').find((part) => part.startsWith(`${value}: `))
  return found === undefined ? '' : `Scaling is ${found.replace(/\.?$/, '.')}`
}

/** Whether these are parameters of the detector as it is now: a file of another version may have others. */
function isOf(detector: Detector, parameters: Manifest['parameters']): boolean {
  try {
    resolveParameters(detector.parameters, parameters)
    return true
  } catch {
    return false
  }
}

function scoreFormula(
  name: string,
  detector: Detector | undefined,
  { parameters, training }: Pick<Manifest, 'parameters' | 'training'>,
): Block[] {
  const formula = detector && isOf(detector, parameters) ? detector.formula?.(parameters, training) : undefined
  if (!formula)
    return [
      {
        kind: 'paragraph',
        text:
          `The detector ${name} does not state a formula${detector ? `. ${detector.idea}` : ''}; the graph in ` +
          'the file is the formula.',
      },
    ]
  return [
    { kind: 'formula', formula: formula.score },
    { kind: 'letters', items: [...formula.where, `Source: ${detector!.reference}.`] },
  ]
}

/** Members whose formulas are listed. */
const mostMembers = 20

function memberFormulas({ training }: Manifest): Block[] {
  return membersOf(training)
    .slice(0, mostMembers)
    .map((member, i) => ({
      kind: 'details',
      title: `Member ${i + 1}: ${member.detector}`,
      blocks: scoreFormula(member.detector, detectors.get(member.detector), {
        parameters: member.parameters,
        training: member,
      }),
    }))
}

function decisionBlocks({ threshold, heldBack }: Manifest): Block[] {
  const n = heldBack.scores.length
  return [
    { kind: 'formula', formula: String.raw`\text{anomaly} ⟺ s(x) > ${plain(threshold.value)}` },
    {
      kind: 'paragraph',
      text:
        `Threshold: ${describeThreshold(threshold).replace(String(threshold.value), showNumber(threshold.value))}. ` +
        'The comparison is in float64.',
    },
    ...(heldBack.source === 'held-back'
      ? [
          { kind: 'formula', formula: String.raw`p(x) = \frac{1 + \text{#}(s_i ≥ s(x))}{1 + ${n}}` } as const,
          {
            kind: 'letters',
            items: [
              `s_i are the ${grouped(n)} held-back scores, and # counts those that are at least as high.`,
              'A normal row has a p-value of at most t with a probability of at most t.',
            ],
          } as const,
        ]
      : []),
  ]
}

function settingsTable(
  { detector: name, parameters, preprocessing, threshold, seed, window }: Manifest,
  detector: Detector | undefined,
): ReportTable {
  const domains = detector?.parameters ?? {}
  const rule = Object.entries(threshold)
    .filter(([key]) => !['value'].includes(key))
    .map(([key, value]) => (key === 'kind' ? String(value) : `${key} ${String(value)}`))
  const all: [string, ParameterValue | undefined, string][] = [
    ['detector', name, detector?.title ?? ''],
    ...Object.entries(parameters).map(([key, value]): [string, ParameterValue, string] => [
      key,
      value,
      domains[key]?.doc ?? '',
    ]),
    ['scale', preprocessing.scale, 'How columns or pixels are scaled, see above.'],
    ['threshold', rule.join(', '), 'The rule of the threshold and the rows that it was found from.'],
    ['seed', String(seed), 'Of everything random.'],
    ...(window
      ? [
          [
            'window',
            `${window.size} rows, every ${window.stride}`,
            'Rows of a window, and from one to the next in training.',
          ] as [string, string, string],
        ]
      : []),
  ]
  return {
    caption: 'Parameters and rules',
    columns: [{ title: 'setting' }, { title: 'value' }, { title: 'what it is' }],
    rows: all.map(([key, value, doc]) => [
      key,
      Array.isArray(value) ? value.join(', ') : String(value),
      doc === '' ? null : doc,
    ]),
  }
}

/** A line for a terminal with what it is for. */
export interface CommandLine {
  readonly title: string
  readonly line: string
}

export async function originBlocks({ manifest, bytes }: Model, commands: readonly CommandLine[]): Promise<Block[]> {
  const { versions, dataFingerprint, seed, containsTrainingRows, format, rows } = manifest
  const facts: [string, string][] = [
    ['SHA-256 of the model file', sha256(bytes)],
    ['size of the model file', `${grouped(bytes.length)} bytes, format ${format} of ${manifestFormat}`],
    ['fingerprint of the training data', dataFingerprint],
    [
      'rows',
      `${grouped(rows.given)} given, ${grouped(rows.trained)} trained on, ${grouped(rows.anomalies)} ` +
        'labelled anomalies left out',
    ],
    ['seed', String(seed)],
    [
      'fitted with',
      Object.entries(versions)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    ['report made with', `toll ${version}`],
    ['training rows in the model file', containsTrainingRows ? 'yes: whoever has the file has values of them' : 'no'],
  ]
  return [
    {
      kind: 'table',
      table: { caption: 'What this report is about', columns: [{ title: 'name' }, { title: 'value' }], rows: facts },
    },
    {
      kind: 'paragraph',
      text:
        'The same data, settings and seed give the same file on the same kind of machine at the same number ' +
        'of threads; elsewhere the last digits may differ.',
    },
    ...(commands.length === 0
      ? []
      : [
          { kind: 'heading', text: 'To make it again' } as const,
          ...commands.flatMap(({ title, line }): Block[] => [
            { kind: 'paragraph', text: title },
            { kind: 'code', text: line },
          ]),
        ]),
  ]
}

/** A number as a formula reads it, six digits; a negative one in brackets. */
function plain(value: number): string {
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
  return value < 0 ? `(${text})` : text
}

function exact(value: number): string {
  return Number.isInteger(value)
    ? String(value)
    : Number.isFinite(value)
      ? String(Number(value.toPrecision(12)))
      : showNumber(value)
}
