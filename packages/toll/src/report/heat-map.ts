// A heat map: signed numbers on a grid as a transparent PNG. One colour raises, the other lowers, as strong as the
// number is large.

/** Readable on light and dark pages: what raises, and what lowers. */
export const raising = [232, 104, 44] as const
export const lowering = [62, 142, 222] as const

/** The largest size in each map is full colour; the square root keeps smaller ones visible. */
export function paintHeat(values: ArrayLike<number>): { readonly data: Uint8Array; readonly channels: 4 } {
  let largest = 0
  for (let p = 0; p < values.length; p++) largest = Math.max(largest, Math.abs(values[p]))
  const data = new Uint8Array(4 * values.length)
  for (let p = 0; p < values.length; p++) {
    data.set(values[p] > 0 ? raising : lowering, 4 * p)
    data[4 * p + 3] = largest === 0 ? 0 : Math.round(255 * Math.sqrt(Math.abs(values[p]) / largest))
  }
  return { data, channels: 4 }
}

/** The bytes of a PNG file of one map, row-major (height, width), values finite. */
export async function heatMapPng(
  values: ArrayLike<number>,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  const { encode } = await import('fast-png')
  return encode({ width, height, depth: 8, ...paintHeat(values) })
}
