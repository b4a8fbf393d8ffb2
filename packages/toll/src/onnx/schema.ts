// The message layouts of ONNX as one table: field name -> number and kind. Encoding, decoding and the types of both
// walk this table. Source: onnx.proto of the ONNX project, IR version 13. Left out and skipped on reading: quantisation
// annotations, node and tensor metadata, denotations. Fields of kind `refused` carry meaning that this library cannot
// keep, so a file that has them is not read.

/**
 * Kinds: `int` is a 64-bit integer held as a number, so it must stay within 2^53; `string` is UTF-8; a message is named
 * by its layout. `[]` repeats. Lists of `float`, `double`, `int32`, `int64` and `uint64` are typed arrays, all other
 * lists are arrays.
 */
export const LAYOUTS = {
  Model: {
    ir_version: [1, 'int'],
    producer_name: [2, 'string'],
    producer_version: [3, 'string'],
    domain: [4, 'string'],
    model_version: [5, 'int'],
    doc_string: [6, 'string'],
    graph: [7, 'Graph'],
    opset_import: [8, 'OperatorSet[]'],
    metadata_props: [14, 'Entry[]'],
    training_info: [20, 'refused'],
    functions: [25, 'refused'],
  },
  OperatorSet: { domain: [1, 'string'], version: [2, 'int'] },
  Entry: { key: [1, 'string'], value: [2, 'string'] },
  Graph: {
    node: [1, 'Node[]'],
    name: [2, 'string'],
    initializer: [5, 'Tensor[]'],
    doc_string: [10, 'string'],
    input: [11, 'ValueInfo[]'],
    output: [12, 'ValueInfo[]'],
    value_info: [13, 'ValueInfo[]'],
    sparse_initializer: [15, 'refused'],
  },
  Node: {
    input: [1, 'string[]'],
    output: [2, 'string[]'],
    name: [3, 'string'],
    op_type: [4, 'string'],
    attribute: [5, 'Attribute[]'],
    doc_string: [6, 'string'],
    domain: [7, 'string'],
    overload: [8, 'refused'],
  },
  Attribute: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int'],
    s: [4, 'string'],
    t: [5, 'Tensor'],
    g: [6, 'Graph'],
    floats: [7, 'float[]'],
    ints: [8, 'int[]'],
    strings: [9, 'string[]'],
    tensors: [10, 'Tensor[]'],
    graphs: [11, 'Graph[]'],
    tp: [14, 'Type'],
    type_protos: [15, 'Type[]'],
    type: [20, 'int'],
    ref_attr_name: [21, 'refused'],
    sparse_tensor: [22, 'SparseTensor'],
    sparse_tensors: [23, 'refused'],
  },
  Tensor: {
    dims: [1, 'int[]'],
    data_type: [2, 'int'],
    segment: [3, 'refused'],
    float_data: [4, 'float[]'],
    int32_data: [5, 'int32[]'],
    string_data: [6, 'string[]'],
    int64_data: [7, 'int64[]'],
    name: [8, 'string'],
    raw_data: [9, 'bytes'],
    double_data: [10, 'double[]'],
    uint64_data: [11, 'uint64[]'],
    external_data: [13, 'Entry[]'],
    data_location: [14, 'int'],
  },
  SparseTensor: { values: [1, 'Tensor'], indices: [2, 'Tensor'], dims: [3, 'int[]'] },
  ValueInfo: { name: [1, 'string'], type: [2, 'Type'], doc_string: [3, 'string'] },
  Type: {
    tensor_type: [1, 'TensorType'],
    sequence_type: [4, 'ElementType'],
    map_type: [5, 'MapType'],
    opaque_type: [7, 'refused'],
    sparse_tensor_type: [8, 'TensorType'],
    optional_type: [9, 'ElementType'],
  },
  TensorType: { elem_type: [1, 'int'], shape: [2, 'Shape'] },
  ElementType: { elem_type: [1, 'Type'] },
  MapType: { key_type: [1, 'int'], value_type: [2, 'Type'] },
  Shape: { dim: [1, 'Dimension[]'] },
  Dimension: { dim_value: [1, 'int'], dim_param: [2, 'string'] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly [number: number, kind: string]>>>>

export type MessageName = keyof typeof LAYOUTS

interface Singles {
  int: number
  float: number
  string: string
  bytes: Uint8Array
  refused: never
}

interface Lists {
  'int[]': readonly number[]
  'string[]': readonly string[]
  'float[]': Float32Array
  'double[]': Float64Array
  'int32[]': Int32Array
  'int64[]': BigInt64Array
  'uint64[]': BigUint64Array
}

type ValueOf<K> = K extends keyof Singles
  ? Singles[K]
  : K extends keyof Lists
    ? Lists[K]
    : K extends MessageName
      ? Message<K>
      : K extends `${infer E extends MessageName}[]`
        ? readonly Message<E>[]
        : never

/** A message as it stands on the wire, by the names of the ONNX project; absent fields are undefined. */
export type Message<N extends MessageName> = {
  readonly [F in keyof (typeof LAYOUTS)[N]]?: (typeof LAYOUTS)[N][F] extends readonly [number, infer K]
    ? ValueOf<K>
    : never
}
