import type { NativeTensor } from '../native/contract.js'
import { reserve } from '../native/memory.js'
import { allocate } from './check.js'

/** Copies numbers or ids of rows, of `width` a step, with zeros after the steps of shorter rows. */
export function padded<A extends Float32Array | Int32Array>(
  { name, shape, lengths }: NativeTensor,
  values: A,
  width: number,
): A {
  if (lengths === undefined) return reserve(name, values.length, () => values.slice() as A)
  const stride = (shape[1] ?? 0) * width
  const filled = allocate(name, values instanceof Int32Array, lengths.length * stride)
  let at = 0
  for (const [row, length] of lengths.entries()) {
    filled.set(values.subarray(at, at + length * width), row * stride)
    at += length * width
  }
  return filled as A
}
