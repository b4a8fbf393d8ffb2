#!/usr/bin/env bash
# Packs both packages, installs them into an empty folder without any download of onnxruntime-node's own, imports the library and
# runs the command.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$root"
npm pack --silent -w toll -w toll-cli --pack-destination "$work" >/dev/null
cd "$work"
npm init -y >/dev/null
ONNXRUNTIME_NODE_INSTALL=skip npm install --no-audit --no-fund ./toll-*.tgz >install.log 2>&1 || { cat install.log; exit 1; }

cat >example.mjs <<'JS'
import { fit, tableFromRows } from 'toll'
import { openEngine } from 'toll/runtime/node'
import { saveModel } from 'toll/model/node'

const rows = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(i), Math.sin(i) + Math.cos(i)])
const engine = await openEngine({ device: 'cpu' })
const model = await fit(tableFromRows(rows, ['a', 'b', 'c']), { engine, seed: 1, parameters: { steps: 100 } })
const { score } = await model.score(tableFromRows([[0, 1, 1], [0, 1, -5]], ['a', 'b', 'c']))
if (!(score[1] > score[0])) throw new Error(`scores ${score} do not rank the anomaly first`)
await saveModel(model, 'imported.onnx')
await engine.close()
JS
node example.mjs

node -e 'console.log("a,b,c"); for (let i = 0; i < 300; i++) console.log([Math.sin(i), Math.cos(i), Math.sin(i) + Math.cos(i)].join())' >rows.csv
npx toll --version
npx toll fit rows.csv -o model.onnx --param steps=100 --seed 1 --quiet
npx toll score model.onnx rows.csv -o scores.csv --quiet
[ "$(wc -l <scores.csv)" = 301 ] || { echo 'scores.csv has the wrong number of rows'; exit 1; }
npx toll inspect imported.onnx >/dev/null
echo 'the packed package installs, imports and runs'
