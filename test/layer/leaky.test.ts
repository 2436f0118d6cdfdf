import { adam, dense, graph, last, leaky, type Numeric, type Sequence, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { expectSlopes } from '../support/differences.js'
import { numbers, steps } from '../support/networks.js'
import { weightsOf } from '../support/plain.js'

const inputs = { x: { sequence: { size: 2 } } } as const
const x = [13, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))
const f = Math.fround

describe('leaky units', () => {
  const ofRow = async (alpha: number, row: readonly number[], learned = false) => {
    const model = graph({ x: { sequence: { size: 1 } } }, ({ x }) => ({
      y: leaky(alpha, { learned })(x).output,
    }))
    return [...(await model.predict({ x: [row.map((value) => [value])] })).y.values]
  }

  test.each([0.5, 0.9, 0, 1])('an impulse fades as %s^k', async (alpha) => {
    const response = await ofRow(alpha, [1, ...Array<number>(12).fill(0)])
    let expected = f(1 - alpha)
    for (const value of response) {
      expect(value).toBe(expected)
      expected = f(f(alpha) * expected)
    }
    if (alpha === 0.5) expect(response).toEqual(response.map((_, k) => 2 ** (-k - 1)))
  })

  test('learned, they begin at alpha and have one rate a number', async () => {
    const row = numbers(7, 3)
    const [fixed, learned] = [await ofRow(0.75, row), await ofRow(0.75, row, true)]
    for (const [i, value] of learned.entries()) expect(value).toBeCloseTo(fixed[i] ?? 0, 6)
    const model = graph(inputs, ({ x }) => {
      const { output, state } = leaky(0.6, { learned: true })(x)
      return { y: output, h: state.h }
    })
    expect(model.parameters()).toMatchObject({ 'leaky.rate': { shape: [2] } })
    model.setParameters({ 'leaky.rate': Float32Array.of(0.5, -1) })
    const y = { y: [steps(4, 2, 4), steps(4, 2, 7)], h: [numbers(2, 2), numbers(2, 9)] }
    await expectSlopes(model, { x: [steps(4, 2, 3), steps(4, 2, 5)] }, y)
  })

  test('find the rate that the data have', async () => {
    const rows = Array.from({ length: 32 }, (_, r) => steps(12, 1, r / 3 + 1.1))
    const means = rows.map((row) => {
      let h = 0
      return row.map(([value = 0]) => {
        h = 0.8 * h + 0.2 * value
        return [h]
      })
    })
    const model = sequential([leaky(0.3, { learned: true })], { input: { sequence: { size: 1 } } })
    const optimizer = adam({ learningRate: 0.05 })
    await model.fit(
      { x: rows, y: means },
      { loss: 'meanSquared', optimizer, epochs: 150, batchSize: 32 },
    )
    const [rate = 0] = weightsOf(model, 'leaky.rate')
    expect(1 / (1 + Math.exp(-rate))).toBeCloseTo(0.8, 2)
  })

  test('run backwards, and begin with a state', async () => {
    const model = graph({ ...inputs, h: { vector: { size: 2 } } }, ({ x, h }) => ({
      y: leaky(0.5, { reverse: true })(x, { initial: { h } }).output,
    }))
    const { y } = await model.predict({
      x: [
        [
          [2, 4],
          [0, 0],
          [8, 16],
        ],
      ],
      h: [[4, 8]],
    })
    expect(y.toNested()).toEqual([
      [
        [2.5, 5],
        [3, 6],
        [6, 12],
      ],
    ])
  })
})

describe('refused', () => {
  const untyped = (value: unknown) => value as never
  const declared = (build: (x: Sequence<2>) => unknown) => () =>
    graph(inputs, ({ x }) => ({ y: build(x) as Numeric }))
  test.each<[string, () => unknown, string]>([
    [
      'a rate above 1',
      () => leaky(1.5),
      'leaky alpha: expected a number from 0 to 1, received 1.5',
    ],
    [
      'a learned rate of 1',
      () => leaky(1, { learned: true }),
      'leaky alpha: expected a number between',
    ],
    [
      'a state of another name',
      declared((x) => leaky(0.5)(x, { initial: untyped({ mean: x }) }).output),
      'leaky initial: unknown state "mean"',
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message)
  })
})

test('a leaky layer stands in a chain', async () => {
  const model = sequential([leaky(0.5), last(), dense({ size: 3 })], {
    input: { sequence: { size: 2 } },
  })
  expect((await model.predict(x)).output.shape).toEqual([4, 3])
})
