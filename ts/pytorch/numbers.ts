import { UnrolledError } from '../index.js'
import type { Tensor } from './globals.js'
import type { Reader } from './reader.js'

// Numbers of a tensor in the order of its elements, rounded to 32 bits.

type Get = (view: DataView, at: number) => number

const GET: Readonly<Record<string, Get>> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  F16: (view, at) => half(view.getUint16(at, true)),
  BF16: (view, at) => brain(view.getUint16(at, true)),
}

/** Tells if tensors of a type hold numbers that a parameter can be of. */
export function isFloat(type: string): boolean {
  return Object.hasOwn(GET, type)
}

/** Reads all numbers of a tensor from the bytes of its storage. */
export function numbersOf({ where }: Reader, tensor: Tensor, bytes: Uint8Array): Float32Array {
  const { storage, shape, strides, offset } = tensor
  const get = GET[storage.type.type]
  const count = shape.reduce((product, size) => product * size, 1)
  if (storage.type.type === 'F32' && isInOrder(tensor)) {
    const part = bytes.subarray(4 * offset, 4 * (offset + count))
    // A view where it can be one: the model copies. The slice of a Buffer would be one as well.
    const { buffer, byteOffset } = part.byteOffset % 4 === 0 ? part : new Uint8Array(part)
    return new Float32Array(buffer, byteOffset, count)
  }
  const values = reserve(where, get === undefined ? 0 : count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { width } = storage.type
  const index = shape.map(() => 0)
  let at = offset
  for (let i = 0; i < values.length; i++) {
    values[i] = get?.(view, at * width) ?? 0
    // The next element: the last axis first, and back to its start with a carry to the one before.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [size, stride] = [shape[axis] ?? 1, strides[axis] ?? 0]
      const next = (index[axis] ?? 0) + 1
      at += stride
      if (next < size) {
        index[axis] = next
        break
      }
      at -= size * stride
      index[axis] = 0
    }
  }
  return values
}

/** Tells if elements follow each other in the storage. */
function isInOrder({ shape, strides }: Tensor): boolean {
  return shape.every((size, axis) => {
    const behind = shape.slice(axis + 1).reduce((product, size) => product * size, 1)
    return size === 1 || strides[axis] === behind
  })
}

function reserve(where: string, count: number): Float32Array {
  try {
    return new Float32Array(count)
  } catch (cause) {
    const message = `${where}: expected tensors that fit in memory, received one of ${count} numbers`
    throw new UnrolledError('ERR_UNROLLED_SIZE', message, { cause })
  }
}

/** A number of half precision: a sign, 5 bits of an exponent with bias 15, 10 of a fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

const scratch = new DataView(new ArrayBuffer(4))

/** A number of the upper 16 bits of single precision. */
function brain(bits: number): number {
  scratch.setUint32(0, bits * 0x10000)
  return scratch.getFloat32(0)
}
