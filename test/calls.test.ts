import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  last,
  lstm,
  Model,
  Result,
  Session,
  Stream,
  sequential,
  UnrolledError,
} from '../ts/index.js'

const made = () => sequential([lstm({ inputSize: 1, hiddenSize: 2 }), last()])
const model = made()
const stream = model.stream()
const { output } = await model.predict([[[1]]])

/** Values that a method may be called on by mistake. */
const others: readonly unknown[] = [undefined, null, 3, {}, new Proxy(model, {}), globalThis]

async function refusal(call: () => unknown): Promise<UnrolledError> {
  try {
    await call()
  } catch (error) {
    if (error instanceof UnrolledError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** The methods and getters of a class. */
function members(prototype: object): [name: string, call: (self: unknown) => unknown][] {
  const all = Object.entries(Object.getOwnPropertyDescriptors(prototype))
  return all.flatMap(([name, { value, get, set }]) =>
    name === 'constructor'
      ? []
      : [value, get, set]
          .filter((it) => typeof it === 'function')
          .map((it) => [name, (self: unknown) => Reflect.apply(it, self, [])] as const),
  ) as [string, (self: unknown) => unknown][]
}

describe('a method without its object is refused by name', () => {
  const disposing = Object.getPrototypeOf(Model.prototype)
  test.each([
    ...members(Model.prototype),
    ...members(Stream.prototype),
    ...members(Session.prototype),
    ...members(Result.prototype),
    ...members(disposing).filter(([name]) => name === 'dispose'),
  ])('%s', async (name, call) => {
    for (const self of others) {
      const error = await refusal(() => call(self))
      expect(error.code).toBe('ERR_UNROLLED_ARGUMENT')
      expect(error.message).toContain(`${name}: expected a call on a `)
    }
  })

  test('all members are there', () => {
    const names = members(Model.prototype).map(([name]) => name)
    expect(names).toContain('fit')
    expect(names).toContain('parameterCount')
    expect(members(Stream.prototype).filter(([name]) => name === 'state')).toHaveLength(2)
    expect(members(Result.prototype).map(([name]) => name)).toEqual(['toNested'])
  })

  test('with advice', async () => {
    const { fit } = model
    expect((await refusal(() => Reflect.apply(fit, undefined, []))).message).toBe(
      'fit: expected a call on a model, received undefined; call it as model.fit',
    )
    const { toNested } = output
    expect((await refusal(() => Reflect.apply(toNested, undefined, []))).message).toBe(
      'toNested: expected a call on a result, received undefined; call it as result.toNested',
    )
  })

  test('a method of another class, too', async () => {
    const push = () => Reflect.apply(Stream.prototype.push, model, [[1]])
    expect((await refusal(push)).message).toContain('push: expected a call on a stream')
    const summary = () => Reflect.apply(Model.prototype.summary, stream, [])
    expect((await refusal(summary)).message).toContain('summary: expected a call on a model')
  })
})

describe('after dispose', () => {
  test('every method refuses, data can be read, and printing works', async () => {
    const gone = made()
    const before = gone.summary()
    gone.dispose()
    for (const [name, call] of members(Model.prototype)) {
      if (name === 'parameterCount') continue
      const called = async () => {
        const result = await call(gone)
        if (['train', 'generateTokens'].includes(name)) await (result as AsyncGenerator).next()
      }
      expect((await refusal(called)).code).toBe('ERR_UNROLLED_STATE')
    }
    expect(gone.parameterCount).toBe(model.parameterCount)
    expect(gone.graph).toEqual(model.graph)
    expect(inspect(gone)).toBe(before)
    gone.dispose()
  })

  test('what has the methods of a model and is none prints', () => {
    expect(inspect(Object.create(Model.prototype))).toBe('Model')
  })
})
