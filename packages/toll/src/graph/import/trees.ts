// Tree ensembles of the machine-learning operator set, as far as ours go: one target, sums, splits by "less than".

import { treeEnsembleOp } from '../ops/trees.js'
import { apply, type Tensor } from '../tensor.js'
import type { Readers, Site } from './site.js'

export const trees: Readers = { TreeEnsembleRegressor: readTrees }

function readTrees(site: Site): Tensor {
  const list = (name: string) => site.ints(name) ?? site.refuse(`attribute '${name}' is missing`)
  const doubles = (name: string) => {
    const tensor = site.tensor(`${name}_as_tensor`)
    return (
      (tensor?.dtype === 'float64' ? tensor.data : undefined) ??
      site.floats(name) ??
      site.refuse(`attribute '${name}' is missing`)
    )
  }
  const [treeIds, ids, features, modes] = [
    list('nodes_treeids'),
    list('nodes_nodeids'),
    list('nodes_featureids'),
    site.texts('nodes_modes') ?? [],
  ]
  const [yes, no, thresholds] = [list('nodes_truenodeids'), list('nodes_falsenodeids'), doubles('nodes_values')]
  const [leafTrees, leafIds, targets, weights] = [
    list('target_treeids'),
    list('target_nodeids'),
    list('target_ids'),
    doubles('target_weights'),
  ]
  const count = treeIds.length
  site.require(
    [ids, features, modes, yes, no, thresholds].every(({ length }) => length === count),
    'the lists of nodes differ in length',
  )
  site.require(
    [leafIds, targets, weights].every(({ length }) => length === leafTrees.length),
    'the lists of leaves differ in length',
  )
  site.require(
    site.text('aggregate_function', 'SUM') === 'SUM' &&
      site.text('post_transform', 'NONE') === 'NONE' &&
      site.int('n_targets', 1) === 1 &&
      targets.every((id) => id === 0) &&
      !site.has('base_values'),
    'only plain sums of one target are supported',
  )
  site.require(
    modes.every((mode) => mode === 'LEAF' || mode === 'BRANCH_LT'),
    'only splits of the mode BRANCH_LT are supported',
  )

  const roots: number[] = []
  const place = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    if (i === 0 || treeIds[i] !== treeIds[i - 1]) roots.push(i)
    place.set(`${treeIds[i]} ${ids[i]}`, i)
  }
  site.require(
    place.size === count && new Set(roots.map((i) => treeIds[i])).size === roots.length,
    'the nodes of a tree must stand together, each once',
  )
  const at = (tree: number, id: number) => place.get(`${tree} ${id}`) ?? site.refuse(`tree ${tree} has no node ${id}`)
  const leaves = new Map(leafTrees.map((tree, i) => [at(tree, leafIds[i]), weights[i]]))
  const data = new Float64Array(count * 4)
  for (let i = 0; i < count; i++) {
    const row =
      modes[i] === 'LEAF'
        ? [-1, leaves.get(i) ?? 0, 0, 0]
        : [features[i], thresholds[i], at(treeIds[i], yes[i]), at(treeIds[i], no[i])]
    data.set(row, i * 4)
  }
  return apply(treeEnsembleOp, [site.input(0)], { data, roots })
}
