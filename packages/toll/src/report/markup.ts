// HTML that cannot be injected into: a template tag that escapes every value unless it is markup itself.

/** A piece of finished HTML. Only `html` and `trusted` make it. */
export interface Markup {
  readonly markup: string
}

type Value = Markup | string | number | undefined | readonly Markup[]

/**
 * Joins literal HTML with values: text is escaped, markup is kept, lists of markup are joined, undefined is nothing.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: literals.reduce((text, literal, i) => text + toMarkup(values[i - 1]) + literal) }
}

/** Declares that `markup` needs no escaping: our own SVG and styles. */
export function trusted(markup: string): Markup {
  return { markup }
}

/**
 * Text for an element or a quoted attribute, in HTML as in XML. Characters that XML forbids become the replacement
 * character.
 */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
}

function toMarkup(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map((item) => item.markup).join('')
}
