import {
  add,
  affine,
  attention,
  bidirectional,
  cell,
  choose,
  clockwork,
  concat,
  deepTransition,
  delayed,
  dense,
  dropout,
  embedding,
  encoderDecoder,
  graph,
  gru,
  gruCell,
  last,
  leaky,
  linear,
  lstm,
  lstmCell,
  type Model,
  multiply,
  oneHot,
  parameter,
  rnn,
  rnnCell,
  type Sequence,
  scan,
  sequential,
  shift,
  sigmoid,
  slice,
  stacked,
  tanh,
  type Vector,
} from 'unrolled'
import { exportOnnx } from 'unrolled/onnx'
import { describe, expect, test } from 'vitest'
import { readModel } from '../../ts/onnx/proto.js'
import { expectSame } from '../support/exported.js'

const RAGGED = { time: [4, 7, 1, 0, 6] }
const FULL = { time: [7, 7, 7] }

/** The operators of a model's graph, outside of bodies. */
const operators = (model: Pick<Model, 'graph' | 'parameters'>): (string | undefined)[] =>
  readModel(exportOnnx(model)).graph?.node.map(({ opType }) => opType) ?? []

type Build = (x: Sequence<3>, v: Vector<3>) => Readonly<Record<string, unknown>>
const model = (build: Build): Model =>
  graph({ x: { sequence: { size: 3 } }, v: { vector: { size: 3 } } }, ({ x, v }) => {
    return build(x, v) as never
  }) as Model

/** The results of a layer: steps, states, and what it shows of each step. */
const all = ({ output, state, trace }: { output: object; state: object; trace?: unknown }) => ({
  output,
  ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`${name}Last`, value])),
  ...Object.fromEntries(
    Object.entries(trace ?? {}).map(([name, value]) => [`${name}Steps`, value]),
  ),
})

const groups = [
  { size: 2, period: 1 },
  { size: 3, period: 3 },
] as const

const loops: Readonly<Record<string, Build>> = {
  'a cell of its own': (x) =>
    all(scan(cell({ h: 4 }, ({ h }, x) => ({ h: tanh(add(linear(4)(x), linear(4)(h))) })))(x)),
  'two states and an output': (x, v) =>
    all(
      scan(
        cell({ a: 2, b: 3 }, ({ a, b }, x) => {
          const next = sigmoid(linear(2)(concat(a, b, x, v)))
          return {
            a: next,
            b: multiply(x, slice({ start: 0, size: 1 })(a)),
            output: concat(b, next),
          }
        }),
        { reverse: true },
      )(x),
    ),
  'states that are told each other': (x) =>
    all(scan(cell({ a: 3, b: 3 }, ({ a, b }, x) => ({ a: b, b: add(a, x), output: a })))(x)),
  'a constant for a state': (x) =>
    all(scan(cell({ h: 2 }, ({ h }, x) => ({ h: parameter(2), output: concat(h, x) })))(x)),
  'states that begin with values': (x, v) => {
    const step = cell({ h: 3, c: 2 }, ({ h, c }, x) => ({
      h: tanh(add(h, x)),
      c: affine(c, { shift: 1 }),
    }))
    return all(scan(step)(x, { initial: { h: v, c: parameter(2) } }))
  },
  'a token for a state': (x) => {
    const step = cell({ id: { vocabularySize: 5, start: 2 }, h: 3 }, ({ id, h }, x) => {
      const next = tanh(linear(3)(concat(embedding({ size: 4 })(id), h, x)))
      return { id: choose(linear(5)(next)), h: next, output: oneHot(id) }
    })
    return { output: scan(step as never)(x as never).output }
  },
  'a fixed number of steps': (_, v) => {
    const step = cell({ h: 3 }, ({ h }) => ({ h: tanh(linear(3)(h)) }))
    const along = scan(step as never) as unknown as (n: number, o: object) => { output: object }
    return { output: along(4, { initial: { h: v } }).output }
  },
  'the fused steps in a cell': (x) =>
    all(
      scan(
        cell({ a: 3, h: 4, c: 4, r: 2 }, ({ a, h, c, r }, x) => {
          const long = lstmCell(4)({ h, c }, concat(x, r))
          return {
            a: gruCell(3)({ h: a }, concat(x, h)).h,
            h: long.h,
            c: long.c,
            r: rnnCell(2)({ h: r }, x).h,
          }
        }),
      )(x),
    ),
  'both ways of a cell': (x) =>
    all(bidirectional(cell({ h: 3 }, ({ h }, x) => ({ h: tanh(add(linear(3)(x), h)) })))(x)),
  clockwork: (x) => all(scan(clockwork({ groups }))(x)),
  delayed: (x) => all(scan(delayed({ hiddenSize: 4, delays: [1, 3] }))(x)),
  leaky: (x) => ({
    ...all(leaky(0.75, { learned: true })(x)),
    back: leaky(0.5, { reverse: true })(x).output,
  }),
  'a deep transition': (x) =>
    all(
      scan(
        deepTransition({
          hiddenSize: 4,
          input: [3],
          transition: [5],
          output: [2],
          skip: 'highway',
        }),
      )(x),
    ),
  'peepholes and a projection': (x) =>
    all(lstm({ hiddenSize: 5, projSize: 2, peepholes: true, bidirectional: true })(x)),
  'coupled gates': (x) => all(lstm({ hiddenSize: 5, coupledGates: true, reverse: true })(x)),
  'normalized cells': (x) => ({
    lstm: lstm({ hiddenSize: 4, layerNorm: true })(x).output,
    gru: gru({ hiddenSize: 4, layerNorm: true })(x).output,
    rnn: rnn({ hiddenSize: 4, layerNorm: true })(x).output,
  }),
  'gates and states at each step': (x) => ({
    ...all(lstm({ hiddenSize: 3 })(x)),
    z: gru({ hiddenSize: 3 })(x).trace.z,
  }),
  'zoneout and dropout': (x) => ({
    zoneout: lstm({ hiddenSize: 3, zoneout: 0.25 })(x).output,
    dropped: gru({ hiddenSize: 3, numLayers: 2, dropout: 0.5, recurrentDropout: 0.5 })(x).output,
    all: dropout({ rate: 0.5 })(rnn({ hiddenSize: 2 })(x).output),
  }),
  'a context of each step': (x, v) => ({
    output: lstm({ hiddenSize: 3 })(x, { context: v } as never).output,
  }),
  'other functions': (x) => ({
    lstm: lstm({ hiddenSize: 3, activation: 'softplus' })(x).output,
    gru: gru({ hiddenSize: 3, activation: 'elu' })(x).output,
    rnn: rnn({ hiddenSize: 3, activation: 'identity' })(x).output,
  }),
}

describe.each(Object.entries(loops))('%s', (_, build) => {
  test('ragged', async () => expectSame(model(build), RAGGED))
  test('full', async () => expectSame(model(build), FULL))
})

const operator: Readonly<Record<string, readonly ['LSTM' | 'GRU' | 'RNN', number, Build]>> = {
  'an LSTM': ['LSTM', 1, (x) => all({ ...lstm({ hiddenSize: 4 })(x), trace: {} })],
  'an LSTM of relu': [
    'LSTM',
    1,
    (x) => all({ ...lstm({ hiddenSize: 4, activation: 'relu' })(x), trace: {} }),
  ],
  'the states of an LSTM': ['LSTM', 1, (x) => ({ h: lstm({ hiddenSize: 4 })(x).trace.h })],
  'a GRU': ['GRU', 1, (x) => all({ ...gru({ hiddenSize: 4 })(x), trace: {} })],
  'a GRU with the reset before': [
    'GRU',
    1,
    (x) => all({ ...gru({ hiddenSize: 4, resetAfter: false, bias: true })(x), trace: {} }),
  ],
  'a GRU of relu': ['GRU', 1, (x) => ({ y: gru({ hiddenSize: 4, activation: 'relu' })(x).output })],
  'a GRU of sigmoid, the reset before': [
    'GRU',
    1,
    (x) => ({ y: gru({ hiddenSize: 4, activation: 'sigmoid', resetAfter: false })(x).output }),
  ],
  'an RNN of relu': [
    'RNN',
    1,
    (x) => all({ ...rnn({ hiddenSize: 4, activation: 'relu' })(x), trace: {} }),
  ],
  'a reverse GRU with a dropped state': [
    'GRU',
    1,
    (x) => ({ y: gru({ hiddenSize: 4, reverse: true, recurrentDropout: 0.5 })(x).output }),
  ],
  'initial states': [
    'LSTM',
    2,
    (x, v) => ({
      both: lstm({ hiddenSize: 3 })(x, { initial: { h: v, c: tanh(v) } }).output,
      one: lstm({ hiddenSize: 3 })(x, { initial: { c: v } }).output,
    }),
  ],
  'learned initial states': [
    'GRU',
    4,
    (x) => ({
      y: gru({ hiddenSize: 3, numLayers: 2, bidirectional: true, initialState: 'learned' })(x)
        .output,
    }),
  ],
  'a cell of one layer': [
    'LSTM',
    1,
    (x) => ({
      y: scan(cell({ c: 4, h: 4 }, ({ h, c }, x) => lstmCell(4)({ h, c }, x)))(x).output,
    }),
  ],
  'stacked layers': [
    'GRU',
    1,
    (x) => ({ y: stacked([gru({ hiddenSize: 4 }), lstm({ hiddenSize: 3 })])(x).output }),
  ],
  'one layer called twice': [
    'RNN',
    2,
    (x) => {
      const layer = rnn({ hiddenSize: 3 })
      return { y: layer(layer(x).output).output }
    },
  ],
}

describe.each(Object.entries(operator))('%s', (_, [op, count, build]) => {
  test('is an operator', () => {
    const found = operators(model(build))
    expect(found.filter((it) => it === op)).toHaveLength(count)
    expect(found).not.toContain('Scan')
  })
  test('ragged', async () => expectSame(model(build), RAGGED))
  test('full', async () => expectSame(model(build), FULL))
})

describe('models', () => {
  const RAGGED = { source: [2, 5, 0, 1], target: [3, 1, 2, 4] }
  const FULL = { source: [5, 5], target: [3, 3] }

  test.each([
    ['plain', {}],
    ['of two layers both ways', { cell: 'lstm', numLayers: 2, bidirectional: true }],
    ['that reads the context', { cell: 'rnn', context: 'both' }],
    ['that attends', { attention: 'additive' }],
    ['that attends by dot products', { attention: 'dot', cell: 'lstm' }],
    ['that feeds its input', { attention: 'general', inputFeeding: true, numLayers: 2 }],
  ] as const)('an encoder-decoder %s', async (_, options) => {
    const make = () =>
      encoderDecoder({
        source: { vocabularySize: 7 },
        target: { vocabularySize: 5, start: 1 },
        hiddenSize: 4,
        ...options,
      }) as unknown as Model
    await expectSame(make(), RAGGED)
    await expectSame(make(), FULL)
  })

  test('a decoder of numbers', async () => {
    const options = { source: { size: 2 }, target: { size: 3 }, hiddenSize: 4 } as const
    await expectSame(encoderDecoder({ ...options, attention: 'scaled' }) as never, RAGGED)
  })

  test('a cell that attends and shows its weights', async () => {
    const inputs = {
      x: { sequence: { size: 3 } },
      m: { sequence: { size: 3, axis: 'memory' } },
    } as const
    const made = graph(inputs, ({ x, m }) => {
      const step = cell({ h: 3 }, ({ h }, x) => {
        const { context, weights } = attention({ size: 4 })(h, m)
        return { h: tanh(linear(3)(concat(x, context))), trace: { weights } }
      })
      const { output, trace } = scan(step)(x)
      return { output, weights: trace.weights }
    })
    await expectSame(made as never, { time: [4, 7, 1, 0, 6], memory: [2, 0, 3, 5, 1] })
    await expectSame(made as never, { time: [4, 4], memory: [3, 3] })
  })

  test('layers one after the other', async () => {
    const made = sequential([
      embedding({ vocabularySize: 9, size: 4 }),
      lstm({ hiddenSize: 5, bidirectional: true }),
      last(),
      dense({ size: 2, activation: 'softmax' }),
    ])
    await expectSame(made as never, { time: [4, 7, 1, 6] })
    await expectSame(made as never, { time: [3] })
  })

  test('a language model that shifts its ids', async () => {
    const made = graph({ ids: { tokens: { vocabularySize: 9 } } }, ({ ids }) => {
      const late = embedding({ size: 4 })(shift({ start: 0 })(ids))
      return { scores: dense({ size: 9 })(gru({ hiddenSize: 5 })(late).output) }
    })
    await expectSame(made as never, { time: [4, 7, 1, 6] })
  })
})
