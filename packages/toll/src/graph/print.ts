// The graph as text: one line per node in order of need, stable from run to run, for people and for golden tests.

import { topological, type AttributeValue, type Tensor } from './tensor.js'

const shortType: Readonly<Record<string, string>> = {
  float32: 'f32',
  float64: 'f64',
  int64: 'i64',
  bool: 'bool',
  string: 'string',
}

/** Prints what the named outputs need: `%3 = matmul(%1, %2) {transposeB=true} : f32(100, 16)`. */
export function printGraph(outputs: Readonly<Record<string, Tensor>>): string {
  const names = new Map<Tensor, string>()
  const lines = topological(Object.values(outputs)).map((node, i) => {
    const name = `%${i}`
    names.set(node, name)
    const operands = node.inputs.map((input) => names.get(input)).join(', ')
    const attributes = Object.entries(node.attrs)
      .filter(([key]) => (key !== 'dtype' && key !== 'shape') || node.op.name === 'reshape')
      .map(([key, value]) => `${key}=${key === 'texts' ? showTexts(value as readonly string[]) : showAttribute(value)}`)
    const suffix = attributes.length > 0 ? ` {${attributes.join(' ')}}` : ''
    return `${name} = ${node.op.name}(${operands})${suffix} : ${shortType[node.dtype]}(${node.shape.join(', ')})`
  })
  const results = Object.entries(outputs).map(([name, node]) => `${name} -> ${names.get(node)}`)
  return [...lines, ...results].join('\n') + '\n'
}

function showTexts(texts: readonly string[]): string {
  return texts.length <= 4 ? JSON.stringify(texts) : `${texts.length} texts`
}

function showAttribute(value: AttributeValue): string {
  if (value instanceof Float32Array || value instanceof Float64Array) {
    return value.length <= 4 ? `[${[...value].map(String).join(', ')}]` : `${value.length} values`
  }
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}
