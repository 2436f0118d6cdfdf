/** Tensors that a file holds: their numbers, and sizes that only a run knows. */

import { DataType, type TensorProto } from '../messages.js'
import { malformed, NodeFault, quoted } from './fault.js'

/** An axis of independent rows, or of the steps of a row. */
export type Role = 'batch' | 'time'

/** A size that only a run knows: `factor` times that of the batch, of the time, or of both. */
export interface Size {
  readonly factor: number
  readonly roles: readonly Role[]
  /** The axis of a time that is not the only one. */
  readonly axis?: string | undefined
}

export type Item = number | Size

export interface Tensor {
  readonly dims: readonly number[]
  readonly data: ArrayLike<Item>
  /** Fractions rather than whole numbers. */
  readonly float: boolean
}

/** The most numbers of a tensor that the file does not hold but asks for. */
const LARGEST = 2 ** 20

/** The number of items of a shape; refuses more than can be meant. */
export function countOf(dims: readonly number[], most: number = LARGEST): number {
  const count = dims.reduce((product, dim) => product * dim, 1)
  if (dims.every((dim) => Number.isInteger(dim) && dim >= 0) && count <= most) return count
  throw new NodeFault(`a shape of at most ${most} numbers`, `[${dims.join(', ')}]`)
}

type Decode = (view: DataView, at: number) => number

interface Format {
  readonly bytes: number
  readonly read: Decode
  /** The list of a tensor that holds such numbers without raw bytes. */
  readonly list: 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data'
  readonly float?: true
}

const FORMATS = new Map<number, Format>([
  [
    DataType.FLOAT,
    { bytes: 4, read: (v, i) => v.getFloat32(i, true), list: 'floatData', float: true },
  ],
  [
    DataType.DOUBLE,
    { bytes: 8, read: (v, i) => v.getFloat64(i, true), list: 'doubleData', float: true },
  ],
  [
    DataType.FLOAT16,
    { bytes: 2, read: (v, i) => half(v.getUint16(i, true)), list: 'int32Data', float: true },
  ],
  [
    DataType.BFLOAT16,
    { bytes: 2, read: (v, i) => brain(v.getUint16(i, true)), list: 'int32Data', float: true },
  ],
  [DataType.INT64, { bytes: 8, read: (v, i) => Number(v.getBigInt64(i, true)), list: 'int64Data' }],
  [
    DataType.UINT64,
    { bytes: 8, read: (v, i) => Number(v.getBigUint64(i, true)), list: 'uint64Data' },
  ],
  [DataType.UINT32, { bytes: 4, read: (v, i) => v.getUint32(i, true), list: 'uint64Data' }],
  [DataType.INT32, { bytes: 4, read: (v, i) => v.getInt32(i, true), list: 'int32Data' }],
  [DataType.INT16, { bytes: 2, read: (v, i) => v.getInt16(i, true), list: 'int32Data' }],
  [DataType.UINT16, { bytes: 2, read: (v, i) => v.getUint16(i, true), list: 'int32Data' }],
  [DataType.INT8, { bytes: 1, read: (v, i) => v.getInt8(i), list: 'int32Data' }],
  [DataType.UINT8, { bytes: 1, read: (v, i) => v.getUint8(i), list: 'int32Data' }],
  [DataType.BOOL, { bytes: 1, read: (v, i) => v.getUint8(i), list: 'int32Data' }],
])

/** The number of a half-precision pattern. */
function half(bits: number): number {
  const [sign, exponent, part] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return part === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? part * 2 ** -24 : (1 + part / 1024) * 2 ** (exponent - 15))
}

const word = new DataView(new ArrayBuffer(4))

/** The number of a bfloat16 pattern: the upper half of a float. */
function brain(bits: number): number {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}

/** Reads the numbers of a tensor. */
export function tensorOf(proto: TensorProto): Tensor {
  const where = `tensor ${quoted(proto.name ?? '')}`
  const { dims, rawData } = proto
  if (proto.dataLocation === 1 || (proto.externalData?.length ?? 0) > 0) {
    throw malformed(
      where,
      'numbers in the file itself',
      'numbers in another file (external data); write one file: torch.onnx.export(…, external_data=False), or onnx.save(onnx.load(path), path)',
    )
  }
  const format = FORMATS.get(proto.dataType ?? 0)
  if (format === undefined) {
    throw malformed(where, 'numbers or booleans', `data of type ${proto.dataType ?? 0}`)
  }
  const list = proto[format.list] ?? []
  const held = rawData === undefined ? list.length : rawData.length / format.bytes
  const count = dims.reduce((product, dim) => product * dim, 1)
  if (dims.length > 32 || dims.some((dim) => !(dim >= 0)) || count !== held) {
    throw malformed(where, `as many numbers as its shape [${dims.join(', ')}] says`, String(held))
  }
  return {
    dims,
    data: numbersOf(format, rawData, list, proto.dataType),
    float: format.float === true,
  }
}

function numbersOf(
  { bytes, read, float }: Format,
  raw: Uint8Array | undefined,
  list: readonly number[],
  type: number | undefined,
): ArrayLike<number> {
  if (raw === undefined) {
    if (type === DataType.FLOAT16) return Float32Array.from(list, half)
    if (type === DataType.BFLOAT16) return Float32Array.from(list, brain)
    return float ? Float32Array.from(list) : list
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const count = raw.length / bytes
  const data = float ? new Float32Array(count) : new Float64Array(count)
  for (let i = 0; i < count; i++) data[i] = read(view, i * bytes)
  return data
}

/** A tensor of one row of items. */
export function listOf(data: readonly Item[]): Tensor {
  return { dims: [data.length], data, float: false }
}

/** The plain numbers of a tensor. */
export function plain(tensor: Tensor): ArrayLike<number> {
  const { data } = tensor
  for (let i = 0; i < data.length; i++) {
    if (typeof data[i] !== 'number')
      throw new NodeFault('fixed numbers', 'sizes that a run decides')
  }
  return data as ArrayLike<number>
}

/** Says a size in words. */
export function wordsOf(item: Item): string {
  if (typeof item === 'number') return String(item)
  return [...(item.factor === 1 ? [] : [item.factor]), ...item.roles].join(' x ')
}
