// A report without a browser: for a terminal, as Markdown, and its pictures as SVG files. The same tree of blocks as
// the HTML page, so that all of them say the same.

import { renderSvg } from './chart.js'
import { formulaText } from './formula.js'
import { renderStripSvg } from './images.js'
import type { Block, MetricTile, Report } from './report.js'
import { escapeMarkdown, removeControls, renderMarkdown, renderText } from './table.js'

/** For a terminal: tables and texts; a figure is named with its caption, and with its file where it has one. */
export function renderReportText({ title, lead, sections, footer }: Report): string {
  const parts = [
    underline(removeControls(title), '═'),
    removeControls(lead),
    ...sections.flatMap((section) => [
      underline(removeControls(section.title), '─'),
      ...flatten(section.blocks).map(blockText),
    ]),
    ...(footer === undefined ? [] : [removeControls(footer)]),
  ]
  return `${parts.map((part) => part.trimEnd()).join('\n\n')}\n`
}

/** Figures that have a file are embedded by its name; the others are left out. */
export function renderReportMarkdown({ title, lead, sections, footer }: Report): string {
  const parts = [
    `# ${escapeMarkdown(title)}`,
    escapeMarkdown(lead),
    ...sections.flatMap((section) => [
      `## ${escapeMarkdown(section.title)}`,
      ...flatten(section.blocks).map(blockMarkdown),
    ]),
    ...(footer === undefined ? [] : [`---\n\n${escapeMarkdown(footer)}`]),
  ]
  return `${parts
    .filter((part) => part !== '')
    .map((part) => part.trimEnd())
    .join('\n\n')}\n`
}

/** The pictures of all blocks that have a file, by its name. */
export function collectPictures({ sections }: Report): Record<string, string> {
  return Object.fromEntries(
    sections
      .flatMap(({ blocks }) => flatten(blocks))
      .flatMap((block): [string, string][] => {
        if (block.kind === 'figure' && block.file !== undefined) return [[block.file, renderSvg(block.chart)]]
        if (block.kind === 'images' && block.file !== undefined) return [[block.file, renderStripSvg(block.strip)]]
        return []
      }),
  )
}

type FlatBlock = Exclude<Block, { readonly kind: 'columns' | 'details' }>

function flatten(blocks: readonly Block[]): FlatBlock[] {
  return blocks.flatMap((block): FlatBlock[] => {
    if (block.kind === 'columns') return flatten(block.blocks)
    if (block.kind === 'details')
      return [
        { kind: 'heading', text: block.note === undefined ? block.title : `${block.title}: ${block.note}` },
        ...flatten(block.blocks),
      ]
    return [block]
  })
}

function blockText(block: FlatBlock): string {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return removeControls(block.text)
    case 'list':
    case 'letters':
      return block.items.map((item) => `• ${removeControls(item)}`).join('\n')
    case 'formula':
      return `  ${formulaText(block.formula)}`
    case 'code':
      return block.text
        .split('\n')
        .map((line) => `  ${removeControls(line)}`)
        .join('\n')
    case 'tiles':
      return block.tiles.map((tile) => removeControls(tileText(tile))).join('\n')
    case 'table':
      return renderText(block.table)
    case 'figure':
    case 'images': {
      const caption = block.caption === undefined ? '' : `. ${block.caption}`
      return removeControls(`Figure: ${block.title}${caption}${block.file === undefined ? '' : ` (${block.file})`}`)
    }
  }
}

function blockMarkdown(block: FlatBlock): string {
  switch (block.kind) {
    case 'heading':
      return `### ${escapeMarkdown(block.text)}`
    case 'paragraph':
      return escapeMarkdown(block.text)
    case 'list':
    case 'letters':
      return block.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n')
    case 'formula':
      return escapeMarkdown(formulaText(block.formula))
    case 'code':
      return block.text
        .split('\n')
        .map((line) => `    ${removeControls(line)}`)
        .join('\n')
    case 'tiles':
      return block.tiles.map((tile) => `- ${escapeMarkdown(tileText(tile))}`).join('\n')
    case 'table':
      return renderMarkdown(block.table)
    case 'figure':
    case 'images': {
      if (block.file === undefined) return ''
      const title = escapeMarkdown(block.title)
      const caption = block.caption === undefined ? '' : `. ${escapeMarkdown(block.caption)}`
      return `**${title}**${caption}\n\n![${title}](${encodeURI(block.file)})`
    }
  }
}

function tileText({ label, value, note }: MetricTile): string {
  return `${label}: ${value}${note === undefined ? '' : ` (${note})`}`
}

function underline(title: string, line: string): string {
  return `${title}\n${line.repeat([...title].length)}`
}
