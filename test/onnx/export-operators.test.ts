import {
  cell,
  gru,
  gruCell,
  lstm,
  lstmCell,
  type Model,
  oneHot,
  rnn,
  scan,
  stacked,
  tanh,
} from 'unrolled'
import { exportOnnx } from 'unrolled/onnx'
import { describe, expect, test } from 'vitest'
import { readModel } from '../../ts/onnx/proto.js'
import { type Build, expectSame, modelOf, resultsOf } from '../support/exported.js'

const RAGGED = { time: [4, 7, 1, 0, 6] }
const FULL = { time: [7, 7, 7] }

/** The operators of a model's graph, outside of bodies. */
const operators = (model: Pick<Model, 'graph' | 'parameters'>): (string | undefined)[] =>
  readModel(exportOnnx(model)).graph?.node.map(({ opType }) => opType) ?? []

const operator: Readonly<Record<string, readonly ['LSTM' | 'GRU' | 'RNN', number, Build]>> = {
  'an LSTM': ['LSTM', 1, (x) => resultsOf({ ...lstm({ hiddenSize: 4 })(x), trace: {} })],
  'an LSTM of relu': [
    'LSTM',
    1,
    (x) => resultsOf({ ...lstm({ hiddenSize: 4, activation: 'relu' })(x), trace: {} }),
  ],
  'the states of an LSTM': ['LSTM', 1, (x) => ({ h: lstm({ hiddenSize: 4 })(x).trace.h })],
  'peepholes both ways': [
    'LSTM',
    2,
    (x) =>
      resultsOf({ ...lstm({ hiddenSize: 4, peepholes: true, bidirectional: true })(x), trace: {} }),
  ],
  'peepholes of relu, in reverse': [
    'LSTM',
    1,
    (x, v) => {
      const options = { hiddenSize: 3, peepholes: true, activation: 'relu', reverse: true } as const
      return { y: lstm(options)(x, { initial: { c: v } }).output }
    },
  ],
  'a GRU': ['GRU', 1, (x) => resultsOf({ ...gru({ hiddenSize: 4 })(x), trace: {} })],
  'a GRU with the reset before': [
    'GRU',
    1,
    (x) => resultsOf({ ...gru({ hiddenSize: 4, resetAfter: false, bias: true })(x), trace: {} }),
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
    (x) => resultsOf({ ...rnn({ hiddenSize: 4, activation: 'relu' })(x), trace: {} }),
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
    const found = operators(modelOf(build))
    expect(found.filter((it) => it === op)).toHaveLength(count)
    expect(found).not.toContain('Scan')
  })
  test('ragged', async () => expectSame(modelOf(build), RAGGED))
  test('full', async () => expectSame(modelOf(build), FULL))
})

test('a token beside the states of a cell makes a loop', async () => {
  const build: Build = (x) => {
    const sizes = { h: 4, id: { vocabularySize: 3 } } as const
    const step = cell(sizes, ({ h, id }, x) => ({ h: gruCell(4)({ h }, x).h, id }))
    const { output, state } = scan(step)(x)
    return { output, id: oneHot(state.id) }
  }
  expect(operators(modelOf(build))).toContain('Scan')
  const unread = 'node "oneHot" (OneHot): expected ids, as 0 and 1 on the last axis'
  await expectSame(modelOf(build), RAGGED, { unread })
})
