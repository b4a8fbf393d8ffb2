// The look of a report: one style sheet, two colour schemes by custom properties, a layout that folds to one column on
// a phone. Colours keep a contrast of at least 4.5 to 1 with the surface they stand on; blue and orange differ for
// every kind of colour vision.

/** A rule is one line of the page; lines that are indented by four continue the one above. */
const joined = (css: string) => css.replace(/\n {4}/g, ' ')

const light = `--paper: #f6f7f7; --card: #ffffff; --ink: #1b2127; --muted: #59636d; --line: #dce1e4; --grid: #e8ebed;
  --normal: #2b68ab; --anomaly: #bf4a15;
    --series-1: #0b6e6b; --series-2: #68727d; --series-3: #8a4d99; --series-4: #8a6100;`

const dark = `--paper: #12161a; --card: #1a2026; --ink: #e8ebee; --muted: #a0abb5; --line: #303941; --grid: #29313a;
  --normal: #7db2ee; --anomaly: #f58f52;
    --series-1: #4cc8bd; --series-2: #aab4be; --series-3: #cf9bdc; --series-4: #dcb458;`

/** The colours that charts use, for both schemes. */
export const chartColours = joined(`:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }`)

/** The style sheet of a report. */
export const reportStyle = joined(`${chartColours}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
    font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
header, main, footer { max-width: 62rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2.5rem); }
header { padding-block: clamp(2rem, 6vw, 4rem) 0; }
h1 { margin: 0; font-size: clamp(1.7rem, 1.2rem + 2.2vw, 2.6rem); line-height: 1.15; font-weight: 680;
    letter-spacing: -.02em; text-wrap: balance; overflow-wrap: anywhere; }
.lead { margin: .8rem 0 0; max-width: 44rem; font-size: 1.12rem; color: var(--muted); }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: 1.4rem 0 0; padding: 0; list-style: none;
    font-size: .92rem; }
nav a { display: inline-block; padding-block: .3rem; color: var(--ink); text-decoration-color: var(--line);
    text-underline-offset: .3em; }
nav a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 3px solid var(--normal); outline-offset: 3px; border-radius: 3px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--card); color: var(--ink); z-index: 1; }
section { margin-top: clamp(2.2rem, 5vw, 3.4rem); }
h2 { margin: 0; font-size: 1.4rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
h3 { margin: 1.8rem 0 0; font-size: 1.05rem; line-height: 1.35; font-weight: 650; }
p { margin: .55rem 0 0; max-width: 44rem; }
main ul { margin: .8rem 0 0; padding-left: 1.2rem; max-width: 44rem; }
main li { margin-top: .35rem; }
.tiles + p, .scroll + p, figure + p, .columns + p, .folded + p { margin-top: 1.2rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr)); gap: 1rem;
    margin: 1.2rem 0 0; }
.tiles > div { display: grid; grid-template-rows: subgrid; grid-row: span 3; row-gap: 0;
    padding: 1rem clamp(.8rem, 2vw, 1.2rem); background: var(--card); border: 1px solid var(--line);
    border-radius: 10px; }
.tiles > .emphasis { border-top: 4px solid var(--series-1); padding-top: calc(1rem - 3px); }
.tiles dt { align-self: end; font-size: .92rem; line-height: 1.35; color: var(--muted); }
.tiles dd { margin: 0; }
.tiles .value { font-size: clamp(1.7rem, 1.1rem + 2.4vw, 2.3rem); line-height: 1.25; font-weight: 650;
    letter-spacing: -.02em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tiles .emphasis .value { color: var(--series-1); }
.tiles .note { font-size: .86rem; color: var(--muted); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0 1rem;
    align-items: start; }
figure { margin: 1.2rem 0 0; padding: 1rem 1.2rem; background: var(--card); border: 1px solid var(--line);
    border-radius: 10px; min-width: 0; }
figcaption { font-size: .95rem; }
figcaption strong { display: block; font-weight: 650; }
figcaption span { color: var(--muted); }
.chart { display: block; width: 100%; height: auto; margin-top: .6rem; color: var(--ink); }
.chart text { white-space: pre; }
.narrow { display: none; }
@media (max-width: 52rem) { .wide { display: none; } .narrow { display: block; } }
@media (max-width: 40rem) { figure { padding: .8rem .7rem; } }
details { margin-top: .5rem; font-size: .88rem; }
summary { width: fit-content; padding-block: .25rem; color: var(--muted); cursor: pointer; }
.folded { margin-top: 1rem; padding: .2rem 1.2rem .9rem; background: var(--card); border: 1px solid var(--line);
    border-radius: 10px; font-size: 1rem; }
.folded:not([open]) { padding-bottom: .2rem; }
.folded > summary { width: auto; padding-block: .55rem; color: var(--ink); overflow-wrap: anywhere; }
.folded > summary h3 { display: inline; margin: 0 .8rem 0 .2rem; font-size: 1rem; }
.folded > summary span { color: var(--muted); font-size: .92rem; }
.formula { padding-block: .4rem; font-size: 1.15rem; }
.formula math { width: fit-content; margin: 0; }
pre { margin: .8rem 0 0; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line);
    border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere;
    font: .88rem/1.5 ui-monospace, "SFMono-Regular", Menlo, "Liberation Mono", monospace; }
.cell { display: block; }
.drawn { display: flex; align-items: center; gap: .5rem; white-space: nowrap; }
td:has(.cell) { padding-block: .2rem; vertical-align: middle; }
.scroll { margin-top: 1.1rem; overflow-x: auto; max-width: 100%; }
section > .scroll { width: max-content; max-width: max(100%, 100% + (100vw - 62rem) / 2); }
figure details .scroll { margin-top: .3rem; max-height: 20rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: .92rem; padding-bottom: .4rem; }
th, td { padding: .38rem .9rem .38rem 0; border-bottom: 1px solid var(--line); text-align: left;
    vertical-align: baseline; font-weight: 400; }
thead th { color: var(--muted); font-size: .9em; border-bottom: 1px solid var(--muted); }
th.number, td.number { text-align: right; white-space: nowrap; }
thead th.number { white-space: normal; }
thead button { all: unset; cursor: pointer; }
thead button:hover, .all:hover { text-decoration: underline; }
thead button:focus-visible { outline: 3px solid var(--normal); outline-offset: 3px; }
[aria-sort=ascending] button::after { content: " ↑" / ""; }
[aria-sort=descending] button::after { content: " ↓" / ""; }
td a, th a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: .25em; }
.all { margin-top: 1rem; padding: .25rem .8rem; font: inherit; font-size: .92rem; color: var(--ink);
    background: var(--card); border: 1px solid var(--line); border-radius: 6px; cursor: pointer; }
details { scroll-margin-top: 1rem; }
td:not(.number) { min-width: 4.5rem; }
@media (max-width: 40rem) { table { font-size: .92rem; } th, td { padding-right: .6rem; } .folded {
    padding-inline: .8rem; } }
.strip { width: 100%; table-layout: fixed; margin-top: .7rem; }
.strip th, .strip td { border: 0; min-width: 0; padding: 2px; text-align: center; vertical-align: middle;
    line-height: 1.2; }
.strip thead th { font-size: .82rem; padding-bottom: .3rem; overflow-wrap: anywhere; vertical-align: bottom; }
.strip tbody th, .strip .corner { width: 7.2rem; padding-right: .6rem; text-align: right; font-size: .86rem;
    color: var(--muted); }
.strip img { display: block; width: 100%; max-width: 6rem; height: auto; margin: auto; border-radius: 3px;
    image-rendering: pixelated; }
.strip .difference img, .strip .contributions img { background: var(--paper); }
@media (max-width: 40rem) {
  .strip, .strip thead, .strip tbody { display: block; }
  .strip tr { display: grid; grid-template-columns: repeat(var(--images), minmax(0, 1fr)); align-items: end; }
  .strip .corner { display: none; }
  .strip tbody th { grid-column: 1 / -1; width: auto; padding: .3rem 2px 0; text-align: left; font-size: .74rem; }
  .strip thead th { font-size: .66rem; padding-bottom: 0; }
}
footer { margin-top: 3rem; padding-block: 1.2rem 2.5rem; font-size: .86rem; color: var(--muted); }
footer p { border-top: 1px solid var(--line); padding-top: 1.2rem; max-width: none; }
@media print {
  :root { ${light} --paper: #ffffff; color-scheme: light; }
  body { font-size: 10pt; }
  nav, .skip, .all, figure details { display: none; }
  .scroll { overflow: visible; max-height: none; }
  .folded > summary { list-style: none; }
  details::details-content { content-visibility: visible; }
  .wide { display: block; } .narrow { display: none; }
  section { margin-top: 1.4rem; }
  figure, .tiles > div, tr, pre { break-inside: avoid; }
  thead { display: table-header-group; }
  h2, h3 { break-after: avoid; }
  img { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`)
