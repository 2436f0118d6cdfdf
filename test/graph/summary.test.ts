import { expect, test } from 'vitest'
import {
  cell,
  concat,
  dense,
  embedding,
  graph,
  gru,
  gruCell,
  last,
  lstm,
  multiply,
  parameter,
  relu,
  scan,
  sequential,
} from '../../ts/index.js'

test('a table of the nodes and their parameters', () => {
  const model = sequential([
    embedding({ vocabularySize: 80, size: 16 }),
    lstm({ hiddenSize: 128 }),
    last(),
    dense({ size: 2, activation: 'relu' }),
  ])
  expect(model.summary()).toBe(
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

test('a token and its vector have no steps', () => {
  const model = graph(({ input }) => {
    const word = input.token('word', { vocabularySize: 9 })
    return { y: embedding({ size: 3 })(word) }
  })
  expect(model.summary().split('\n').slice(1, 3)).toEqual([
    'word       input      token [9]',
    'embedding  embedding  vector [3]          27',
  ])
})

test('shared parameters count once', () => {
  const model = graph(({ input }) => {
    const shared = dense({ size: 2 })
    const x = input.vector('x', { size: 3 })
    const words = input.sequence('words', { size: 5 })
    const { state } = gru({ hiddenSize: 2, resetAfter: false, reverse: true })(words)
    return { y: relu(concat(shared(x), shared(x), state.h)) }
  })
  expect(model.summary().split('\n').slice(3)).toEqual([
    'gru.l0   scan, reverse  sequence [2]          42',
    'dense    linear         vector [2]             8',
    'dense_1  linear         vector [2]',
    'concat   concat         vector [6]',
    'relu     relu           vector [6]',
    'outputs: y = relu',
    'parameters: 50',
  ])
})

test('rows add up to all parameters', () => {
  const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => {
    const peephole = cell({ h: 3 }, ({ h }, x) => ({
      h: gruCell(3)({ h: multiply(parameter(3), h) }, x).h,
    }))
    return { y: multiply(dense({ size: 2 })(scan(peephole)(x).output), parameter(2)) }
  })
  const table = model.summary().split('\n')
  const counts = table.slice(1, -2).map((row) => Number(/ ([\d,]+)$/.exec(row)?.[1] ?? 0))
  const total = Object.values(model.parameters()).reduce(
    (sum, { values }) => sum + values.length,
    0,
  )
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total)
  expect(table.at(-1)).toBe(`parameters: ${total}`)
})
