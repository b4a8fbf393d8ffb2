// Where texts become numbers: the place of each in a list that is known before the graph runs.

import { TollError } from '../../base/index.js'
import { apply, bytesOf, showShape, type Op, type Tensor } from '../tensor.js'

type LookupAttributes = { readonly texts: readonly string[] }

export const lookupOp: Op<LookupAttributes> = {
  name: 'lookup',
  type: ([x], { texts }) => {
    if (x.dtype !== 'string')
      throw new TollError('dtype-mismatch', `lookup: expected string, got ${x.dtype}${showShape(x.shape)}`, {
        value: x.dtype,
        expected: 'string',
      })
    placesOf(texts)
    return { dtype: 'int64', shape: x.shape }
  },
  lower: (to, { attrs: { texts } }, [x]) =>
    to.emit(
      'LabelEncoder',
      [x],
      { keys_strings: { texts }, values_int64s: texts.map((_, i) => i), default_int64: texts.length },
      'ai.onnx.ml',
    ),
  evaluate: ([x], { texts }) => {
    const places = placesOf(texts)
    return Float64Array.from(x.texts!, (text) => places.get(text) ?? texts.length)
  },
  // A text is read twice: hashed, and compared with the one in the table that has its hash.
  work: ([x], _, type) => ({ bytes: 2 * bytesOf(x) + bytesOf(type) }),
  strings: 'operands',
  samples: [
    {
      inputs: [{ shape: [3, 2], dtype: 'string', texts: ['b', 'a', '', 'c', 'B', 'a '] }],
      attrs: { texts: ['a', 'b'] },
    },
    {
      inputs: [{ shape: [6], dtype: 'string', texts: ['', ' ', 'Zürich', '東京', '\u{1f600}', 'Zu\u0308rich'] }],
      attrs: { texts: ['\u{1f600}', '', '東京', 'Zürich'] },
    },
    { inputs: [{ shape: [], dtype: 'string', texts: ['x'] }], attrs: { texts: [] } },
    { inputs: [{ shape: [0, 1], dtype: 'string', texts: [] }], attrs: { texts: ['a'] } },
  ],
}

/**
 * The place of each text of x (string, any shape) in `texts`, counted from 0, and `texts.length` for a text that is not
 * among them: int64 in the shape of x. Texts are compared code unit by code unit; '' is one like any other.
 *
 * @throws `argument` when two of `texts` are equal, or one is not plain (see `isPlainText`); `shape` when x does not
 * hold strings.
 */
export function lookup(x: Tensor, texts: readonly string[]): Tensor {
  return apply(lookupOp, [x], { texts: [...texts] })
}

/**
 * Whether every engine sees the text as it is: ONNX Runtime holds UTF-8 and takes fed texts up to their first NUL, so a
 * text with U+0000 or with half a surrogate pair would be taken for another one.
 */
export function isPlainText(text: unknown): text is string {
  return typeof text === 'string' && !text.includes('\0') && text.isWellFormed()
}

function placesOf(texts: readonly string[]): Map<string, number> {
  const places = new Map<string, number>()
  texts.forEach((text, i) => {
    if (!isPlainText(text)) {
      throw new TollError(
        'out-of-domain',
        `lookup: every text must be a string without NUL and without half a surrogate pair, text ${i} is ` +
          `${JSON.stringify(text)}`,
        { option: 'texts', value: text },
      )
    }
    if (places.has(text))
      throw new TollError(
        'duplicate-name',
        `lookup: the texts must be distinct, ${JSON.stringify(text)} stands at ${places.get(text)} and ${i}`,
        { option: 'texts', value: text },
      )
    places.set(text, i)
  })
  return places
}
