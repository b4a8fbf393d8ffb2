// Writes a golden training file with the float64 interpreter, for settings that no reference framework was run on:
//
//     node bench/dist/make-golden.js FILE [--network tabular] [--latent 4] [--beta 10] [--rate 0.001] [--batch 10]
//     [--steps 3]
//
// The single-precision course is the same numbers, so that the tolerance is the format's floor of 1e-5. The interpreter
// takes about a minute for a step of an image network at batch 2.

import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { TollError } from 'toll'
import { messageOf } from 'toll/base'
import { openReference } from 'toll/runtime'
import type { Course } from './golden.js'
import { networkNamed } from './hashed-training.js'
import { rerun } from './rerun.js'

const shapes: Readonly<Record<string, readonly number[]>> = { tabular: [274], cifar10: [3, 32, 32], mnist: [1, 28, 28] }

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      network: { type: 'string', default: 'tabular' },
      latent: { type: 'string', default: '4' },
      beta: { type: 'string', default: '10' },
      rate: { type: 'string', default: '0.001' },
      batch: { type: 'string', default: '10' },
      steps: { type: 'string', default: '3' },
    },
    allowPositionals: true,
  })
  if (positionals.length !== 1) throw new TollError('out-of-domain', 'name one file to write')
  const inputShape = shapes[values.network] ?? []
  const [latent, beta, learningRate, batch, steps] = [
    values.latent,
    values.beta,
    values.rate,
    values.batch,
    values.steps,
  ].map(Number)
  const network = networkNamed(values.network, latent, inputShape)
  const course = await rerun(
    { network, beta, learningRate, batch, steps },
    openReference({ precision: 'float64' }),
    'float64',
    Math.min(8, batch),
  )
  const parameters = network.parameters.map(({ name, kind, shape }, k) => ({ k, name, kind, shape }))
  const file = {
    network: values.network,
    latent,
    beta,
    learningRate,
    batch,
    steps,
    inputShape,
    parameters,
    float64: written(course),
    float32: written(course),
  }
  await writeFile(positionals[0], `${JSON.stringify(file, undefined, 1)}\n`)
}

function written({ losses, reconstruction, latentNorm, gradientNorms, evalScores }: Course) {
  return {
    trajectory: losses.map((loss, i) => ({
      loss,
      reconstruction: reconstruction[i],
      latentNorm: latentNorm[i],
      ...(i === 0 && { gradientNorms }),
    })),
    evalScores,
  }
}

try {
  await main()
} catch (error) {
  console.error(`make-golden: ${messageOf(error)}`)
  process.exitCode = 1
}
