// Labels and weights from a source, one per row: a column of a table, or for arrays a variable of the same file or a
// file of its own.

import type { Command } from 'commander'
import { rowCount, TollError } from 'toll/base'
import { anomalyLabels } from 'toll/data'
import type { Source } from './source.js'

export interface LabelFlags {
  readonly label?: string
  readonly anomaly?: string
  readonly normal?: string
}

export function addLabelOptions(command: Command, what: string, required: boolean): void {
  const flags = '--label <column>'
  if (required) command.requiredOption(flags, what)
  else command.option(flags, what)
  command.option(
    '--anomaly <value>',
    'the label that means anomaly, where the labels are not 0 and 1 (1 is the anomaly) or words such as ' +
      'normal and anomaly',
  )
  command.option('--normal <value>', 'the label that means normal; every other label is then an anomaly')
}

type ArraySource = Extract<Source, { kind: 'array' }>

/**
 * The labels of an array's rows, 1 = anomaly. Errors: as `anomalyLabels`, and `shape` where they are not one per row.
 */
export async function readArrayLabels(
  source: ArraySource,
  { label, anomaly, normal }: LabelFlags & { readonly label: string },
): Promise<Uint8Array> {
  const values = source.names?.get(label) ?? (await readSide(source, label))
  return anomalyLabels(values, { column: label, anomaly, normal })
}

/** The source, whose rows come with their labels. */
export async function withLabels(source: Source, label: string): Promise<Source> {
  if (source.kind === 'rows' || source.names?.has(label)) return source
  const values = (await readSide(source, label)).map(String)
  return { ...source, names: new Map([...(source.names ?? []), [label, values]]) }
}

/** The vector that belongs to the rows of an array. */
export async function readSide(source: ArraySource, name: string): Promise<number[]> {
  const rows = rowCount(source.data)
  const { shape, data } = await source.side(name)
  if (data.length !== rows)
    throw new TollError(
      'length-mismatch',
      `${source.name} has ${rows} rows, but '${name}' of shape (${shape.join(', ')}) has ${data.length} values`,
      { file: source.name, value: shape, expected: `${rows} values` },
    )
  return Array.from(data)
}
