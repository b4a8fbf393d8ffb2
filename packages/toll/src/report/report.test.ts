import { parseHTML } from 'linkedom'
import { expect, it, describe } from 'vitest'
import { renderReport, type Report } from './index.js'
import { escapeText, html, trusted } from './markup.js'
import { reportScript, scriptSource } from './script.js'

const hostile = "\"><script>alert('1')</script>&amp;"

const report: Report = {
  title: hostile,
  lead: hostile,
  footer: hostile,
  sections: [
    {
      title: hostile,
      blocks: [
        { kind: 'heading', text: hostile },
        { kind: 'paragraph', text: hostile },
        { kind: 'list', items: [hostile, 'b'] },
        {
          kind: 'tiles',
          tiles: [
            { label: hostile, value: hostile, note: hostile, emphasis: true },
            { label: 'b', value: '1' },
          ],
        },
        {
          kind: 'columns',
          blocks: [
            { kind: 'paragraph', text: 'left' },
            { kind: 'table', table: { columns: [{ title: hostile }], rows: [[hostile]], caption: hostile } },
          ],
        },
        {
          kind: 'images',
          title: hostile,
          caption: hostile,
          strip: {
            width: 1,
            height: 2,
            captions: [hostile],
            rows: [{ title: hostile, urls: [hostile], alternatives: [hostile] }],
          },
        },
        {
          kind: 'figure',
          title: hostile,
          chart: { wide: '<svg></svg>', narrow: '<svg></svg>', description: '', table: { columns: [], rows: [] } },
        },
      ],
    },
  ],
}

describe('report', () => {
  it('shows every text as it is and runs none', () => {
    const { document } = parseHTML(renderReport(report))
    expect([...document.querySelectorAll('script')].map(({ textContent }) => textContent)).toEqual([reportScript])
    for (const selector of [
      'title',
      'h1',
      '.lead',
      'h2',
      'h3',
      'p',
      'main li',
      'dt',
      'dd.value',
      'dd.note',
      'tbody th',
      'caption',
      'figcaption strong',
      'footer p',
      '.strip thead th',
    ]) {
      expect(document.querySelector(selector)?.textContent, selector).toBe(hostile)
    }
    for (const [selector, attribute] of [
      ['img', 'alt'],
      ['img', 'src'],
      ['.scroll', 'aria-label'],
    ]) {
      expect(document.querySelector(selector)!.getAttribute(attribute), selector).toBe(hostile)
    }
  })

  it('has one heading per level in order, and a policy that forbids other scripts, and requests', () => {
    const { document } = parseHTML(renderReport(report))
    expect([...document.querySelectorAll('h1, h2, h3')].map(({ tagName }) => tagName)).toEqual(['H1', 'H2', 'H3'])
    expect(document.querySelector('meta[http-equiv]')!.getAttribute('content')).toBe(
      `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${scriptSource}`,
    )
    expect(document.documentElement.getAttribute('lang')).toBe('en')
    expect(document.querySelector('section')!.getAttribute('aria-labelledby')).toBe(document.querySelector('h2')!.id)
    expect(document.querySelector('nav')).toBeNull()
  })

  it('is the same text each time', () => {
    expect(renderReport(report)).toBe(renderReport(report))
  })

  it('marks the emphasised tile only', () => {
    const { document } = parseHTML(renderReport(report))
    expect([...document.querySelectorAll('.tiles > div')].map((tile) => tile.className)).toEqual(['emphasis', ''])
  })
})

describe('markup', () => {
  it('escapes text, keeps markup, joins lists, drops undefined', () => {
    expect(
      html`<p title="${'a"b'}">${'<&>'}${1.5}${undefined}${[html`<b>${'x'}</b>`, trusted('<i>')]}</p>`.markup,
    ).toBe('<p title="a&#34;b">&#60;&#38;&#62;1.5<b>x</b><i></p>')
  })

  it('replaces what XML cannot hold and keeps line breaks', () => {
    expect(escapeText("a\u0000b\u001bc\n\t'")).toBe('a\ufffdb\ufffdc\n\t&#39;')
  })
})
