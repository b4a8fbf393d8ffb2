// Data at the edge: too few rows, one column, columns without spread, nothing but duplicates, images. What cannot be
// learned from is refused by a typed error; what is learned from scores without NaN.

import { Random, tableFromRows, type NdArray, type Table } from '../base/index.js'
import type { Model } from '../model/index.js'
import { demand, demandRefusal, demandTyped, gridSamples, type Check, type Subject } from './subject.js'

export const edgeChecks: readonly Check[] = [
  {
    name: 'one-row',
    promise:
      'One row, no row, and a table without numbers are refused, by the library and by the detector alone; ' +
      'a column without numbers is left out.',
    async run(subject) {
      await demandRefusal(subject.fit(tableFromRows([[1, 2, 3, 4]])), ['data'], 'a table of one row')
      await demandRefusal(subject.fit(tableFromRows([])), ['data'], 'an empty table')
      await demandRefusal(
        subject.fit(
          tableFromRows([
            [NaN, NaN],
            [NaN, NaN],
            [NaN, NaN],
          ]),
        ),
        ['data'],
        'a table without numbers',
      )
      const { input } = (
        await subject.fit(tableFromRows(Array.from({ length: 60 }, (_, i) => [Math.sin(i), NaN, Math.cos(3 * i)])))
      ).manifest
      const names = input.kind === 'table' ? input.columns.map(({ name }) => name).join() : ''
      demand(names === 'x0,x2', `of columns x0, x1 and x2, x1 has no numbers, but the model takes ${names}`)
      await demandRefusal(
        subject.fitDirectly({ samples: gridSamples(1, 3) }),
        ['data', 'shape', 'argument'],
        'one sample',
      )
      const labels = Uint8Array.of(0, 1, 1)
      await demandRefusal(
        subject.fitDirectly({ samples: gridSamples(3, 3), labels }),
        ['data', 'shape', 'argument'],
        'one normal sample and two labelled anomalies',
      )
    },
  },
  {
    name: 'few-rows',
    promise: 'Two and three rows are refused by a typed error, or learned from and scored with finite numbers.',
    async run(subject) {
      await learnedOrRefused(subject, [
        tableFromRows([
          [1, 2],
          [2, 1],
        ]),
        tableFromRows([
          [1, 2],
          [2, 1],
          [5, 5],
        ]),
      ])
    },
  },
  {
    name: 'one-column',
    promise: 'One column is refused by a typed error, or learned from and scored with finite numbers.',
    async run(subject) {
      await learnedOrRefused(subject, [tableFromRows(Array.from({ length: 60 }, (_, i) => [Math.sin(i)]))])
    },
  },
  {
    name: 'constant-column',
    promise: 'Columns that are constant do not stand in the way, and a row that leaves the constant still has a score.',
    async run(subject) {
      const random = Random.seeded(6)
      const table = tableFromRows(Array.from({ length: 80 }, () => [7, random.normal(), 1e9 + 0.1, random.normal(), 0]))
      // Named, so that they are not left out: a column can be constant in the rows that train alone.
      const model = await subject.fit(table, { types: { x0: 'number', x2: 'number', x4: 'number' } })
      const { score } = await model.score(table)
      demand(score.every(Number.isFinite), `a row scores ${score.find((value) => !Number.isFinite(value))}`)
      const left = (
        await model.score(
          tableFromRows([
            [8, 0, 1e9 + 0.1, 0, 0],
            [7, 0, 0, 0, 1e-9],
          ]),
        )
      ).score
      demand(!left.some(Number.isNaN), `rows that leave a constant column score ${left.join(', ')}`)
    },
  },
  {
    name: 'only-duplicates',
    promise: 'Rows that are all equal are refused by a typed error, or learned from and scored with one finite number.',
    async run(subject) {
      const table = tableFromRows(Array.from({ length: 60 }, () => [5, -1, 1e6]))
      const twoRows = tableFromRows(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? [1, 2, 3] : [3, 2, 1])))
      for (const scores of await learnedOrRefused(subject, [table, twoRows])) {
        demand(new Set(scores.filter((_, i) => i % 2 === 0)).size === 1, 'equal rows have different scores')
      }
    },
  },
  {
    name: 'images',
    promise:
      'A detector of images fits any size of them and refuses other shapes; a detector of tables refuses images.',
    async run(subject) {
      const random = Random.seeded(4)
      const wave = (i: number) => 100 + 20 * Math.sin(i % 63)
      const images: NdArray = {
        shape: [60, 1, 9, 7],
        data: Float32Array.from({ length: 60 * 63 }, (_, i) => wave(i) + random.normal()),
      }
      if (!subject.detector.accepts.includes('image')) {
        await demandRefusal(subject.fit({ kind: 'images', ...images }), ['argument'], 'images')
        return
      }
      const model = await subject.fit({ kind: 'images', ...images })
      const odd: NdArray = {
        shape: [2, 1, 9, 7],
        data: Float32Array.from({ length: 126 }, (_, i) => (i < 63 ? wave(i) : 20 * random.normal())),
      }
      const { score } = await model.score({ kind: 'images', ...odd })
      demand(score[1] > score[0], `an image of noise scores ${score[1]}, an image like the training images ${score[0]}`)
      await demandRefusal(model.score(subject.probe), ['shape'], 'a table for a model of images')
      await demandRefusal(
        model.score({ kind: 'images', shape: [1, 1, 7, 9], data: new Float32Array(63) }),
        ['shape'],
        'images of another size',
      )
      await demandRefusal(
        model.score({ kind: 'images', shape: [1, 1, 9, 7], data: new Float32Array(63).fill(NaN) }),
        ['data'],
        'an image of NaN',
      )
    },
  },
]

/** Fits and scores each table, unless it is refused by a typed error; demands finite scores and returns them. */
async function learnedOrRefused(subject: Subject, tables: readonly Table[]): Promise<Float64Array[]> {
  const all: Float64Array[] = []
  for (const table of tables) {
    let model: Model
    try {
      model = await subject.fit(table)
    } catch (error) {
      demandTyped(
        error,
        ['data', 'shape', 'argument'],
        `fitting ${table.rows} rows and ${table.columns.length} columns`,
      )
      continue
    }
    const { score } = await model.score(table)
    demand(
      score.every(Number.isFinite),
      `of ${table.rows} rows and ${table.columns.length} columns, a row scores ` +
        `${score.find((value) => !Number.isFinite(value))}`,
    )
    all.push(score)
  }
  return all
}
