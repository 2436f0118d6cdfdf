import {
  adam,
  concat,
  dense,
  graph,
  gru,
  last,
  lstm,
  rnn,
  type Sequence,
  type Vector,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { expectSlopes, spread } from '../support/differences.js'
import { numbers, steps } from '../support/networks.js'

const [UNITS, WIDTH] = [3, 4]
const inputs = { x: { sequence: { size: 2 } }, c: { vector: { size: WIDTH } } } as const
const x = [4, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))
const c = x.map((_, row) => numbers(WIDTH, row + 1.5).map((value) => Math.round(8 * value) / 8))

/** The nearest multiple of 1/8: sums of a few products of such numbers are exact, in any order. */
const eighths = (value: number) => Math.round(8 * value) / 8
const exact = x.map((row) => row.map((step) => step.map(eighths)))

const layers = {
  rnn: (more: object = {}) => rnn({ hiddenSize: UNITS, name: 'net', ...more }),
  lstm: (more: object = {}) => lstm({ hiddenSize: UNITS, name: 'net', ...more }),
  gru: (more: object = {}) => gru({ hiddenSize: UNITS, name: 'net', ...more }),
  before: (more: object = {}) =>
    gru({ hiddenSize: UNITS, name: 'net', resetAfter: false, bias: true, ...more }),
}
const kinds = Object.entries(layers)

/** The layer as far as these tests are concerned. */
type Layer = (x: Sequence, options?: { context?: Vector }) => { readonly output: Sequence }

const conditioned = (layer: Layer) =>
  graph(inputs, ({ x, c }) => ({ y: layer(x, { context: c }).output }))

describe.each(kinds)('a context of %s', (kind, make) => {
  const model = conditioned(make())
  const gates = { rnn: 1, lstm: 4, gru: 3, before: 3 }[kind] ?? 0
  spread(model)

  test('is a bias of each row, to the bit where no sum is rounded', async () => {
    for (const [name, { values }] of Object.entries(model.parameters())) {
      model.setParameters({ [name]: values.map(eighths) })
    }
    const x = exact
    const found = (await model.predict({ x, c })).y.toNested()
    const parameters = model.parameters()
    const { 'net.weight_ch_l0': weight, 'net.bias_ih_l0': bias, ...rest } = parameters
    expect(weight?.shape).toEqual([gates * UNITS, WIDTH])
    const values = (it: typeof weight) => it?.values ?? new Float32Array()
    // The layer's own arithmetic gives the sum of the bias and the product.
    const sums = graph({ c: inputs.c }, ({ c }) => ({ b: dense({ size: gates * UNITS })(c) }))
    sums.setParameters({ 'dense.weight': values(weight), 'dense.bias': values(bias) })
    const plain = graph({ x: inputs.x }, ({ x }) => ({ y: make()(x).output as Sequence }))
    for (const [row, given] of x.entries()) {
      const { b } = await sums.predict({ c: [c[row] ?? []] })
      plain.setParameters({ ...rest, 'net.bias_ih_l0': b.values })
      expect(found[row]).toEqual((await plain.predict({ x: [given] })).y.toNested()[0])
    }
    expect(found[0]).not.toEqual((await model.predict({ x, c: c.toReversed() })).y.toNested()[0])
  })

  test('stands for numbers beside each step of the input', async () => {
    const beside = graph(inputs, ({ x, c }) => ({ y: make()(concat(x, c)).output as Sequence }))
    const { 'net.weight_ch_l0': context, 'net.weight_ih_l0': input, ...rest } = model.parameters()
    const rows = Array.from({ length: gates * UNITS }, (_, row) => [
      ...(input?.values.slice(row * 2, row * 2 + 2) ?? []),
      ...(context?.values.slice(row * WIDTH, (row + 1) * WIDTH) ?? []),
    ])
    beside.setParameters({ ...rest, 'net.weight_ih_l0': Float32Array.from(rows.flat()) })
    const [found, expected] = [await model.predict({ x, c }), await beside.predict({ x, c })]
    for (const [i, value] of expected.y.values.entries()) {
      expect(found.y.values[i]).toBeCloseTo(value, 5)
    }
  })

  test('learns, and so does what it comes from', async () => {
    const y = { y: [steps(3, UNITS, 4), steps(3, UNITS, 7)] }
    const given = { x: [steps(3, 2, 3), steps(3, 2, 5)], c: [numbers(WIDTH, 2), numbers(WIDTH, 5)] }
    await expectSlopes(model, given, y)
  })
})

test.each(kinds)('%s: the bottom layer of a stack reads it, in both directions', (_, make) => {
  const names = (more: object) => Object.keys(conditioned(make(more)).parameters())
  const all = names({ numLayers: 2, bidirectional: true })
  expect(all.filter((name) => name.includes('weight_ch'))).toEqual([
    'net.weight_ch_l0',
    'net.weight_ch_l0_reverse',
  ])
  // Parameters that all layers have stand in PyTorch's order.
  expect(all.filter((name) => !name.includes('weight_ch'))).toEqual(
    Object.keys(
      graph({ x: inputs.x }, ({ x }) => ({
        y: make({ numLayers: 2, bidirectional: true })(x).output as Sequence,
      })).parameters(),
    ),
  )
})

test.each(kinds)(
  '%s: a normalization sees it beside the input, and slopes hold',
  async (_, make) => {
    const model = conditioned(make({ layerNorm: true }))
    spread(model)
    const y = { y: [steps(3, UNITS, 4), steps(3, UNITS, 7)] }
    const given = { x: [steps(3, 2, 3), steps(3, 2, 5)], c: [numbers(WIDTH, 2), numbers(WIDTH, 5)] }
    await expectSlopes(model, given, y)
  },
)

describe('ten vectors become ten strings', () => {
  // Rows of different lengths; the input is the string so far, the context alone says which string it is.
  const VOCABULARY = 5
  const strings = Array.from({ length: 10 }, (_, r) =>
    Array.from({ length: 3 + (r % 4) }, (_, t) => (7 * r + 3 * t + ((r * t) % 3)) % VOCABULARY),
  )
  const oneHot = (id: number | undefined) =>
    Array.from({ length: VOCABULARY }, (_, i) => (i === id ? 1 : 0))
  const before = strings.map((string) => string.map((_, t) => oneHot(string[t - 1])))
  const contexts = strings.map((_, r) => numbers(6, r + 1.7))
  test.each(['input', 'initial', 'both'] as const)('the context as %s', async (mode) => {
    const model = graph(
      { x: { sequence: { size: VOCABULARY } }, c: { vector: { size: 6 } } },
      ({ x, c }) => {
        const state = { h: dense({ size: 24, activation: 'tanh' })(c) }
        const { output } = gru({ hiddenSize: 24 })(x, {
          ...(mode !== 'initial' && { context: c }),
          ...(mode !== 'input' && { initial: state }),
        })
        return { y: dense({ size: VOCABULARY, name: 'scores' })(output) }
      },
      { seed: 3 },
    )
    const data = { x: { x: before, c: contexts }, y: { y: strings } }
    const options = {
      loss: { y: 'crossEntropy' },
      optimizer: adam({ learningRate: 0.02 }),
    } as const
    await model.fit(data, { ...options, epochs: 150, batchSize: 10 })
    const { accuracy } = await model.evaluate(data, { loss: options.loss, metrics: ['accuracy'] })
    expect(accuracy).toBe(1)
  })
})

describe('refused', () => {
  const untyped = (value: unknown) => value as never
  test.each<[string, (x: Sequence<2>, c: Vector) => unknown, string]>([
    [
      'a sequence',
      (x) => lstm({ hiddenSize: 3 })(x, { context: untyped(x) }).output,
      'lstm context: expected a vector, received a sequence of size 2',
    ],
    [
      'numbers',
      (x) => gru({ hiddenSize: 3, name: 'mine' })(x, { context: untyped([1, 2]) }).output,
      'mine context: expected a vector',
    ],
    [
      'another option',
      (x, c) => rnn({ hiddenSize: 3 })(x, untyped({ contexts: c })).output,
      'rnn call: unknown option "contexts"; did you mean context?',
    ],
    [
      'another size at the second call',
      (x, c) => {
        const layer = gru({ hiddenSize: 3 })
        layer(x, { context: c })
        return layer(x, { context: last()(x) }).output
      },
      "gru.weight_ch_l0: expected the shape [9, 4] of the layer's first call",
    ],
  ])('%s', (_, build, message) => {
    expect(() => graph(inputs, ({ x, c }) => ({ y: build(x, c) as Sequence }))).toThrow(message)
  })
})
