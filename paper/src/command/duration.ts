// Stretches of time as people say them.

/** `0.30 s`, `40 s`, `12 min`, `3.5 h`, `4 days`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toPrecision(2)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 48 * 3600 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} days`
}
