// Draws docs/demo.svg, the picture of the README: what the demo measures, as ROC curves. node
// tools/make-readme-picture.mjs

import { compareOnDigits } from '../paper/dist/demo/index.js'
import { closeEngines, openEngines, loadImages } from 'toll/node'
import { rocCurve } from 'toll/metrics'
import { renderSvg, rocChart } from 'toll/report'
import { writeFileSync } from 'node:fs'

const engines = await openEngines({})
const { train, test } = await loadImages('mnist')
const { toll, plain, labels } = await compareOnDigits({ train, test, engines })
const chart = await rocChart(
  [toll, plain].map(({ name, scores, auroc }) => ({ name, auroc: auroc.value, curve: rocCurve(scores, labels) })),
  { width: 520 },
)
writeFileSync(new URL('../docs/demo.svg', import.meta.url), renderSvg(chart))
await closeEngines(engines)
