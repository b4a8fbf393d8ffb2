// The ONNX text of the training steps of the paper's three networks: a refactoring that changes what the engine runs
// shows here, line by line. After an intended change: UPDATE_GOLDEN=1 npm test -- golden

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { compile } from '../graph/index.js'
import { cifarNetwork, dense, mnistNetwork, type Autoencoder } from '../nn/index.js'
import { decodeModel, printModel } from '../onnx/index.js'
import { adam } from '../optim/index.js'
import { buildStep } from '../train/index.js'
import { tollObjective } from './index.js'

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'test', 'golden')

it.each<[string, Autoencoder, number, number]>([
  ['tabular', dense([274, 256, 128, 16]), 10, 100],
  ['cifar10', cifarNetwork(), 10, 50],
  ['mnist', mnistNetwork(), 1000, 100],
])('the training step of %s lowers to the committed text', (name, network, beta, batch) => {
  const { outputs, inputs } = buildStep({
    parameters: network.parameters,
    buffers: network.buffers,
    objective: tollObjective(network, beta),
    optimizer: adam(),
    rows: 1000,
    sampleShape: network.sampleShape,
    batch,
  })
  const text = printModel(decodeModel(compile(outputs, { inputs })))
  const file = join(folder, `${name}-step.txt`)
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, text)
  }
  expect(existsSync(file), `${file} is missing; make it with UPDATE_GOLDEN=1`).toBe(true)
  expect(text).toBe(readFileSync(file, 'utf8'))
})
