import { expect, test } from 'vitest'
import { cell, graph, gru, lstm, mix, scan, sigmoid, slice } from '../../ts/index.js'

const STEPS = 400
const UNITS = 7

/** Numbers in -2..2 that repeat late. */
function* numbers(): Generator<number, never> {
  for (let at = 1; ; at++) yield 4 * ((at * 0.618_033_988_749) % 1) - 2
}

function rows(time: number, size: number): number[][][] {
  const next = numbers()
  const step = () => Array.from({ length: size }, () => next.next().value)
  return [Array.from({ length: time }, step)]
}

test('mix is exact at both ends, and its formula between', async () => {
  const model = graph(({ input }) => {
    const [a, b] = [input.vector('a', { size: 5 }), input.vector('b', { size: 5 })]
    const gate = input.vector('gate', { size: 5 })
    return { y: mix(a, b, gate) }
  })
  const a = [[1e8, -3e-7, 0.1, 1e30, 7]]
  const b = [[0.3, 1e7, -0.7, 1e-30, 9]]
  const at = async (gate: number): Promise<number[]> => {
    const { y } = await model.predict({ a, b, gate: [Array<number>(5).fill(gate)] })
    return [...y.values]
  }
  expect(await at(0)).toEqual(a[0]?.map(Math.fround))
  expect(await at(1)).toEqual(b[0]?.map(Math.fround))
  const quarter = a[0]?.map((x, i) => 0.75 * x + 0.25 * (b[0]?.[i] ?? 0)) ?? []
  for (const [i, y] of (await at(0.25)).entries()) {
    expect(Math.abs(y / (quarter[i] ?? 0) - 1)).toBeLessThan(2e-7)
  }
})

test('an open forget gate keeps the cell for any number of steps', async () => {
  const model = graph(({ input }) => {
    const { output, state } = lstm({ hiddenSize: UNITS, name: 'lstm' })(
      input.sequence('x', { size: 3 }),
    )
    return { output, c: state.c }
  })
  const gate = (i: number, f: number) =>
    [i, f, 0.3, -0.2].flatMap((bias) => Array(UNITS).fill(bias))
  model.setParameters({
    ...model.parameters(),
    'lstm.bias_ih_l0': Float32Array.from(gate(-800, 800)),
  })
  const c = {
    values: Float32Array.from({ length: UNITS }, (_, i) => 0.37 * (i - 2.6)),
    shape: [1, UNITS],
  }
  const { state } = await model.predict({ x: rows(1, 3) })
  const given = { ...state, 'lstm.l0:c': c }
  const after = await model.predict({ x: rows(STEPS, 3) }, { state: given })
  expect([...after.c.values]).toEqual([...c.values])
})

test.each([true, false])(
  'an open update gate keeps the state: resetAfter %s',
  async (resetAfter) => {
    const model = graph(({ input }) => {
      const layer = gru({ hiddenSize: UNITS, resetAfter, bias: true, name: 'gru' })
      return { h: layer(input.sequence('x', { size: 3 })).state.h }
    })
    const bias = [0.1, 800, -0.4].flatMap((value) => Array(UNITS).fill(value))
    model.setParameters({ ...model.parameters(), 'gru.bias_ih_l0': Float32Array.from(bias) })
    const { state } = await model.predict({ x: rows(1, 3) })
    const h = {
      values: Float32Array.from({ length: UNITS }, (_, i) => 0.13 * (i - 3.1)),
      shape: [1, UNITS],
    }
    const after = await model.predict({ x: rows(STEPS, 3) }, { state: { ...state, 'gru.l0:h': h } })
    expect([...after.h.values]).toEqual([...h.values])
  },
)

test('a gate of a cell of ones own keeps its state', async () => {
  const model = graph(({ input }) => {
    const gated = cell({ h: 2 }, ({ h }, x) => {
      const gate = sigmoid(slice({ start: 0, size: 2 })(x))
      return { h: mix(slice({ start: 2, size: 2 })(x), h, gate) }
    })
    return { h: scan(gated)(input.sequence('x', { size: 4 })).state.h }
  })
  const x = [
    [[-800, -800, 0.1, 1e8], ...(rows(STEPS, 2)[0]?.map((step) => [800, 800, ...step]) ?? [])],
  ]
  const { h } = await model.predict({ x })
  expect([...h.values]).toEqual([0.1, 1e8].map(Math.fround))
})
