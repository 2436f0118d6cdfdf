import {
  abs,
  add,
  affine,
  concat,
  dense,
  embedding,
  graph,
  layerNorm,
  max,
  mean,
  mix,
  multiply,
  type Numeric,
  pool,
  sequential,
  shift,
  slice,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

const SIZE = 3
/** Ragged, with an empty row; whole numbers and halves, so that sums are exact. */
const X = [
  [
    [1, -2, 0.5],
    [3, -1, 2],
    [-4, 6, 1],
  ],
  [[0.25, -8, 7]],
  [],
]
const V = [
  [2, 4, -1],
  [0.5, -3, 8],
  [1, 1, 1],
]

/** Runs a graph of a sequence and a vector: the outputs by rows. */
async function given(build: (x: never, v: never) => Numeric): Promise<unknown> {
  const model = graph(({ input }) => {
    const [x, v] = [input.sequence('x', { size: SIZE }), input.vector('v', { size: SIZE })]
    return { y: build(x as never, v as never), keep: add(x, v) }
  })
  const { y } = await model.predict({ x: X, v: V })
  return (y as { toNested(): unknown }).toNested()
}

/** Each step by a function of the step and the row's vector. */
const each = (of: (x: number[], v: number[]) => number[]) =>
  X.map((row, r) => row.map((x) => of(x, V[r] ?? [])))

describe('values by hand', () => {
  test.each<[string, (x: never, v: never) => Numeric, unknown]>([
    [
      'the sum of three',
      (x, v) => add(x, v, x),
      each((x, v) => x.map((a, i) => 2 * a + (v[i] ?? 0))),
    ],
    [
      'the product of three',
      (x, v) => multiply(x, v, x),
      each((x, v) => x.map((a, i) => a * (v[i] ?? 0) * a)),
    ],
    ['a vector behind each step', (x, v) => concat(x, v), each((x, v) => [...x, ...v])],
    ['a vector before each step', (x, v) => concat(v, x), each((x, v) => [...v, ...x])],
    ['a slice up to the end', (x) => slice({ start: 1, size: 2 })(x), each((x) => x.slice(1))],
    ['a slice from the start', (x) => slice({ start: 0, size: 1 })(x), each((x) => x.slice(0, 1))],
    ['abs', (x) => abs(x), each((x) => x.map((a) => Math.abs(a)))],
    ['a scale alone', (x) => affine(x, { scale: -2 }), each((x) => x.map((a) => -2 * a))],
    ['a shift alone', (x) => affine(x, { shift: 3 }), each((x) => x.map((a) => a + 3))],
    [
      'a mix by a number: the second by that part',
      (x, v) => mix(x, v, 0.25),
      each((x, v) => x.map((a, i) => 0.75 * a + 0.25 * (v[i] ?? 0))),
    ],
    [
      'a mix by a value',
      (x, v) => mix(x, v, x),
      each((x, v) => x.map((a, i) => a + a * ((v[i] ?? 0) - a))),
    ],
    [
      'the last step',
      (x) => pool('last')(x),
      [
        [-4, 6, 1],
        [0.25, -8, 7],
        [0, 0, 0],
      ],
    ],
    [
      'the mean step',
      (x) => mean()(affine(x, { scale: 3 })),
      [
        [0, 3, 3.5],
        [0.75, -24, 21],
        [0, 0, 0],
      ],
    ],
    [
      'the largest step',
      (x) => max()(x),
      [
        [3, 6, 2],
        [0.25, -8, 7],
        [0, 0, 0],
      ],
    ],
    [
      'a delay begins with zeros',
      (x) => shift()(x),
      X.map((row) => [[0, 0, 0], ...row].slice(0, row.length)),
    ],
    [
      'or with what it is given',
      (x, v) => shift()(x, { initial: v }),
      X.map((row, r) => [V[r] ?? [], ...row].slice(0, row.length)),
    ],
  ])('%s', async (_, build, expected) => {
    expect(await given(build)).toEqual(expected)
  })

  test.each([undefined, 0.5])('a normalized step, with an epsilon of %s', async (epsilon) => {
    const layer = layerNorm(epsilon === undefined ? {} : { epsilon })
    const actual = (await given((x) => layer(x))) as number[][][]
    const expected = each((x) => {
      const middle = x.reduce((sum, a) => sum + a, 0) / SIZE
      const variance = x.reduce((sum, a) => sum + (a - middle) ** 2, 0) / SIZE
      return x.map((a) => (a - middle) / Math.sqrt(variance + (epsilon ?? 1e-5)))
    })
    for (const [i, value] of expected.flat(2).entries()) {
      expect(actual.flat(2)[i]).toBeCloseTo(value, 5)
    }
  })
})

describe('dense', () => {
  const weight = [0.5, -1, 2, 0.25, 1, -0.5]
  const functions = {
    none: (y: number[]) => y,
    tanh: (y: number[]) => y.map(Math.tanh),
    sigmoid: (y: number[]) => y.map((value) => 1 / (1 + Math.exp(-value))),
    relu: (y: number[]) => y.map((value) => Math.max(0, value)),
    softmax: (y: number[]) => {
      const all = y.map(Math.exp)
      return all.map((value) => value / all.reduce((sum, other) => sum + other, 0))
    },
  }

  test.each(
    (['none', 'tanh', 'sigmoid', 'relu', 'softmax'] as const).flatMap((name) =>
      [true, false].map((bias) => [name, bias] as const),
    ),
  )('activation %s, bias %s', async (name, bias) => {
    const activation = name === 'none' ? {} : { activation: name }
    const model = sequential([dense({ inputSize: SIZE, size: 2, bias, ...activation })])
    const shifts = bias ? [0.75, -0.5] : [0, 0]
    model.setParameters({
      'dense.weight': Float32Array.from(weight),
      ...(bias && { 'dense.bias': Float32Array.from(shifts) }),
    })
    expect(Object.keys(model.parameters())).toHaveLength(bias ? 2 : 1)
    const { output } = await model.predict(X)
    const expected = each((x) =>
      functions[name](
        shifts.map((start, j) =>
          x.reduce((sum, value, k) => sum + value * (weight[j * SIZE + k] ?? 0), start),
        ),
      ),
    )
    const actual = output.toNested().flat(2)
    expect(actual).toHaveLength(expected.flat(2).length)
    for (const [i, value] of expected.flat(2).entries()) expect(actual[i]).toBeCloseTo(value, 5)
  })
})

describe('embedding', () => {
  const table = Array.from({ length: 8 }, (_, i) => i + 1)
  const vectors = [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ]

  test.each([undefined, 0, 2, 3])(
    'padding %s gives zeros, every other id its row',
    async (padding) => {
      const options = padding === undefined ? {} : { padding }
      const model = sequential([embedding({ vocabularySize: 4, size: 2, ...options })])
      model.setParameters({ 'embedding.weight': Float32Array.from(table) })
      const ids = [[3, 0, 2, 1], [2]]
      const expected = ids.map((row) => row.map((id) => (id === padding ? [0, 0] : vectors[id])))
      expect((await model.predict(ids)).output.toNested()).toEqual(expected)
    },
  )

  test('a padding row learns nothing, others do', async () => {
    const model = sequential([embedding({ vocabularySize: 4, size: 2, padding: 3 })])
    model.setParameters({ 'embedding.weight': Float32Array.from(table) })
    const y = [
      [
        [0, 0],
        [9, 9],
      ],
    ]
    await model.fit({ x: [[1, 3]], y }, { loss: 'meanSquared' })
    const { values } = model.parameters()['embedding.weight'] ?? { values: new Float32Array() }
    expect(Array.from(values.subarray(6))).toEqual([7, 8])
    expect(Array.from(values.subarray(2, 4))).not.toEqual([3, 4])
    expect(Array.from(values.subarray(0, 2))).toEqual([1, 2])
  })
})
