// One training step as one graph: gather the batch, forward, backward, optimiser; the state goes in and its next value
// comes out. Several steps can be chained in a graph, where the overhead of a run would count.

import { sizeOf } from '../base/index.js'
import { concat, constant, gather, gradients, input, reshape, slice, type Tensor } from '../graph/index.js'
import type { BufferSpec, ParameterSpec, Scope } from '../nn/index.js'
import { clipByGlobalNorm, type Optimizer } from '../optim/index.js'
import { layOut, unpack, type Block } from './layout.js'

/** What is minimised: a scalar loss and scalars to report, from a batch (batch, ...sample) and its weights (batch). */
export type Objective = (
  x: Tensor,
  scope: Scope,
  weights: Tensor | undefined,
) => {
  readonly loss: Tensor
  readonly parts: Readonly<Record<string, Tensor>>
}

export interface StepSpec {
  readonly parameters: readonly ParameterSpec[]
  readonly buffers: readonly BufferSpec[]
  readonly objective: Objective
  readonly optimizer: Optimizer
  /** Largest global norm of the gradient; default unlimited. */
  readonly clip?: number
  /** Rows of the resident data, and the shape of one. */
  readonly rows: number
  readonly sampleShape: readonly number[]
  readonly batch: number
  /** Steps chained in one run; default 1. */
  readonly stepsPerRun?: number
  /** Whether the data carry a weight per row. */
  readonly weighted?: boolean
  /** Element type of everything; default float32. */
  readonly dtype?: 'float32' | 'float64'
}

/** A mask that the caller draws for each run: 0 or 1, each element 1 with probability `keep`. */
export interface MaskInput {
  readonly name: string
  readonly shape: readonly number[]
  readonly keep: number
}

export interface StepProgram {
  readonly inputs: readonly Tensor[]
  readonly outputs: Readonly<Record<string, Tensor>>
  /** State input -> output that replaces it. */
  readonly carry: Readonly<Record<string, string>>
  readonly parameterBlocks: readonly Block[]
  readonly bufferBlocks: readonly Block[]
  /** Names of the state tensors of a parameter block's optimiser slots, in order. */
  slotNames(block: Block): readonly string[]
  readonly masks: readonly MaskInput[]
  /** Reported scalars: `loss` and the objective's parts, one value per step of a run. */
  readonly reports: readonly string[]
  readonly stepsPerRun: number
}

/**
 * Inputs: `data` (rows, ...sample), `indices` int64 (steps, batch), `scalars` (steps, k), `weights` (rows) if weighted,
 * and the state.
 */
export function buildStep(spec: StepSpec): StepProgram {
  const { optimizer, rows, sampleShape, batch, stepsPerRun = 1, weighted = false, dtype = 'float32' } = spec
  const parameterBlocks = layOut('parameters', spec.parameters, false)
  const bufferBlocks = layOut('buffers', spec.buffers, true)
  const slotNames = (block: Block) => optimizer.slots.map((slot) => `${slot}/${block.name}`)

  const data = input('data', [rows, ...sampleShape], dtype)
  const indices = input('indices', [stepsPerRun, batch], 'int64')
  const scalars = input('scalars', [stepsPerRun, optimizer.scalarCount], dtype)
  const weights = weighted ? input('weights', [rows], dtype) : undefined
  const stateShapes = new Map<string, readonly number[]>()
  for (const block of parameterBlocks)
    for (const name of [block.name, ...slotNames(block)]) stateShapes.set(name, block.shape)
  for (const block of bufferBlocks) stateShapes.set(block.name, block.shape)
  const first = new Map([...stateShapes].map(([name, shape]) => [name, input(name, shape, dtype)]))

  const masks: MaskInput[] = []
  const maskTensors: Tensor[] = []
  const reported = new Map<string, Tensor[]>()
  let state = first
  for (let k = 0; k < stepsPerRun; k++) {
    const rowsOfStep = reshape(slice(indices, 0, k, k + 1), [batch])
    const parameters = new Map(parameterBlocks.flatMap((block) => [...unpack(block, state.get(block.name)!)]))
    const buffers = new Map(bufferBlocks.flatMap((block) => [...unpack(block, state.get(block.name)!)]))
    const updates = new Map<string, Tensor>()
    const scope: Scope = {
      training: true,
      parameter: (name) => parameters.get(name)!,
      buffer: (name) => buffers.get(name)!,
      update: (name, value) => void updates.set(name, value),
      mask: (shape, keep) => {
        const mask = { name: `mask:${masks.length}`, shape, keep }
        masks.push(mask)
        const tensor = input(mask.name, shape, 'bool')
        maskTensors.push(tensor)
        return tensor
      },
    }
    const { loss, parts } = spec.objective(gather(data, rowsOfStep), scope, weights && gather(weights, rowsOfStep))
    for (const [name, value] of Object.entries({ loss, ...parts })) {
      reported.set(name, [...(reported.get(name) ?? []), reshape(value, [1])])
    }
    const stepScalars = optimizer
      .scalars(1, 0)
      .map((_, i) => reshape(slice(slice(scalars, 0, k, k + 1), 1, i, i + 1), []))
    state = nextState(spec, { parameterBlocks, bufferBlocks, slotNames, state, parameters, updates, loss, stepScalars })
  }

  const carry = Object.fromEntries([...stateShapes.keys()].map((name) => [name, `next/${name}`]))
  return {
    inputs: [data, ...(weights ? [weights] : []), indices, scalars, ...maskTensors, ...first.values()],
    outputs: {
      ...Object.fromEntries([...reported].map(([name, values]) => [name, concat(values, 0)])),
      ...Object.fromEntries([...state].map(([name, tensor]) => [carry[name], tensor])),
    },
    carry,
    parameterBlocks,
    bufferBlocks,
    slotNames,
    masks,
    reports: [...reported.keys()],
    stepsPerRun,
  }
}

interface Moment {
  readonly parameterBlocks: readonly Block[]
  readonly bufferBlocks: readonly Block[]
  readonly slotNames: (block: Block) => readonly string[]
  readonly state: ReadonlyMap<string, Tensor>
  readonly parameters: ReadonlyMap<string, Tensor>
  readonly updates: ReadonlyMap<string, Tensor>
  readonly loss: Tensor
  readonly stepScalars: readonly Tensor[]
}

function nextState({ optimizer, clip }: StepSpec, now: Moment): Map<string, Tensor> {
  const names = [...now.parameters.keys()]
  const raw = gradients(
    now.loss,
    names.map((name) => now.parameters.get(name)!),
  )
  const clipped = clip === undefined ? raw : clipByGlobalNorm(raw, clip)
  const gradientOf = new Map(names.map((name, i) => [name, clipped[i]]))
  const next = new Map(now.state)
  for (const block of now.parameterBlocks) {
    const slots = now.slotNames(block)
    const update = optimizer.update(
      now.state.get(block.name)!,
      pack(block, gradientOf),
      slots.map((name) => now.state.get(name)!),
      now.stepScalars,
    )
    next.set(block.name, update.parameter)
    slots.forEach((name, i) => next.set(name, update.slots[i]))
  }
  for (const block of now.bufferBlocks) {
    const previous = unpack(block, now.state.get(block.name)!)
    next.set(block.name, pack(block, new Map([...previous].map(([name, old]) => [name, now.updates.get(name) ?? old]))))
  }
  return next
}

function pack(block: Block, tensors: ReadonlyMap<string, Tensor>): Tensor {
  const flat = block.entries.map(({ name, shape }) => reshape(tensors.get(name)!, [sizeOf(shape)]))
  return flat.length === 1 ? flat[0] : concat(flat, 0)
}

/** A scope for scoring: parameters and buffers are constants with these values, or tensors that `lookup` gives. */
export function scoringScope(lookup: (name: string) => Tensor): Scope {
  return {
    training: false,
    parameter: lookup,
    buffer: lookup,
    update: () => {},
    mask: (shape) => constant(new Float64Array(sizeOf(shape)).fill(1), shape, 'bool'),
  }
}
