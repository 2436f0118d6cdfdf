import {
  type AttributeProto,
  AttributeType,
  DataType,
  type GraphProto,
  type TensorProto,
  type ValueInfoProto,
} from '../proto.js'

const encoder = new TextEncoder()

/** An attribute of a whole number, whole numbers, a word, words, or a graph. */
export function attribute(
  name: string,
  value: number | readonly number[] | string | readonly string[] | GraphProto,
): AttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value }
  if (typeof value === 'string')
    return { name, type: AttributeType.STRING, s: encoder.encode(value) }
  if (!isList(value)) return { name, type: AttributeType.GRAPH, g: value }
  const words = value.filter((it) => typeof it === 'string')
  if (words.length > 0) {
    return { name, type: AttributeType.STRINGS, strings: words.map((word) => encoder.encode(word)) }
  }
  return { name, type: AttributeType.INTS, ints: value.filter((it) => typeof it === 'number') }
}

/** Tells a list from an object, also for the compiler, which takes a list that is only read for either. */
function isList(value: unknown): value is readonly (number | string)[] {
  return Array.isArray(value)
}

/** An attribute of a number, in single precision. */
export function float(name: string, f: number): AttributeProto {
  return { name, type: AttributeType.FLOAT, f }
}

/** A tensor of numbers in single precision, to the bit. */
export function floatTensor(
  name: string,
  dims: readonly number[],
  values: ArrayLike<number>,
): TensorProto {
  const bytes = new DataView(new ArrayBuffer(4 * values.length))
  for (let i = 0; i < values.length; i++) bytes.setFloat32(4 * i, values[i] ?? 0, true)
  return { name, dims, dataType: DataType.FLOAT, rawData: new Uint8Array(bytes.buffer) }
}

/** A tensor of whole numbers. */
export function intTensor(
  name: string,
  dims: readonly number[],
  values: ArrayLike<number>,
): TensorProto {
  const bytes = new DataView(new ArrayBuffer(8 * values.length))
  for (let i = 0; i < values.length; i++) bytes.setBigInt64(8 * i, BigInt(values[i] ?? 0), true)
  return { name, dims, dataType: DataType.INT64, rawData: new Uint8Array(bytes.buffer) }
}

/** The declaration of a tensor. */
export function tensorInfo(
  name: string,
  elemType: number,
  dims: readonly (number | string)[],
): ValueInfoProto {
  const dim = dims.map((size) =>
    typeof size === 'number' ? { dimValue: size } : { dimParam: size },
  )
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}
