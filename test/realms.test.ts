import { createContext, runInContext } from 'node:vm'
import { adam, crossEntropy, fromBytes, graph, last, lstm, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { guard } from '../ts/native/errors.js'

/** A realm of its own, as Jest and vm pools run tests in. */
const realm = createContext({})
const foreign = (source: string): never => runInContext(`(${source})`, realm) as never

const model = sequential([lstm({ inputSize: 2, hiddenSize: 3 }), last()], { seed: 3 })
const rows = [
  [1, 2],
  [3, 4],
]

describe('arrays of another realm are taken', () => {
  test('they are of another realm', () => {
    expect(foreign('new Float32Array(1)')).not.toBeInstanceOf(Float32Array)
  })

  test('as data', async () => {
    const { output } = await model.predict([rows])
    const nested = await model.predict(foreign('[[[1, 2], [3, 4]]]'))
    const flat = await model.predict(foreign('[Float32Array.of(1, 2, 3, 4)]'))
    const steps = await model.predict(foreign('[[Float32Array.of(1, 2), Float32Array.of(3, 4)]]'))
    const packed = await model.predict(
      foreign('{ values: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2], lengths: [2] }'),
    )
    for (const other of [nested, flat, steps, packed]) {
      expect(other.output.values).toEqual(output.values)
    }
  })

  test('as ids, weights of classes and bytes', async () => {
    const x = [rows, rows]
    const loss = crossEntropy({ classWeights: foreign('Float32Array.of(1, 2, 3)') })
    const here = await model.evaluate({ x, y: Int32Array.of(1, 2) }, { loss })
    const there = await model.evaluate({ x, y: foreign('Int32Array.of(1, 2)') }, { loss })
    expect(there).toEqual(here)
    const bytes = [...model.toBytes()].join()
    expect(fromBytes(foreign(`Uint8Array.of(${bytes})`)).parameterCount).toBe(model.parameterCount)
  })

  test('as parameters, steps and states', () => {
    const other = graph(({ input }) => ({ y: input.vector('x', { size: 2 }) }))
    expect(other.stream().push(foreign('Float32Array.of(1, 2)')).y).toEqual(Float32Array.of(1, 2))
    const copy = sequential([lstm({ inputSize: 2, hiddenSize: 3 }), last()], { seed: 4 })
    const name = 'lstm.bias_hh_l0'
    copy.setParameters({ [name]: foreign('new Float32Array(12).fill(7)') })
    expect(copy.parameters()[name]?.values).toEqual(new Float32Array(12).fill(7))
  })

  test('with a prototype that is exchanged', () => {
    const swapped = Object.setPrototypeOf(Float32Array.of(1, 2), Uint8Array.prototype)
    expect(() => fromBytes(swapped)).toThrow(/expected a Uint8Array/)
    expect(() => fromBytes(new Proxy(model.toBytes(), {}))).toThrow(/expected a Uint8Array/)
    const shift = sequential([lstm({ inputSize: 2, hiddenSize: 1 }), last()])
    const four = Object.setPrototypeOf(Float32Array.of(1, 2, 3, 4), Uint8Array.prototype)
    shift.setParameters({ 'lstm.bias_hh_l0': four })
    expect(shift.parameters()['lstm.bias_hh_l0']?.values).toEqual(Float32Array.of(1, 2, 3, 4))
  })
})

test('an abort signal of another class is taken', async () => {
  const signal = {
    aborted: true,
    reason: 'enough',
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }
  const options = { loss: 'crossEntropy', optimizer: adam(), signal } as const
  await expect(model.fit({ x: [rows], y: [0] }, options)).rejects.toBe('enough')
})

test('errors of the addon are of the one class, whichever realm made them', () => {
  const thrown = foreign(
    'Object.assign(new Error("x: expected y, received z"), { code: "ERR_UNROLLED_SHAPE" })',
  )
  const call = () =>
    guard(() => {
      throw thrown
    })
  expect(call).toThrow(
    expect.objectContaining({ name: 'UnrolledError', code: 'ERR_UNROLLED_SHAPE', cause: thrown }),
  )
})
