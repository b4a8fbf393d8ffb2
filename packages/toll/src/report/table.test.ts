import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { renderCsv, renderHtml, renderMarkdown, renderText, type ReportTable } from './index.js'

const table: ReportTable = {
  caption: 'F1 on Arrhythmia',
  columns: [
    { title: 'detector' },
    { title: 'F1 (%)', digits: 1 },
    { title: 'interval', align: 'right' },
    { title: 'paper', digits: 2 },
  ],
  rows: [
    ['Toll', 65.38, '54.7–76.0', 60],
    ['distance to the mean', 69.25, '', null],
  ],
}

describe('one table', () => {
  it('as terminal text', () => {
    expect(renderText(table)).toBe(
      'F1 on Arrhythmia\n' +
        '\n' +
        'detector              F1 (%)   interval  paper\n' +
        '────────────────────  ──────  ─────────  ─────\n' +
        'Toll                    65.4  54.7–76.0  60.00\n' +
        'distance to the mean    69.3                 –\n',
    )
  })

  it('as Markdown', () => {
    expect(renderMarkdown(table)).toBe(
      'F1 on Arrhythmia\n' +
        '\n' +
        '| detector             | F1 (%) |  interval | paper |\n' +
        '| -------------------- | -----: | --------: | ----: |\n' +
        '| Toll                 |   65.4 | 54.7–76.0 | 60.00 |\n' +
        '| distance to the mean |   69.3 |           |     – |\n',
    )
  })

  it('as HTML, the first column heading its rows', () => {
    const { document } = parseHTML(`<html><body>${renderHtml(table)}</body></html>`)
    expect(document.querySelector('caption')!.textContent).toBe('F1 on Arrhythmia')
    expect(
      [...document.querySelectorAll('thead th')].map((cell) => [
        cell.getAttribute('scope'),
        cell.className,
        cell.textContent,
      ]),
    ).toEqual([
      ['col', 'text', 'detector'],
      ['col', 'number', 'F1 (%)'],
      ['col', 'number', 'interval'],
      ['col', 'number', 'paper'],
    ])
    expect(
      [...document.querySelectorAll('tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent)),
    ).toEqual([
      ['Toll', '65.4', '54.7–76.0', '60.00'],
      ['distance to the mean', '69.3', '', '–'],
    ])
    expect([...document.querySelectorAll('tbody th')].every((cell) => cell.getAttribute('scope') === 'row')).toBe(true)
  })

  it('as comma-separated values, unknown ones empty', () => {
    expect(renderCsv(table)).toBe(
      'detector,F1 (%),interval,paper\nToll,65.4,54.7–76.0,60.00\ndistance to the mean,69.3,,\n',
    )
    expect(
      renderCsv({
        columns: [{ title: 'a,b' }, { title: 'n' }],
        rows: [
          ['say "x"', 1 / 3],
          ['two\nlines', -0.5],
        ],
      }),
    ).toBe('"a,b",n\n"say ""x""",0.3333333333333333\n"two\nlines",-0.5\n')
  })

  it('without rows or caption', () => {
    const empty = { columns: [{ title: 'a' }], rows: [] }
    expect(renderText(empty)).toBe('a\n─\n')
    expect(renderMarkdown(empty)).toBe('| a   |\n| --- |\n')
    expect(renderHtml(empty)).not.toContain('caption')
  })
})

describe('hostile cells', () => {
  const hostile: ReportTable = {
    columns: [{ title: '<b>&"' }],
    rows: [['a|b\n*c*_d_`[x](y)'], ['\u001b[31mred\u0007'], ['𝟙']],
  }

  it('cannot steer a terminal or break the columns', () => {
    expect(renderText(hostile)).toBe('<b>&"\n─────────────────\na|b *c*_d_`[x](y)\n [31mred\n𝟙\n')
  })

  it('are escaped in Markdown', () => {
    const lines = renderMarkdown(hostile).split('\n')
    expect(lines[0].trimEnd()).toMatch(/^\| \\<b\\>\\&" +\|$/)
    expect(lines[2]).toBe('| a\\|b \\*c\\*\\_d\\_\\`\\[x\\](y) |')
    expect(new Set(lines.slice(0, 5).map((line) => [...line].length)).size).toBe(1)
  })

  it('are escaped in HTML', () => {
    const markup = renderHtml({
      columns: [{ title: '<script>alert(1)</script>' }],
      rows: [['"><img src=x onerror=alert(1)>']],
      caption: '</table>',
    })
    const { document } = parseHTML(`<html><body>${markup}</body></html>`)
    expect(document.querySelectorAll('script, img')).toHaveLength(0)
    expect(document.querySelector('tbody th')!.textContent).toBe('"><img src=x onerror=alert(1)>')
    expect(document.querySelector('caption')!.textContent).toBe('</table>')
  })
})

it('refuses uneven rows and numbers that are not finite', () => {
  for (const render of [renderText, renderMarkdown, renderHtml, renderCsv]) {
    expect(() => render({ ...table, rows: [['x', 1]] })).toThrow(
      expect.objectContaining({ code: 'shape', message: expect.stringContaining('2 cells for 4') }),
    )
    expect(() => render({ columns: [{ title: 'a' }], rows: [[NaN]] })).toThrow(
      expect.objectContaining({ code: 'data', message: expect.stringContaining("column 'a'") }),
    )
  }
})
