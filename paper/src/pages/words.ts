// Words and numbers that several pages write alike.

import { version } from 'toll'

/** How a footer begins: what made the page, and with which command. */
export function madeBy(command: string | undefined): string {
  return `Made by toll ${version}${command === undefined ? '' : ` with the command "${command}"`}`
}

/** With its sign and so many decimals; what rounds to 0 has no sign. */
export function signed(value: number, decimals: number): string {
  const shown = Math.abs(value).toFixed(decimals)
  return Number(shown) === 0 ? shown : `${value > 0 ? '+' : '−'}${shown}`
}

/** `1 seed`, `2 seeds`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
