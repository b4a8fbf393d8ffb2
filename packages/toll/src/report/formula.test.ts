// Formulas and small drawings: exact markup and text, and what is refused.

import { describe, expect, it } from 'vitest'
import { barCell, formulaMarkup, formulaText, histogramCell, renderHtml, renderText } from './index.js'
import { lettersMarkup } from './formula.js'

const inside = (source: string) =>
  formulaMarkup(source).markup.replace('<math display="block">', '').replace('</math>', '')

describe('formulas', () => {
  it.each([
    ['x_i^2', '<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>', 'x_i^2'],
    ['a - 0.5', '<mrow><mi>a</mi><mo>−</mo><mn>0.5</mn></mrow>', 'a − 0.5'],
    [
      String.raw`\frac{a}{b + 1}`,
      '<mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac>',
      'a / (b + 1)',
    ],
    [String.raw`\sqrt{x}`, '<msqrt><mi>x</mi></msqrt>', '√x'],
    [
      '∑_{i=1}^{d} z_i',
      '<mrow><munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>d</mi></munderover>' +
        '<msub><mi>z</mi><mi>i</mi></msub></mrow>',
      '∑_(i = 1)^d z_i',
    ],
    [
      "‖x'‖",
      '<mrow><mo stretchy="false" lspace="0" rspace="0">‖</mo><mrow><mi>x</mi><mo lspace="0" ' +
        'rspace="0">′</mo></mrow><mo stretchy="false" lspace="0" rspace="0">‖</mo></mrow>',
      '‖x′‖',
    ],
    [
      String.raw`\op{log} \text{rows < 3}`,
      '<mrow><mi mathvariant="normal">log</mi><mtext>rows &#60; 3</mtext></mrow>',
      'log rows < 3',
    ],
    ['1e-7 β', '<mrow><mn>1e-7</mn><mi>β</mi></mrow>', '1e-7β'],
  ])('%s', (source, markup, text) => {
    expect(inside(source)).toBe(markup)
    expect(formulaText(source)).toBe(text)
  })

  it.each(['{a', 'a}', '_2', String.raw`\frac{a}`, String.raw`\text a`, String.raw`\gamma`, 'x^'])(
    'refuses %s',
    (source) => {
      expect(() => formulaMarkup(source)).toThrow(expect.objectContaining({ code: 'argument' }))
    },
  )

  it('sets letters with subscripts in words, and leaves names alone', () => {
    expect(lettersMarkup('x_(j) of p_value, c_j < 1').markup).toBe(
      '<var>x</var><sub>(j)</sub> of p_value, <var>c</var><sub>j</sub> &#60; 1',
    )
  })
})

describe('cells', () => {
  it('draws bars from a common zero, with their text beside them', () => {
    const { svg } = barCell(-1, [-1, 3], '-20 %', 'a "title"')
    expect(svg).toBe(
      '<svg class="cell" role="img" width="72" height="14" viewBox="0 0 72 14"><title>a ' +
        '&#34;title&#34;</title><rect x="1" y="2" width="17.5" height="10" fill="var(--normal)"/><path ' +
        'd="M18.5 0V14" stroke="var(--muted)"/></svg>',
    )
    const table = { columns: [{ title: 'a' }, { title: 'b' }], rows: [['x', barCell(3, [-1, 3], '60 %', 't')]] }
    expect(renderHtml(table)).toContain('</svg><span>60 %</span></div></td>')
    expect(renderText(table)).toContain('x  60 %')
  })

  it('draws histograms of equal areas', () => {
    const { svg } = histogramCell({ filled: [1, 3], line: [2, 2], title: 't' })
    expect(svg).toContain('<path d="M0 18.7H56V2H112V27H0Z"')
    expect(svg).toContain('<path d="M0 10.3H56V10.3H112" fill="none"')
  })
})
