// What scores promise: one finite number per row that depends on that row alone, that differs between rows, and that
// rises with strangeness.

import { Random, joinRows, messageOf, rowCount, takeRows, type Table } from '../base/index.js'
import {
  demand,
  demandClose,
  demandRefusal,
  gridSamples,
  normalTable,
  rankingOf,
  rowsOf,
  type Check,
} from './subject.js'

/** How far the last bits of float32 sums may move when an engine divides a batch in another way. */
const rounding = 2e-6

export const scoringChecks: readonly Check[] = [
  {
    name: 'finite',
    promise: 'Every row of normal data has one finite score, and one finite number of every part of the score.',
    async run(subject) {
      const { score, parts } = await (await subject.model()).score(subject.probe)
      for (const [name, values] of Object.entries({ score, ...parts })) {
        demand(
          values.length === rowCount(subject.probe),
          `'${name}' has ${values.length} numbers for ${rowCount(subject.probe)} rows`,
        )
        demand(
          values.every(Number.isFinite),
          `'${name}' is ${values.find((value) => !Number.isFinite(value))} in row ` +
            `${values.findIndex((value) => !Number.isFinite(value))}`,
        )
      }
      const scores = await subject.scoreDirectly(
        await subject.fitDirectly({ samples: gridSamples(60, 3) }),
        gridSamples(20, 3, 2),
      )
      demand(
        scores instanceof Float64Array && scores.length === 20,
        `the scoring graph must give (n) of float64, got ${scores.length} numbers in a ` +
          `${scores.constructor.name} for 20 rows`,
      )
      demand(
        scores.every(Number.isFinite),
        `the scoring graph gives ${scores.find((value) => !Number.isFinite(value))}`,
      )
    },
  },
  {
    name: 'distinct',
    promise:
      'Scores of different rows differ: at least half of them are distinct, on rows that were learned from ' +
      'and on others.',
    async run(subject) {
      const model = await subject.model()
      for (const table of [subject.data, subject.probe]) {
        const { score } = await model.score(table)
        const distinct = new Set(score).size
        demand(
          distinct >= score.length / 2,
          `${score.length} different rows have ${distinct} distinct scores: they have collapsed`,
        )
      }
    },
  },
  {
    name: 'duplicates',
    promise: 'Equal rows get equal scores, beside each other and apart.',
    async run(subject) {
      const { score } = await (await subject.model()).score(takeRows(subject.probe, [5, 5, 9, 5, 0, 9]))
      demand(
        score[0] === score[1] && score[0] === score[3] && score[2] === score[5],
        `rows 0, 1 and 3 are equal, as are 2 and 5, but the scores are ${score.join(', ')}`,
      )
      // An odd number of odd rows: equal rows begin at unequal places of a vector register.
      const samples = gridSamples(61, 3)
      const doubled = { shape: [122, 3], data: Float64Array.from([...samples.data, ...samples.data]) }
      const scores = await subject.scoreDirectly(await subject.fitDirectly({ samples: doubled }), doubled)
      for (let i = 0; i < 61; i++)
        demand(
          scores[i] === scores[i + 61],
          `training rows ${i} and ${i + 61} are equal, but score ${scores[i]} and ${scores[i + 61]}`,
        )
    },
  },
  {
    name: 'batches',
    promise: 'A row scores the same alone, in any part of a batch, and next to an extreme row.',
    async run(subject) {
      const model = await subject.model()
      const { score } = await model.score(subject.probe)
      const rows = rowCount(subject.probe)
      for (const size of [1, 7, 39]) {
        const joined: number[] = []
        for (let start = 0; start < rows; start += size)
          joined.push(...(await model.score(takeRows(subject.probe, range(start, Math.min(start + size, rows))))).score)
        demandClose(joined, score, rounding, `scored in parts of ${size}`)
      }
      const extreme = joinRows([subject.probe, rowsOf([40, 5000, -90, 3])])
      demandClose(
        (await model.score(extreme)).score.subarray(0, rows),
        score,
        rounding,
        'scored next to an extreme row',
      )
    },
  },
  {
    name: 'row-order',
    promise: 'The order of the rows that are scored changes no score.',
    async run(subject) {
      const model = await subject.model()
      const { score } = await model.score(subject.probe)
      const order = Array.from(Random.seeded(8).permutation(score.length))
      const { score: shuffled } = await model.score(takeRows(subject.probe, order))
      demandClose(
        shuffled,
        order.map((row) => score[row]),
        rounding,
        'scored in another order',
      )
    },
  },
  {
    name: 'outliers',
    promise: 'A row far outside the training data, in one column or in several, scores above every row inside.',
    async run(subject) {
      const model = await subject.model()
      const planted = rowsOf([9, 1000, 9, 3], [0, 1300, 15, 3], [-8, 840, -16, 3], [8, 840, -12, 3])
      const inside = Math.max(...(await model.score(subject.probe)).score)
      const { score, isAnomaly } = await model.score(planted)
      score.forEach((value, i) => {
        demand(value > inside, `planted outlier ${i} scores ${value}, a normal row ${inside}`)
        demand(
          isAnomaly[i] === 1,
          `planted outlier ${i} scores ${value}, below the threshold ${model.manifest.threshold.value}`,
        )
      })
    },
  },
  {
    name: 'direction',
    promise:
      'Higher is more anomalous: rows five standard deviations from the mean rank above normal rows, at an ' +
      'AUROC of at least 0.95.',
    async run(subject) {
      const fitted = await subject.fitDirectly({ samples: gridSamples(300, 3) })
      const far = gridSamples(60, 3, 5)
      for (let i = 0; i < 60; i++) {
        const row = far.data.subarray(3 * i, 3 * i + 3)
        const norm = Math.hypot(...row)
        row.forEach((value, c) => {
          row[c] = (5 * value) / norm
        })
      }
      const area = rankingOf(
        await subject.scoreDirectly(fitted, gridSamples(60, 3, 4)),
        await subject.scoreDirectly(fitted, far),
      )
      demand(
        area >= 0.95,
        area < 0.5 ? `the AUROC is ${area}: lower scores are more anomalous` : `the AUROC is ${area}`,
      )
    },
  },
  {
    name: 'offset',
    promise:
      'Data 10,000 standard deviations from the origin lose no accuracy: shifted rows, unscaled, score the ' +
      'same to a millionth.',
    async run(subject) {
      const [train, probe] = [gridSamples(150, 3), gridSamples(40, 3, 2)]
      const expected = await subject.scoreDirectly(await subject.fitDirectly({ samples: train }), probe)
      const shifted = await subject.fitDirectly({ samples: gridSamples(150, 3, 1, 1e4) })
      demandClose(await subject.scoreDirectly(shifted, gridSamples(40, 3, 2, 1e4)), expected, 1e-6, 'shifted by 10,000')
    },
  },
  {
    name: 'columns',
    promise: 'Columns are found by name whatever their order, others are ignored, and missing ones are named.',
    async run(subject) {
      const model = await subject.model()
      const { probe } = subject
      const { score } = await model.score(probe)
      const mixed: Table = {
        kind: 'table',
        columns: [
          { name: 'extra', kind: 'number', values: new Float64Array(probe.rows) },
          ...probe.columns.toReversed(),
        ],
        rows: probe.rows,
      }
      demandClose((await model.score(mixed)).score, score, 0, 'with columns in another order')
      const missing = await demandRefusal(
        model.score({
          ...probe,
          columns: probe.columns.map((column) => ({ ...column, name: column.name.replace('speed', 'velocity') })),
        }),
        ['not-found'],
        'a table without speed',
      )
      demand(missing.details.column === 'speed', `the refusal does not name the missing column: ${messageOf(missing)}`)
      await demandRefusal(
        model.score({ ...probe, columns: probe.columns.slice(1) }),
        ['not-found'],
        'a table that is too narrow',
      )
      await demandRefusal(
        model.score({ kind: 'images', shape: [2, 1, 2, 2], data: new Float32Array(8) }),
        ['shape'],
        'images for a model of tables',
      )
    },
  },
  {
    name: 'missing-and-infinite',
    promise:
      'A missing number in a column that had no gaps scores as the training median and is counted; infinity ' +
      'is refused with its row and column, or its row is marked.',
    async run(subject) {
      const model = await subject.model()
      const { input } = model.manifest
      const [, second] = input.kind === 'table' ? input.columns : []
      const median = second && second.kind !== 'category' ? second.median : NaN
      const { score, imputed } = await model.score(rowsOf([0.2, NaN, 0.3, 3], [0.2, median, 0.3, 3]))
      demand(
        score[0] === score[1] && imputed === 1,
        `a missing number scores ${score[0]}, the training median ${score[1]}; ${imputed} were counted as missing`,
      )
      for (const bad of [Infinity, -Infinity]) {
        const table = rowsOf([0, 1000, 0, 3], [0, bad, 0, 3])
        const refusal = await demandRefusal(model.score(table), ['data'], `${bad} in a row`)
        demand(
          refusal.details.column === 'speed' && refusal.details.row === 1,
          `the refusal of ${bad} does not name its column and row: ${messageOf(refusal)}`,
        )
        const marked = await model.score(table, { invalidRows: 'mark' })
        demand(
          Number.isFinite(marked.score[0]) && marked.invalid.size === 1 && marked.invalid.has(1),
          `of two rows the second, with ${bad}, must be marked, got ${[...marked.invalid.keys()].join(', ')}`,
        )
        await demandRefusal(subject.fit(table), ['data'], `fitting with ${bad}`)
      }
    },
  },
  {
    name: 'absurd-numbers',
    promise: 'Finite numbers of any size score without NaN, inside the library and in the scoring graph alone.',
    async run(subject) {
      const model = await subject.model()
      const { score } = await model.score(
        rowsOf([1e308, -1e308, 1e300, -1e15], [5e-324, 0, -0, 1e-300], [0, 1000, 0, 3]),
      )
      demand(!score.some(Number.isNaN), `absurd numbers score ${score.join(', ')}`)
      demand(score[0] >= score[2], `a row of numbers near 1e308 scores ${score[0]}, the middle of the data ${score[2]}`)
      const fitted = await subject.fitDirectly({ samples: gridSamples(60, 3) })
      const absurd = {
        shape: [4, 3],
        data: Float64Array.of(1e15, -1e15, 1e15, -1e15, 0, 0, 1e15, 1e15, 1e15, 1e-300, -0, 5e-324),
      }
      const scores = await subject.scoreDirectly(fitted, absurd)
      demand(!scores.some(Number.isNaN), `the scoring graph gives ${scores.join(', ')} for numbers up to 1e15`)
      const wild = normalTable(60)
      wild.columns[0].values[7] = 1e300
      const { score: after } = await (await subject.fit(wild)).score(wild)
      demand(!after.some(Number.isNaN), 'after learning from a number of 1e300 a score is NaN')
    },
  },
]

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i)
}
