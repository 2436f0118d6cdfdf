import { Described, mismatch } from '../errors.js'

/** An id of a token or class: a whole number from 0, or the one that does not count. */
export function checkId(where: string, value: unknown, ignored?: number): number {
  if (typeof value !== 'number') throw mismatch('ERR_UNROLLED_KIND', where, 'an id', value)
  const whole = Number.isInteger(value) && value >= 0 && value <= 0x7fff_ffff
  if (!whole && value !== ignored) {
    const expected = `a whole id from 0${ignored !== undefined && ignored < 0 ? ` or ${ignored}` : ''}`
    throw mismatch('ERR_UNROLLED_VALUE', where, expected, value)
  }
  return value
}

/** Refuses an array whose memory another thread may change, or was transferred away. */
export function checkMemory(name: string, array: Float32Array | Int32Array): void {
  const words =
    array.buffer instanceof SharedArrayBuffer
      ? 'one on shared memory, which may change meanwhile: copy it'
      : array.length === 0 && isDetached(array.buffer)
        ? 'one whose memory was transferred away'
        : undefined
  if (words === undefined) return
  throw mismatch('ERR_UNROLLED_VALUE', name, 'memory of its own', new Described(words))
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}
