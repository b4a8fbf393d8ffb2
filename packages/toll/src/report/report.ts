// A report as one HTML file: no request, nothing to install, and no script but one of ours that only helps. A small
// tree of blocks goes in, escaped HTML comes out.

import type { Chart } from './chart.js'
import { formulaMarkup, lettersMarkup } from './formula.js'
import type { ImageStrip } from './images.js'
import { html, trusted, type Markup } from './markup.js'
import { reportScript, scriptSource } from './script.js'
import { reportStyle } from './style.js'
import { tableMarkup, type ReportTable } from './table.js'

export interface Report {
  readonly title: string
  /** One or two sentences under the title: what was done and what came out. */
  readonly lead: string
  readonly sections: readonly ReportSection[]
  /** How the report was made: command, versions, seed. */
  readonly footer?: string
  /** BCP 47 code of the texts; default 'en'. */
  readonly language?: string
}

export interface ReportSection {
  readonly title: string
  readonly blocks: readonly Block[]
}

/** One figure to read first. */
export interface MetricTile {
  readonly label: string
  /** Already formatted. */
  readonly value: string
  /** Such as the interval. */
  readonly note?: string
  /** Whether this is the result that the report is about. */
  readonly emphasis?: boolean
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** What the letters of a formula stand for: z_i and z_(i) in it are a letter with a subscript. */
  | { readonly kind: 'letters'; readonly items: readonly string[] }
  /** In the notation of formula.ts. */
  | { readonly kind: 'formula'; readonly formula: string }
  /** Lines for a terminal or a program, as they are. */
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'tiles'; readonly tiles: readonly MetricTile[] }
  | { readonly kind: 'table'; readonly table: ReportTable }
  /** `file` is what its picture is called where pictures are files of their own. */
  | {
      readonly kind: 'figure'
      readonly title: string
      readonly caption?: string
      readonly chart: Chart
      readonly file?: string
    }
  | {
      readonly kind: 'images'
      readonly title: string
      readonly caption?: string
      readonly strip: ImageStrip
      readonly file?: string
    }
  /** Side by side where the page is wide enough. */
  | { readonly kind: 'columns'; readonly blocks: readonly Block[] }
  /** Folded away under a heading until it is asked for. */
  | {
      readonly kind: 'details'
      readonly title: string
      /** For links of tables that lead here; of the whole page. */
      readonly id?: string
      readonly note?: string
      readonly open?: boolean
      readonly blocks: readonly Block[]
    }

/** No request, and no script but the one of this file. */
const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${scriptSource}`

/** The whole document. All texts are escaped; a policy in the file forbids other scripts, and requests. */
export function renderReport(report: Report): string {
  const sections = report.sections.map(
    ({ title, blocks }, i) =>
      html`<section aria-labelledby="s${i + 1}"><h2 id="s${i + 1}">${title}</h2>
${blocks.map(blockMarkup)}</section>\n`,
  )
  const links = report.sections.map(({ title }, i) => html`<li><a href="#s${i + 1}">${title}</a></li>`)
  const contents = links.length < 3 ? undefined : html`<nav aria-label="Contents"><ul>${links}</ul></nav>\n`
  const footer = report.footer === undefined ? undefined : html`<footer><p>${report.footer}</p></footer>\n`
  return html`<!doctype html>
<html lang="${report.language ?? 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<title>${report.title}</title>
<style>
${trusted(reportStyle)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${report.title}</h1>
<p class="lead">${report.lead}</p>
${contents}</header>
<main id="content" tabindex="-1">
${sections}</main>
${footer}<script>${trusted(reportScript)}</script>
</body>
</html>
`.markup
}

function blockMarkup(block: Block): Markup {
  switch (block.kind) {
    case 'heading':
      return html`<h3>${block.text}</h3>\n`
    case 'paragraph':
      return html`<p>${block.text}</p>\n`
    case 'list':
      return html`<ul>${block.items.map((item) => html`<li>${item}</li>\n`)}</ul>\n`
    case 'letters':
      return html`<ul>${block.items.map((item) => html`<li>${lettersMarkup(item)}</li>\n`)}</ul>\n`
    case 'formula':
      return scrolling('Formula', formulaMarkup(block.formula), 'formula scroll')
    case 'code':
      return html`<pre><code>${block.text}</code></pre>\n`
    case 'tiles':
      return html`<dl class="tiles">${block.tiles.map(tileMarkup)}</dl>\n`
    case 'table':
      return scrollable(block.table)
    case 'figure':
      return figureMarkup(
        block.title,
        block.caption,
        html`${drawing(block.chart.wide, block.title)}\n${drawing(block.chart.narrow, block.title)}
<details><summary>Numbers of this chart</summary>${scrollable(block.chart.table)}</details>`,
      )
    case 'images':
      return figureMarkup(block.title, block.caption, stripMarkup(block.strip))
    case 'columns':
      return html`<div class="columns">\n${block.blocks.map(blockMarkup)}</div>\n`
    case 'details':
      return detailsMarkup(block)
  }
}

/** A chart with its title as the first thing in it: its label already says what it shows. */
function drawing(svg: string, title: string): Markup {
  // Drawn for its width: letters that grow with the page would shout.
  const [, width] = /viewBox="0 0 ([\d.]+)/.exec(svg) ?? []
  const sized = width === undefined ? svg : svg.replace('<svg', `<svg style="max-width: ${1.15 * Number(width)}px"`)
  return trusted(sized.replace('>', `>${html`<title>${title}</title>`.markup}`))
}

function figureMarkup(title: string, caption: string | undefined, content: Markup): Markup {
  const text = caption === undefined ? undefined : html`<span>${caption}</span>`
  return html`<figure><figcaption><strong>${title}</strong>${text}</figcaption>\n${content}</figure>\n`
}

function detailsMarkup({ title, id, note, open, blocks }: Extract<Block, { kind: 'details' }>): Markup {
  const remark = note === undefined ? undefined : html` <span>${note}</span>`
  const summary = html`<summary><h3>${title}</h3>${remark}</summary>`
  const anchor = id === undefined ? undefined : html` id="${id}"`
  return html`<details class="folded"${anchor}${open ? trusted(' open') : undefined}>${summary}
${blocks.map(blockMarkup)}</details>\n`
}

function tileMarkup({ label, value, note, emphasis }: MetricTile): Markup {
  const remark = note === undefined ? undefined : html`<dd class="note">${note}</dd>`
  const content = html`<dt>${label}</dt><dd class="value">${value}</dd>${remark}`
  return html`<div${emphasis ? trusted(' class="emphasis"') : undefined}>${content}</div>\n`
}

function scrollable(table: ReportTable): Markup {
  return scrolling(table.caption ?? 'Table', tableMarkup(table))
}

/** What scrolls by itself where it is too wide, by keyboard too. */
function scrolling(label: string, content: Markup, classes = 'scroll'): Markup {
  return html`<div class="${classes}" role="region" tabindex="0" aria-label="${label}">${content}</div>\n`
}

/**
 * The roles repeat what the elements mean, since a table that is laid out as a grid on a phone loses its meaning in
 * some browsers.
 */
function stripMarkup({ width, height, captions, rows }: ImageStrip): Markup {
  const heads = captions.map((caption) => html`<th scope="col" role="columnheader">${caption}</th>`)
  const lines = rows.map(({ title, urls, alternatives }) => {
    const cells = urls.map(
      (url, i) =>
        html`<td role="cell"><img src="${url}" alt="${alternatives[i]}" width="${width}" height="${height}"></td>`,
    )
    return html`<tr role="row" class="${title}"><th scope="row" role="rowheader">${title}</th>${cells}</tr>\n`
  })
  const head = html`<tr role="row"><td class="corner" role="cell"></td>${heads}</tr>`
  const body = html`<thead role="rowgroup">${head}</thead>\n<tbody role="rowgroup">\n${lines}</tbody>`
  return html`<table class="strip" role="table" style="--images: ${captions.length}">${body}</table>`
}
