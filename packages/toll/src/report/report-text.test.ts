import { describe, expect, it } from 'vitest'
import { collectPictures, imageStrip, lossChart, renderReportMarkdown, renderReportText, type Report } from './index.js'

const table = { columns: [{ title: 'a' }, { title: 'b', digits: 1 }], rows: [['x', 1]] }

async function makeReport(): Promise<Report> {
  const chart = await lossChart([{ name: 'a', x: [0, 1], y: [2, 1] }])
  const strip = await imageStrip({ shape: [1, 1, 1, 2], data: Uint8Array.of(0, 255) }, undefined, {
    captions: ['<c>'],
    subject: 'digit "1"',
  })
  return {
    title: 'A *title*',
    lead: 'What was done.\u001b[31m',
    footer: 'Made here.',
    sections: [
      {
        title: 'First',
        blocks: [
          { kind: 'heading', text: 'Head' },
          { kind: 'paragraph', text: 'Text' },
          { kind: 'list', items: ['one', '<two>'] },
          {
            kind: 'tiles',
            tiles: [
              { label: 'AUROC', value: '97.3', note: 'one seed' },
              { label: 'n', value: '2' },
            ],
          },
          { kind: 'columns', blocks: [{ kind: 'table', table }] },
        ],
      },
      {
        title: 'Second',
        blocks: [
          { kind: 'figure', title: 'Loss', caption: 'Over steps.', chart, file: 'a loss.svg' },
          { kind: 'figure', title: 'Unnamed', chart },
          { kind: 'images', title: 'Pictures', strip, file: 'pictures.svg' },
        ],
      },
    ],
  }
}

describe('a report without a browser', () => {
  it('as text for a terminal', async () => {
    expect(renderReportText(await makeReport())).toBe(
      [
        'A *title*\n═════════',
        'What was done. [31m',
        'First\n─────',
        'Head',
        'Text',
        '• one\n• <two>',
        'AUROC: 97.3 (one seed)\nn: 2',
        'a    b\n─  ───\nx  1.0',
        'Second\n──────',
        'Figure: Loss. Over steps. (a loss.svg)',
        'Figure: Unnamed',
        'Figure: Pictures (pictures.svg)',
        'Made here.\n',
      ].join('\n\n'),
    )
  })

  it('as Markdown that embeds its pictures', async () => {
    expect(renderReportMarkdown(await makeReport())).toBe(
      [
        '# A \\*title\\*',
        'What was done. \\[31m',
        '## First',
        '### Head',
        'Text',
        '- one\n- \\<two\\>',
        '- AUROC: 97.3 (one seed)\n- n: 2',
        '| a   |   b |\n| --- | --: |\n| x   | 1.0 |',
        '## Second',
        '**Loss**. Over steps.\n\n![Loss](a%20loss.svg)',
        '**Pictures**\n\n![Pictures](pictures.svg)',
        '---',
        'Made here.\n',
      ].join('\n\n'),
    )
  })

  it('as pictures by the names of their files', async () => {
    const pictures = collectPictures(await makeReport())
    expect(Object.keys(pictures)).toEqual(['a loss.svg', 'pictures.svg'])
    // One image, twice its size, 6 pixels of space; nine characters to its left and a caption above.
    expect(pictures['pictures.svg']).toContain('viewBox="0 0 84 34"')
    expect(pictures['pictures.svg']).toContain('>&#60;c&#62;</text>')
    expect(pictures['pictures.svg']).toContain('<title>original of digit &#34;1&#34; &#60;c&#62;</title>')
  })
})
