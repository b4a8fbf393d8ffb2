// Golden training files: what a reference framework computed in float64 and in float32 from the same hashed network and
// batches.

import { TollError } from 'toll'
import { messageOf } from 'toll/base'
import type { Autoencoder } from 'toll/train'
import { networkNamed } from './hashed-training.js'

/** Values step by step and at the end. */
export interface Course {
  readonly losses: readonly number[]
  readonly reconstruction: readonly number[]
  readonly latentNorm: readonly number[]
  /** One L2 norm per parameter, at the first step. */
  readonly gradientNorms: readonly number[]
  /** Scores of the first rows of the first batch after the last step, with running statistics. */
  readonly evalScores: readonly number[]
}

export const courseLists = [
  'losses',
  'reconstruction',
  'latentNorm',
  'gradientNorms',
  'evalScores',
] as const satisfies readonly (keyof Course)[]

export interface Golden {
  readonly network: Autoencoder
  readonly beta: number
  readonly learningRate: number
  readonly batch: number
  readonly steps: number
  readonly float64: Course
  readonly float32: Course
}

/** The JSON object of a golden file; throws `format` where it is none. */
export function readGolden(text: string, where: string): Reader {
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch (error) {
    throw new TollError('damaged-file', `${where} is not JSON: ${messageOf(error)}`, { cause: error })
  }
  return new Reader(file, where)
}

/**
 * Reads a golden training file; throws `format` where it is not one, `shape` where its parameters are not those of the
 * network it names.
 */
export function parseGolden(read: Reader, where: string): Golden {
  const inputShape = read.numbers('inputShape')
  const network = networkNamed(read.text('network'), read.count('latent'), inputShape)
  if (inputShape.join() !== network.sampleShape.join()) {
    throw new TollError(
      'shape-mismatch',
      `${where}: network '${network.name}' takes (${network.sampleShape.join(', ')}), the file feeds ` +
        `(${inputShape.join(', ')})`,
    )
  }
  checkParameters(network, read.list('parameters'), where)
  const steps = read.count('steps')
  return {
    network,
    steps,
    beta: read.number('beta'),
    learningRate: read.number('learningRate'),
    batch: read.count('batch'),
    float64: readCourse(read.inside('float64'), steps, network.parameters.length),
    float32: readCourse(read.inside('float32'), steps, network.parameters.length),
  }
}

function checkParameters(network: Autoencoder, listed: readonly Reader[], where: string): void {
  if (listed.length !== network.parameters.length) {
    throw new TollError(
      'shape-mismatch',
      `${where} lists ${listed.length} parameters, network '${network.name}' has ${network.parameters.length}`,
    )
  }
  network.parameters.forEach(({ name, kind, shape }, k) => {
    const [itsIndex, itsName, itsKind, itsShape] = [
      listed[k].number('k'),
      listed[k].text('name'),
      listed[k].text('kind'),
      listed[k].numbers('shape'),
    ]
    if (itsIndex !== k || itsKind !== kind || itsShape.join() !== shape.join()) {
      throw new TollError(
        'shape-mismatch',
        `${where}: parameter ${k} should be the ${kind} '${name}' (${shape.join(', ')}), the file has the ` +
          `${itsKind} '${itsName}' (${itsShape.join(', ')}) with index ${itsIndex}`,
      )
    }
  })
}

function readCourse(course: Reader, steps: number, parameters: number): Course {
  const trajectory = course.list('trajectory')
  if (trajectory.length !== steps) throw course.refuse(`${steps} entries of 'trajectory', not ${trajectory.length}`)
  const gradientNorms = trajectory[0].numbers('gradientNorms')
  if (gradientNorms.length !== parameters)
    throw course.refuse(`${parameters} gradient norms, not ${gradientNorms.length}`)
  const evalScores = course.numbers('evalScores')
  if (evalScores.length === 0) throw course.refuse('at least one score')
  return {
    losses: trajectory.map((step) => step.number('loss')),
    reconstruction: trajectory.map((step) => step.number('reconstruction')),
    latentNorm: trajectory.map((step) => step.number('latentNorm')),
    gradientNorms,
    evalScores,
  }
}

/** Typed access to a JSON object. */
export class Reader {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #where: string

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null)
      throw new TollError('wrong-file-kind', `${where} should be a JSON object`)
    this.#value = value as Record<string, unknown>
    this.#where = where
  }

  refuse(expected: string): TollError {
    return new TollError('damaged-file', `${this.#where} should hold ${expected}; is it a golden file?`)
  }

  keys(): readonly string[] {
    return Object.keys(this.#value)
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#value, key)
  }

  text(key: string): string {
    const value = this.#value[key]
    if (typeof value !== 'string') throw this.refuse(`a text '${key}'`)
    return value
  }

  number(key: string): number {
    const value = this.#value[key]
    if (typeof value !== 'number') throw this.refuse(`a number '${key}'`)
    return value
  }

  count(key: string): number {
    const value = this.number(key)
    if (!Number.isInteger(value) || value < 1) throw this.refuse(`a positive integer '${key}'`)
    return value
  }

  numbers(key: string): readonly number[] {
    const value = this.#value[key]
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'number'))
      throw this.refuse(`a list of numbers '${key}'`)
    return value
  }

  list(key: string): readonly Reader[] {
    const value = this.#value[key]
    if (!Array.isArray(value)) throw this.refuse(`a list '${key}'`)
    return value.map((item, i) => new Reader(item, `${this.#where}, ${key}[${i}]`))
  }

  inside(key: string): Reader {
    return new Reader(this.#value[key], `${this.#where}, '${key}'`)
  }
}
