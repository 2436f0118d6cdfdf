import { mismatch, UnrolledError } from '../errors.js'

/** An id of a token or class: a whole number from 0, or the one that does not count. */
export function checkId(where: string, value: unknown, ignored?: number): number {
  if (typeof value !== 'number') throw mismatch('ERR_UNROLLED_KIND', where, 'an id', value)
  const whole = Number.isInteger(value) && value >= 0 && value <= 0x7fff_ffff
  if (!whole && value !== ignored) {
    const expected = `a whole id from 0${ignored !== undefined && ignored < 0 ? ` or ${ignored}` : ''}`
    throw new UnrolledError(
      'ERR_UNROLLED_VALUE',
      `${where}: expected ${expected}, received ${value}`,
    )
  }
  return value
}
