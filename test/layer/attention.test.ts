import {
  adam,
  attention,
  cell,
  concat,
  dense,
  embedding,
  graph,
  gru,
  gruCell,
  last,
  linear,
  type Model,
  parameter,
  scan,
  shift,
  tanh,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { product, weightsOf } from '../support/plain.js'

const SOURCE = [3, 1, 0, 4]
const TARGET = [2, 3, 1, 0]
const numbers = (rows: readonly number[], size: number, seed: number) =>
  rows.map((length, row) =>
    Array.from({ length }, (_, t) =>
      Array.from({ length: size }, (_, k) => Math.sin(seed + 3 * row + 5 * t + 7 * k)),
    ),
  )
const [queries, keys] = [numbers(TARGET, 3, 1), numbers(SOURCE, 3, 2)]
const values = numbers(SOURCE, 2, 3)

type Score = (query: readonly number[], key: readonly number[]) => number
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, k) => sum + x * (b[k] ?? 0), 0)
/** Attention as the papers have it: query by query, step by step. */
function attended(score: Score, values: readonly (readonly number[])[], memory: typeof values) {
  return (query: readonly number[]) => {
    const scores = memory.map((key) => Math.exp(score(query, key)))
    const sum = scores.reduce((all, one) => all + one, 0)
    const weights = scores.map((one) => one / sum)
    const context = [0, 1].map((k) =>
      weights.reduce((all, weight, j) => all + weight * (values[j]?.[k] ?? 0), 0),
    )
    return { weights, context }
  }
}

describe.each<['dot' | 'scaled' | 'general' | 'additive', (model: Model) => Score]>([
  ['dot', () => dot],
  ['scaled', () => (q, k) => dot(q, k) / Math.sqrt(3)],
  ['general', (model) => (q, k) => dot(q, product(weightsOf(model, 'look.weight'), k))],
  [
    'additive',
    (model) => (q, k) => {
      const [ours, theirs] = [
        product(weightsOf(model, 'look.weight_q'), q),
        product(weightsOf(model, 'look.weight_k'), k),
      ]
      const bias = weightsOf(model, 'look.bias')
      const energies = ours.map((x, i) => Math.tanh(x + (theirs[i] ?? 0) + (bias[i] ?? 0)))
      return dot(weightsOf(model, 'look.weight_v'), energies)
    },
  ],
])('attention, %s', (score, plain) => {
  const inputs = {
    q: { sequence: { size: 3, axis: 'target' } },
    k: { sequence: { size: 3, axis: 'source' } },
    v: { sequence: { size: 2, axis: 'source' } },
  } as const
  const options = score === 'additive' ? { score, size: 5 } : { score }
  const model = graph(inputs, ({ q, k, v }) => {
    const { context, weights } = attention({ ...options, name: 'look' })(q, {
      keys: k,
      values: v,
    })
    return { context, weights }
  })

  test('is that of its formula, row by row', async () => {
    const bias = model.parameters()['look.bias']
    if (bias !== undefined)
      model.setParameters({ 'look.bias': Float32Array.of(0.5, -1, 0.25, 2, -0.125) })
    const found = await model.predict({ q: queries, k: keys, v: values })
    const [contexts, weights] = [found.context.toNested(), found.weights.toNested()]
    expect(found.weights.shape).toEqual([4, 3, 4])
    for (const [row, own] of queries.entries()) {
      const look = attended(plain(model), values[row] ?? [], keys[row] ?? [])
      expect(contexts[row]?.length).toBe(own.length)
      for (const [t, query] of own.entries()) {
        const expected = look(query)
        contexts[row]?.[t]?.forEach((x, k) => {
          expect(x).toBeCloseTo(expected.context[k] ?? Number.NaN, 5)
        })
        const padded = [0, 1, 2, 3].map((j) => expected.weights[j] ?? 0)
        weights[row]?.[t]?.forEach((x, j) => {
          expect(x).toBeCloseTo(padded[j] ?? Number.NaN, 5)
        })
      }
    }
  })
})

test('a learned query pools a sequence', async () => {
  const model = graph({ x: { sequence: { size: 3 } } }, ({ x }) => {
    const { context, weights } = attention({ score: 'dot' })(
      parameter(3, { initializer: 0.5, name: 'query' }),
      x,
    )
    return { context, weights }
  })
  const { context, weights } = await model.predict({ x: keys })
  expect(weights.shape).toEqual([4, 4])
  const look = (row: number) => attended(dot, keys[row] ?? [], keys[row] ?? [])([0.5, 0.5, 0.5])
  for (const row of [0, 1, 2, 3]) {
    const padded = [0, 1, 2, 3].map((j) => look(row).weights[j] ?? 0)
    weights.toNested()[row]?.forEach((x, j) => {
      expect(x).toBeCloseTo(padded[j] ?? Number.NaN, 5)
    })
  }
  expect(context.toNested()[2]).toEqual([0, 0, 0])
})

/** Reverses texts: a decoder with attention over a bidirectional encoder, by hand. */
function reverser(seed: number) {
  const inputs = {
    source: { tokens: { vocabularySize: 6, axis: 'source' } },
    target: { tokens: { vocabularySize: 6, axis: 'target' } },
  } as const
  return graph(
    inputs,
    ({ source, target }) => {
      const encoder = gru({ hiddenSize: 12, bidirectional: true, name: 'encoder' })
      const memory = encoder(embedding({ size: 8, name: 'letters' })(source)).output
      const look = attention({ size: 16 })
      const step = gruCell(24)
      const decoder = scan(
        cell({ h: 24 }, ({ h }, x) => {
          const { context, weights } = look(h, memory)
          const { h: next } = step({ h }, concat(x, context))
          return { h: next, output: concat(next, context), trace: { weights } }
        }),
        { name: 'decoder' },
      )
      const words = embedding({ size: 8, name: 'words' })(shift({ start: 0 })(target))
      const { output, trace } = decoder(words, {
        initial: { h: tanh(linear(24)(last()(memory))) },
      })
      return { scores: dense({ size: 6 })(output), weights: trace.weights }
    },
    { seed },
  )
}

test('a decoder that attends learns to reverse, and looks from the end to the start', async () => {
  const model = reverser(3)
  let drawn = 1
  const letter = () => {
    drawn = (drawn * 48271) % 2147483647
    return 1 + (drawn % 5)
  }
  const texts = Array.from({ length: 400 }, (_, row) =>
    Array.from({ length: 3 + (row % 4) }, letter),
  )
  const y = texts.map((text) => [...text].reverse())
  await model.fit(
    { x: { source: texts, target: y }, y: { scores: y } },
    {
      epochs: 40,
      batchSize: 16,
      loss: { scores: 'crossEntropy' },
      optimizer: adam({ learningRate: 0.01 }),
    },
  )
  const held = [
    [2, 5, 1, 4, 3],
    [4, 4, 1, 2, 5, 3],
  ]
  const reversed = held.map((text) => [...text].reverse())
  const { scores, weights } = await model.predict({ source: held, target: reversed })
  const argmax = (x: readonly number[]): number => x.indexOf(Math.max(...x))
  expect(scores.toNested().map((row) => row.map(argmax))).toEqual(reversed)
  const alignment = weights.toNested().map((row) => row.map(argmax))
  expect(alignment).toEqual(held.map((text) => text.map((_, t) => text.length - 1 - t)))
})

describe('what does not fit is refused', () => {
  const make = (
    declare: (values: {
      x: import('unrolled').Sequence
      m: import('unrolled').Sequence
      v: import('unrolled').Vector
    }) => import('unrolled').Outputs,
  ) =>
    graph(
      {
        x: { sequence: { size: 3, axis: 'target' } },
        m: { sequence: { size: 4, axis: 'source' } },
        v: { vector: { size: 3 } },
      },
      declare as never,
    )
  test.each<[string, () => unknown, string]>([
    ['an unknown score', () => attention({ score: 'max' as never }), 'attention score: expected'],
    [
      'units of a score without',
      () => attention({ score: 'dot', size: 3 }),
      "attention size: expected none with the score 'dot', received 3",
    ],
    [
      'sizes that differ',
      () => make(({ x, m }) => ({ y: attention({ score: 'dot' })(x, m).context })),
      'attention keys: expected size 3, received a sequence of size 4',
    ],
    [
      'a vector for a memory',
      () => make(({ x, v }) => ({ y: attention()(x, v as never).context })),
      'attention keys: expected a sequence, received a vector of size 3',
    ],
    [
      'no memory',
      () => make(({ x }) => ({ y: attention()(x, undefined as never).context })),
      'attention memory: expected a sequence, or { keys, values }, received undefined',
    ],
    [
      'an unknown part',
      () => make(({ x, m }) => ({ y: attention()(x, { keys: m, vals: m } as never).context })),
      'attention memory: unknown option "vals"',
    ],
    [
      'the own axis of a cell',
      () =>
        make(({ x }) => ({
          y: scan(cell({ h: 3 }, ({ h }) => ({ h: attention()(h, x).context as never })))(x).output,
        })),
      'cell: expected a vector, the step of its own input, or a sequence of another axis, received a sequence of size 3 from outside the cell',
    ],
    [
      'weights in a layer',
      () => make(({ x, m }) => ({ y: dense({ size: 2 })(attention()(x, m).weights as never) })),
      'dense: expected a vector or a sequence, received the weights of an attention',
    ],
    [
      'an output of a step that is no value',
      () =>
        make(({ x }) => ({
          y: scan(cell({ h: 3 }, (_, x) => ({ h: x as never, trace: { a: 3 as never } })))(x)
            .output,
        })),
      'scan cell trace a: expected a value of the step, received 3',
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message)
  })
})
