// Formulas as readers and screen readers take them: a small subset of TeX to MathML, and to plain text for terminals.
// Left out: everything that formulas of scores do not need. One letter is a variable, digits are a number, other
// characters are operators.
//   a_i a_{i,j} x^2     scripts; of ∑, min and max they stand below and above
//   \frac{a}{b} \sqrt{a} \text{words} \op{log}

import { TollError } from '../base/index.js'
import { html, type Markup } from './markup.js'

type Formula =
  | {
      readonly kind: 'leaf'
      readonly tag: 'mi' | 'mn' | 'mo' | 'mtext'
      readonly text: string
      readonly upright?: boolean
    }
  | { readonly kind: 'row'; readonly parts: readonly Formula[] }
  | { readonly kind: 'fraction'; readonly over: Formula; readonly under: Formula }
  | { readonly kind: 'root'; readonly of: Formula }
  | { readonly kind: 'scripts'; readonly base: Formula; readonly below?: Formula; readonly above?: Formula }

const tokenPattern = /\\(?:frac|sqrt|text|op)(?![a-z])|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[\p{L}]['′]?|\s+|./gsu
const large = ['∑', 'min', 'max']

/** A `<math>` element on a line of its own. Error: `argument` for what the subset does not know. */
export function formulaMarkup(source: string): Markup {
  return html`<math display="block">${markup(parse(source))}</math>`
}

/** Words in which a letter with a subscript, such as x_i or x_(j), is set as one. */
export function lettersMarkup(words: string): Markup {
  const pieces = words.split(/(?<![\p{L}\d_])(\p{L}_(?:\([\p{L}\d]+\)|[\p{L}\d](?![\p{L}\d_])))/u)
  const letter = (piece: string) => html`<var>${piece[0]}</var><sub>${piece.slice(2)}</sub>`
  return html`${pieces.map((piece, i) => (i % 2 === 0 ? html`${piece}` : letter(piece)))}`
}

/** On one line: scripts as _ and ^, fractions with a slash. */
export function formulaText(source: string): string {
  return text(parse(source)).replaceAll(/\s+/g, ' ').trim()
}

class Reader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(readonly source: string) {
    this.#tokens = source.match(tokenPattern) ?? []
  }

  /** Formulas up to the end, or to the brace that closes a group. */
  row(inGroup: boolean): Formula {
    const parts: Formula[] = []
    for (;;) {
      const token = this.#tokens[this.#at++]
      if (token === undefined || token === '}') {
        if ((token === '}') !== inGroup) this.#refuse('braces that do not match')
        return parts.length === 1 ? parts[0] : { kind: 'row', parts }
      }
      if (token === '_' || token === '^') parts.push(this.#script(parts.pop(), token))
      else if (token.trim() !== '') parts.push(this.#one(token))
    }
  }

  #script(base: Formula | undefined, token: string): Formula {
    if (!base) this.#refuse(`a ${token} after nothing`)
    const script = this.#next()
    const before = base.kind === 'scripts' ? base : { kind: 'scripts' as const, base }
    return token === '_' ? { ...before, below: script } : { ...before, above: script }
  }

  #next(): Formula {
    const token = this.#tokens[this.#at++]
    if (token === undefined) this.#refuse('an end where something should follow')
    return token.trim() === '' ? this.#next() : this.#one(token)
  }

  #one(token: string): Formula {
    if (token === '{') return this.row(true)
    if (token === '\\frac') return { kind: 'fraction', over: this.#next(), under: this.#next() }
    if (token === '\\sqrt') return { kind: 'root', of: this.#next() }
    if (token === '\\text') return { kind: 'leaf', tag: 'mtext', text: this.#words() }
    if (token === '\\op') return { kind: 'leaf', tag: 'mi', text: this.#words(), upright: true }
    if (token === '\\') this.#refuse('a command that is not known')
    if (/^\d/.test(token)) return { kind: 'leaf', tag: 'mn', text: token }
    if (/^\p{L}/u.test(token)) return { kind: 'leaf', tag: 'mi', text: token.replace("'", '′') }
    return { kind: 'leaf', tag: 'mo', text: token === '-' ? '−' : token }
  }

  /** The characters of a group as they are. */
  #words(): string {
    const end = this.#tokens.indexOf('}', this.#at)
    if (this.#tokens[this.#at] !== '{' || end < 0) this.#refuse('words without braces')
    const words = this.#tokens.slice(this.#at + 1, end).join('')
    this.#at = end + 1
    return words
  }

  #refuse(what: string): never {
    throw new TollError('out-of-domain', `the formula '${this.source}' has ${what}`, {
      option: 'formula',
      value: this.source,
    })
  }
}

function parse(source: string): Formula {
  return new Reader(source).row(false)
}

function markup(formula: Formula): Markup {
  switch (formula.kind) {
    case 'leaf':
      return leaf(formula)
    case 'row':
      return html`<mrow>${formula.parts.map(markup)}</mrow>`
    case 'fraction':
      return html`<mfrac>${markup(formula.over)}${markup(formula.under)}</mfrac>`
    case 'root':
      return html`<msqrt>${markup(formula.of)}</msqrt>`
    case 'scripts': {
      const { base, below, above } = formula
      const [b, u, o] = [markup(base), below && markup(below), above && markup(above)]
      if (base.kind === 'leaf' && large.includes(base.text)) {
        return u && o
          ? html`<munderover>${b}${u}${o}</munderover>`
          : u
            ? html`<munder>${b}${u}</munder>`
            : html`<mover>${b}${o}</mover>`
      }
      return u && o
        ? html`<msubsup>${b}${u}${o}</msubsup>`
        : u
          ? html`<msub>${b}${u}</msub>`
          : html`<msup>${b}${o}</msup>`
    }
  }
}

function leaf({ tag, text: content, upright }: Formula & { kind: 'leaf' }): Markup {
  switch (tag) {
    case 'mi':
      if (content.endsWith('′'))
        return html`<mrow><mi>${content.slice(0, -1)}</mi><mo lspace="0" rspace="0">′</mo></mrow>`
      return upright ? html`<mi mathvariant="normal">${content}</mi>` : html`<mi>${content}</mi>`
    case 'mn':
      return html`<mn>${content}</mn>`
    // Brackets are not stretched, which fonts without mathematics do too far; norms stand close to what they hold.
    case 'mo':
      return content === '‖'
        ? html`<mo stretchy="false" lspace="0" rspace="0">${content}</mo>`
        : '()⟨⟩'.includes(content)
          ? html`<mo stretchy="false">${content}</mo>`
          : html`<mo>${content}</mo>`
    case 'mtext':
      return html`<mtext>${content}</mtext>`
  }
}

const spaced = new Set(['=', '+', '−', '≥', '≤', '>', '<', '⟺', '·', '∑'])

function text(formula: Formula): string {
  switch (formula.kind) {
    case 'leaf':
      return spaced.has(formula.text) || formula.upright
        ? ` ${formula.text} `
        : formula.text === ','
          ? ', '
          : formula.text
    case 'row':
      return formula.parts.map(text).join('')
    case 'fraction':
      return `${grouped(formula.over)} / ${grouped(formula.under)}`
    case 'root':
      return `√${grouped(formula.of)}`
    case 'scripts':
      return (
        text(formula.base).trimEnd() +
        (formula.below ? `_${grouped(formula.below)}` : '') +
        (formula.above ? `^${grouped(formula.above)}` : '') +
        (formula.base.kind === 'leaf' && (large.includes(formula.base.text) || formula.base.upright) ? ' ' : '')
      )
  }
}

function grouped(formula: Formula): string {
  const content = text(formula).trim()
  return formula.kind === 'row' && formula.parts.length > 1 ? `(${content})` : content
}
