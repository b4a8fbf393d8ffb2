// What a report does on its own where scripts run: tables sort by a click on a heading, and details open when a link
// leads into them, or all at once. Without it the page shows the same. The policy of the page allows this script alone,
// by its checksum.

import { sha256 } from '../base/index.js'

/** Runs in a browser, after the page. */
export const reportScript = `(() => {
  const number = (text) => {
    const found = /^[−-]?[\\d,]*\\.?\\d+(e[+−-]?\\d+)?/i.exec(text.replace(/^<\\s*/, ''))
    return found && Number(found[0].replaceAll(',', '').replaceAll('−', '-'))
  }
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)]
    if (x !== null && y !== null) return x - y
    if (x !== y) return x === null ? 1 : -1
    return a.localeCompare(b, [], { numeric: true })
  }
  for (const table of document.querySelectorAll('table:not(.strip)')) {
    const body = table.tBodies[0]
    if (!body || body.rows.length < 3) continue
    const heads = [...table.tHead.rows[0].cells]
    heads.forEach((head, column) => {
      const button = document.createElement('button')
      button.type = 'button'
      button.append(...head.childNodes)
      head.append(button)
      button.addEventListener('click', () => {
        const up = head.getAttribute('aria-sort') !== 'ascending'
        for (const other of heads) other.removeAttribute('aria-sort')
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending')
        const textOf = (row) => row.cells[column].textContent.trim()
        const known = (row) => !['', '–'].includes(textOf(row))
        body.append(
          ...[...body.rows].sort((a, b) =>
            known(a) !== known(b) ? (known(a) ? -1 : 1) : (up ? 1 : -1) * compare(textOf(a), textOf(b)),
          ),
        )
      })
    })
  }
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
    for (let at = target; at; at = at.parentElement) if (at.localName === 'details') at.open = true
    if (target && target.localName === 'details') target.scrollIntoView()
  }
  addEventListener('hashchange', reveal)
  reveal()
  for (const section of document.querySelectorAll('section')) {
    const folded = [...section.querySelectorAll('.folded')]
    if (folded.length < 2) continue
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'all'
    const isOpen = () => folded.every((one) => one.open)
    const name = () => (button.textContent = isOpen() ? 'Close all' : 'Open all')
    button.addEventListener('click', () => {
      const open = !isOpen()
      for (const one of folded) one.open = open
      name()
    })
    for (const one of folded) one.addEventListener('toggle', name)
    name()
    folded[0].before(button)
  }
  let closed = []
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('.folded:not([open])')]
    for (const one of closed) one.open = true
  })
  addEventListener('afterprint', () => {
    for (const one of closed) one.open = false
  })
})()`

/** The script as a source of a content security policy. */
export const scriptSource = (() => {
  const digest = sha256(new TextEncoder().encode(reportScript))
  const bytes = digest.match(/../g)!.map((pair) => String.fromCharCode(Number.parseInt(pair, 16)))
  return `'sha256-${btoa(bytes.join(''))}'`
})()
