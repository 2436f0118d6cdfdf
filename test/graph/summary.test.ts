import { expect, test } from 'vitest'
import { graphOf } from '../../ts/compose/graph.js'
import { sequentialGraph } from '../../ts/compose/sequential.js'
import { concat, dense, embedding, gru, last, lstm, relu } from '../../ts/index.js'
import { summarize } from '../../ts/model/summary.js'

test('a table of the nodes and their parameters', () => {
  const graph = sequentialGraph([
    embedding({ vocabularySize: 80, size: 16 }),
    lstm({ hiddenSize: 128 }),
    last(),
    dense({ size: 2, activation: 'relu' }),
  ])
  expect(summarize(graph)).toBe(
    [
      'name       kind       gives           parameters',
      'tokens     input      tokens [80]',
      'embedding  embedding  sequence [16]        1,280',
      'lstm.l0    scan       sequence [128]      74,752',
      'last       last       vector [128]',
      'dense      linear     vector [2]             258',
      'relu       relu       vector [2]',
      'outputs: output = relu',
      'parameters: 76,290',
    ].join('\n'),
  )
})

test('shared parameters count once', () => {
  const graph = graphOf(({ input }) => {
    const shared = dense({ size: 2 })
    const x = input.vector('x', { size: 3 })
    const words = input.sequence('words', { size: 5 })
    const { state } = gru({ hiddenSize: 2, resetAfter: false, reverse: true })(words)
    return { y: relu(concat(shared(x), shared(x), state.h)) }
  })
  expect(summarize(graph).split('\n').slice(3)).toEqual([
    'gru.l0   scan, reverse  sequence [2]          42',
    'dense    linear         vector [2]             8',
    'dense_1  linear         vector [2]',
    'concat   concat         vector [6]',
    'relu     relu           vector [6]',
    'outputs: y = relu',
    'parameters: 50',
  ])
})
