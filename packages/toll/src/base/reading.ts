// What a person said about how a file of text is written: a model keeps it, so that it need not be said again.

/** As far as it was said; see `readTable`. */
export interface Reading {
  readonly delimiter?: string
  readonly header?: boolean
  readonly comment?: string
  readonly decimal?: '.' | ','
  readonly missing?: readonly string[]
}
