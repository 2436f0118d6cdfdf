import {
  adam,
  bidirectional,
  cell,
  concat,
  dense,
  embedding,
  graph,
  gru,
  gruCell,
  last,
  linear,
  lstm,
  type Merge,
  multiply,
  rnn,
  type Sequence,
  scan,
  sequential,
  tanh,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { graphOf } from '../../ts/compose/graph.js'
import { steps } from '../support/networks.js'

const UNITS = 3
const x = [4, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))
const own = cell({ h: UNITS, k: 2 }, ({ h, k }, x) => ({
  h: tanh(linear(UNITS)(concat(h, k, x))),
  k: tanh(linear(2)(concat(k, x))),
}))
const inputs = { x: { sequence: { size: 2 } } } as const
const f = Math.fround
const MERGES: Readonly<Record<Exclude<Merge, 'concat'>, (a: number, b: number) => number>> = {
  sum: (a, b) => f(a + b),
  multiply: (a, b) => f(a * b),
  average: (a, b) => f(0.5 * f(a + b)),
}

/** Pairs of the numbers of both halves of each step, or row. */
function merged(
  values: Float32Array,
  size: number,
  of: (a: number, b: number) => number,
): number[] {
  return Array.from({ length: values.length / 2 }, (_, i) => {
    const at = Math.floor(i / size) * 2 * size + (i % size)
    return of(values[at] ?? 0, values[at + size] ?? 0)
  })
}

test.each(['concat', 'sum', 'multiply', 'average'] as const)(
  'of a layer it is the layer’s option: %s',
  (merge) => {
    const built = (layer: (x: Sequence<2>) => Sequence) =>
      graphOf(({ input }) => ({ y: layer(input.sequence('x', { size: 2 })) }))
    const options = { hiddenSize: UNITS, numLayers: 2, dropout: 0.5, name: 'net' } as const
    const both = { ...options, bidirectional: true, merge } as const
    for (const kind of [rnn, gru]) {
      expect(built((x) => bidirectional(kind(options), { merge })(x).output)).toEqual(
        built((x) => kind(both)(x).output),
      )
    }
    const projected = { ...options, projSize: 2 } as const
    expect(built((x) => bidirectional(lstm(projected), { merge })(x).output)).toEqual(
      built((x) => lstm({ ...both, projSize: 2 })(x).output),
    )
  },
)

describe.each(Object.entries(MERGES))('%s', (name, of) => {
  const merge = name as keyof typeof MERGES
  test.each<[string, (x: Sequence<2>) => Sequence, (x: Sequence<2>) => Sequence]>([
    [
      'lstm',
      (x) => lstm({ hiddenSize: UNITS, bidirectional: true })(x).output,
      (x) => lstm({ hiddenSize: UNITS, bidirectional: true, merge })(x).output,
    ],
    ['cell', (x) => bidirectional(own)(x).output, (x) => bidirectional(own, { merge })(x).output],
  ])('of the halves of both, to the bit: %s', async (_, joined, apart) => {
    const one = graph(inputs, ({ x }) => ({ all: joined(x), end: last()(joined(x)) }))
    const two = graph(inputs, ({ x }) => ({ all: apart(x), end: last()(apart(x)) }))
    two.setParameters(one.parameters())
    const [halves, whole] = [await one.predict({ x }), await two.predict({ x })]
    expect(whole.all.values.some((value) => value !== 0)).toBe(true)
    expect([...whole.all.values]).toEqual(merged(halves.all.values, UNITS, of))
    expect([...whole.end.values]).toEqual(merged(halves.end.values, UNITS, of))
  })
})

describe('a cell both ways', () => {
  test('is a scan each way, with parameters of its own, to the bit', async () => {
    const both = graph(inputs, ({ x }) => {
      const { output, state } = bidirectional(own, { name: 'both' })(x)
      return { output, ...state }
    })
    const apart = graph(inputs, ({ x }) => {
      const forward = scan(own, { name: 'both.forward' })(x)
      const backward = scan(own, { name: 'both.backward', reverse: true })(x)
      return {
        output: concat(forward.output, backward.output),
        h: concat(forward.state.h, backward.state.h),
        k: concat(forward.state.k, backward.state.k),
      }
    })
    apart.setParameters(both.parameters())
    const [found, expected] = [await both.predict({ x }), await apart.predict({ x })]
    for (const name of ['output', 'h', 'k'] as const) expect(found[name]).toEqual(expected[name])
  })

  test('with another cell for the way back, and first states of both', async () => {
    const model = graph({ ...inputs, h: { vector: { size: 6 } } }, ({ x, h }) => {
      const forward = cell({ h: 3 }, gruCell(3))
      const backward = cell({ h: 3 }, ({ h }, x) => ({ h: tanh(linear(3)(concat(h, x))) }))
      return { y: bidirectional(forward, { backward })(x, { initial: { h } }).state.h }
    })
    expect(
      Object.keys(model.parameters()).map((name) => name.split('.').slice(1, 3).join(' ')),
    ).toEqual([
      ...Array<string>(4).fill('forward gruCell'),
      ...Array<string>(2).fill('backward linear'),
    ])
    const h = x.map((_, row) => [row, 1, 2, -row, 4, 5])
    // A row without steps ends as it began.
    const { y } = await model.predict({ x, h })
    expect([...y.values.slice(12, 18)]).toEqual(h[2])
  })

  test('gives a ragged row what the row alone has, to the bit', async () => {
    const model = graph(inputs, ({ x }) => ({ y: bidirectional(own, { merge: 'sum' })(x).output }))
    const all = (await model.predict({ x })).y.toNested()
    for (const [row, given] of x.entries()) {
      const alone = (await model.predict({ x: [given] })).y.toNested()
      expect(all[row]).toEqual(alone[0])
    }
  })

  test('reads what comes after a step and before it', async () => {
    const model = graph(inputs, ({ x }) => ({ y: bidirectional(own)(x).output }))
    const row = steps(7, 2, 3)
    const at = async (row: number[][]) => (await model.predict({ x: [row] })).y.toNested()[0]?.[3]
    const before = await at(row)
    for (const moved of [0, 2, 4, 6]) {
      expect(await at(row.map((step, t) => (t === moved ? [9, -9] : step)))).not.toEqual(before)
    }
  })
})

test('the next symbol as a label: chance one way, all right both ways', async () => {
  const [VOCABULARY, LENGTH] = [4, 8]
  let seed = 1
  const draw = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % VOCABULARY
  }
  const rows = Array.from({ length: 64 }, () => Array.from({ length: LENGTH }, draw))
  // The last step has no next symbol, and no weight.
  const y = rows.map((row) => [...row.slice(1), 0])
  const weights = rows.map((row) => row.map((_, t) => (t < LENGTH - 1 ? 1 : 0)))
  const accuracy = async (both: boolean) => {
    const layer = gru({ hiddenSize: 12 })
    const model = sequential(
      [
        embedding({ vocabularySize: VOCABULARY, size: 6 }),
        both ? bidirectional(layer, { merge: 'sum' }) : layer,
        dense({ size: VOCABULARY }),
      ],
      { seed: 2 },
    )
    const loss = 'crossEntropy'
    const optimizer = adam({ learningRate: 0.03 })
    const [learned, fresh] = [rows.slice(0, 48), rows.slice(48)]
    const part = (from: number, to?: number) => ({
      x: rows.slice(from, to),
      y: y.slice(from, to),
      weights: weights.slice(from, to),
    })
    expect(learned.length + fresh.length).toBe(rows.length)
    await model.fit(part(0, 48), { loss, optimizer, epochs: 25, batchSize: 8 })
    return (await model.evaluate(part(48), { loss, metrics: ['accuracy'] })).accuracy
  }
  expect(await accuracy(true)).toBe(1)
  // 112 labels: chance plus four standard deviations.
  expect(await accuracy(false)).toBeLessThan(0.25 + 4 * Math.sqrt((0.25 * 0.75) / 112))
}, 60_000)

describe('refused', () => {
  const untyped = (value: unknown) => value as never
  const declared = (build: (x: Sequence<2>) => unknown) => () =>
    graph(inputs, ({ x }) => ({ y: build(x) as Sequence }))
  test.each<[string, () => unknown, string]>([
    [
      'no layer',
      () => bidirectional(untyped(3)),
      'bidirectional cell: expected a cell, received 3',
    ],
    [
      'a scan',
      () => bidirectional(untyped(scan(own))),
      'bidirectional: expected a cell, or a layer of rnn, lstm or gru, received another function',
    ],
    [
      'a layer that runs both ways',
      () => bidirectional(gru({ hiddenSize: 3, bidirectional: true })),
      'expected a layer that runs forward, received one that runs both ways',
    ],
    [
      'a reverse layer',
      () => bidirectional(gru({ hiddenSize: 3, reverse: true })),
      'expected a layer that runs forward, received a reverse one',
    ],
    [
      'a merge',
      () => bidirectional(own, { merge: untyped('max') }),
      "merge: expected 'concat' or 'sum'",
    ],
    [
      'a merge of one way',
      () => gru({ hiddenSize: 3, merge: 'sum' }),
      'gru merge: expected none where bidirectional is false',
    ],
    [
      'a way back of a layer',
      () => bidirectional(gru({ hiddenSize: 3 }), { backward: own }),
      'bidirectional backward: expected none with a layer',
    ],
    [
      'cells of other states',
      () => bidirectional(own, { backward: cell({ h: 3 }, gruCell(3)) }),
      'bidirectional backward: expected states h of 3, k of 2, received h of 3',
    ],
    [
      'cells of other outputs',
      declared((x) => {
        const forward = cell({ h: 3 }, gruCell(3))
        const backward = cell({ h: 3 }, ({ h }, x) => ({
          ...gruCell(3)({ h }, x),
          output: concat(h, x),
        }))
        return bidirectional(forward, { backward })(x).output
      }),
      'bidirectional backward output: expected size 3',
    ],
    [
      'the last step of an output that is no state',
      declared((x) => {
        const both = cell({ h: 3 }, ({ h }, x) => ({
          h: gruCell(3)({ h }, x).h,
          output: multiply(h, h),
        }))
        return last()(bidirectional(both, { name: 'mine' })(x).output)
      }),
      "last: expected 'mine' with a state for its output",
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message)
  })
})
