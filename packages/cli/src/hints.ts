// What the command line offers against an error of the library, found by its reason and details.

import { TollError, type ErrorDetails, type ErrorReason } from 'toll/base'
import { shellWord } from './columns.js'

type Hint = (details: ErrorDetails) => string | undefined

const hints: Partial<Record<ErrorReason, Hint>> = {
  'wrong-delimiter': () => '--delimiter',
  'network-refused': () => '--allow-network',
  'ambiguous-delimiter': () => '--delimiter',
  'lines-outside-table': ({ option, suggestion }) => `--${option} ${shellWord(String(suggestion))}`,
  'numeric-header': () => '--header or --no-header',
  'duplicate-column': ({ option }) => (option === 'header' ? '--no-header if that line is data' : undefined),
  'ambiguous-variable': () => '--variable NAME',
  'decimal-comma': () => '--decimal ,',
  'no-columns': ({ option }) =>
    option === 'types'
      ? '--types COLUMN=category; --delimiter CHAR where values of a line were not told apart'
      : undefined,
  'too-many-categories': ({ column }) => (column === undefined ? undefined : `--exclude ${shellWord(column)}`),
  'ambiguous-labels': () => '--anomaly VALUE or --normal VALUE',
  'one-class': ({ option }) => (option === 'testShare' ? '--test-share, --seed' : undefined),
  overflow: ({ columns = [] }) => (columns.length > 0 ? `--exclude ${shellWord(columns[0])}` : undefined),
  'conflicting-options': ({ option, value }) =>
    option === 'group' && typeof value === 'string' ? `--group ${shellWord(value)}` : undefined,
  'unordered-rows': ({ column }) =>
    column === undefined ? undefined : `--sql "select * from 'FILE' order by ${column}"`,
  // Only pictures are asked for a size in which they agree.
  'shape-mismatch': ({ option, expected }) =>
    option === 'size' ? `--image-size ${String(expected).replaceAll(' ', '')}` : undefined,
  'checkpoint-mismatch': () => '--restart, --checkpoint FILE',
}

/** What a cell that cannot be read may be. */
const missing: Hint = ({ option }) =>
  option === 'missing' ? '--missing TEXT; toll fit also takes --exclude COLUMN and --types COLUMN=category' : undefined

/** Flags, such as `--delimiter`, or nothing. */
export function hintFor(error: TollError): string | undefined {
  const hint = (hints[error.reason] ?? missing)(error.details)
  // Where no row could be scored, the reason of the first row is the cause.
  return (
    hint ?? (error.reason === 'no-scored-rows' && error.cause instanceof TollError ? hintFor(error.cause) : undefined)
  )
}
