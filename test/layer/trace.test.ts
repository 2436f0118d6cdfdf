import {
  bidirectional,
  cell,
  concat,
  graph,
  gru,
  linear,
  lstm,
  mix,
  type Numeric,
  parameter,
  rnn,
  type Sequence,
  scan,
  sigmoid,
  tanh,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { graphOf } from '../../ts/compose/graph.js'
import { expectSlopes, spread } from '../support/differences.js'
import { steps } from '../support/networks.js'

const UNITS = 3
const inputs = { x: { sequence: { size: 2 } } } as const
const x = [4, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))

/** A unit with a gate of its own, and what the gate was. */
const gated = cell({ h: UNITS, n: 1 }, ({ h, n }, x) => {
  const gate = sigmoid(linear(UNITS)(concat(h, x)))
  const next = mix(h, tanh(linear(UNITS)(concat(h, x))), gate)
  return { h: next, n: linear(1)(n), output: concat(next, n), trace: { gate, seen: concat(x, h) } }
})

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

describe('of a cell of one’s own', () => {
  test('every state and what the step names', async () => {
    const model = graph(inputs, ({ x }) => {
      const { output, trace } = scan(gated)(x)
      return { output, h: trace.h, n: trace.n, gate: trace.gate, seen: trace.seen }
    })
    spread(model)
    const { output, h, n, gate, seen } = await model.predict({ x })
    const [outputs, states, read] = [output.toNested(), h.toNested(), seen.toNested()]
    expect(n.shape).toEqual([4, 6, 1])
    expect(states).toEqual(outputs.map((row) => row.map((step) => step.slice(0, UNITS))))
    expect(gate.values.some((value) => value > 0 && value < 1)).toBe(true)
    for (const [row, given] of x.entries()) {
      for (const [t, step] of given.entries()) {
        const before = t === 0 ? Array<number>(UNITS).fill(0) : states[row]?.[t - 1]
        expect(read[row]?.[t]).toEqual([...step, ...(before ?? [])])
      }
    }
  })

  test('learns through what is read, both ways', async () => {
    const model = graph(inputs, ({ x }) => {
      const { trace } = bidirectional(gated, { merge: 'concat' })(x)
      return { gate: trace.gate, h: trace.h }
    })
    spread(model)
    const rows = [steps(3, 2, 3), steps(3, 2, 5)]
    const y = { gate: [steps(3, 6, 4), steps(3, 6, 7)], h: [steps(3, 6, 2), steps(3, 6, 9)] }
    await expectSlopes(model, { x: rows }, y)
  })

  test('learns through the gates of a layer, which is then not fused', async () => {
    const model = graph(inputs, ({ x }) => {
      const { trace } = gru({ hiddenSize: 2 })(x)
      return { n: trace.n, z: trace.z, c: lstm({ hiddenSize: 2 })(x).trace.o }
    })
    spread(model)
    const rows = [steps(3, 2, 3), steps(3, 2, 5)]
    const target = (seed: number) => [steps(3, 2, seed), steps(3, 2, seed + 1)]
    await expectSlopes(model, { x: rows }, { n: target(4), z: target(7), c: target(2) })
  })

  test.each<[string, object, string]>([
    ['a list', { trace: [] }, 'scan cell trace: expected an object of values, received an'],
    [
      'a number',
      { trace: { gate: 1 } },
      'scan cell trace gate: expected a value of the step, received 1',
    ],
    [
      'the name of a state',
      { trace: { h: 0 } },
      'scan cell trace name: expected a name that is free',
    ],
    [
      'a name with a colon',
      { trace: { 'a:b': 0 } },
      'scan cell trace name: expected some text without',
    ],
  ])('refuses %s', (_, more, message) => {
    const bad = cell({ h: UNITS }, ({ h }) => ({ h: tanh(h), ...more }) as never)
    expect(() => built((x) => scan(bad)(x).output as Sequence)).toThrow(message)
  })

  test('refuses a state that is called trace', () => {
    const bad = () => cell({ trace: 2 }, ({ trace }) => ({ trace }) as never)
    expect(bad).toThrow('a name that is not reserved')
  })

  test('a value that is the same at every step is given at every step', async () => {
    const model = graph(inputs, ({ x }) => {
      const own = cell({ h: 2 }, ({ h }, x) => {
        const rate = parameter(1, { initializer: 0.25 })
        return { h: mix(h, x, rate), trace: { rate } }
      })
      return { rate: scan(own)(x).trace.rate, h: rnn({ hiddenSize: 2 })(x).trace.h }
    })
    const { rate } = await model.predict({ x })
    expect(rate.toNested()).toEqual(x.map((row) => row.map(() => [0.25])))
  })
})
