// What the counted cost of the paper's trials says about memory: a batch of 1000 MNIST images trains in 12 GiB as it
// is, so that it need not be split.

import { expect, it } from 'vitest'
import { costOfTrial } from './cost.js'
import { imageProtocols, resolveImageSetting, type ImageDataset } from './index.js'

const rates = {
  productsPerSecond: 1e11,
  bytesPerSecond: 1e10,
  cachedBytesPerSecond: 1e10,
  secondsPerPiece: 0,
  secondsPerNode: 0,
  secondsPerRun: 0,
}
const gibibytes = (dataset: ImageDataset, change = {}) => {
  const protocol = imageProtocols[dataset]
  return (
    costOfTrial(protocol, resolveImageSetting(protocol, change), rates, { train: 6000, test: 10_000 }).bytes / 2 ** 30
  )
}

// Measured growth of a process at a batch of 1000 MNIST images: 5.5e9 bytes, 5.1 GiB (npm run bench:cost -- --only
// mnist --batch 1000 --steps 1).
it.each<[ImageDataset, number]>([
  ['mnist', 4.61],
  ['fashion-mnist', 2.53],
  ['cifar-10', 0.48],
  ['cifar-100', 0.6],
])("the paper's batch of %s takes %f GiB", (dataset, expected) => {
  expect(gibibytes(dataset)).toBeCloseTo(expected, 1)
  expect(gibibytes(dataset)).toBeLessThan(12)
})

it('grows with the batch, by the images that are alive at once', () => {
  const [a, b, c] = [250, 500, 1000].map((batch) => gibibytes('mnist', { batch }))
  expect((c - b) / (b - a)).toBeCloseTo(2, 1)
})
