// Manifests of earlier formats in the words of the current one. The first format knew columns of numbers only and did
// not say so, and listed what fills, centres and divides them by column.

/** The manifest of format `format` with what it wrote otherwise; nothing is checked here. */
export function upgrade(manifest: object, format: number): object {
  if (format > 1) return manifest
  const { input, preprocessing } = manifest as Readonly<Record<string, unknown>>
  return { ...manifest, input: upgradeInput(input), preprocessing: upgradePreprocessing(preprocessing) }
}

function upgradeInput(input: unknown): unknown {
  const columns = listIn(input, 'columns')
  return columns
    ? { ...(input as object), columns: columns.map((column) => ({ ...(column as object), kind: 'number' })) }
    : input
}

function upgradePreprocessing(preprocessing: unknown): unknown {
  const names = listIn(preprocessing, 'columns')
  const [fill, centre, divisor] = ['fill', 'centre', 'divisor'].map((name) => listIn(preprocessing, name))
  if (!names || !fill || !centre || !divisor) return preprocessing
  const { kind, scale } = preprocessing as Readonly<Record<string, unknown>>
  return {
    kind,
    scale,
    columns: names.map((name, i) => ({
      name,
      kind: 'number',
      fill: fill[i],
      scaling: { kind: 'linear', centre: centre[i], divisor: divisor[i] },
    })),
  }
}

function listIn(value: unknown, name: string): readonly unknown[] | undefined {
  const list =
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
  return Array.isArray(list) ? list : undefined
}
