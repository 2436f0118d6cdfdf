/**
 * The messages of an ONNX file, as onnx.proto3 has them: what reading gives and what writing takes. A field that
 * stands in no interface is skipped. An int64 is a number: exact up to 2^53, and as near as possible beyond.
 */
export interface ModelProto {
  readonly irVersion?: number
  readonly producerName?: string
  readonly producerVersion?: string
  readonly domain?: string
  readonly modelVersion?: number
  readonly docString?: string
  readonly graph?: GraphProto
  readonly opsetImport: readonly OperatorSetId[]
  readonly metadataProps?: readonly StringEntry[]
}

export interface OperatorSetId {
  /** Left out or empty for the operators of ONNX itself. */
  readonly domain?: string
  readonly version?: number
}

export interface StringEntry {
  readonly key?: string
  readonly value?: string
}

export interface GraphProto {
  readonly name?: string
  readonly node: readonly NodeProto[]
  readonly initializer: readonly TensorProto[]
  readonly input: readonly ValueInfoProto[]
  readonly output: readonly ValueInfoProto[]
  readonly valueInfo?: readonly ValueInfoProto[]
  readonly docString?: string
}

export interface NodeProto {
  readonly name?: string
  readonly opType?: string
  readonly domain?: string
  /** The names of values; an empty one stands for an optional input that is left out. */
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly AttributeProto[]
  readonly docString?: string
}

/** An attribute: `type`, and the one field that holds a value of that {@link AttributeType}. */
export interface AttributeProto {
  readonly name?: string
  readonly type?: number
  readonly f?: number
  readonly i?: number
  readonly s?: Uint8Array
  readonly t?: TensorProto
  readonly g?: GraphProto
  readonly floats?: readonly number[]
  readonly ints?: readonly number[]
  readonly strings?: readonly Uint8Array[]
  readonly tensors?: readonly TensorProto[]
  readonly graphs?: readonly GraphProto[]
}

export const AttributeType = {
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
} as const

/** A tensor, its numbers in `rawData` (little-endian) or in the list of its type. */
export interface TensorProto {
  readonly name?: string
  readonly dims: readonly number[]
  /** A {@link DataType}. */
  readonly dataType?: number
  readonly rawData?: Uint8Array
  readonly floatData?: readonly number[]
  readonly int32Data?: readonly number[]
  readonly int64Data?: readonly number[]
  readonly doubleData?: readonly number[]
  readonly uint64Data?: readonly number[]
  readonly stringData?: readonly Uint8Array[]
  readonly externalData?: readonly StringEntry[]
  /** 1: the numbers are in another file. */
  readonly dataLocation?: number
}

export const DataType = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  BFLOAT16: 16,
} as const

export interface ValueInfoProto {
  readonly name?: string
  readonly type?: TypeProto
}

export interface TypeProto {
  readonly tensorType?: TensorType
}

export interface TensorType {
  readonly elemType?: number
  /** Left out where the rank is unknown. */
  readonly shape?: { readonly dim: readonly Dimension[] }
}

/** A size by its value or by a name that stands for any. */
export interface Dimension {
  readonly dimValue?: number
  readonly dimParam?: string
}
