import { adam, type EncoderDecoderOptions, encoderDecoder } from 'unrolled'
import { describe, expect, test } from 'vitest'

let drawn = 1
const letter = () => {
  drawn = (drawn * 48271) % 2147483647
  return 1 + (drawn % 5)
}
const texts = Array.from({ length: 300 }, (_, row) => Array.from({ length: 2 + (row % 4) }, letter))
/** Each text reversed, with an end. */
const targets = texts.map((text) => [...[...text].reverse(), 0])
const held = [
  [2, 5, 1, 4, 3],
  [4, 4, 1],
  [3, 2],
]

const base = {
  source: { vocabularySize: 6 },
  target: { vocabularySize: 6, start: 0 },
  hiddenSize: 24,
  embeddingSize: 8,
  seed: 2,
} as const

/** Trains on reversed texts, and gives the share of held letters that the model reverses by itself. */
async function accuracy(options: Partial<EncoderDecoderOptions>): Promise<number> {
  const model = encoderDecoder({ ...base, ...options } as EncoderDecoderOptions)
  await model.fit(
    { x: { source: texts, target: targets }, y: targets },
    {
      epochs: 30,
      batchSize: 16,
      loss: 'crossEntropy',
      optimizer: adam({ learningRate: 0.01 }),
    },
  )
  const y = held.map((text) => [...text].reverse())
  const found = await model.generate({ source: held }, { maxSteps: 8, endToken: 0 })
  const hits = y.flatMap((row, i) =>
    [...row, 0].map((id, t) => (id === ([...(found[i]?.tokens ?? []), 0][t] ?? -1) ? 1 : 0)),
  )
  return hits.reduce<number>((sum, hit) => sum + hit, 0) / hits.length
}

describe('a model from one text to another learns to reverse', () => {
  test.each<[string, Partial<EncoderDecoderOptions>]>([
    ['the context as first state', { hiddenSize: 32 }],
    ['the context as input', { context: 'input', hiddenSize: 32 }],
    ['both', { context: 'both' }],
    ['lstm, two layers', { cell: 'lstm', numLayers: 2, hiddenSize: 32 }],
    ['a bridge between sizes', { encoderSize: 15, bidirectional: true }],
    ['attention', { attention: 'additive', bidirectional: true }],
    ['attention, lstm, two layers', { attention: 'general', cell: 'lstm', numLayers: 2 }],
    ['attention, input feeding', { attention: { score: 'dot' }, inputFeeding: true }],
  ])('%s', async (_, options) => {
    expect(await accuracy(options)).toBeGreaterThan(0.8)
  })
})

describe('what does not fit is refused', () => {
  const make = (options: object) => () => encoderDecoder({ ...base, ...options } as never)
  test.each<[string, object, string]>([
    [
      'a decoder that cannot reach its encoder',
      { encoderSize: 10, bridge: false },
      "encoderDecoder: expected a first state of 24 numbers, received an encoder's of 20",
    ],
    ['no start', { target: { vocabularySize: 6 } }, 'encoderDecoder target start: expected'],
    ['a start that is no id', { target: { vocabularySize: 6, start: 6 } }, 'shift start: expected'],
    [
      'a start of numbers',
      { target: { size: 2, start: 0 } },
      'encoderDecoder target start: expected none, received 0; numbers begin with zeros',
    ],
    [
      'a side of both kinds',
      { source: { size: 2, vocabularySize: 6 } },
      'encoderDecoder source: expected { vocabularySize } for ids or { size } for numbers',
    ],
    ['an unknown cell', { cell: 'mlp' }, 'encoderDecoder cell: expected'],
    ['an unknown way', { context: 'init' }, 'encoderDecoder context: expected'],
    ['an unknown score', { attention: 'max' }, 'attention score: expected'],
    ['no attention', { attention: false }, 'encoderDecoder attention: expected a score or options'],
    [
      'feeding without attention',
      { inputFeeding: true },
      'encoderDecoder inputFeeding: expected false without attention, received true',
    ],
    ['an unknown option', { atention: 'dot' }, 'did you mean attention?'],
  ])('%s', (_, options, message) => {
    const both = { ...options, ...('bridge' in options && { bidirectional: true }) }
    expect(make(both)).toThrow(message)
  })
})

test.each([undefined, 'additive'] as const)('between layers there is dropout: %s', (attention) => {
  const options = { ...base, dropout: 0.25, ...(attention && { attention }) }
  const rates = (numLayers: number) => {
    const { nodes } = encoderDecoder({ ...options, numLayers }).graph
    return nodes.flatMap(({ op }) =>
      typeof op === 'object' && 'dropout' in op ? [op.dropout.rate] : [],
    )
  }
  expect(() => rates(1)).toThrow(
    'encoderDecoder dropout: expected 0 with one layer, received 0.25; dropout stands between layers: give numLayers',
  )
  expect(() => encoderDecoder({ ...base, dropout: 1.5, numLayers: 2 })).toThrow('dropout')
  // Of three layers there are two places in the encoder and two in the decoder.
  expect(rates(3)).toEqual([0.25, 0.25, 0.25, 0.25])
})

test('numbers go in and come out', async () => {
  const model = encoderDecoder({ source: { size: 2 }, target: { size: 1 }, hiddenSize: 5 })
  const source = [
    [[1, 2]],
    [
      [1, 0],
      [0, 1],
      [3, 3],
    ],
  ]
  const target = [[[1], [2], [3]], [[4]]]
  const before = await model.evaluate({ x: { source, target }, y: target }, { loss: 'meanSquared' })
  await model.fit({ x: { source, target }, y: target }, { epochs: 20, loss: 'meanSquared' })
  const after = await model.evaluate({ x: { source, target }, y: target }, { loss: 'meanSquared' })
  expect(after.loss).toBeLessThan(before.loss)
})

test('a target stands alone or by the name of its output, beside the weights of an attention', async () => {
  const model = encoderDecoder({ ...base, attention: 'dot' })
  const x = { source: texts.slice(0, 3), target: targets.slice(0, 3) }
  const y = x.target
  const weights = y.map((row) => row.map((_, t) => 1 + t))
  const plain = await model.evaluate({ x, y, weights }, { loss: 'crossEntropy' })
  const named = await model.evaluate(
    { x, y: { scores: y }, weights: { scores: weights } },
    { loss: { scores: 'crossEntropy' } },
  )
  expect(named).toEqual(plain)
  const unaimed = { x, y: { weights: y } } as never
  await expect(model.evaluate(unaimed, { loss: 'crossEntropy' })).rejects.toThrow('"weights"')
})
