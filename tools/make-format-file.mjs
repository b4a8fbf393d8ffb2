// Writes test/models/format-N.onnx and its scores: one small model per manifest format, kept for good, so that later
// versions are held to reading it. Run once when the format number rises: node tools/make-format-file.mjs

import { existsSync, writeFileSync } from 'node:fs'
import { fit, manifestFormat, openEngine, tableFromColumns } from 'toll'
import { Random } from 'toll/base'

const path = new URL(`../test/models/format-${manifestFormat}`, import.meta.url).pathname
if (existsSync(`${path}.onnx`)) throw new Error(`${path}.onnx is there already: a committed format never changes`)

const random = Random.seeded(11)
const names = ['temperature', 'load', 'score', 'line']
const rows = Array.from({ length: 80 }, () => {
  const load = random.normal()
  return [20 + 3 * load + random.normal(), load, 1e4 + random.normal(), load > 0 ? 'north' : 'süd']
})
const engine = await openEngine({ device: 'cpu', threads: 1 })
const tableOf = (list) =>
  tableFromColumns(Object.fromEntries(names.map((name, i) => [name, list.map((row) => row[i])])))
const model = await fit(tableOf(rows), { engine, seed: 1, parameters: { steps: 200, latent: 2 } })
const probe = [
  [20, -0.1, 1e4, 'süd'],
  [26, 2, 1e4 + 1, 'north'],
  [20, 3, 1e4, 'north'],
  [null, 0.1, 1e4, 'north'],
  [80, 0, 0, 'south'],
  [20, 0.1, 1e4, null],
]
const { score, parts, isAnomaly } = await model.score(tableOf(probe))
writeFileSync(`${path}.onnx`, model.bytes)
writeFileSync(
  `${path}.json`,
  JSON.stringify(
    {
      names,
      probe,
      score: [...score],
      isAnomaly: [...isAnomaly],
      parts: Object.fromEntries(Object.entries(parts).map(([name, values]) => [name, [...values]])),
      threshold: model.manifest.threshold,
    },
    null,
    2,
  ) + '\n',
)
await engine.close()
