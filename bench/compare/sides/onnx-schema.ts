import protobuf from 'protobufjs'

/**
 * The part of ONNX's messages that a recurrent model needs, with the field numbers of
 * onnx/onnx.proto.
 */
const SCHEMA = `
syntax = "proto2";
package onnx;
message AttributeProto {
  optional string name = 1;
  optional int64 i = 3;
  optional bytes s = 4;
  repeated int64 ints = 8;
  repeated bytes strings = 9;
  optional int32 type = 20;
}
message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  optional string name = 3;
  optional string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message ModelProto {
  optional int64 ir_version = 1;
  optional string producer_name = 2;
  optional GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}
message GraphProto {
  repeated NodeProto node = 1;
  optional string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message TensorProto {
  repeated int64 dims = 1;
  optional int32 data_type = 2;
  optional string name = 8;
  optional bytes raw_data = 9;
}
message TensorShapeProto {
  message Dimension { optional int64 dim_value = 1; }
  repeated Dimension dim = 1;
}
message TypeProto {
  message Tensor { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  optional Tensor tensor_type = 1;
}
message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
`

const { root } = protobuf.parse(SCHEMA, { keepCase: true })
const MODEL = root.lookupType('onnx.ModelProto')

/** `TensorProto.DataType`. */
export const FLOAT = 1
export const INT64 = 7

/** `AttributeProto.AttributeType`. */
export const ATTRIBUTE = { int: 2, string: 3, ints: 7, strings: 8 } as const

/** A node of the graph. */
export interface NodeProto {
  readonly op_type: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute?: readonly AttributeProto[]
}

/** An attribute of a node. */
export interface AttributeProto {
  readonly name: string
  readonly type: number
  readonly i?: number
  readonly s?: Uint8Array
  readonly strings?: readonly Uint8Array[]
}

/** A constant. */
export interface TensorProto {
  readonly name: string
  readonly dims: readonly number[]
  readonly data_type: number
  readonly raw_data: Uint8Array
}

/** An input or an output with its shape. */
export interface ValueProto {
  readonly name: string
  readonly dims: readonly number[]
}

/** The graph of a model. */
export interface GraphProto {
  readonly node: readonly NodeProto[]
  readonly initializer: readonly TensorProto[]
  readonly input: readonly ValueProto[]
  readonly output: readonly ValueProto[]
}

/** The bytes of a model with this graph, of operator set 14, where RNNs have a `layout`. */
export function encodeModel({ node, initializer, input, output }: GraphProto): Uint8Array {
  const value = ({ name, dims }: ValueProto): object => ({
    name,
    type: {
      tensor_type: { elem_type: FLOAT, shape: { dim: dims.map((dim) => ({ dim_value: dim })) } },
    },
  })
  const graph = {
    name: 'recurrent',
    node,
    initializer,
    input: input.map(value),
    output: output.map(value),
  }
  const model = {
    ir_version: 8,
    producer_name: 'unrolled bench',
    graph,
    opset_import: [{ domain: '', version: 14 }],
  }
  return MODEL.encode(MODEL.create(model)).finish()
}
