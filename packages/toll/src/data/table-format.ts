// The format of a table file, by what is asked for, by its name, or by its first bytes.

import { TollError } from '../base/index.js'
import { sniffKind } from './kinds.js'

export type TableFormat = 'csv' | 'tsv' | 'ndjson' | 'json' | 'parquet'

const extensions: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.parquet': 'parquet',
  '.pq': 'parquet',
}

/** @param head the first bytes, unpacked. Errors: `format` for an empty file, and for one that is no such table. */
export function tableFormat(name: string, head: Uint8Array, asked?: TableFormat): TableFormat {
  const kind = sniffKind(head)
  if (kind === 'empty') throw new TollError('empty-file', `${name} is empty`, { file: name })
  const extension = /\.[^./\\]*$/.exec(name.replace(/\.gz$/i, ''))?.[0].toLowerCase() ?? ''
  const format = asked ?? extensions[extension] ?? guessFormat(head)
  const binary = kind !== 'text' || head.includes(0)
  if ((format === 'parquet') !== (kind === 'parquet') || (kind !== 'parquet' && binary)) {
    const advice = kind === 'utf-16 text' ? '; convert it to UTF-8' : ''
    throw new TollError(
      'wrong-file-kind',
      `${name} should be ${format.toUpperCase()} but seems to be ${kind} data${advice}`,
      { file: name, option: 'format', value: kind, expected: format },
    )
  }
  return format
}

function guessFormat(head: Uint8Array): TableFormat {
  if (sniffKind(head) === 'parquet') return 'parquet'
  const first = new TextDecoder().decode(head.subarray(0, 4096)).trimStart()[0]
  return first === '{' ? 'ndjson' : first === '[' ? 'json' : 'csv'
}
