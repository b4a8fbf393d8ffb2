// Targeted collapse: an autoencoder whose loss adds the norm of the code to the reconstruction error, and whose score
// is the same sum. Normal data keep a compact code near the origin ("black hole at the center"), so that anomalies
// stand out by either part. Source: Ghafourian et al., "Targeted collapse regularized autoencoder for anomaly
// detection: black hole at the center" (arXiv 2306.12627), equations 2 and 3. Norms are not squared, as in the authors'
// implementation.

import {
  TollError,
  choice,
  integer,
  real,
  takeSamples,
  type Domains,
  type NdArray,
  type Values,
} from '../base/index.js'
import {
  add,
  cast,
  constant,
  div,
  gather,
  greater,
  max,
  mean,
  mul,
  rowNorm,
  rowNormOperand,
  slice,
  sub,
  sum,
  topIndices,
  type Tensor,
} from '../graph/index.js'
import {
  cifarNetwork,
  imageDefault,
  mnistNetwork,
  parameterCount,
  reconstruct,
  tabularDefault,
  type Autoencoder,
} from '../nn/index.js'
import { optimizerChoice, optimizerNamed, scheduleChoice, scheduleNamed } from '../optim/index.js'
import { scoringScope, train, type NamedValues, type Objective } from '../train/index.js'
import { normalIndices, type Detector, type FittedDetector, type Scored } from './contract.js'

export const tollParameters = {
  beta: real({
    default: 10,
    min: 0,
    doc: 'Weight of the code norm in loss and score; 0 is a plain autoencoder.',
    source: 'paper: 10 for Arrhythmia and CIFAR-10, 1000 for MNIST',
  }),
  latent: integer({
    default: 16,
    min: 1,
    max: 65536,
    doc: 'Width of the code.',
    source: 'paper: 16 for Arrhythmia, 64 for CIFAR-10, 128 for MNIST',
  }),
  steps: integer({
    default: 2000,
    min: 1,
    max: 1e9,
    doc: 'Training steps, one random batch each.',
    source: 'paper, section 4.1',
  }),
  batch: integer({
    default: 100,
    min: 2,
    max: 1e6,
    doc: 'Rows per batch; all rows when there are fewer.',
    source: 'paper: 100 for Arrhythmia',
  }),
  learningRate: real({
    default: 1e-3,
    min: 0,
    aboveMin: true,
    doc: 'Learning rate of the optimiser.',
    source: 'paper: 0.001 for Arrhythmia',
  }),
  schedule: scheduleChoice,
  optimizer: optimizerChoice,
  weightDecay: real({ default: 0, min: 0, doc: 'Weight decay of the optimiser.', source: 'paper: none' }),
  clip: real({
    default: 0,
    min: 0,
    doc: 'Largest norm of the whole gradient; 0 does not clip.',
    source: 'paper: none',
  }),
  trim: real({
    default: 0,
    min: 0,
    max: 0.5,
    belowMax: true,
    doc:
      'Share of every batch, rounded down to rows, that training leaves out: its rows of highest loss. For ' +
      'training data with unmarked anomalies among them.',
    source: 'paper: none; least trimmed squares (Rousseeuw 1984), batch by batch (Shen and Sanghavi 2019)',
  }),
  trimBeyond: real({
    default: 0,
    min: 0,
    max: 1e6,
    doc:
      'Leaves out every row of a batch whose loss is above Q3 + trimBeyond (Q3 - Q1) of the losses, so that ' +
      "the share follows from the data; 1.5 is Tukey's fence, 0 leaves none out. With trim, of the rows " +
      'that it keeps.',
    source: 'paper: none; Tukey, Exploratory data analysis (1977)',
  }),
  network: choice({
    values: ['auto', 'mnist', 'cifar10'],
    default: 'auto',
    doc:
      'Architecture: auto fits any width of table and any size of image; mnist (1 x 28 x 28) and cifar10 (3 ' +
      "x 32 x 32) are the paper's.",
  }),
} satisfies Domains

export type TollParameters = Values<typeof tollParameters>

/**
 * Steps of one engine run on tables, where a step takes about a millisecond and the overhead of a run counts; loading a
 * program of five steps takes as long as a few hundred of them, which a short training does not earn back.
 */
function chainedSteps(sampleShape: readonly number[], steps: number): number {
  return sampleShape.length === 1 && steps >= 1000 ? 5 : 1
}

/**
 * loss = mean ||x - x'|| + beta mean ||z|| over the batch, weighted where rows have weights; reports both means as
 * `reconstruction` and `latentNorm`, the latter without beta. With `trim` in [0, 0.5) the means are over the rows that
 * are left when the floor(trim batch) rows of highest ||x - x'|| + beta ||z|| are taken out, whatever their weights;
 * batch norm still sees them. With `trimBeyond` above 0 those rows among them count whose loss is at most Q3 +
 * trimBeyond (Q3 - Q1), quartiles of these rows by the nearest rank; `leftOut` reports the share of the others among
 * them. A batch whose rows all weigh 0 has the loss 0.
 */
export function tollObjective(
  network: Autoencoder,
  beta: number,
  { trim = 0, trimBeyond = 0 }: Partial<Pick<TollParameters, 'trim' | 'trimBeyond'>> = {},
): Objective {
  return (x, scope, weights) => {
    const { error, norm } = components(network, x, scope)
    const losses = beta === 0 ? error : add(error, mul(norm, beta))
    const left = keptRows(losses, trim)
    const ofKept = (values: Tensor) => (left ? gather(values, left) : values)
    const beyond = trimBeyond > 0 ? beyondFence(ofKept(losses), trimBeyond) : undefined
    const counts = [...(weights ? [ofKept(weights)] : []), ...(beyond ? [sub(1, beyond)] : [])].reduce<
      Tensor | undefined
    >((product, factor) => (product ? mul(product, factor) : factor), undefined)
    // Where all rows that count weigh 0, the batch teaches nothing.
    const average = (values: Tensor) =>
      counts ? div(sum(mul(ofKept(values), counts)), max(sum(counts), 1e-30)) : mean(ofKept(values))
    const reconstruction = average(error)
    const latentNorm = average(norm)
    return {
      loss: beta === 0 ? reconstruction : add(reconstruction, mul(latentNorm, beta)),
      parts: { reconstruction, latentNorm, ...(beyond && { leftOut: mean(beyond) }) },
    }
  }
}

/** Places of the rows of lowest loss, no gradient flowing through the choice; undefined where none is left out. */
function keptRows(losses: Tensor, trim: number): Tensor | undefined {
  const batch = losses.shape[0] as number
  const left = batch - Math.floor(trim * batch)
  return left === batch ? undefined : topIndices(losses, left, { largest: false })
}

/** 1 where a loss is beyond the upper fence, else 0. */
function beyondFence(losses: Tensor, reach: number): Tensor {
  const count = losses.shape[0] as number
  const rising = gather(losses, topIndices(losses, count, { largest: false }))
  const [low, high] = [0.25, 0.75]
    .map((level) => Math.round(level * (count - 1)))
    .map((place) => slice(rising, 0, place, place + 1))
  return cast(greater(losses, add(high, mul(sub(high, low), reach))), losses.dtype)
}

/** score = ||x - x'|| + beta ||z|| with running statistics; the sum is taken in float64. */
export function tollScore(
  network: Autoencoder,
  beta: number,
  x: Tensor,
  lookup: (name: string) => Tensor,
): Required<Scored> {
  const { error, norm, code, reconstruction } = components(network, x, scoringScope(lookup))
  const [error64, norm64] = [cast(error, 'float64'), cast(norm, 'float64')]
  return {
    score: add(error64, mul(norm64, beta)),
    components: { reconstruction_error: error64, latent_norm: norm64 },
    details: { code, reconstruction },
  }
}

function components(network: Autoencoder, x: Tensor, scope: Parameters<Objective>[1]) {
  const { code, reconstruction } = reconstruct(network, x, scope)
  return { code, reconstruction, error: rowNorm(sub(x, reconstruction)), norm: rowNorm(code) }
}

/** The network for samples of this shape. */
export function tollNetwork(
  sampleShape: readonly number[],
  { network, latent }: Pick<TollParameters, 'network' | 'latent'>,
): Autoencoder {
  const build = { mnist: mnistNetwork, cifar10: cifarNetwork }
  if (network !== 'auto') {
    const built = build[network](latent)
    if (built.sampleShape.join() !== sampleShape.join()) {
      throw new TollError(
        'shape-mismatch',
        `network '${network}' takes images of ${built.sampleShape.join(' x ')}, got samples of ` +
          `${sampleShape.join(' x ')}; use network auto`,
        { option: 'network', value: sampleShape, expected: built.sampleShape.join(' x '), suggestion: 'auto' },
      )
    }
    return built
  }
  if (sampleShape.length === 1) return tabularDefault(sampleShape[0], latent)
  if (sampleShape.length === 3) {
    const [channels, height, width] = sampleShape
    return imageDefault({ channels, height, width }, latent)
  }
  throw new TollError(
    'shape-mismatch',
    `Toll takes tables (n, d) or images (n, channels, height, width), got samples of shape (${sampleShape.join(', ')})`,
    { value: sampleShape, expected: '(n, d) or (n, channels, height, width)' },
  )
}

export const toll: Detector<typeof tollParameters> = {
  name: 'toll',
  title: 'Targeted-collapse autoencoder (Toll)',
  idea:
    'An autoencoder trained to reconstruct normal data with codes near the origin; the score is ' +
    'reconstruction error plus beta times code norm.',
  reference: 'Ghafourian et al., arXiv 2306.12627',
  accepts: ['table', 'image'],
  precision: 'float32',
  takesWeights: true,
  keepsCheckpoints: true,
  exceptions: {
    offset:
      'a network that learns from unscaled data depends on where the origin lies; scaling, which is the ' +
      'default, takes the offset out',
  },
  parameters: tollParameters,
  components: () => ['reconstruction_error', 'latent_norm'],
  details: () => ['code', 'reconstruction'],

  explanation(outputs, { beta }) {
    // score = ||samples - reconstruction|| + beta ||code||: the file says what both are, whatever its network is.
    const residual = rowNormOperand(withoutCast(outputs.reconstruction_error))
    if (residual?.op.name !== 'sub')
      throw new TollError(
        'unsupported-content',
        "the model's 'reconstruction_error' is no norm of a difference; score it with the version that made it",
        { part: 'reconstruction_error' },
      )
    return {
      samples: residual.inputs[0],
      base: 'code of a typical row',
      terms: [
        {
          name: 'reconstruction',
          title: 'the reconstruction error',
          output: 'reconstruction_error',
          weight: 1,
          by: 'squares',
          residual,
        },
        { name: 'latent', title: 'the norm of the code', output: 'latent_norm', weight: beta, by: 'gradients' },
      ],
    }
  },

  formula: ({ beta, latent }, { layers }) => ({
    score: `s(x) = ‖x - x'‖ + ${beta} ‖z‖`,
    where: [
      "x' = g(z) is the reconstruction of the row and z = f(x) its code of " +
        `${latent} numbers; norms are Euclidean and not squared.`,
      ...(isLayers(layers) ? [`f, the encoder: ${layers.encoder}.`, `g, the decoder: ${layers.decoder}.`] : []),
      'Batch normalisation uses the running mean and variance of training.',
    ],
  }),

  async fit(data, parameters, context): Promise<FittedDetector> {
    const kept = normalIndices(data)
    const samples = (
      kept.length === data.samples.shape[0] ? data.samples : takeSamples(data.samples, kept)
    ) as NdArray<Float32Array>
    const weights = data.weights && Float32Array.from(kept, (i) => data.weights![i])
    if (weights) requireWeights(weights)
    const network = tollNetwork(samples.shape.slice(1), parameters)
    const trained = await train({
      ...context,
      parameters: network.parameters,
      buffers: network.buffers,
      objective: tollObjective(network, parameters.beta, parameters),
      optimizer: optimizerNamed(parameters.optimizer, parameters.weightDecay),
      ...(parameters.clip > 0 && { clip: parameters.clip }),
      data: samples,
      ...(weights && { weights }),
      steps: parameters.steps,
      batch: parameters.batch,
      learningRate: parameters.learningRate,
      schedule: scheduleNamed(parameters.schedule),
      stepsPerRun: chainedSteps(samples.shape.slice(1), parameters.steps),
    })
    return {
      score: (x) => tollScore(network, parameters.beta, x, constantsOf(network, trained.values)),
      summary: {
        network: network.name,
        layers: { encoder: network.encoder.title, decoder: network.decoder.title },
        parameters: parameterCount(network),
        rows: samples.shape[0],
        steps: trained.steps,
        history: thin(trained.history, 200),
      },
      containsTrainingRows: false,
    }
  },
}

function withoutCast(x: Tensor): Tensor {
  return x.op.name === 'cast' ? x.inputs[0] : x
}

function isLayers(value: unknown): value is { readonly encoder: string; readonly decoder: string } {
  const { encoder, decoder } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof encoder === 'string' && typeof decoder === 'string'
}

/** The network's tensors as constants with trained values. */
export function constantsOf(network: Autoencoder, values: NamedValues): (name: string) => Tensor {
  const shapes = new Map([...network.parameters, ...network.buffers].map(({ name, shape }) => [name, shape]))
  return (name) => constant(values.get(name)!, shapes.get(name))
}

function requireWeights(weights: Float32Array): void {
  const bad = weights.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight)))
  if (bad >= 0)
    throw new TollError(
      'invalid-weight',
      `sample weights must be finite and not negative, weight ${bad} is ${weights[bad]}`,
      { row: bad, option: 'weights', value: weights[bad], expected: 'a finite number of at least 0' },
    )
  if (!weights.some((weight) => weight > 0))
    throw new TollError('invalid-weight', 'at least one sample weight must be positive', {
      option: 'weights',
      expected: 'a positive number',
    })
}

/** At most `points` evenly spaced values of each list, the last one among them, with the steps they belong to. */
function thin(history: Readonly<Record<string, readonly number[]>>, points: number): Record<string, number[]> {
  const length = history.loss.length
  const count = Math.min(points, length)
  const at = Array.from({ length: count }, (_, i) => Math.round(((i + 1) * length) / count) - 1)
  return {
    step: at.map((i) => i + 1),
    ...Object.fromEntries(Object.entries(history).map(([name, values]) => [name, at.map((i) => values[i])])),
  }
}
