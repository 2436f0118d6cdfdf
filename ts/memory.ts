import { Described, mismatch } from './errors.js'

/**
 * Makes an array of `count` numbers for `name`, if there is memory for it: JavaScript's own error is a
 * RangeError without a code.
 *
 * @throws UnrolledError `ERR_UNROLLED_SIZE` where there is none.
 */
export function reserve<A>(name: string, count: number, make: () => A): A {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const received = new Described(String(count))
    throw mismatch('ERR_UNROLLED_SIZE', name, 'as many numbers as fit in memory', received)
  }
}
