// How many categories a column may have.

import { TollError } from '../base/index.js'

/** Categories of one list at most, about 100 MB: what has more are keys of rows. */
export const maxCategories = 2 ** 20

export function tooManyCategories(column: string, source: string): TollError {
  return new TollError(
    'too-many-categories',
    `column '${column}' of ${source} holds more than ${maxCategories} different texts, so it seems to name the ` +
      'rows; leave it out',
    { file: source, column, limit: maxCategories },
  )
}
