import {
  attention,
  dense,
  embedding,
  fromGraph,
  type GraphJson,
  graph,
  gru,
  last,
  layerNorm,
  lstm,
  type Model,
  rnn,
  sequential,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

const plain = (model: unknown): Model => model as Model

const MODELS: readonly [string, () => Model, unknown][] = [
  [
    'a stack both ways',
    () =>
      plain(sequential([lstm({ inputSize: 2, hiddenSize: 3, numLayers: 2, bidirectional: true })])),
    [
      [
        [1, 2],
        [3, -4],
      ],
      [[0.5, 0]],
    ],
  ],
  [
    'tokens to classes',
    () =>
      plain(
        sequential([
          embedding({ vocabularySize: 5, size: 3 }),
          gru({ hiddenSize: 4, layerNorm: true }),
          layerNorm(),
          last(),
          dense({ size: 2, activation: 'softmax' }),
        ]),
      ),
    [[1, 4, 0], [2]],
  ],
  [
    'two inputs and an attention',
    () =>
      plain(
        graph(
          { q: { sequence: { size: 3, axis: 'q' } }, k: { sequence: { size: 2, axis: 'k' } } },
          (x) => {
            const { context } = attention({ size: 4 })(x.q, { keys: x.k, values: x.k })
            return { context, states: rnn({ hiddenSize: 3 })(x.q).output }
          },
        ),
      ),
    undefined,
  ],
]

describe('a graph and parameters make the same model, to the bit', () => {
  test.each(MODELS)('%s', async (_, make, x) => {
    const model = make()
    const copy = fromGraph(model.graph, model.parameters())
    expect(copy.graph).toEqual(model.graph)
    expect(copy.parameters()).toEqual(model.parameters())
    expect(copy.toBytes()).toEqual(model.toBytes())
    const again = fromGraph(JSON.parse(JSON.stringify(model.graph)), model.parameters())
    expect(again.parameters()).toEqual(model.parameters())
    if (x !== undefined) {
      const [a, b] = [await model.predict(x as never), await copy.predict(x as never)]
      expect(b['output']?.values).toEqual(a['output']?.values)
    }
  })
})

const small = () => plain(sequential([dense({ inputSize: 2, size: 1, name: 'd' })], { seed: 3 }))

test('parameters that are left out are drawn by the seed', () => {
  const model = small()
  expect(fromGraph(model.graph, {}, { seed: 3 }).parameters()).toEqual(model.parameters())
  const bias = { 'd.bias': Float32Array.of(5) }
  const other = fromGraph(model.graph, bias, { seed: 4 }).parameters()
  expect(other['d.bias']?.values[0]).toBe(5)
  expect(other['d.weight']).not.toEqual(model.parameters()['d.weight'])
})

test('a copy does not learn with the model', () => {
  const model = small()
  const copy = fromGraph(model.graph, model.parameters())
  const before = copy.parameters()
  model.setParameters({ 'd.bias': Float32Array.of(9) })
  expect(copy.parameters()).toEqual(before)
})

describe('what is no graph is refused by a typed error', () => {
  const { graph } = small()
  const circle: Record<string, unknown> = { ...graph }
  circle['nodes'] = [circle]
  let reads = 0
  const counting = {
    ...graph,
    get nodes() {
      reads += 1
      return graph.nodes
    },
  }
  const throwing = {
    ...graph,
    get nodes(): never {
      throw new RangeError('mine')
    },
  }
  const node = (op: unknown, inputs: unknown = []) => ({
    ...graph,
    nodes: [...graph.nodes, { name: 'more', op, inputs }],
  })
  const deep = (levels: number): unknown => {
    let body: unknown = 'last'
    for (let i = 0; i < levels; i++) {
      const nodes = [{ name: 'n', op: body, inputs: [] }]
      body = { scan: { reverse: false, initial: [], body: { nodes, outputs: [] } } }
    }
    return node(body)
  }

  const cases: [string, unknown][] = [
    ['nothing', undefined],
    ['a text', '{}'],
    ['an array', []],
    ['an empty object', {}],
    ['another version', { ...graph, version: 2 }],
    ['a field more', { ...graph, extra: 1 }],
    ['a name of Object as a field', JSON.parse(`{"__proto__": 1, "version": 1}`)],
    ['a circle in the object', circle],
    ['a big number', { ...graph, version: 1n }],
    ['an unknown operation', node('eval')],
    ['an operation named __proto__', node(JSON.parse('{"__proto__": {}}'))],
    ['a wire to nowhere', node('last', ['__proto__'])],
    ['a node of itself', node('detach', ['more'])],
    ['inputs of another kind', node('detach', 7)],
    ['bodies within each other', deep(2000)],
    [
      'a shape of 2^53',
      {
        ...graph,
        parameters: graph.parameters.map((it) => ({ ...it, shape: [2 ** 53, 2 ** 53] })),
      },
    ],
  ]
  test.each(cases)('%s', (_, given) => {
    const before = performance.now()
    expect(() => fromGraph(given as GraphJson)).toThrow(
      expect.objectContaining({ name: 'UnrolledError' }),
    )
    expect(performance.now() - before).toBeLessThan(1000)
  })

  test('getters run once; what one throws is the cause', () => {
    expect(fromGraph(counting, small().parameters()).parameters()).toEqual(small().parameters())
    expect(reads).toBe(1)
    const cause = expect.objectContaining({ message: 'mine' })
    expect(() => fromGraph(throwing)).toThrow(expect.objectContaining({ cause }))
  })

  test('parameters of other names, sizes and kinds', () => {
    const refused = (parameters: unknown, code: string): void =>
      expect(() => fromGraph(graph, parameters as never)).toThrow(expect.objectContaining({ code }))
    refused({ x: Float32Array.of(1) }, 'ERR_UNROLLED_ARGUMENT')
    refused(JSON.parse('{"__proto__": [1]}'), 'ERR_UNROLLED_ARGUMENT')
    refused({ 'd.bias': Float32Array.of(1, 2) }, 'ERR_UNROLLED_SHAPE')
    refused({ 'd.bias': [1] }, 'ERR_UNROLLED_KIND')
    refused({ 'd.bias': Float32Array.of(Number.NaN) }, 'ERR_UNROLLED_NON_FINITE')
    refused(null, 'ERR_UNROLLED_ARGUMENT')
  })
})
