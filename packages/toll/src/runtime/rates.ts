// How fast a machine is at what programs consist of, measured in about a second, and what a program's cost comes to on
// it: a roofline (Williams, Waterman and Patterson 2009) over nodes. Each node takes the larger of its arithmetic and
// its memory traffic, and a share of overhead. Every rate is solved from the timed run of a probe whose cost is counted
// in the same way as that of the program.

import { sizeOf } from '../base/index.js'
import { add, costOf, conv, gradients, input, matmul, mul, sum, type Cost, type Tensor } from '../graph/index.js'
import type { Engine, HostTensors, LoopOptions } from './engine.js'
import { float32 } from './host.js'

/** What an engine achieves with its threads on its device. */
export interface MachineRates {
  /** Floating-point operations per second of a large matrix product. */
  readonly productsPerSecond: number
  /** Bytes per second that elementwise passes over large tensors read and write. */
  readonly bytesPerSecond: number
  /**
   * The same where operands and result of a node are at most `cachedBytes` together, so that a core's cache holds them.
   */
  readonly cachedBytesPerSecond: number
  /** What unfolding images for a convolution costs, per row of a patch. */
  readonly secondsPerPiece: number
  /** Overhead of a node. */
  readonly secondsPerNode: number
  /** Overhead of a run. */
  readonly secondsPerRun: number
}

/** What counts as small: three tensors of 65,536 float32. */
export const cachedBytes = 3 * 2 ** 18

/** Expected seconds of one run of a program once it is warm; the first run takes longer. */
export function expectedSeconds(cost: Cost, rates: MachineRates): number {
  return cost.nodes.reduce(
    (total, { products, pieces, bytes }) =>
      total +
      Math.max(
        products / rates.productsPerSecond + pieces * rates.secondsPerPiece,
        bytes / (bytes > cachedBytes ? rates.bytesPerSecond : rates.cachedBytesPerSecond),
      ),
    rates.secondsPerRun + cost.dispatches * rates.secondsPerNode,
  )
}

// What ONNX Runtime 1.30 for Node holds beyond the tensors: its own structures and ours around a session; a constant
// five times while a program is loaded (the file on both sides, its message, the tensor, the packed tensor); and the
// gaps of an arena that grows by doubling.
const sessionBytes = 60e6
const constantCopies = 5
const arenaShare = 1.4

/**
 * Expected growth of the process in bytes from loading a program and running it; of the device's memory where that is
 * another.
 */
export function expectedBytes({ peakBytes, constantBytes, inputBytes, outputBytes }: Cost): number {
  const passing = peakBytes - constantBytes - inputBytes - outputBytes
  return sessionBytes + constantCopies * constantBytes + inputBytes + outputBytes + arenaShare * passing
}

/** A program and the loop that runs it. */
interface Probe {
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly loop: LoopOptions
}

/** Seconds after which a probe counts as large enough, and how long one is repeated. */
const enough = 0.005
const patience = 0.1

/** Measures an engine; takes about a second and at most 200 MB. Nothing else should run meanwhile. */
export async function measureMachine(engine: Engine): Promise<MachineRates> {
  const few = await timed(engine, chain(8, 8))
  const many = await timed(engine, chain(8, 520))
  const secondsPerNode = Math.max(0, many.seconds - few.seconds) / (many.cost.dispatches - few.cost.dispatches)
  const secondsPerRun = Math.max(0, few.seconds - few.cost.dispatches * secondsPerNode)
  const known = {
    secondsPerNode,
    secondsPerRun,
    productsPerSecond: Infinity,
    bytesPerSecond: Infinity,
    cachedBytesPerSecond: Infinity,
    secondsPerPiece: 0,
  }

  /** Seconds of the largest probe that is worth its time, less what is known already. */
  const rest = async (rates: MachineRates, probes: readonly Probe[]) => {
    const { cost, seconds } = await firstSlow(engine, probes)
    return { cost, seconds: Math.max(seconds - expectedSeconds(cost, rates), seconds * 1e-3) }
  }
  const product = await rest(known, [128, 256, 512, 1024].map(squareProduct))
  const large = await rest(
    known,
    [14, 18, 22].map((bits) => chain(2 ** bits, 4)),
  )
  const small = await rest(known, [chain(2 ** 16, 64)])
  const measured = {
    ...known,
    productsPerSecond: product.cost.products / product.seconds,
    bytesPerSecond: large.cost.bytes / large.seconds,
    cachedBytesPerSecond: small.cost.bytes / small.seconds,
  }
  const images = await firstSlow(engine, [1, 8, 32].map(convolutions))
  const pieces = images.cost.nodes.reduce((total, node) => total + node.pieces, 0)
  return { ...measured, secondsPerPiece: Math.max(0, images.seconds - expectedSeconds(images.cost, measured)) / pieces }
}

interface Timing {
  readonly cost: Cost
  readonly seconds: number
}

async function firstSlow(engine: Engine, probes: readonly Probe[]): Promise<Timing> {
  for (const probe of probes.slice(0, -1)) {
    const timing = await timed(engine, probe)
    if (timing.seconds >= enough) return timing
  }
  return timed(engine, probes[probes.length - 1])
}

/** The median of at least three runs after a first one that is not counted. */
async function timed(engine: Engine, { outputs, loop }: Probe): Promise<Timing> {
  const session = await engine.load({ outputs })
  try {
    const running = await session.loop(loop)
    const seconds: number[] = []
    await running.advance([{}])
    for (
      let spent = 0;
      seconds.length < 3 || (spent < patience && seconds.length < 25);
      spent += seconds[seconds.length - 1]
    ) {
      const start = performance.now()
      await running.advance([{}])
      seconds.push((performance.now() - start) / 1e3)
    }
    return { cost: costOf(outputs), seconds: seconds.toSorted((a, b) => a - b)[seconds.length >> 1] }
  } finally {
    await session.close()
  }
}

/**
 * A chain of alternating sums and products that halves what it adds to, so that numbers stay normal; its end is fed to
 * its start.
 */
function chain(length: number, nodes: number): Probe {
  const [start, half] = [input('x', [length]), input('half', [length])]
  let x = start
  for (let i = 0; i < nodes; i++) x = i % 2 === 0 ? add(x, half) : mul(x, half)
  return {
    outputs: { next: x },
    loop: { constants: filled({ half: [length] }, 0.5), state: filled({ x: [length] }, 1), carry: { x: 'next' } },
  }
}

/** Twice the product with a matrix whose rows average, so that numbers stay as large as they are. */
function squareProduct(n: number): Probe {
  const [a, b] = [input('a', [n, n]), input('b', [n, n])]
  return {
    outputs: { next: matmul(a, matmul(a, b)) },
    loop: { constants: filled({ a: [n, n] }, 1 / n), state: filled({ b: [n, n] }, 1), carry: { b: 'next' } },
  }
}

/** A convolution and its two gradients: 32 channels to 32, kernel 4. */
function convolutions(batch: number): Probe {
  const shapes = { x: [batch, 32, 16, 16], w: [32, 32, 4, 4] }
  const [x, w] = [input('x', shapes.x), input('w', shapes.w)]
  const y = conv(x, w)
  const [dx, dw] = gradients(sum(mul(y, y)), [x, w])
  return { outputs: { dx: sum(dx), dw: sum(dw) }, loop: { constants: filled(shapes, 0.1), state: {}, carry: {} } }
}

function filled(shapes: Readonly<Record<string, readonly number[]>>, value: number): HostTensors {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, float32(shape, new Float32Array(sizeOf(shape)).fill(value))]),
  )
}
