// Layers one after another; a child's parameters carry its position as a prefix: `3.weight`.

import type { Layer, Scope } from './layer.js'

export function sequential(layers: readonly Layer[]): Layer {
  return {
    title: layers.map((layer) => layer.title).join('; '),
    parameters: layers.flatMap((layer, i) => layer.parameters.map((spec) => ({ ...spec, name: `${i}.${spec.name}` }))),
    buffers: layers.flatMap((layer, i) => layer.buffers.map((spec) => ({ ...spec, name: `${i}.${spec.name}` }))),
    apply: (x, scope) => layers.reduce((value, layer, i) => layer.apply(value, within(scope, String(i))), x),
  }
}

/** A scope in which every name gets a prefix. */
export function within(scope: Scope, prefix: string): Scope {
  return {
    training: scope.training,
    parameter: (name) => scope.parameter(`${prefix}.${name}`),
    buffer: (name) => scope.buffer(`${prefix}.${name}`),
    update: (name, value) => scope.update(`${prefix}.${name}`, value),
    mask: (shape, keep) => scope.mask(shape, keep),
  }
}
