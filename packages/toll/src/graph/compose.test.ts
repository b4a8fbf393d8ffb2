// Compositions and their gradients against PyTorch 1.13 in float64: exact numbers, computed once. Inputs are sine
// waves, the gradient is that of the results weighted by cos(1), cos(2), ...

import { describe, expect, it } from 'vitest'
import { sizeOf } from '../base/index.js'
import {
  add,
  averagePool,
  channelMoments,
  constant,
  conv,
  convTranspose,
  div,
  erf,
  gelu,
  gradients,
  input,
  interpret,
  logSoftmax,
  logSumExp,
  maxPool,
  mul,
  reshape,
  rowNorm,
  softmax,
  softplus,
  sqrt,
  type Fed,
  type Tensor,
} from './index.js'

interface Expectation {
  readonly name: string
  readonly inputs: readonly Fed[]
  readonly build: (inputs: readonly Tensor[]) => Tensor
  readonly value: readonly number[]
  readonly gradients: readonly (readonly number[])[]
}

/** sin(frequency * (i + 1) + phase) in row-major order. */
function wave(shape: readonly number[], phase = 0, frequency = 1): Fed {
  return { shape, data: Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(frequency * (i + 1) + phase)) }
}

function tensor(data: readonly number[], shape: readonly number[] = [data.length]): Fed {
  return { shape, data }
}

function batchNorm([x, scale, shift]: readonly Tensor[]): Tensor {
  const { centred, variance } = channelMoments(x)
  return add(mul(div(centred, sqrt(add(variance, 1e-5))), reshape(scale, [2, 1, 1])), reshape(shift, [2, 1, 1]))
}

const expectations: readonly Expectation[] = [
  {
    name: 'padded convolution with strides',
    inputs: [wave([1, 2, 4, 3]), wave([2, 2, 3, 2], 0.5, 1.7)],
    build: ([x, w]) => conv(x, w, { strides: [2, 1], pads: [1, 0, 0, 1] }),
    value: [
      -1.109275543533, -2.30367470776, -0.5218276851955, -1.364572184766, -3.341329360847, -0.9706210258194,
      2.04908170938, 0.2874807485987, -0.9992611344173, 3.043693841286, 0.6721435389926, -1.470773246501,
    ],
    gradients: [
      [
        0.2338197148251, 1.020816952927, -0.5027939834392, -0.5063513688276, 0.505802231058, 0.9529629169296,
        -0.2272176741448, -1.187421239224, 0.2810055830052, 0.4879292562677, 0.9989036180436, -0.6386565867573,
        -0.80162354114, -0.1933264459433, 1.376748001574, 0.1824542943723, -0.8794536944259, -0.5526066109086,
        0.8969909246318, 0.4397987994757, -1.205798074693, -1.018177837401, -0.1063381831163, 1.377628313952,
      ],
      [
        -0.04561789113321, 0.5475351241534, 0.1834520639657, -0.09721642495445, -0.1764944344308, 0.09960065176187,
        -0.8056015872854, 0.4153846540071, 0.1353326664299, -0.09480106146315, -0.1157651244148, 0.08932391707163,
        0.3949816434275, 0.8033694488019, 0.1743930222351, -0.163330010839, -0.177189887158, 0.1544083940099,
        -0.3964069399511, 0.8033576208146, 0.1644324355652, -0.1101193664157, -0.1534145051129, 0.09050056547932,
      ],
    ],
  },
  {
    name: 'transposed convolution with output padding',
    inputs: [wave([1, 2, 2, 2]), wave([2, 1, 3, 3], 0.5, 1.7)],
    build: ([x, w]) => convTranspose(x, w, { strides: 2, pads: 1, outputPadding: 1 }),
    value: [
      1.056177390741, -0.6031116955859, 0.5814438800841, -1.082936408052, 1.834867119947, -1.165134347117,
      2.021021802772, 1.358703758096, -0.4278664524564, -0.8434615784326, -1.043798341816, 1.478427258927,
      -0.4519437332116, 0.4457300687473, -1.64922968365, -0.2378355876234,
    ],
    gradients: [
      [
        0.815989262056, 0.4711435005898, 0.5202278635015, -1.863170457835, -1.271383276154, 0.3583445005399,
        0.1218971757725, 1.370565842457,
      ],
      [
        -0.7266592688575, -0.5305246974064, 0.2456140272447, 0.2566101792929, -0.5774770055043, -1.701572513477,
        0.7695973030245, 1.627207483726, 1.419708072045, 0.9499523912603, 0.9322416668951, 0.4868673524847,
        -0.713864461141, -0.8357115210464, 0.8653065844055, -0.133004364546, -0.638085656419, -1.737709415651,
      ],
    ],
  },
  {
    name: 'max pooling with overlap',
    inputs: [wave([1, 1, 4, 4], 0, 2.3)],
    build: ([x]) => maxPool(x, 3, { strides: 2, pads: 1 }),
    value: [0.9436956694441, 0.9436956694441, 0.9611527245021, 0.9436956694441],
    gradients: [[0, 0, 0, 0, 0, -0.5294881515426, 0, 0, -0.9899924966004, 0, 0, 0, 0, 0, 0, 0]],
  },
  {
    name: 'average pooling that does not count the padding',
    inputs: [wave([1, 1, 4, 4], 0, 2.3)],
    build: ([x]) => averagePool(x, 3, { strides: 2, pads: 1, countPadding: false }),
    value: [-0.04493557417527, -0.0108837824928, -0.01819162640014, 0.005841976300131],
    gradients: [
      [
        0.135075576467, 0.06571777037584, -0.06935780609119, -0.06935780609119, -0.02992317296637, -0.1719080480424,
        -0.141984875076, -0.141984875076, -0.1649987494334, -0.2376258184183, -0.07262706898485, -0.07262706898485,
        -0.1649987494334, -0.2376258184183, -0.07262706898485, -0.07262706898485,
      ],
    ],
  },
  {
    name: 'batch norm in training',
    inputs: [wave([3, 2, 1, 2], 0, 1.3), wave([2], 2), wave([2], 4)],
    build: batchNorm,
    value: [
      -0.821679428493, -0.929234329012, 0.2940385382243, 0.5083884037001, -1.00134011753, -0.8132813296701,
      -0.8088432282729, 0.4474553670995, -1.235891349193, -0.9521190940804, -1.540187938298, -0.577344131647,
    ],
    gradients: [
      [
        0.02470745412911, -0.110623885206, 0.7131158848673, 0.2186678288089, 0.1205574989863, 0.1181355457699,
        -0.548657016887, -0.3021089206878, 0.03931290588353, -0.1920895195629, 0.7022756997806, -0.783293475882,
      ],
      [3.09135212874, 2.437284164765],
      [-0.3822138495265, -0.1869542402088],
    ],
  },
  {
    name: 'gelu',
    inputs: [tensor([-3, -1, -0.25, 0, 0.5, 2])],
    build: ([x]) => gelu(x),
    value: [-0.00404969409489, -0.1586552539315, -0.1003234185793, 0, 0.345731230637, 1.954499736104],
    gradients: [
      [-0.006454260729508, 0.0346714695205, -0.3015780929298, -0.3268218104318, 0.2460755629387, 1.042007329523],
    ],
  },
  {
    name: 'log-softmax',
    inputs: [wave([2, 3], 0, 0.9)],
    build: ([x]) => logSoftmax(x, 1),
    value: [-1.068286807386, -0.8777660861354, -1.42423383678, -0.8348255158364, -1.369835190207, -1.165069560098],
    gradients: [
      [0.8378010171819, -0.05620926123322, -0.7815917559487, -0.9097561863356, 0.1336663721681, 0.7760898141675],
    ],
  },
  {
    name: 'softmax over the first axis',
    inputs: [wave([2, 3], 0, 0.9)],
    build: ([x]) => softmax(x, 0),
    value: [0.7730909375776, 0.8755967935717, 0.7685504647306, 0.2269090624224, 0.1244032064283, 0.2314495352694],
    gradients: [
      [0.2094435941316, -0.07622813139231, -0.3468962193814, -0.2094435941316, 0.07622813139231, 0.3468962193814],
    ],
  },
  {
    name: 'log-sum-exp',
    inputs: [wave([2, 3], 0, 0.9)],
    build: ([x]) => reshape(logSumExp(x, 1), [2]),
    value: [1.851613717014, 0.3923050725415],
    gradients: [
      [0.1856460680836, 0.2246093615582, 0.1300468762263, -0.1805869997297, -0.1057632367434, -0.1297966000741],
    ],
  },
  {
    name: 'row norms, one of them 0',
    inputs: [tensor([3, 4, 0, 0, 1e-3, 0], [3, 2])],
    build: ([x]) => rowNorm(x),
    value: [5, 0, 0.001],
    gradients: [[0.3241813835209, 0.4322418446945, 0, 0, -0.9899924966004, 0]],
  },
  {
    name: 'softplus',
    inputs: [tensor([-40, -1, 0, 3, 40])],
    build: ([x]) => softplus(x),
    value: [4.248354255292e-18, 0.3132616875182, 0.6931471805599, 3.048587351574, 40],
    gradients: [[2.295395600279e-18, -0.1119191217196, -0.4949962483002, -0.6226440013972, 0.2836621854632]],
  },
  {
    name: 'erf',
    inputs: [tensor([-2, -0.05, 0, 0.15, 2])],
    build: ([x]) => erf(x),
    value: [-0.995322265019, -0.05637197779702, 0, 0.1679959714274, 0.995322265019],
    gradients: [[0.01116641984216, -0.4683989584491, -1.117086908745, -0.7211480949492, 0.005862442232478]],
  },
]

function expectEqual(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(actual.length, what).toBe(expected.length)
  expected.forEach((value, i) => {
    // The expectations have 13 digits.
    if (!(Math.abs(actual[i] - value) <= 1e-12 * Math.max(1, Math.abs(value))))
      expect.fail(`${what}: value ${i} is ${actual[i]}, PyTorch gives ${value}`)
  })
}

describe('values and gradients of PyTorch', () => {
  it.each(expectations)('$name', ({ inputs, build, value, gradients: expected }) => {
    const nodes = inputs.map(({ shape }, i) => input(`x${i}`, shape, 'float64'))
    const y = build(nodes)
    const weights = constant(
      Array.from({ length: value.length }, (_, i) => Math.cos(i + 1)),
      y.shape as number[],
      'float64',
    )
    const slopes = gradients(y, nodes, weights)
    const results = interpret(
      { y, ...Object.fromEntries(slopes.map((g, i) => [`g${i}`, g])) },
      Object.fromEntries(inputs.map((fed, i) => [`x${i}`, fed])),
    )
    expectEqual(results.y.data, value, 'value')
    expected.forEach((list, i) => expectEqual(results[`g${i}`].data, list, `gradient ${i}`))
  })
})

describe('row norms at 0', () => {
  it('have the gradient 0 in every order, beside rows that are not 0', () => {
    const x = input('x', [2, 2], 'float64')
    const [first] = gradients(rowNorm(x), [x], constant([1, 1], [2], 'float64'))
    const [second] = gradients(first, [x], constant([1, 1, 1, 1], [2, 2], 'float64'))
    const results = interpret({ first, second }, { x: { shape: [2, 2], data: [0, 0, 3, 4] } })
    expect([...results.first.data]).toEqual([0, 0, 0.6000000000000001, 0.8])
    // (I - u u') 1 / r with u = (0.6, 0.8), r = 5
    expectEqual(results.second.data, [0, 0, (1 - 0.6 * 1.4) / 5, (1 - 0.8 * 1.4) / 5], 'second order')
  })
})
