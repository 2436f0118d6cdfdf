import {
  adam,
  cell,
  dense,
  embedding,
  graph,
  gru,
  linear,
  lstm,
  type Numeric,
  scan,
  sequential,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { distance, type Golden, goldenCases, ragged } from '../support/golden.js'

const [VOCABULARY, SIZE] = [6, 4]

/** Embedding, GRU and scores, of one table or of two. */
const modelOf = (shared: boolean) =>
  graph({ ids: { tokens: { vocabularySize: VOCABULARY } } }, ({ ids }) => {
    const table = embedding({ size: SIZE })
    const hidden = gru({ hiddenSize: SIZE })(table(ids)).output
    return { y: dense({ size: VOCABULARY, ...(shared && { tied: table }) })(hidden) }
  })

const loss = { y: { kind: { meanSquared: {} }, reduction: 'sum', weight: 1 } } as const

test('values and gradients are PyTorch’s', async () => {
  const [{ tensors } = { tensors: new Map<string, Golden>() }] = goldenCases<object>('tied')
  const tensor = (name: string): Golden => tensors.get(name) ?? { shape: [], values: [] }
  const model = modelOf(true)
  const names = Object.keys(model.parameters())
  expect(names.toSorted()).toEqual(
    [...tensors.keys()].flatMap((it) => it.match(/^gradient\/(.*)$/)?.[1] ?? []).toSorted(),
  )
  model.setParameters(
    Object.fromEntries(names.map((name) => [name, Float32Array.from(tensor(name).values)])),
  )
  const lengths = tensor('lengths').values
  const [, time = 0] = tensor('ids').shape
  const ids = lengths.map((length, row) =>
    tensor('ids').values.slice(row * time, row * time + length),
  )
  const { y } = await model.predict({ ids })
  expect(distance(y.values, tensor('y'))).toBeLessThan(2e-6)
  const target = ragged(tensor('target'), lengths)
  const found = await model.gradients({ x: { ids }, y: { y: target } }, { loss })
  for (const [name, { values }] of Object.entries(found.parameters)) {
    expect(distance(values, tensor(`gradient/${name}`)), name).toBeLessThan(1e-5)
  }
})

test('the gradient is the sum of those of two tables', async () => {
  const [one, two] = [modelOf(true), modelOf(false)]
  const { 'embedding.weight': table, ...rest } = one.parameters()
  const values = table?.values ?? new Float32Array()
  two.setParameters({ ...rest, 'embedding.weight': values, 'dense.weight': values })
  const data = {
    x: { ids: [[0, 3, 3], [5]] },
    y: { y: [[0, 1, 2].map(() => [1, 2, 3, 4, 5, 6]), [[0, 0, 1, 0, 0, 0]]] },
  }
  const [shared, apart] = [await one.gradients(data, { loss }), await two.gradients(data, { loss })]
  const of = (name: string) => apart.parameters[name]?.values ?? new Float32Array()
  const sum = Array.from(of('embedding.weight'), (value, i) => value + (of('dense.weight')[i] ?? 0))
  expect(of('embedding.weight').some((value) => value !== 0)).toBe(true)
  expect(
    distance(shared.parameters['embedding.weight']?.values ?? [], { shape: [], values: sum }),
  ).toBeLessThan(1e-6)
  expect(one.parameterCount).toBe(two.parameterCount - VOCABULARY * SIZE)
})

test('is saved once, and learns', async () => {
  const table = embedding({ vocabularySize: 5, size: 8 })
  const model = sequential([
    table,
    lstm({ hiddenSize: 8 }),
    linear(5, { tied: table, bias: false }),
  ])
  const next = [0, 1, 2, 3, 4]
  const x = next.map((first) => next.map((step) => (first + step) % 5))
  const data = { x, y: x.map((row) => row.map((id) => (id + 1) % 5)) }
  const options = { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.03 }) } as const
  await model.fit(data, { ...options, epochs: 80 })
  const scores = await model.evaluate(data, { loss: 'crossEntropy', metrics: ['accuracy'] })
  expect(scores.accuracy).toBe(1)
})

describe('refused', () => {
  const other = embedding({ size: 3 })
  const declared = (build: (x: { ids: never; v: never }) => Numeric) => (): unknown =>
    graph(({ input }) => {
      const ids = input.tokens('ids', { vocabularySize: 7 }) as never
      return { y: build({ ids, v: input.vector('v', { size: 3 }) as never }) }
    })
  test.each<[string, () => unknown, string]>([
    [
      'another layer',
      declared(({ v }) => linear(7, { tied: dense({ size: 7 }) as never })(v)),
      'linear tied: expected a layer of embedding',
    ],
    [
      'an embedding that the graph has not called',
      declared(({ v }) => linear(7, { tied: other })(v)),
      'linear tied: expected an embedding of this graph, received one that is not called yet',
    ],
    [
      'vectors of another size',
      declared(({ ids }) => {
        const table = embedding({ size: 3 })
        return dense({ size: 7, tied: table, name: 'out' })(
          gru({ hiddenSize: 4 })(table(ids)).output,
        )
      }),
      'out tied: expected a table of [7, 4], a row for each result, received that of embedding, [7, 3]',
    ],
    [
      'scores of other ids',
      declared(({ ids, v }) => {
        const table = embedding({ size: 3 })
        table(ids)
        return linear(6, { tied: table })(v)
      }),
      'linear tied: expected a table of [6, 3]',
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message)
  })

  test('an embedding outside a cell is shared inside', () => {
    const model = graph({ ids: { tokens: { vocabularySize: 7 } } }, ({ ids }) => {
      const table = embedding({ size: 3 })
      const own = cell({ h: 3 }, ({ h }, x) => ({
        h: x,
        output: linear(7, { tied: table, bias: false })(h),
      }))
      return { y: scan(own)(table(ids)).output }
    })
    expect(Object.keys(model.parameters())).toEqual(['embedding.weight'])
  })
})
