import { graph, gru, gruCell, lstm, lstmCell, rnn, rnnCell, type Sequence } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { steps } from '../support/networks.js'

const x = [steps(4, 2, 3), steps(1, 2, 5), steps(3, 2, 7)]

describe('a plain layer of two units by hand', () => {
  const [first, second] = [
    [0.5, -1],
    [2, 0.25],
  ]
  /** `W x + b + U h + b'` with W = [[1, 2], [-1, 0.5]], U = [[0.5, 0], [1, -2]], b = [0.25, 0], b' = [0, -0.5]. */
  const sums = ([x = 0, y = 0]: readonly number[], [h = 0, k = 0]: readonly number[]) => [
    x + 2 * y + 0.25 + 0.5 * h,
    -x + 0.5 * y + h - 2 * k - 0.5,
  ]
  const softplus = (a: number) => Math.log1p(Math.exp(a))
  test.each([
    ['tanh', Math.tanh],
    ['relu', (a: number) => Math.max(a, 0)],
    ['identity', (a: number) => a],
    ['sigmoid', (a: number) => 1 / (1 + Math.exp(-a))],
    ['softplus', softplus],
    ['leakyRelu', (a: number) => (a > 0 ? a : 0.01 * a)],
  ] as const)('%s', async (activation, f) => {
    const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({
      y: rnn({ hiddenSize: 2, activation })(x).output,
    }))
    model.setParameters({
      'rnn.weight_ih_l0': Float32Array.of(1, 2, -1, 0.5),
      'rnn.weight_hh_l0': Float32Array.of(0.5, 0, 1, -2),
      'rnn.bias_ih_l0': Float32Array.of(0.25, 0),
      'rnn.bias_hh_l0': Float32Array.of(0, -0.5),
    })
    const h = sums(first ?? [], [0, 0]).map(f)
    const expected = [...h, ...sums(second ?? [], h).map(f)]
    const { y } = await model.predict({ x: [[first ?? [], second ?? []]] })
    for (const [i, value] of y.values.entries()) expect(value).toBeCloseTo(expected[i] ?? 0, 6)
  })
})

describe('a learned first state', () => {
  const modelOf = (layer: (x: Sequence<2>) => Sequence) =>
    graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({ y: layer(x) }))

  test('has a parameter for each state, layer and direction, of zeros', async () => {
    const options = { hiddenSize: 3, numLayers: 2, bidirectional: true, projSize: 2 } as const
    const model = modelOf((x) => lstm({ ...options, initialState: 'learned' })(x).output)
    const learned = Object.entries(model.parameters()).filter(([name]) => name.includes('initial_'))
    expect(learned.map(([name, { shape }]) => [name, shape])).toEqual(
      ['l0', 'l0_reverse', 'l1', 'l1_reverse'].flatMap((layer) => [
        [`lstm.initial_h_${layer}`, [2]],
        [`lstm.initial_c_${layer}`, [3]],
      ]),
    )
    const plain = modelOf((x) => lstm(options)(x).output)
    plain.setParameters(
      Object.fromEntries(
        Object.entries(model.parameters()).filter(([name]) => !name.includes('initial_')),
      ),
    )
    expect((await model.predict({ x })).y).toEqual((await plain.predict({ x })).y)
  })

  test('is the same in every row, and gives way to that of a call', async () => {
    const model = graph(
      { x: { sequence: { size: 2 } }, h: { vector: { size: 3 } } },
      ({ x, h }) => {
        const layer = gru({ hiddenSize: 3, initialState: 'learned' })
        return { own: layer(x).output, given: layer(x, { initial: { h } }).output }
      },
    )
    model.setParameters({ 'gru.initial_h_l0': Float32Array.of(0.5, -0.25, 2) })
    const row = [0.5, -0.25, 2]
    const { own, given } = await model.predict({ x, h: [row, row, row] })
    expect(own).toEqual(given)
    const other = await model.predict({ x, h: [row, [0, 0, 0], row] })
    expect(other.own).toEqual(own)
    expect(other.given).not.toEqual(own)
  })
})

test('a forget gate that is open keeps the cell to the bit, whatever the options', async () => {
  const options = { hiddenSize: 5, peepholes: true, layerNorm: true, activation: 'elu' } as const
  const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({
    c: lstm({ ...options, initialState: 'learned', name: 'net' })(x).state.c,
  }))
  const c = Float32Array.of(0.3, -1.7, 0, 1e-3, 12)
  const gates = [-800, 800, 0.3, -0.2].flatMap((bias) => Array<number>(5).fill(bias))
  model.setParameters({
    'net.bias_ih_l0': Float32Array.from(gates),
    'net.weight_ci_l0': Float32Array.of(1, -1, 2, 0.5, -3),
    'net.initial_c_l0': c,
  })
  const after = await model.predict({ x: [steps(300, 2, 3)] })
  expect(after.c.values).toEqual(c)
})

test('the node test lstm_with_peepholes of ONNX: all weights 0.1, one step', async () => {
  const model = graph({ x: { sequence: { size: 4 } } }, ({ x }) => {
    const { state, trace } = lstm({ hiddenSize: 3, peepholes: true, forgetBias: 0 })(x)
    return { h: state.h, i: trace.i, f: trace.f, o: trace.o }
  })
  const weights = Object.entries(model.parameters()).filter(([name]) => name.includes('weight'))
  expect(weights).toHaveLength(5)
  const tenths = weights.map(([name, { values }]) => [name, values.map(() => 0.1)])
  model.setParameters(Object.fromEntries(tenths))
  const { h, i, f, o } = await model.predict({ x: [[[1, 2, 3, 4]], [[5, 6, 7, 8]]] })
  // i = f = σ(p) and c = i tanh(p) with p = 1 and 2.6; o = σ(p + c / 10), h = o tanh(c).
  for (const [row, expected] of [0.3750690956395994, 0.6801309380121388].entries()) {
    for (const unit of [0, 1, 2]) expect(h.values[3 * row + unit]).toBeCloseTo(expected, 6)
  }
  for (const gate of [i, f, o]) {
    expect(gate.values.every((value) => value > 0.5 && value < 1)).toBe(true)
  }
})

test('weights of PyTorch’s initializer leave gains and biases of normalizations as they are', () => {
  const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({
    y: lstm({ hiddenSize: 4, layerNorm: true, peepholes: true, initializer: 'pytorch' })(x).output,
  }))
  const {
    'lstm.gain_c_l0': gain,
    'lstm.bias_c_l0': bias,
    'lstm.weight_ci_l0': weight,
  } = model.parameters()
  expect([...(gain?.values ?? [])]).toEqual([1, 1, 1, 1])
  expect([...(bias?.values ?? [])]).toEqual([0, 0, 0, 0])
  expect(weight?.values.every((value) => value !== 0 && Math.abs(value) <= 0.5)).toBe(true)
})

describe('refused', () => {
  const untyped = (value: unknown) => value as never
  test.each<[string, () => unknown, string]>([
    [
      'a projection as wide as the state',
      () => lstm({ hiddenSize: 3, projSize: 3 }),
      'lstm projSize: expected a whole number below hiddenSize, 3, received 3',
    ],
    [
      'a projection of a gru',
      () => gru(untyped({ hiddenSize: 3, projSize: 2 })),
      'gru: unknown option',
    ],
    [
      'softmax as the function of a state',
      () => rnn({ hiddenSize: 3, activation: untyped('softmax') }),
      'rnn activation: expected ',
    ],
    [
      'a normalization without its bias',
      () => lstm({ hiddenSize: 3, layerNorm: true, bias: false, name: 'mine' }),
      'mine bias: expected true where layerNorm is true, received false',
    ],
    [
      'a cell that keeps all',
      () => gru({ hiddenSize: 3, zoneout: 1 }),
      'gru zoneout: expected a number below 1, received 1',
    ],
    [
      'a zoneout of a state that is none',
      () => lstm({ hiddenSize: 3, zoneout: untyped({ k: 0.5 }) }),
      'lstm zoneout: unknown option "k"',
    ],
    [
      'a cell of a gru',
      () => gru({ hiddenSize: 3, zoneout: untyped({ c: 0.5 }) }),
      'gru zoneout: unknown option "c"',
    ],
    [
      'recurrent dropout of all',
      () => rnnCell(3, { recurrentDropout: 1 }),
      'rnnCell recurrentDropout: expected a number below 1, received 1',
    ],
    [
      'a first state of another kind',
      () => rnn({ hiddenSize: 3, initialState: untyped('random') }),
      "rnn initialState: expected 'zeros' or 'learned', received \"random\"",
    ],
    [
      'the first state of a cell',
      () => gruCell(3, untyped({ initialState: 'learned' })),
      'gruCell: unknown',
    ],
    [
      'peepholes of a rate',
      () => lstmCell(3, { peepholes: untyped(1) }),
      'lstmCell peepholes: expected true',
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(expect.objectContaining({ code: 'ERR_UNROLLED_ARGUMENT' }))
    expect(build).toThrow(message)
  })
})
