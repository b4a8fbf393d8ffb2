// Isolation forest: random trees on small samples; rows that are cut off after few splits are anomalies.
// Source: Liu, Ting and Zhou, "Isolation forest" (ICDM 2008); with `extension`, "Extended isolation forest" (Hariri,
// Carrasco Kind and Brunner, IEEE TKDE 2021), whose oblique splits do away with the bands of low scores along the axes.
// Path lengths are in `isolation-trees.ts`. Left out: the contamination, which is a threshold and no part of the score.

import { Random, TollError, integer, throwIfAborted, type Domains } from '../base/index.js'
import { add, constant, exp, matmul, mul, treeEnsemble, type Tensor, type Trees } from '../graph/index.js'
import { pauseEvery } from '../runtime/index.js'
import { growForest, meanSearchPath, mostSplits, type IsolationForest } from './isolation-trees.js'
import { normalRows } from './training-rows.js'
import { shown, type Detector, type FittedDetector, type Scored } from './contract.js'

export const isolationForestParameters = {
  trees: integer({
    default: 100,
    min: 1,
    max: 1e5,
    doc: 'Trees; more of them make the score steadier.',
    source: 'Liu et al. 2008, section 4',
  }),
  sampled: integer({
    default: 256,
    min: 2,
    max: 2 ** 20,
    doc: 'Rows that each tree is grown from, drawn without replacement; all rows when there are fewer.',
    source: 'Liu et al. 2008, section 4',
  }),
  extension: integer({
    default: 0,
    min: 0,
    max: 1e6,
    doc:
      'Columns that a split combines, less one: 0 compares one column, columns - 1 splits along random ' +
      'hyperplanes of any direction.',
    source: 'Hariri et al. 2021: 0 is the original forest',
  }),
} satisfies Domains

/** What a forest may take in memory and file before it is refused, in bytes. */
const largestForest = 2 ** 30
/** Bytes of a node in the file and while it is written. */
const nodeBytes = 100
/** Hyperplanes that are applied at once: their projections of a row take 8 bytes each. */
const projectedAtOnce = 1024

export const isolationForest: Detector<typeof isolationForestParameters> = {
  name: 'isolation-forest',
  title: 'Isolation forest, plain and extended',
  idea:
    'Random splits cut an unusual row off from the others early; the score falls with the mean number of ' +
    'splits over many random trees.',
  reference: 'Liu, Ting and Zhou, ICDM 2008; Hariri, Carrasco Kind and Brunner, IEEE TKDE 2021',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters: isolationForestParameters,
  components: () => ['path_length'],

  formula: ({ trees, extension }, summary) => ({
    score: String.raw`s(x) = 2^{-h(x) / ${shown(summary, 'meanPath')}}`,
    where: [
      `h(x) is the mean number of splits that cut x off in ${trees} random trees on ` +
        `${shown(summary, 'sampled')} rows ` +
        `each${extension > 0 ? `, along hyperplanes over ${extension + 1} columns` : ''}; unfinished leaves ` +
        'add the mean of a tree on their rows.',
      `${shown(summary, 'meanPath')} is the mean path of an unsuccessful search among ` +
        `${shown(summary, 'sampled')} rows.`,
    ],
  }),

  async fit(data, { trees, sampled, extension }, { seed, signal, onProgress }): Promise<FittedDetector> {
    const samples = normalRows('isolation-forest', data)
    const [n, d] = samples.shape
    if (extension > d - 1)
      throw new TollError(
        'out-of-domain',
        `isolation-forest: extension must be at most the number of columns less one, ${d - 1}, got ${extension}`,
        { option: 'extension', value: extension, limit: d - 1 },
      )
    requireMemory(trees, Math.min(sampled, n), extension > 0 ? d : 0)
    const pause = pauseEvery(50)
    const forest = await growForest(
      samples,
      { trees, sampled, extension },
      Random.seeded(seed).fork('isolation forest'),
      async (step) => {
        throwIfAborted(signal)
        onProgress?.({ step, steps: trees, values: {} })
        await pause()
      },
    )
    return {
      score: (x) => scoreForest(forest, x),
      summary: {
        rows: n,
        trees,
        sampled: forest.sampled,
        heightLimit: forest.heightLimit,
        extension,
        nodes: forest.feature.length,
        meanPath: meanSearchPath(forest.sampled),
      },
      containsTrainingRows: false,
    }
  },
}

/**
 * score = 2^(-h / c), h the mean path length of a row and c that of an unsuccessful search: 1/2 for a row like all
 * others, up to 1.
 */
function scoreForest(forest: IsolationForest, x: Tensor): Scored {
  const trees = forest.roots.length
  const path = mul(forest.normals.length > 0 ? projectedPaths(forest, x) : treeEnsemble(x, forest), 1 / trees)
  return {
    score: exp(mul(path, -Math.LN2 / meanSearchPath(forest.sampled))),
    components: { path_length: path },
  }
}

/**
 * The sum of path lengths with oblique splits: a product with the normals of some trees, then these trees on the
 * projections, until all are done.
 */
function projectedPaths(forest: IsolationForest, x: Tensor): Tensor {
  const d = forest.normals[0].length
  const groups = groupTrees(forest)
  return groups
    .map(({ trees, normals }) => {
      const columns = Math.max(normals.length, 1)
      const weights = new Float64Array(d * columns)
      normals.forEach((normal, split) =>
        normal.forEach((weight, column) => (weights[column * columns + split] = weight)),
      )
      return treeEnsemble(matmul(x, constant(weights, [d, columns], 'float64')), trees)
    })
    .reduce((total, paths) => add(total, paths))
}

/** Consecutive trees with few enough hyperplanes together, each group with nodes and splits counted from 0. */
function groupTrees({ roots, feature, value, left, right, normals }: IsolationForest) {
  const groups: { trees: Trees; normals: readonly Float64Array[] }[] = []
  const end = (tree: number) => roots[tree + 1] ?? feature.length
  const splits = roots.map((root, tree) => feature.slice(root, end(tree)).filter((split) => split >= 0).length)
  for (let first = 0, split = 0; first < roots.length;) {
    let [last, count] = [first + 1, splits[first]]
    while (last < roots.length && count + splits[last] <= projectedAtOnce) count += splits[last++]
    const [from, to] = [roots[first], end(last - 1)]
    const local = (nodes: readonly number[], offset: number) => nodes.slice(from, to).map((node) => node - offset)
    groups.push({
      trees: {
        roots: roots.slice(first, last).map((root) => root - from),
        feature: feature.slice(from, to).map((at) => (at < 0 ? at : at - split)),
        value: value.slice(from, to),
        left: local(left, from),
        right: local(right, from),
      },
      normals: normals.slice(split, split + count),
    })
    first = last
    split += count
  }
  return groups
}

function requireMemory(trees: number, sampled: number, normal: number): void {
  const splits = mostSplits(sampled)
  const bytes = trees * (2 * splits + 1) * nodeBytes + trees * splits * normal * 8
  if (bytes <= largestForest) return
  const mebibytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`
  throw new TollError(
    'out-of-domain',
    `isolation-forest: ${trees} trees of ${sampled} ` +
      `rows${normal > 0 ? ` with hyperplanes over ${normal} columns` : ''} may take ${mebibytes(bytes)}, ` +
      `more than the limit of ${mebibytes(largestForest)}; lower ` +
      `trees${normal > 0 ? ', sampled or extension (0 needs no hyperplanes)' : ' or sampled'}`,
    { option: 'trees', value: bytes, limit: largestForest },
  )
}
