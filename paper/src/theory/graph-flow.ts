// The gradient flow of any loss written in the graph language: try another regulariser without deriving its gradient by
// hand. Gradients come from the language's own differentiation, numbers from its float64 interpreter.

import { TollError, type NdArray } from 'toll'
import { sizeOf } from 'toll/base'
import { gradients, interpret, showShape, simplify, type Fed, type Tensor } from 'toll/graph'
import { integrate, type Derivative, type IntegrateOptions, type Trajectory } from './dormand-prince.js'

/** A point of the parameter space by name of the input. */
export type Point = Readonly<Record<string, NdArray<Float64Array>>>

/** A loss as a function of one packed vector: the parameters in the order given, each row by row. */
export interface LossFunction {
  readonly size: number
  readonly value: (state: Float64Array) => number
  /** The gradient at `state`, in the same order. */
  readonly gradient: (state: Float64Array) => Float64Array
  /** Minus the gradient, as the integrator takes it. */
  readonly descent: Derivative
  readonly pack: (point: Point) => Float64Array
  readonly unpack: (state: Float64Array) => Record<string, NdArray<Float64Array>>
}

/**
 * Prepares a scalar float64 loss for flows in `parameters`, which are float64 inputs of known sizes; its other inputs
 * are fixed to `feeds`.
 *
 * @throws `argument` for a parameter that is not an input or is named twice; `shape` for a loss that is not a float64
 * scalar.
 */
export function lossFunction(
  loss: Tensor,
  parameters: readonly Tensor[],
  feeds: Readonly<Record<string, Fed>> = {},
): LossFunction {
  if (loss.shape.length > 0 || loss.dtype !== 'float64') {
    throw new TollError(
      'shape-mismatch',
      `the loss of a flow must be a float64 scalar, got ${loss.dtype}${showShape(loss.shape)}`,
    )
  }
  const slots = slotsOf(parameters)
  const size = slots.reduce((sum, slot) => sum + slot.size, 0)
  const value = simplify({ loss })
  const slopes = simplify(
    Object.fromEntries(gradients(loss, parameters).map((node, i) => [`gradient ${slots[i].name}`, node])),
  )

  const unpack = (state: Float64Array) => {
    if (state.length !== size)
      throw new TollError('shape-mismatch', `the parameters have ${size} numbers, got ${state.length}`)
    return Object.fromEntries(
      slots.map(({ name, shape, start, size: length }) => [name, { shape, data: state.slice(start, start + length) }]),
    )
  }
  const gradient = (state: Float64Array) => {
    const found = interpret(slopes, { ...feeds, ...unpack(state) })
    const packed = new Float64Array(size)
    for (const { name, start } of slots) packed.set(found[`gradient ${name}`].data, start)
    return packed
  }
  return {
    size,
    unpack,
    gradient,
    value: (state) => interpret(value, { ...feeds, ...unpack(state) }).loss.data[0],
    descent: (state, into) => into.set(gradient(state).map((slope) => -slope)),
    pack: (point) => {
      const packed = new Float64Array(size)
      const unknown = Object.keys(point).find((name) => !slots.some((slot) => slot.name === name))
      if (unknown !== undefined)
        throw new TollError(
          'unknown-parameter',
          `'${unknown}' is no parameter of this loss; parameters: ${slots.map(({ name }) => name).join(', ')}`,
        )
      for (const { name, shape, start } of slots) {
        const given = Object.hasOwn(point, name) ? point[name] : undefined
        if (!given)
          throw new TollError(
            'out-of-domain',
            `the start must give parameter '${name}', got ${Object.keys(point).join(', ') || 'nothing'}`,
          )
        if (
          given.shape.length !== shape.length ||
          given.shape.some((dim, i) => dim !== shape[i]) ||
          given.data.length !== sizeOf(shape)
        ) {
          throw new TollError(
            'shape-mismatch',
            `the start of '${name}' must have shape ${showShape(shape)}, got ${showShape(given.shape)} with ` +
              `${given.data.length} values`,
          )
        }
        packed.set(given.data, start)
      }
      return packed
    },
  }
}

export interface Flow extends Trajectory {
  /** The parameters at every time. */
  readonly points: readonly Point[]
  readonly losses: Float64Array
}

/**
 * The gradient flow d(parameters)/dt = -d(loss)/d(parameters) from `start`, over `options.times`.
 *
 * @throws as `lossFunction` and `integrate`.
 */
export async function flow(
  loss: Tensor,
  parameters: readonly Tensor[],
  start: Point,
  options: IntegrateOptions & { readonly feeds?: Readonly<Record<string, Fed>> },
): Promise<Flow> {
  const { feeds, ...rest } = options
  const prepared = lossFunction(loss, parameters, feeds)
  const trajectory = await integrate(prepared.descent, prepared.pack(start), rest)
  return {
    ...trajectory,
    points: trajectory.states.map(prepared.unpack),
    losses: Float64Array.from(trajectory.states, prepared.value),
  }
}

interface Slot {
  readonly name: string
  readonly shape: readonly number[]
  readonly start: number
  readonly size: number
}

function slotsOf(parameters: readonly Tensor[]): Slot[] {
  if (parameters.length === 0) throw new TollError('out-of-domain', 'a flow needs at least one parameter, got none')
  let start = 0
  const seen = new Set<string>()
  return parameters.map(({ op, attrs, dtype, shape }) => {
    const name = op.name === 'input' ? (attrs.name as string) : undefined
    if (name === undefined)
      throw new TollError('out-of-domain', `a parameter of a flow must be an input, got the result of '${op.name}'`)
    if (seen.has(name)) throw new TollError('duplicate-name', `parameter '${name}' is given twice`)
    if (dtype !== 'float64') throw new TollError('shape-mismatch', `parameter '${name}' must be float64, got ${dtype}`)
    const sizes = shape.map((dim) => {
      if (typeof dim !== 'number')
        throw new TollError('shape-mismatch', `parameter '${name}' must have known sizes, got ${showShape(shape)}`)
      return dim
    })
    seen.add(name)
    const slot = { name, shape: sizes, start, size: sizeOf(sizes) }
    start += slot.size
    return slot
  })
}
