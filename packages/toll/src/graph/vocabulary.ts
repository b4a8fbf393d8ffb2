// The closed vocabulary: every primitive op of the graph language, on one screen. A node's op is one of these records
// and nothing else.

import * as conv from './ops/conv.js'
import * as elementwise from './ops/elementwise.js'
import * as gather from './ops/gather.js'
import * as leaf from './ops/leaf.js'
import * as matmul from './ops/matmul.js'
import * as reduce from './ops/reduce.js'
import * as select from './ops/select.js'
import * as shape from './ops/shape.js'
import * as text from './ops/text.js'
import * as trees from './ops/trees.js'
import type { Op } from './tensor.js'

const leaves = [leaf.inputOp, leaf.constantOp, leaf.slotOp, leaf.dimSizeOp]

const oneOperand = [
  elementwise.negOp,
  elementwise.absOp,
  elementwise.signOp,
  elementwise.expOp,
  elementwise.logOp,
  elementwise.sqrtOp,
  elementwise.reciprocalOp,
  elementwise.reciprocalOrZeroOp,
  elementwise.reluOp,
  elementwise.leakyReluOp,
  elementwise.sigmoidOp,
  elementwise.tanhOp,
  elementwise.softplusOp,
  elementwise.erfOp,
  elementwise.notOp,
  elementwise.isNaNOp,
  elementwise.isInfiniteOp,
  elementwise.sinOp,
  elementwise.floorOp,
  elementwise.castOp,
  elementwise.stopGradientOp,
]

const twoOperands = [
  elementwise.addOp,
  elementwise.subOp,
  elementwise.mulOp,
  elementwise.divOp,
  elementwise.powOp,
  elementwise.maxOp,
  elementwise.minOp,
  elementwise.equalOp,
  elementwise.lessOp,
  elementwise.greaterOp,
  elementwise.andOp,
  elementwise.orOp,
]

const selections = [elementwise.whereOp, elementwise.gateOp]
const products = [matmul.matmulOp, conv.convOp, conv.convTransposeOp, conv.convWeightOp]
const reductions = [reduce.sumOp, reduce.maxOverOp, reduce.broadcastToOp]
const movements = [shape.reshapeOp, shape.transposeOp, shape.sliceOp, shape.embedOp, shape.concatOp]
const lookups = [
  gather.gatherOp,
  gather.scatterAddOp,
  gather.gatherElementsOp,
  gather.scatterElementsAddOp,
  gather.maxPoolIndexOp,
  select.topIndicesOp,
  trees.treeEnsembleOp,
  text.lookupOp,
]

/** Every op by name. */
export const vocabulary: ReadonlyMap<string, Op> = new Map(
  [...leaves, ...oneOperand, ...twoOperands, ...selections, ...products, ...reductions, ...movements, ...lookups].map(
    (op) => [op.name, op as unknown as Op],
  ),
)
