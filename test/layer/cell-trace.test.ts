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
