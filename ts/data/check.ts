import { bufferOf, isShared, lengthOf } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { reserve } from '../native/memory.js'

/** Refuses all but ids: whole numbers from 0, or the ignored one. */
export function checkId(where: string, value: unknown, ignored?: number): number {
  if (typeof value !== 'number') throw mismatch('ERR_UNROLLED_KIND', where, 'an id', value)
  const whole = Number.isInteger(value) && value >= 0 && value <= 0x7fff_ffff
  if (!whole && value !== ignored) {
    const expected = `a whole id from 0${ignored !== undefined && ignored < 0 ? ` or ${ignored}` : ''}`
    throw mismatch('ERR_UNROLLED_VALUE', where, expected, value)
  }
  return value
}

/** Refuses an array on memory that another thread may change, or that was transferred away. */
export function checkMemory(where: string, array: Float32Array | Int32Array): void {
  const expected = 'an array with a buffer of its own'
  const buffer = bufferOf(array)
  if (isShared(buffer)) {
    const received = new Described('one on a SharedArrayBuffer')
    throw mismatch('ERR_UNROLLED_KIND', where, expected, received, 'copy it first')
  }
  if (lengthOf(array) === 0 && !isUsable(array)) {
    const received = new Described('one whose buffer was transferred away')
    throw mismatch('ERR_UNROLLED_STATE', where, expected, received)
  }
}

/** Makes an array of ids or numbers, if there is memory for it. */
export function allocate(name: string, ids: boolean, total: number): Float32Array | Int32Array {
  return reserve(name, total, () => (ids ? new Int32Array(total) : new Float32Array(total)))
}

/** Tells if an array has its memory: the buffer is not transferred away, nor shrunk below the array. */
function isUsable(array: Float32Array | Int32Array): boolean {
  try {
    Reflect.apply(Uint8Array.prototype.keys, array, [])
    return true
  } catch {
    return false
  }
}
