// The format of a table file, by what is asked for, by its name, or by its first bytes.

import { TollError } from '../base/index.js'
import { sniffKind, type FileKind } from './kinds.js'

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
    const { what, advice } = describeKind(kind, head)
    throw new TollError(
      'wrong-file-kind',
      `${name} should be ${format.toUpperCase()} but seems to be ${what}${advice && `; ${advice}`}`,
      { file: name, option: 'format', value: kind, expected: format },
    )
  }
  return format
}

/** What a file is that is no table, and what to do with it. */
function describeKind(kind: FileKind, head: Uint8Array): { what: string; advice: string } {
  const start = new TextDecoder('latin1').decode(head.subarray(0, 2 ** 16))
  const zero = head.indexOf(0)
  switch (kind) {
    case 'zip':
      return start.includes('[Content_Types].xml') || start.includes('xl/')
        ? { what: 'an Excel workbook', advice: 'save its sheet as CSV' }
        : { what: 'a zip archive', advice: 'unpack it' }
    case 'gzip':
    case 'zstd':
    case 'bzip2':
    case 'xz':
      return {
        what: `${kind} data`,
        advice: kind === 'gzip' ? 'unpack it once more' : 'unpack it, or pack it with gzip',
      }
    case 'utf-16 text':
      return { what: `${kind} data`, advice: 'convert it to UTF-8' }
    case 'sqlite':
      return { what: `${kind} data`, advice: 'export a table as CSV or Parquet' }
    case 'png':
    case 'jpeg':
      return { what: `a ${kind.toUpperCase()} image`, advice: 'give images as one array file, such as .npy' }
    default:
      if (start.startsWith('\xd0\xcf\x11\xe0')) return { what: 'an Excel workbook', advice: 'save its sheet as CSV' }
      return zero < 0 || kind === 'parquet' || !isMostlyText(head)
        ? { what: `${kind} data`, advice: '' }
        : {
            what: `text with NUL bytes, the first at byte ${zero + 1}`,
            advice: "remove them, for example with tr -d '\\0'",
          }
  }
}

/** Whether there are nearly no control characters. */
function isMostlyText(head: Uint8Array): boolean {
  const control = head.filter((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 13)
  return control.length <= Math.max(1, head.length / 10)
}

function guessFormat(head: Uint8Array): TableFormat {
  if (sniffKind(head) === 'parquet') return 'parquet'
  const first = new TextDecoder().decode(head.subarray(0, 4096)).trimStart()[0]
  return first === '{' ? 'ndjson' : first === '[' ? 'json' : 'csv'
}
