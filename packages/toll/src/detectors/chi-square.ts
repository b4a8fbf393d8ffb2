// The chi-square distribution: how squared Mahalanobis distances of normal data are distributed, with as many degrees
// of freedom as columns. The distribution function is the regularised incomplete gamma function, by its series below
// the mean and by its continued fraction (Lentz 1976) above; Press et al., Numerical Recipes, section 6.2. Quantiles by
// bisection, which cannot fail.

import { TollError } from '../base/index.js'

/** P(X <= x) for X chi-square with `degrees` degrees of freedom, a positive integer; x at least 0. */
export function chiSquareBelow(x: number, degrees: number): number {
  checkDegrees(degrees)
  if (!(x > 0)) return 0
  if (x === Infinity) return 1
  const [a, z] = [degrees / 2, x / 2]
  const front = Math.exp(a * Math.log(z) - z - logGammaOfHalf(degrees))
  return z < a + 1 ? front * lowerSeries(a, z) : 1 - front * upperFraction(a, z)
}

/** The x with P(X <= x) = probability, which is in (0, 1). */
export function chiSquareQuantile(probability: number, degrees: number): number {
  checkDegrees(degrees)
  if (!(probability > 0 && probability < 1))
    throw new TollError('out-of-domain', `a probability must be above 0 and below 1, got ${probability}`, {
      option: 'probability',
      value: probability,
      expected: 'a number above 0 and below 1',
    })
  let [low, high] = [0, degrees]
  while (chiSquareBelow(high, degrees) < probability) [low, high] = [high, 2 * high]
  for (;;) {
    const middle = low + (high - low) / 2
    if (middle === low || middle === high) return middle
    if (chiSquareBelow(middle, degrees) < probability) low = middle
    else high = middle
  }
}

function checkDegrees(degrees: number): void {
  if (!(Number.isSafeInteger(degrees) && degrees >= 1))
    throw new TollError('out-of-domain', `degrees of freedom must be a positive integer, got ${degrees}`, {
      option: 'degrees',
      value: degrees,
      expected: 'a positive integer',
    })
}

/** log Gamma(k / 2), from Gamma(1/2) = sqrt(pi), Gamma(1) = 1 and Gamma(z + 1) = z Gamma(z). */
function logGammaOfHalf(k: number): number {
  let sum = k % 2 === 1 ? Math.log(Math.PI) / 2 : 0
  for (let twice = k % 2 === 1 ? 1 : 2; twice < k; twice += 2) sum += Math.log(twice / 2)
  return sum
}

/** sum over n of z^n / (a (a + 1) ... (a + n)) */
function lowerSeries(a: number, z: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; term > sum * Number.EPSILON; n++) {
    term *= z / (a + n)
    sum += term
  }
  return sum
}

/** 1 / (z + 1 - a - 1 (1 - a) / (z + 3 - a - 2 (2 - a) / (z + 5 - a - ...))) */
function upperFraction(a: number, z: number): number {
  const tiny = 1e-300
  let b = z + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let fraction = d
  for (let n = 1; ; n++) {
    const numerator = -n * (n - a)
    b += 2
    d = 1 / (numerator * d + b || tiny)
    c = b + numerator / c || tiny
    const factor = c * d
    fraction *= factor
    if (Math.abs(factor - 1) <= 2 * Number.EPSILON || n > 10_000) return fraction
  }
}
