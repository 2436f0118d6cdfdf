import { graph, gru, lstm, type Numeric, type Sequence } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { graphOf } from '../../ts/compose/graph.js'
import { spread } from '../support/differences.js'
import { steps } from '../support/networks.js'

const UNITS = 3
const inputs = { x: { sequence: { size: 2 } } } as const
const x = [4, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))

const built = (build: (x: Sequence<2>) => Numeric) =>
  graphOf(({ input }) => ({ y: build(input.sequence('x', { size: 2 })) }))

test('what is not read is not in the graph', () => {
  const plain = built((x) => lstm({ hiddenSize: UNITS, bidirectional: true })(x).output)
  const offered = built((x) => {
    const { output, trace, traces } = lstm({ hiddenSize: UNITS, bidirectional: true })(x)
    expect(Object.keys(trace)).toEqual(['h', 'c', 'i', 'f', 'g', 'o'])
    expect(traces).toHaveLength(1)
    return output
  })
  expect(offered).toEqual(plain)
  const once = built((x) => lstm({ hiddenSize: UNITS })(x).trace.f)
  const twice = built((x) => {
    const { trace } = lstm({ hiddenSize: UNITS })(x)
    expect(trace.f).toBe(trace.f)
    return trace.f
  })
  expect(twice).toEqual(once)
})

describe('a gate forced open or shut', () => {
  const gates = (values: readonly number[]) =>
    Float32Array.from(values.flatMap((value) => Array<number>(UNITS).fill(value)))
  const rows = [steps(6, 2, 3)]

  test.each([
    ['open', 800, 1],
    ['shut', -800, 0],
  ] as const)('the forget gate of an lstm: %s', async (_, bias, gate) => {
    const model = graph(inputs, ({ x }) => {
      const { trace } = lstm({ hiddenSize: UNITS, initialState: 'learned' })(x)
      return { f: trace.f, i: trace.i, g: trace.g, c: trace.c }
    })
    spread(model)
    const first = Float32Array.of(0.3, -7, 1e-3)
    model.setParameters({
      'lstm.bias_ih_l0': gates([gate === 1 ? -800 : 0.3, bias, 0.4, 0]),
      'lstm.initial_c_l0': first,
    })
    const { f, i, g, c } = await model.predict({ x: rows })
    expect(new Set(f.values)).toEqual(new Set([gate]))
    // Open, and with nothing taken in, c is the first for ever; shut, it is what is taken in.
    const [expected, taken] = [Array.from({ length: 6 }, () => [...first]).flat(), [...g.values]]
    if (gate === 1) expect([...c.values]).toEqual(expected)
    for (const [at, value] of taken.entries()) {
      if (gate === 0) expect(c.values[at]).toBeCloseTo(value * (i.values[at] ?? 0), 6)
    }
  })

  test.each([true, false])('z of a gru copies to the bit: resetAfter %s', async (resetAfter) => {
    const options = { hiddenSize: UNITS, resetAfter, bias: true, initialState: 'learned' } as const
    const model = graph(inputs, ({ x }) => {
      const { trace } = gru(options)(x)
      return { z: trace.z, h: trace.h }
    })
    spread(model)
    const first = [0.3, -7, 1e-3].map(Math.fround)
    model.setParameters({
      'gru.bias_ih_l0': gates([0.1, 800, -0.4]),
      'gru.initial_h_l0': Float32Array.from(first),
    })
    const { z, h } = await model.predict({ x: rows })
    expect(new Set(z.values)).toEqual(new Set([1]))
    expect([...h.values]).toEqual(Array.from({ length: 6 }, () => first).flat())
  })

  test.each([true, false])('r of a gru shuts out history: resetAfter %s', async (resetAfter) => {
    const options = { hiddenSize: UNITS, resetAfter, bias: true } as const
    const model = graph({ ...inputs, h: { vector: { size: UNITS } } }, ({ x, h }) => {
      const { trace } = gru(options)(x, { initial: { h } })
      return { r: trace.r, n: trace.n }
    })
    spread(model)
    model.setParameters({ 'gru.bias_ih_l0': gates([-800, 0.2, -0.4]) })
    const at = (value: number) => model.predict({ x: rows, h: [Array<number>(UNITS).fill(value)] })
    const [one, other] = [await at(3), await at(-5)]
    expect(new Set(one.r.values)).toEqual(new Set([0]))
    expect(one.n.values).toEqual(other.n.values)
    model.setParameters({ 'gru.bias_ih_l0': gates([800, 0.2, -0.4]) })
    expect((await at(3)).n.values).not.toEqual((await at(-5)).n.values)
  })
})

test('every layer and both ways have theirs', async () => {
  const options = { hiddenSize: UNITS, numLayers: 2, bidirectional: true, merge: 'sum' } as const
  const model = graph(inputs, ({ x }) => {
    const { traces, trace, layers, output } = gru(options)(x)
    const [low, high] = traces
    return { low: low?.z ?? output, high: high?.h ?? output, top: trace.h, output, ...layers[1] }
  })
  const { low, high, top, output, h } = await model.predict({ x })
  expect(low.shape).toEqual([4, 6, 2 * UNITS])
  expect(high).toEqual(top)
  const last = x.map((row, r) => {
    const both = high.toNested()[r] ?? []
    const [ahead, back] = [both[row.length - 1] ?? [], both[0] ?? []]
    const state = [...ahead.slice(0, UNITS), ...back.slice(UNITS)]
    return state.length > 0 ? state : Array<number>(2 * UNITS).fill(0)
  })
  expect(h?.toNested()).toEqual(last)
  const sums = high
    .toNested()
    .map((row) =>
      row.map((step) =>
        step.slice(0, UNITS).map((a, i) => Math.fround(a + (step[i + UNITS] ?? 0))),
      ),
    )
  expect(output.toNested()).toEqual(sums)
})
