import { expect, test } from 'vitest'
import { UnrolledError } from '../../ts/errors.js'
import { guard, guardAsync } from '../../ts/native/errors.js'
import { coded } from '../support/fake-model.js'

function thrownBy(error: unknown): unknown {
  try {
    return guard(() => {
      throw error
    })
  } catch (thrown) {
    return thrown
  }
}

test("the system's error of the addon is the cause, with its code", async () => {
  const cause = coded('ENOENT', 'no such file or directory')
  const error = Object.assign(coded('ERR_UNROLLED_IO', 'cannot read x'), { cause })
  const expected = { name: 'UnrolledError', code: 'ERR_UNROLLED_IO', message: 'cannot read x' }
  expect(thrownBy(error)).toMatchObject(expected)
  expect(thrownBy(error)).toHaveProperty('cause', cause)
  expect(thrownBy(error)).toHaveProperty('cause.code', 'ENOENT')
  const later = guardAsync(() => Promise.reject(error))
  await expect(later).rejects.toHaveProperty('cause', cause)
})

test("an error of the addon's own is its cause, and other errors pass as they are", () => {
  const error = coded('ERR_UNROLLED_SHAPE', 'x: expected 2 rows, received 3')
  expect(thrownBy(error)).toBeInstanceOf(UnrolledError)
  expect(thrownBy(error)).toHaveProperty('cause', error)
  for (const other of [coded('InvalidArg', 'no'), new TypeError('no'), 'no']) {
    expect(thrownBy(other)).toBe(other)
  }
})
