// What a person said about how a file of text is written: a model keeps it, so that it need not be said again.

import * as v from 'valibot'
import type { Infer } from './schema.js'

export const reading = v.object({
  delimiter: v.optional(v.string()),
  header: v.optional(v.boolean()),
  comment: v.optional(v.string()),
  decimal: v.optional(v.picklist(['.', ','])),
  missing: v.optional(v.array(v.string())),
})

/** As far as it was said; see `readTable`. */
export type Reading = Infer<typeof reading>
