import { expect, test } from 'vitest'
import { Disposable } from '../ts/disposable.js'

class Handle extends Disposable {
  constructor(free: () => void) {
    super('handle', free)
  }

  use(): string {
    this.checkUsable()
    return 'used'
  }
}

test('memory is freed once, and then every use is refused', () => {
  let freed = 0
  const handle = new Handle(() => {
    freed += 1
  })
  expect([handle.use(), freed]).toEqual(['used', 0])
  handle.dispose()
  handle.dispose()
  handle[Symbol.dispose]()
  expect(freed).toBe(1)
  expect(() => handle.use()).toThrow(
    expect.objectContaining({
      code: 'ERR_UNROLLED_STATE',
      message: 'the handle has been disposed',
    }),
  )
})

test('`using` frees at the end of its block, and where the block throws', () => {
  const freed: string[] = []
  const block = (name: string, end: () => void) => {
    using handle = new Handle(() => freed.push(name))
    handle.use()
    end()
  }
  block('returned', () => undefined)
  expect(() =>
    block('thrown', () => {
      throw new Error('own')
    }),
  ).toThrow('own')
  expect(freed).toEqual(['returned', 'thrown'])
})
