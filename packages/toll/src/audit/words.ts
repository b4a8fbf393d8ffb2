// Numbers and names in the words of a report.

import { listNames as listAll } from '../base/index.js'
import { formatNumber, shorten } from '../report/index.js'

/** Characters of a name that came with the data. */
const nameLength = 60

export function named(name: string | number): string {
  return shorten(String(name), nameLength)
}

export function listNames(names: readonly string[], most: number): string {
  return listAll(names.map(named), most)
}

/** 1234567 as 1,234,567. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** A share in per cent, two or three digits. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))}\u00a0%`
}

export function showNumber(value: number): string {
  return value === Infinity ? '∞' : value === -Infinity ? '−∞' : formatNumber(value)
}

/** p-values are never 0. */
export function showP(value: number): string {
  return value < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(3)))
}

/** Wilson's 95 % interval of a share (1927): k of n. */
export function shareInterval(k: number, n: number): [number, number] {
  const [z, p] = [1.959964, k / n]
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}
