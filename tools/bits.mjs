// Prints a hash of everything whose bits must survive a change of structure: the golden training steps, a model of each
// detector at one seed (its graph, and the file with its manifest), and the pages rendered from the committed trial
// logs. Two runs are compared by diff.
//
//     node tools/bits.mjs > after.txt                                  this checkout
//     node tools/bits.mjs "node OLD/toll.js" "node OLD/toll.js reproduce" OLD_RESULTS > before.txt      another one, by
//     its commands

import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeModel, encodeModel } from '../packages/toll/dist/onnx/index.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [
  toll = `node ${join(root, 'packages/cli/bin/toll.js')}`,
  paper = `node ${join(root, 'paper/dist/main.js')}`,
  results = join(root, 'paper/results'),
] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'toll-bits-'))
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16)
const run = (command, ...args) => {
  const [program, ...first] = command.split(' ')
  return execFileSync(program, [...first, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

try {
  const golden = join(root, 'packages/toll/test/golden')
  for (const file of readdirSync(golden).sort()) console.log(`step ${file}: ${hash(readFileSync(join(golden, file)))}`)

  const examples = join(root, 'docs/examples')
  const { detectors } = JSON.parse(run(toll, 'detectors', '--json'))
  const fits = [...detectors.map(({ name }) => [name, 'pumps.csv']), ['toll', 'payments.csv'], ['knn', 'payments.csv']]
  for (const [name, table] of fits) {
    const file = join(folder, 'model.onnx')
    run(toll, 'fit', join(examples, table), '-o', file, '--detector', name, '--seed', '1', '--threads', '1', '--quiet')
    const bytes = readFileSync(file)
    const model = decodeModel(bytes)
    console.log(
      `model of ${name} on ${table}: graph ${hash(encodeModel({ ...model, metadata: {} }))}, file ${hash(bytes)}`,
    )
  }

  const log = (name) => join(results, 'trials', name)
  const reduced = ['--steps', '260', '--batch', '64', '--validation', '500']
  const pages = [
    ['table1', '--trials', log('mnist.ndjson'), ...reduced, '--seeds', '2', '--plain'],
    ['table4', '--trials', log('mnist.ndjson'), ...reduced, '--seeds', '2'],
    ['figure4', '--trials', log('mnist.ndjson'), ...reduced, '--classes', '2,8', '--seeds', '1'],
    [
      'table1',
      '--dataset',
      'fashion-mnist',
      '--trials',
      log('fashion-mnist.ndjson'),
      ...reduced,
      '--seeds',
      '1',
      '--plain',
    ],
    ['table2', '--trials', log('cifar-10.ndjson'), '--validation', '1000', '--seeds', '2', '--plain'],
    ['table4', '--dataset', 'cifar-10', '--trials', log('cifar-10.ndjson'), '--validation', '1000', '--seeds', '2'],
    ['auto', '--trials', log('auto.ndjson')],
    ['auto', '--others', '--trials', log('auto.ndjson')],
  ]
  for (const [name, ...options] of pages)
    run(paper, name, ...options, '--quiet', '--render-only', '-o', join(folder, 'pages'))
  for (const file of readdirSync(join(folder, 'pages')).sort())
    console.log(`page ${file}: ${hash(readFileSync(join(folder, 'pages', file)))}`)
} finally {
  rmSync(folder, { recursive: true })
}
