import { Described, mismatch, type UnrolledError } from '../errors.js'
import { binding } from './binding.js'

/** Numbers from which on the memory is asked for first. */
const LARGE = 1 << 18

/** Bytes left to V8, which ends the process where its heap cannot grow, also while an array fails. */
const LEFT = 1 << 26

/**
 * Makes an array of `count` numbers for `name`, if there is memory for it: JavaScript's own error is a
 * RangeError without a code.
 *
 * @throws UnrolledError `ERR_UNROLLED_SIZE` where there is none.
 */
export function reserve<A>(name: string, count: number, make: () => A): A {
  if (count >= LARGE && !binding.hasRoom(4 * count + LEFT)) throw noMemory(name, count)
  try {
    return make()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw noMemory(name, count)
  }
}

function noMemory(name: string, count: number): UnrolledError {
  const received = new Described(String(count))
  return mismatch('ERR_UNROLLED_SIZE', name, 'as many numbers as fit in memory', received)
}
