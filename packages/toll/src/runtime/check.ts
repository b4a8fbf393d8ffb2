// The checks at an engine's door: what is fed must be what the program declares, by name, element type and shape. A
// named size takes the value of the first tensor that has it, and every other tensor must agree.

import { TollError } from '../base/index.js'
import type { HostTensor, HostTensors, LoopOptions, PortType } from './engine.js'
import { checkHostTensor, showType } from './host.js'

/** The value of each named size, and the input it came from. */
export type Sizes = Map<string, { readonly size: number; readonly from: string }>

export interface CheckOptions {
  /** Named sizes that are known already; the fed ones are added. */
  readonly sizes: Sizes
  /** Whether float32 may be fed where float64 is declared. */
  readonly widen: boolean
}

/** Refuses feeds that are not exactly `ports`. Returns the sizes that the feeds gave to names. */
export function checkFeeds(
  ports: readonly PortType[],
  feeds: HostTensors,
  program: string,
  options: CheckOptions,
): Sizes {
  const sizes = new Map(options.sizes)
  const known = new Set(ports.map((port) => port.name))
  for (const name of Object.keys(feeds)) {
    if (!known.has(name))
      throw new TollError(
        'unknown-parameter',
        `${program} has no input '${name}' to feed here; it takes ${list([...known])}`,
        { option: name, expected: [...known] },
      )
  }
  for (const port of ports) {
    const fed = Object.hasOwn(feeds, port.name) ? feeds[port.name] : undefined
    if (!fed)
      throw new TollError(
        'missing-argument',
        `input '${port.name}' of ${program} was not fed; it must be ${showType(port)}`,
        { option: port.name, expected: showType(port) },
      )
    checkTensor(port, fed, program, sizes, options.widen)
  }
  return sizes
}

/**
 * Refuses a loop whose constants, state and carried outputs do not fit the program. Returns the inputs left to feed and
 * the sizes.
 */
export function checkLoop(
  inputs: readonly PortType[],
  outputs: readonly PortType[],
  loop: LoopOptions,
  program: string,
  widen: boolean,
): { readonly fed: readonly PortType[]; readonly sizes: Sizes } {
  const { constants, state, carry } = loop
  for (const name of Object.keys(state)) {
    if (Object.hasOwn(constants, name))
      throw new TollError(
        'conflicting-options',
        `input '${name}' of ${program} is both a constant and state of the loop`,
        { option: name },
      )
    if (!Object.hasOwn(carry, name))
      throw new TollError('missing-argument', `state '${name}' of the loop has no output that carries it on`, {
        option: name,
      })
  }
  const held = inputs.filter(({ name }) => Object.hasOwn(constants, name) || Object.hasOwn(state, name))
  const sizes = checkFeeds(held, { ...constants, ...state }, program, { sizes: new Map(), widen })
  const carried = new Set<string>()
  for (const [name, from] of Object.entries(carry)) {
    const next = outputs.find((output) => output.name === from)
    if (!Object.hasOwn(state, name))
      throw new TollError(
        'unknown-parameter',
        `the loop carries '${from}' to '${name}', which is not among its state`,
        { option: name, expected: Object.keys(state) },
      )
    if (!next)
      throw new TollError(
        'unknown-parameter',
        `${program} has no output '${from}' to carry state '${name}'; it gives ${list(outputs.map((o) => o.name))}`,
        { option: name, value: from, expected: outputs.map((output) => output.name) },
      )
    if (carried.has(from))
      throw new TollError('conflicting-options', `output '${from}' of ${program} carries more than one state`, {
        option: name,
        value: from,
      })
    carried.add(from)
    checkCarried(
      inputs.find((input) => input.name === name)!,
      next,
      state[name],
      sizes,
    )
  }
  return { fed: inputs.filter((input) => !held.includes(input)), sizes }
}

function checkTensor(port: PortType, fed: HostTensor, program: string, sizes: Sizes, widen: boolean): void {
  const what = `input '${port.name}' of ${program}`
  checkHostTensor(fed, what)
  const fits = fed.dtype === port.dtype || (widen && port.dtype === 'float64' && fed.dtype === 'float32')
  if (!fits)
    throw new TollError('wrong-type', `${what} must be ${showType(port)}, got ${showType(fed)}`, {
      option: port.name,
      value: fed.dtype,
      expected: port.dtype,
    })
  const refuse = (why = ''): never => {
    throw new TollError('shape-mismatch', `${what} must be ${showType(port)}, got ${showType(fed)}${why}`, {
      option: port.name,
      value: fed.shape,
      expected: showType(port),
    })
  }
  if (fed.shape.length !== port.shape.length) refuse()
  port.shape.forEach((dim, axis) => {
    const size = fed.shape[axis]
    if (typeof dim === 'number') {
      if (dim !== size) refuse()
    } else {
      const bound = sizes.get(dim)
      if (bound && bound.size !== size) refuse(`; '${bound.from}' says that ${dim} is ${bound.size}`)
      if (!bound) sizes.set(dim, { size, from: port.name })
    }
  })
}

function checkCarried(input: PortType, output: PortType, first: HostTensor, sizes: Sizes): void {
  const fits =
    input.dtype === output.dtype &&
    output.shape.length === first.shape.length &&
    output.shape.every(
      (dim, axis) =>
        (typeof dim === 'number' ? dim : (sizes.get(dim)?.size ?? first.shape[axis])) === first.shape[axis],
    )
  if (!fits) {
    throw new TollError(
      'shape-mismatch',
      `output '${output.name}' is ${showType(output)} and cannot carry state '${input.name}', which starts ` +
        `as ${showType({ ...first, dtype: input.dtype })}`,
      { option: input.name, value: first.shape, expected: showType(output) },
    )
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.map((name) => `'${name}'`).join(', ')
}
