// Moments as text: ISO 8601 and RFC 3339, such as `2024-05-31`, `2024-05-31 13:00`, `2024-05-31T13:00:00.25+02:00`. One
// reading of them for every source; forms in which day and month could be taken for each other are no times here.

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(?:Z|([+-])(\d\d)(?::?(\d\d))?)?)?$/
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * ISO 8601 in UTC, as short as it is exact to the millisecond: `2024-05-31`, `2024-05-31T13:00:00Z`. Beyond the years
 * that dates reach, the seconds.
 */
export function isoTime(seconds: number): string {
  const date = new Date(1000 * seconds)
  if (Number.isNaN(date.getTime())) return `${seconds} s`
  return date
    .toISOString()
    .replace(/\.000Z$/, 'Z')
    .replace(/T00:00:00Z$/, '')
}

/** Whether a text has the form of a date or time, though there may be no such day. */
export function looksLikeTime(text: string): boolean {
  return pattern.test(text)
}

/**
 * Seconds since 1970-01-01T00:00:00Z, UTC where the text names no zone; undefined for what is no time, such as 30
 * February.
 */
export function parseTime(text: string): number | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = [
    +match[1],
    +match[2],
    +match[3],
    +(match[4] ?? 0),
    +(match[5] ?? 0),
    +(match[6] ?? 0),
  ]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth[month - 1] + Number(leap && month === 2)) return undefined
  const fraction = match[7] === undefined ? 0 : Number(`0.${match[7]}`)
  const clock = hour * 3600 + minute * 60 + second
  // 24:00:00 is the end of a day; 60 seconds are a leap second, which this count does not have.
  if (minute > 59 || second > 59 || clock + fraction > 86_400) return undefined
  const [zoneHours, zoneMinutes] = [+(match[9] ?? 0), +(match[10] ?? 0)]
  if (zoneHours > 23 || zoneMinutes > 59) return undefined
  const zone = (match[8] === '-' ? -1 : 1) * (zoneHours * 3600 + zoneMinutes * 60)
  return dayNumber(year, month, day) * 86_400 + clock - zone + fraction
}

/** Days from 1970-01-01 in the Gregorian calendar, the years counted from March so that a leap day ends one. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468
}
