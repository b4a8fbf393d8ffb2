// Adam, AdamW, SGD with momentum and RMSprop, with PyTorch's formulas and defaults.

import { choice, real, resolveParameters, type Domains, type Values } from '../base/index.js'
import { add, div, mul, sqrt, square, sub } from '../graph/index.js'
import type { Optimizer } from './optimizer.js'

const decay = real({
  default: 0,
  min: 0,
  doc: 'Weight decay: L2 penalty added to the gradient; for AdamW a decoupled shrinking of the parameter.',
})
const epsilon = real({ default: 1e-8, min: 0, aboveMin: true, doc: 'Added to the root of the second moment.' })
const rate = (value: number, doc: string) => real({ default: value, min: 0, max: 1, belowMax: true, doc })

const adamDomains = {
  beta1: rate(0.9, 'Decay of the first moment.'),
  beta2: rate(0.999, 'Decay of the second moment.'),
  epsilon,
  weightDecay: decay,
} satisfies Domains

/** Kingma and Ba 2015. */
export function adam(options: Partial<Values<typeof adamDomains>> = {}): Optimizer {
  return adamLike('adam', options, false)
}

/** Loshchilov and Hutter 2019: the parameter shrinks by learningRate * weightDecay, whatever the moments say. */
export function adamW(options: Partial<Values<typeof adamDomains>> = {}): Optimizer {
  return adamLike('adamW', { weightDecay: 0.01, ...options }, true)
}

// The moments are kept without their factors 1 - beta: M = m / (1 - beta1), V = v / (1 - beta2). With s = sqrt((1 -
// beta2) / (1 - beta2^t)),
//
//     p - lr m^ / (sqrt(v^) + eps)  =  p - [lr (1 - beta1) / ((1 - beta1^t) s)] M / (sqrt(V) + eps / s),
//
// which is the same update in three elementwise passes less.
function adamLike(name: string, options: Partial<Values<typeof adamDomains>>, decoupled: boolean): Optimizer {
  const { beta1, beta2, epsilon: eps, weightDecay } = resolveParameters(adamDomains, options, `${name} option`)
  return {
    name,
    slots: ['first', 'second'],
    scalarCount: 3,
    scalars: (t, learningRate) => {
      const s = Math.sqrt((1 - beta2) / (1 - beta2 ** t))
      return [(learningRate * (1 - beta1)) / ((1 - beta1 ** t) * s), eps / s, 1 - learningRate * weightDecay]
    },
    update: (parameter, gradient, [first, second], [step, floor, shrink]) => {
      const g = weightDecay > 0 && !decoupled ? add(gradient, mul(parameter, weightDecay)) : gradient
      const p = weightDecay > 0 && decoupled ? mul(parameter, shrink) : parameter
      const m = add(mul(first, beta1), g)
      const v = add(mul(second, beta2), square(g))
      return { parameter: sub(p, mul(step, div(m, add(sqrt(v), floor)))), slots: [m, v] }
    },
  }
}

const sgdDomains = {
  momentum: rate(0, 'Share of the last step that is kept.'),
  weightDecay: decay,
} satisfies Domains

/** Stochastic gradient descent; with momentum, v = momentum v + g and p = p - lr v. */
export function sgd(options: Partial<Values<typeof sgdDomains>> = {}): Optimizer {
  const { momentum, weightDecay } = resolveParameters(sgdDomains, options, 'sgd option')
  return {
    name: 'sgd',
    slots: momentum > 0 ? ['velocity'] : [],
    scalarCount: 1,
    scalars: (_, learningRate) => [learningRate],
    update: (parameter, gradient, [velocity], [step]) => {
      const g = weightDecay > 0 ? add(gradient, mul(parameter, weightDecay)) : gradient
      const v = velocity ? add(mul(velocity, momentum), g) : g
      return { parameter: sub(parameter, mul(step, v)), slots: velocity ? [v] : [] }
    },
  }
}

const rmspropDomains = {
  alpha: rate(0.99, 'Decay of the mean square.'),
  epsilon,
  momentum: rate(0, 'Share of the last step that is kept.'),
  weightDecay: decay,
} satisfies Domains

/** Tieleman and Hinton 2012. */
export function rmsprop(options: Partial<Values<typeof rmspropDomains>> = {}): Optimizer {
  const { alpha, epsilon: eps, momentum, weightDecay } = resolveParameters(rmspropDomains, options, 'rmsprop option')
  return {
    name: 'rmsprop',
    slots: momentum > 0 ? ['meanSquare', 'velocity'] : ['meanSquare'],
    scalarCount: 1,
    scalars: (_, learningRate) => [learningRate],
    update: (parameter, gradient, [meanSquare, velocity], [step]) => {
      const g = weightDecay > 0 ? add(gradient, mul(parameter, weightDecay)) : gradient
      const s = add(mul(meanSquare, alpha), mul(square(g), 1 - alpha))
      const direction = div(g, add(sqrt(s), eps))
      const v = velocity ? add(mul(velocity, momentum), direction) : direction
      return { parameter: sub(parameter, mul(step, v)), slots: velocity ? [s, v] : [s] }
    },
  }
}

/** Which optimiser, as a parameter of detectors. */
export const optimizerChoice = choice({
  values: ['adam', 'adamW', 'sgd', 'rmsprop'],
  default: 'adam',
  doc: 'Optimiser, with the defaults of PyTorch.',
  source: 'paper, section 4.1: Adam',
})

/** The optimiser of that name; SGD runs with a momentum of 0.9. */
export function optimizerNamed(name: Values<{ name: typeof optimizerChoice }>['name'], weightDecay: number): Optimizer {
  const table = {
    adam: () => adam({ weightDecay }),
    adamW: () => adamW({ weightDecay }),
    sgd: () => sgd({ momentum: 0.9, weightDecay }),
    rmsprop: () => rmsprop({ weightDecay }),
  }
  return table[name]()
}
