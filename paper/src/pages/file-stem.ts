// The name that the files of one experiment begin with.

import { TollError } from 'toll'

/** Error: `argument` for what cannot begin the name of a file anywhere. */
export function checkStem(name: string): void {
  if (!/^[\w-][\w.-]*$/.test(name))
    throw new TollError('out-of-domain', `a name of files is made of letters, digits, '-', '_' and '.', got '${name}'`)
}
