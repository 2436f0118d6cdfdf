import {
  adam,
  dense,
  embedding,
  fromBytes,
  graph,
  gumbelTree,
  sequential,
  treeOfMerges,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { plus, product, weightsOf } from '../support/plain.js'

type Numbers = readonly number[]
const LENGTHS = [5, 0, 1, 2, 7, 3]
const SIZE = 3

const steps = LENGTHS.map((length, row) =>
  Array.from({ length }, (_, t) =>
    Array.from({ length: 2 }, (_, k) => Math.sin(1 + 3 * row + 5 * t + 7 * k)),
  ),
)

/** The tree by its formulas, row by row: every pair anew at every merge. */
function grown(weights: (name: string) => number[], row: readonly Numbers[]) {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
  const states = row.map((x) => {
    const leaf = plus(product(weights('weight_leaf'), x), weights('bias_leaf'))
    return { h: leaf.slice(0, SIZE), c: leaf.slice(SIZE) }
  })
  const merges: number[] = []
  while (states.length > 1) {
    const candidates = states.slice(1).map((right, p) => {
      const left = states[p] ?? right
      const gates = plus(product(weights('weight'), [...left.h, ...right.h]), weights('bias'))
      const at = (gate: number, k: number) => gates[gate * SIZE + k] ?? Number.NaN
      const c = left.c.map(
        (l, k) =>
          sigmoid(at(0, k)) * Math.tanh(at(4, k)) +
          sigmoid(at(1, k)) * l +
          sigmoid(at(2, k)) * (right.c[k] ?? Number.NaN),
      )
      return { h: c.map((x, k) => sigmoid(at(3, k)) * Math.tanh(x)), c }
    })
    const scores = candidates.map(({ h }) => product(weights('query'), h)[0] ?? Number.NaN)
    const place = scores.indexOf(Math.max(...scores))
    states.splice(place, 2, ...candidates.slice(place, place + 1))
    merges.push(place)
  }
  const zeros = Array(SIZE).fill(0)
  return { root: states[0] ?? { h: zeros, c: zeros }, merges: [...merges, -1] }
}

const inputs = { x: { sequence: { size: 2 } } } as const
const build = (seed: number) =>
  graph(
    inputs,
    ({ x }) => {
      const tree = gumbelTree({ hiddenSize: SIZE, name: 'tree', initializer: 'pytorch' })
      const { output, state, merges } = tree(x)
      return { output, h: state.h, c: state.c, merges }
    },
    { seed },
  )

test('the tree is that of its formulas, row by row', async () => {
  const places = new Set<number>()
  for (const seed of [1, 2, 3, 4]) {
    const model = build(seed)
    const query = weightsOf(model, 'tree.query').map((x) => 9 * x)
    model.setParameters({ 'tree.query': Float32Array.from(query) })
    const { output, h, c, merges } = await model.predict({ x: steps })
    for (const [row, own] of steps.entries()) {
      const tree = grown((name) => weightsOf(model, `tree.${name}`), own)
      for (const [found, expected] of [
        [h, tree.root.h],
        [c, tree.root.c],
        [output, tree.root.h],
      ] as const) {
        found.toNested()[row]?.forEach((x, k) => {
          expect(x).toBeCloseTo(expected[k] ?? Number.NaN, 5)
        })
      }
      const places_ = merges.toNested()[row]?.flat()
      expect(places_).toEqual(own.length === 0 ? [] : tree.merges)
      places_?.forEach((place) => {
        places.add(place)
      })
    }
  }
  expect(places.size).toBeGreaterThan(4)
})

test('parameters have their shapes and first values, and a call twice shares them', () => {
  const tree = gumbelTree({ hiddenSize: 4 })
  const model = graph(
    { x: { sequence: { size: 3 } }, y: { sequence: { size: 3, axis: 'other' } } },
    ({ x, y }) => ({
      a: tree(x).output,
      b: tree(y).output,
    }),
  )
  const all = model.parameters()
  const shapes = Object.fromEntries(Object.entries(all).map(([name, { shape }]) => [name, shape]))
  expect(shapes).toEqual({
    'gumbelTree.weight_leaf': [8, 3],
    'gumbelTree.bias_leaf': [8],
    'gumbelTree.weight': [20, 8],
    'gumbelTree.bias': [20],
    'gumbelTree.query': [4],
  })
  const open = [0, 1, 1, 0, 0].flatMap((bias) => Array(4).fill(bias))
  expect(weightsOf(model, 'gumbelTree.bias')).toEqual(open)
  expect(Math.max(...weightsOf(model, 'gumbelTree.query').map(Math.abs))).toBeLessThan(0.06)
})

test('a saved model has the same trees', async () => {
  const model = sequential([gumbelTree({ inputSize: 2, hiddenSize: 5 }), dense({ size: 2 })])
  const again = await fromBytes(await model.toBytes())
  const { output } = await model.predict(steps)
  const { output: copied } = await again.predict({ input: steps })
  expect(copied?.values).toEqual(output.values)
  expect(model.summary()).toContain('gumbelTree')
})

describe('refused', () => {
  const vector = { v: { vector: { size: 4 } } } as const
  const cases: readonly [string, () => unknown, string, string][] = [
    [
      'no units',
      () => gumbelTree({ hiddenSize: 0 }),
      'ERR_UNROLLED_ARGUMENT',
      'gumbelTree hiddenSize',
    ],
    [
      'half a unit',
      () => gumbelTree({ hiddenSize: 1.5 }),
      'ERR_UNROLLED_ARGUMENT',
      'gumbelTree hiddenSize',
    ],
    [
      'no temperature',
      () => gumbelTree({ hiddenSize: 2, temperature: 0 }),
      'ERR_UNROLLED_ARGUMENT',
      'gumbelTree temperature',
    ],
    [
      'a cold temperature',
      () => gumbelTree({ hiddenSize: 2, temperature: -1 }),
      'ERR_UNROLLED_ARGUMENT',
      'gumbelTree temperature',
    ],
    [
      'no input',
      () => gumbelTree({ hiddenSize: 2, inputSize: 0 }),
      'ERR_UNROLLED_ARGUMENT',
      'gumbelTree inputSize',
    ],
    [
      'an unknown initializer',
      () => gumbelTree({ hiddenSize: 2, initializer: 'zeros' as never }),
      'ERR_UNROLLED_ARGUMENT',
      'gumbelTree initializer',
    ],
    [
      'an unknown option',
      () => gumbelTree({ hiddenSize: 2, temp: 1 } as never),
      'ERR_UNROLLED_ARGUMENT',
      'unknown option',
    ],
    [
      'a vector',
      () => graph(vector, ({ v }) => ({ y: gumbelTree({ hiddenSize: 2 })(v as never).output })),
      'ERR_UNROLLED_KIND',
      'gumbelTree',
    ],
    [
      'tokens',
      () =>
        graph({ t: { tokens: { vocabularySize: 4 } } }, ({ t }) => ({
          y: gumbelTree({ hiddenSize: 2 })(t as never).output,
        })),
      'ERR_UNROLLED_KIND',
      'gumbelTree',
    ],
    [
      'steps of another size',
      () =>
        graph(inputs, ({ x }) => ({ y: gumbelTree({ hiddenSize: 2, inputSize: 3 })(x).output })),
      'ERR_UNROLLED_SHAPE',
      'gumbelTree inputSize',
    ],
    [
      'a stream',
      () => sequential([gumbelTree({ inputSize: 2, hiddenSize: 2 }), dense({ size: 1 })]).stream(),
      'ERR_UNROLLED_ARGUMENT',
      'builds a tree over the whole sequence',
    ],
  ]
  test.each(cases)('%s', (_, run, code, message) => {
    expect(run).toThrow(expect.objectContaining({ name: 'UnrolledError', code }))
    expect(run).toThrow(message)
  })
})

describe('a tree of merges', () => {
  test('has the parent of each node, steps first', () => {
    // ((0 1) (2 3)): 4 = (0 1), 5 = (2 3), 6 = (4 5); then a chain from the right and one from the left.
    expect([...treeOfMerges([0, 1, 0, -1]).parents]).toEqual([4, 4, 5, 5, 6, 6, -1])
    expect([...treeOfMerges([2, 1, 0], 4).parents]).toEqual([6, 5, 4, 4, 5, 6, -1])
    expect([...treeOfMerges(Float32Array.of(0, 0, 0, 0, 9), 3).parents]).toEqual([3, 3, 4, 4, -1])
    expect([...treeOfMerges([[1], [0], [-1]]).parents]).toEqual([4, 3, 3, 4, -1])
    expect([...treeOfMerges([-1]).parents]).toEqual([-1])
    expect([...treeOfMerges([]).parents]).toEqual([])
  })

  test('is one of the places of its row', () => {
    const refused = (merges: unknown, length?: unknown) => () =>
      treeOfMerges(merges as number[], length as number)
    const code = 'ERR_UNROLLED_ARGUMENT'
    for (const [run, message] of [
      [
        refused([0, 2, 0, -1]),
        'treeOfMerges merges[1]: expected a whole number from 0 to 1, received 2',
      ],
      [refused([0.5, 0]), 'treeOfMerges merges[0]'],
      [refused([-1, 0]), 'treeOfMerges merges[0]'],
      [
        refused([0], 3),
        'treeOfMerges merges: expected at least 2 places for a row of 3 steps, received 1',
      ],
      [refused([0], -1), 'treeOfMerges length'],
      [refused('00'), 'treeOfMerges merges: expected a list of places'],
      [refused(undefined), 'treeOfMerges merges'],
    ] as const) {
      expect(run).toThrow(expect.objectContaining({ name: 'UnrolledError', code }))
      expect(run).toThrow(message)
    }
  })
})

/** Expressions in prefix form, such as `max 2 min 0 1`, with at most two operators one inside the other, and their values. */
function expressions(count: number, seed: number) {
  const [max, min] = [3, 4]
  let state = seed
  const below = (n: number) => {
    state = (state * 48271) % 2147483647
    return state % n
  }
  const grow = (depth: number): { tokens: number[]; value: number } => {
    if (depth === 0 || below(4) === 0) {
      const value = below(3)
      return { tokens: [value], value }
    }
    const op = below(2) === 0 ? max : min
    const [a, b] = [grow(depth - 1), grow(depth - 1)]
    const value = op === max ? Math.max(a.value, b.value) : Math.min(a.value, b.value)
    return { tokens: [op, ...a.tokens, ...b.tokens], value }
  }
  const all = Array.from({ length: count }, () => grow(2))
  return { x: all.map(({ tokens }) => tokens), y: all.map(({ value }) => value) }
}

/** The accuracy on new expressions of a model that learns its choices, or chooses at random: a hot softmax has no slope. */
async function accuracy(temperature: number): Promise<number> {
  const model = sequential(
    [
      embedding({ vocabularySize: 5, size: 16 }),
      gumbelTree({ hiddenSize: 24, temperature }),
      dense({ size: 3 }),
    ],
    { seed: 1 },
  )
  const loss = 'crossEntropy'
  const options = { loss, optimizer: adam({ learningRate: 0.01 }), batchSize: 32 } as const
  await model.fit(expressions(1000, 7), { ...options, epochs: 10 })
  const scores = await model.evaluate(expressions(500, 8), { loss, metrics: ['accuracy'] })
  return scores.accuracy ?? Number.NaN
}

test('chosen trees compute more than random ones', async () => {
  const [chosen, random] = [await accuracy(1), await accuracy(1e30)]
  expect(chosen).toBeGreaterThan(0.97)
  expect(chosen).toBeGreaterThan(random)
}, 60_000)
