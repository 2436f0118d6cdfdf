import {
  attention,
  cell,
  concat,
  dense,
  embedding,
  encoderDecoder,
  graph,
  gru,
  last,
  linear,
  lstm,
  type Model,
  scan,
  sequential,
  shift,
  tanh,
  type Vector,
} from 'unrolled'
import { test } from 'vitest'
import { expectSame } from '../support/exported.js'

const RAGGED = { source: [2, 5, 0, 1], target: [3, 1, 2, 4] }
const FULL = { source: [5, 5], target: [3, 3] }

test.each([
  ['plain', {}],
  ['of two layers both ways', { cell: 'lstm', numLayers: 2, bidirectional: true }],
  ['that reads the context', { cell: 'rnn', context: 'both' }],
  ['that attends', { attention: 'additive' }],
  ['that attends by dot products', { attention: 'dot', cell: 'lstm' }],
  ['that covers', { attention: { score: 'additive', coverage: true } }],
  ['that feeds its input', { attention: 'general', inputFeeding: true, numLayers: 2 }],
] as const)('an encoder-decoder %s', async (_, options) => {
  const make = () =>
    encoderDecoder({
      source: { vocabularySize: 7 },
      target: { vocabularySize: 5, start: 1 },
      hiddenSize: 4,
      ...(options as object),
    }) as unknown as Model
  // A loop of the import looks at one step of one time.
  const back = { unread: 'attention' in options ? 'node "decoder.h_n' : undefined }
  await expectSame(make(), RAGGED, back)
  await expectSame(make(), FULL, back)
})

test('a decoder of numbers', async () => {
  const options = { source: { size: 2 }, target: { size: 3 }, hiddenSize: 4 } as const
  await expectSame(encoderDecoder({ ...options, attention: 'scaled' }) as never, RAGGED, {
    unread: 'node "decoder.h_n/body/attention.dots" (MatMul)',
  })
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
  await expectSame(
    made as never,
    { time: [4, 7, 1, 0, 6], memory: [2, 0, 3, 5, 1] },
    {
      unread: 'node "scan.h_n',
    },
  )
  await expectSame(
    made as never,
    { time: [4, 4], memory: [3, 3] },
    {
      unread: 'node "scan.h_n',
    },
  )
})

test('a cell that attends with coverage', async () => {
  const inputs = {
    x: { sequence: { size: 3 } },
    m: { sequence: { size: 3, axis: 'memory' } },
  } as const
  const make = (reverse: boolean) =>
    graph(inputs, ({ x, m }) => {
      const step = cell({ h: 4 }, ({ h }, x) => {
        const { context, weights, coverageLoss } = attention({ size: 5, coverage: true })(h, m)
        return { h: tanh(linear(4)(concat(x, context, h))), trace: { weights, coverageLoss } }
      })
      const { output, trace } = scan(step, { reverse })(x)
      return { output, weights: trace.weights, again: trace.coverageLoss }
    }) as never
  await expectSame(
    make(false),
    { time: [4, 7, 1, 0, 6], memory: [2, 0, 3, 5, 1] },
    {
      unread: 'node "scan.h_n',
    },
  )
  await expectSame(
    make(true),
    { time: [4, 7, 1, 0, 6], memory: [2, 0, 3, 5, 1] },
    {
      unread: 'node "scan.h_n',
    },
  )
  await expectSame(
    make(true),
    { time: [4, 4], memory: [3, 3] },
    {
      unread: 'node "scan.h_n',
    },
  )
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

test('names of any letters', async () => {
  const inputs = { 'x /y': { sequence: { size: 3, axis: 'Zeit (s)' } } } as const
  const make = () =>
    graph(inputs, ({ 'x /y': x }) => {
      const { output } = gru({ hiddenSize: 3, name: '__proto__' })(x)
      const step = cell({ constructor: 3 }, ({ constructor: h }, x) => ({
        constructor: tanh(linear(3, { name: 'ints' })(concat(h as Vector, x))),
      }))
      return { floats: scan(step, { name: '層' })(output).output, rows: output }
    })
  await expectSame(make() as never, { 'Zeit (s)': [4, 1, 7] })
  await expectSame(make() as never, { 'Zeit (s)': [2, 2] })
})
