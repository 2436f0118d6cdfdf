import { describe, expect, test } from 'vitest'
import { graphOf } from '../../ts/compose/graph.js'
import { sequentialGraph } from '../../ts/compose/sequential.js'
import { dense, dropout, embedding, gru, layerNorm, linear, lstm, rnn } from '../../ts/index.js'

/** Options written out as the documentation gives their defaults: the graph is the same. */
describe('defaults are what the documentation says', () => {
  const recurrent = {
    inputSize: 2,
    hiddenSize: 3,
    numLayers: 1,
    bias: true,
    dropout: 0,
    reverse: false,
    bidirectional: false,
    initializer: 'glorot',
  } as const
  const short = { inputSize: 2, hiddenSize: 3 }
  const first = dense({ inputSize: 2, size: 3 })

  test.each([
    ['rnn', [rnn(short)], [rnn({ ...recurrent, activation: 'tanh', name: 'rnn' })]],
    ['lstm', [lstm(short)], [lstm({ ...recurrent, forgetBias: 1, name: 'lstm' })]],
    ['gru', [gru(short)], [gru({ ...recurrent, resetAfter: true, name: 'gru' })]],
    [
      'gru with the reset before',
      [gru({ ...short, resetAfter: false })],
      [gru({ ...recurrent, resetAfter: false, bias: false })],
    ],
    [
      'dense',
      [first],
      [dense({ inputSize: 2, size: 3, bias: true, initializer: 'glorot', name: 'dense' })],
    ],
    [
      'embedding',
      [embedding({ vocabularySize: 4, size: 2 })],
      [embedding({ vocabularySize: 4, size: 2, initializer: 'glorot', name: 'embedding' })],
    ],
    ['dropout', [first, dropout({ rate: 0.5 })], [first, dropout({ rate: 0.5, fixed: false })]],
    ['layerNorm', [first, layerNorm()], [first, layerNorm({ epsilon: 1e-5, name: 'layerNorm' })]],
    [
      'linear',
      [first, linear(2)],
      [first, linear(2, { bias: true, initializer: 'glorot', name: 'linear' })],
    ],
  ])('%s', (_, left, written) => {
    expect(sequentialGraph(left)).toEqual(sequentialGraph(written))
  })

  test('axis, and the names of inputs', () => {
    const named = (options: object) =>
      graphOf(({ input }) => ({
        y: dense({ size: 1 })(input.sequence('x', { size: 2, ...options })),
      }))
    expect(named({})).toEqual(named({ axis: 'time' }))
    expect(named({})).not.toEqual(named({ axis: 'words' }))
  })
})

describe('how parameters start', () => {
  const inits = (layers: readonly unknown[]) =>
    sequentialGraph(layers).parameters.map(({ name, init }) => [name.replace(/^.*\./, ''), init])
  const uniform = (n: number) => ({ uniform: { bound: 1 / Math.sqrt(n) } })
  const options = { inputSize: 9, hiddenSize: 4 }

  test.each([
    ['rnn', rnn, 1, 'zeros'],
    ['lstm', lstm, 4, { blocks: { values: [0, 1, 0, 0] } }],
    ['gru', gru, 3, 'zeros'],
  ] as const)('%s', (_, layer, blocks, bias) => {
    expect(inits([layer(options)])).toEqual([
      ['weight_ih_l0', 'glorotUniform'],
      ['weight_hh_l0', { orthogonal: { blocks } }],
      ['bias_ih_l0', bias],
      ['bias_hh_l0', 'zeros'],
    ])
    const torch = inits([layer({ ...options, initializer: 'pytorch', bidirectional: true })])
    expect(torch).toHaveLength(8)
    for (const [, init] of torch) expect(init).toEqual(uniform(4))
  })

  test('the rest', () => {
    const forget = inits([
      lstm({ ...options, forgetBias: -2.5, numLayers: 2, bidirectional: true }),
    ])
    const ofInputs = forget.filter(([name]) => String(name).startsWith('bias_ih'))
    expect(ofInputs).toHaveLength(4)
    for (const [, init] of ofInputs) expect(init).toEqual({ blocks: { values: [0, -2.5, 0, 0] } })
    const pytorch = { initializer: 'pytorch' } as const
    expect(
      inits([dense({ inputSize: 9, size: 4, ...pytorch }), linear(2, pytorch), layerNorm()]),
    ).toEqual([
      ['weight', uniform(9)],
      ['bias', uniform(9)],
      ['weight', uniform(4)],
      ['bias', uniform(4)],
      ['weight', { constant: { value: 1 } }],
      ['bias', 'zeros'],
    ])
    expect(inits([embedding({ vocabularySize: 4, size: 2 })])).toEqual([
      ['weight', { uniform: { bound: 0.05 } }],
    ])
    expect(inits([embedding({ vocabularySize: 4, size: 2, ...pytorch })])).toEqual([
      ['weight', { normal: { std: 1 } }],
    ])
  })
})
