/** The fields of the messages of onnx.proto3, with their numbers. */

/** A field: its number, its name here, its type, and `all` for a list that reading always gives. */
export type Field = readonly [number, string, Type, ('list' | 'all')?]
export type Scalar = 'int' | 'float' | 'double' | 'string' | 'bytes'
export type Type = Scalar | keyof typeof MESSAGES

export const MESSAGES = {
  Model: [
    [1, 'irVersion', 'int'],
    [8, 'opsetImport', 'OperatorSet', 'all'],
    [2, 'producerName', 'string'],
    [3, 'producerVersion', 'string'],
    [4, 'domain', 'string'],
    [5, 'modelVersion', 'int'],
    [6, 'docString', 'string'],
    [7, 'graph', 'Graph'],
    [14, 'metadataProps', 'Entry', 'list'],
  ],
  OperatorSet: [
    [1, 'domain', 'string'],
    [2, 'version', 'int'],
  ],
  Entry: [
    [1, 'key', 'string'],
    [2, 'value', 'string'],
  ],
  Graph: [
    [1, 'node', 'Node', 'all'],
    [2, 'name', 'string'],
    [5, 'initializer', 'Tensor', 'all'],
    [10, 'docString', 'string'],
    [11, 'input', 'ValueInfo', 'all'],
    [12, 'output', 'ValueInfo', 'all'],
    [13, 'valueInfo', 'ValueInfo', 'list'],
  ],
  Node: [
    [1, 'input', 'string', 'all'],
    [2, 'output', 'string', 'all'],
    [3, 'name', 'string'],
    [4, 'opType', 'string'],
    [7, 'domain', 'string'],
    [5, 'attribute', 'Attribute', 'all'],
    [6, 'docString', 'string'],
  ],
  Attribute: [
    [1, 'name', 'string'],
    [20, 'type', 'int'],
    [2, 'f', 'float'],
    [3, 'i', 'int'],
    [4, 's', 'bytes'],
    [5, 't', 'Tensor'],
    [6, 'g', 'Graph'],
    [7, 'floats', 'float', 'list'],
    [8, 'ints', 'int', 'list'],
    [9, 'strings', 'bytes', 'list'],
    [10, 'tensors', 'Tensor', 'list'],
    [11, 'graphs', 'Graph', 'list'],
  ],
  Tensor: [
    [1, 'dims', 'int', 'all'],
    [2, 'dataType', 'int'],
    [8, 'name', 'string'],
    [4, 'floatData', 'float', 'list'],
    [5, 'int32Data', 'int', 'list'],
    [6, 'stringData', 'bytes', 'list'],
    [7, 'int64Data', 'int', 'list'],
    [9, 'rawData', 'bytes'],
    [10, 'doubleData', 'double', 'list'],
    [11, 'uint64Data', 'int', 'list'],
    [13, 'externalData', 'Entry', 'list'],
    [14, 'dataLocation', 'int'],
  ],
  ValueInfo: [
    [1, 'name', 'string'],
    [2, 'type', 'Type'],
  ],
  Type: [[1, 'tensorType', 'TensorType']],
  TensorType: [
    [1, 'elemType', 'int'],
    [2, 'shape', 'Shape'],
  ],
  Shape: [[1, 'dim', 'Dimension', 'all']],
  Dimension: [
    [1, 'dimValue', 'int'],
    [2, 'dimParam', 'string'],
  ],
} as const satisfies Record<
  string,
  readonly (readonly [number, string, string, ('list' | 'all')?])[]
>
