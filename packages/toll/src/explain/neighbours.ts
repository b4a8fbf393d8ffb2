// The rows of a table that are nearest to a row, as the model sees them: Euclidean distance between samples, after the
// model's own preprocessing. The table is read in batches; memory holds the nearest rows only.

import { TollError, rowCount, sizeOf, type RowBatch, type Samples } from '../base/index.js'
import { cast, readModel } from '../graph/index.js'
import { inputStream, type Model, type RowInputs, type RowStream } from '../model/index.js'
import { prepareImage, prepareTable } from '../preprocess/index.js'
import type { HostTensor, Session } from '../runtime/index.js'

export interface Neighbour {
  /** Its place in the table of candidates, from 0. */
  readonly row: number
  /** In the units of scaled columns: 1 is about a standard deviation in one column, with the default scaling. */
  readonly distance: number
}

export interface NeighbourOptions {
  /** How many for each row; default 5. */
  readonly count?: number
  readonly signal?: AbortSignal
}

/**
 * The nearest candidates of each row, nearest first; of equally near ones the first. Candidates that cannot be scored,
 * such as rows with infinite values, are left out. Errors: as `Model.score`; `argument` for a count below 1.
 */
export async function nearestRows(
  model: Model,
  rows: Samples | RowBatch,
  candidates: RowStream,
  { count = 5, signal }: NeighbourOptions = {},
): Promise<Neighbour[][]> {
  if (!(Number.isInteger(count) && count >= 1))
    throw new TollError('out-of-domain', `count must be an integer of at least 1, got ${count}`, {
      option: 'count',
      value: count,
      expected: 'an integer of at least 1',
    })
  const session = await openSamples(model)
  try {
    const own = await samplesOf(session, model.inputs(rows, { invalidRows: 'mark' }))
    const size = own.data.length / Math.max(own.rows, 1)
    const nearest = Array.from({ length: own.rows }, (): Neighbour[] => [])
    for await (const batch of inputStream(model, candidates, { invalidRows: 'mark', signal })) {
      const others = await samplesOf(session, batch)
      for (let row = 0; row < own.rows; row++) {
        for (let other = 0; other < others.rows; other++) {
          if (!batch.invalid.has(other))
            insert(
              nearest[row],
              {
                row: batch.firstRow + other,
                distance: distanceOf(own.data, row * size, others.data, other * size, size),
              },
              count,
            )
        }
      }
    }
    return nearest
  } finally {
    await session.close()
  }
}

/** The preprocessing alone, on the inputs of the file. */
function openSamples({ bytes, engine, manifest: { preprocessing } }: Model): Promise<Session> {
  const { inputs } = readModel(bytes)
  const samples =
    preprocessing.kind === 'table'
      ? prepareTable(preprocessing, inputs, 'float64')
      : cast(prepareImage(preprocessing, inputs[0]), 'float64')
  return engine.load({ inputs, outputs: { samples } })
}

interface Prepared {
  readonly rows: number
  readonly data: Float64Array
}

/** Numbers that one run prepares. */
const valuesPerRun = 1 << 18

async function samplesOf(session: Session, inputs: RowInputs): Promise<Prepared> {
  const rows = rowCount(inputs.samples)
  const perRun = Math.max(1, Math.floor(valuesPerRun / inputs.rowSize))
  const pieces: HostTensor[] = []
  for (let start = 0; start < rows; start += perRun)
    pieces.push((await session.run(inputs.tensors(start, Math.min(start + perRun, rows)))).samples)
  const all = new Float64Array(pieces.reduce((sum, { shape }) => sum + sizeOf(shape), 0))
  let at = 0
  for (const { data } of pieces) {
    all.set(data as Float64Array, at)
    at += data.length
  }
  return { rows, data: all }
}

function distanceOf(a: Float64Array, aStart: number, b: Float64Array, bStart: number, size: number): number {
  let sum = 0
  for (let i = 0; i < size; i++) sum += (a[aStart + i] - b[bStart + i]) ** 2
  return Math.sqrt(sum)
}

/** Keeps the list sorted and no longer than `count`. */
function insert(list: Neighbour[], candidate: Neighbour, count: number): void {
  if (list.length === count && candidate.distance >= list[count - 1].distance) return
  let at = list.length
  while (at > 0 && list[at - 1].distance > candidate.distance) at--
  list.splice(at, 0, candidate)
  if (list.length > count) list.pop()
}
