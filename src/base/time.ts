// Moments as text.

/** ISO 8601 in UTC, as short as it is exact to the millisecond: `2024-05-31`, `2024-05-31T13:00:00Z`. Beyond the years that dates reach, the seconds. */
export function isoTime(seconds: number): string {
  const date = new Date(1000 * seconds)
  if (Number.isNaN(date.getTime())) return `${seconds} s`
  return date.toISOString().replace(/\.000Z$/, 'Z').replace(/T00:00:00Z$/, '')
}
