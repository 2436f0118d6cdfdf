import {
  add,
  argmax,
  cell,
  choose,
  constant,
  graph,
  gumbelSoftmax,
  linear,
  matmul,
  multiply,
  type Numeric,
  oneHot,
  pool,
  scan,
  softmax,
  softmaxOverTime,
  straightThrough,
  sum,
  sumOverTime,
  type Token,
  type Vector,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { close } from '../support/close.js'

const X = [
  [
    [1, -2, 0.5],
    [3, -1, 3],
    [0, 0, 0],
  ],
  [[0.25, -8, 7]],
  [],
]

/** Runs a graph of a sequence: the output by rows. */
async function outputOf(build: (x: never) => Numeric): Promise<unknown[]> {
  const model = graph(({ input }) => ({ y: build(input.sequence('x', { size: 3 }) as never) }))
  const { y } = await model.predict({ x: X })
  return (y as { toNested(): unknown[] }).toNested()
}

describe('by hand', () => {
  test('a softmax over time, and attention pooling with its weights', async () => {
    const weights = X.map((row) =>
      row.map((step) =>
        step.map((x, k) => Math.exp(x) / row.reduce((all, s) => all + Math.exp(s[k] ?? 0), 0)),
      ),
    )
    close(await outputOf((x) => softmaxOverTime(x)), weights)
    const scores = X.map((row) => row.map((step) => step.reduce((all, x) => all + x, 0)))
    const pooled = X.map((row, r) =>
      [0, 1, 2].map((k) => {
        const all = (scores[r] ?? []).reduce((total, s) => total + Math.exp(s), 0)
        return row.reduce(
          (total, step, t) => total + ((step[k] ?? 0) * Math.exp(scores[r]?.[t] ?? 0)) / all,
          0,
        )
      }),
    )
    close(await outputOf((x) => sumOverTime()(multiply(softmaxOverTime(sum(x)), x))), pooled)
    close(await outputOf((x) => pool('sum')(x)), [
      [4, -3, 3.5],
      [0.25, -8, 7],
      [0, 0, 0],
    ])
  })

  test('the largest number, the first of equal ones', async () => {
    const expected = [
      [
        [1, 0, 0],
        [1, 0, 0],
        [1, 0, 0],
      ],
      [[0, 0, 1]],
      [],
    ]
    expect(await outputOf((x) => argmax(x))).toEqual(expected)
    expect(await outputOf((x) => straightThrough(argmax(x), softmax(x)))).toEqual(expected)
    // Not random outside of training.
    const sharp = await outputOf((x) => gumbelSoftmax(x, { temperature: 0.5 }))
    close(sharp, (await outputOf((x) => softmax(multiply(x, constant([2]))))) as number[][][])
    expect(await outputOf((x) => gumbelSoftmax(x, { hard: true }))).toEqual(expected)
    expect(await outputOf((x) => oneHot(choose(x)))).toEqual(expected)
  })

  test('a product of matrices, either held transposed', async () => {
    const b = () => constant([1, 2, 3, 4, 5, 6])
    const rows = (of: (step: number[]) => number[]) => X.map((row) => row.map(of))
    close(
      await outputOf((x) => matmul(x, b(), { rows: 1, inner: 3, columns: 2 })),
      rows(([p = 0, q = 0, r = 0]) => [p + 3 * q + 5 * r, 2 * p + 4 * q + 6 * r]),
    )
    close(
      await outputOf((x) => matmul(x, b(), { rows: 1, inner: 3, columns: 2, transpose: 'b' })),
      rows(([p = 0, q = 0, r = 0]) => [p + 2 * q + 3 * r, 4 * p + 5 * q + 6 * r]),
    )
    close(
      await outputOf((x) => matmul(b(), x, { rows: 2, inner: 3, columns: 1, transpose: 'a' })),
      rows(([p = 0, q = 0, r = 0]) => [p + 3 * q + 5 * r, 2 * p + 4 * q + 6 * r]),
    )
  })

  test('one-hot vectors of ids', async () => {
    const model = graph(
      { t: { tokens: { vocabularySize: 3 } }, one: { token: { vocabularySize: 2 } } },
      ({ t, one }) => ({ t: oneHot(t), one: oneHot(one) }),
    )
    const { t, one } = await model.predict({ t: [[2, 0], []], one: [1, 0] })
    expect(t.toNested()).toEqual([
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
      [],
    ])
    expect(one.toNested()).toEqual([
      [0, 1],
      [1, 0],
    ])
  })
})

describe('refused', () => {
  const messageOf = (build: (x: Vector<3>, t: Token<4>) => unknown): string => {
    try {
      graph({ x: { vector: { size: 3 } }, t: { token: { vocabularySize: 4 } } }, ({ x, t }) => {
        build(x, t)
        return { x }
      })
    } catch (error) {
      return `${(error as { code: string }).code} ${(error as Error).message}`
    }
    return 'nothing thrown'
  }
  test.each<[string, (x: Vector<3>, t: Token<4>) => unknown, string]>([
    ['a step', (x) => softmaxOverTime(x as never), 'KIND softmaxOverTime: expected a sequence'],
    [
      'a size',
      (x) => matmul(x, x, { rows: 2, inner: 2, columns: 1 }),
      'SHAPE matmul a: expected size 4, 2 by 2 numbers, received a vector of size 3',
    ],
    [
      'no columns',
      (x) => matmul(x, x, { rows: 1, inner: 3 } as never),
      'ARGUMENT matmul columns: expected a whole number',
    ],
    [
      'a wrong factor',
      (x) => matmul(x, x, { rows: 1, inner: 3, columns: 1, transpose: 'c' as never }),
      "ARGUMENT matmul transpose: expected 'a' or 'b'",
    ],
    [
      'a temperature',
      (x) => gumbelSoftmax(x, { temperature: 0 }),
      'ARGUMENT gumbelSoftmax temperature: expected a number above 0',
    ],
    ['one-hot of numbers', (x) => oneHot(x as never), 'KIND oneHot: expected tokens or a token'],
    [
      'scores of tokens',
      (_, t) => choose(t as never),
      'KIND choose: expected a vector or a sequence',
    ],
    [
      'a teacher',
      (x, t) => choose(x, { teacher: t }),
      'SHAPE choose teacher: expected ids below 3, the number of scores, received a token of vocabulary 4',
    ],
    [
      'a ratio alone',
      (x) => choose(x, { ratio: 0.5 }),
      'ARGUMENT choose ratio: expected none without a teacher',
    ],
    [
      'a ratio above 1',
      (x, t) => choose(linear(4)(x), { teacher: t, ratio: 2 }),
      'ARGUMENT choose ratio: expected a number from 0 to 1',
    ],
    [
      'a ratio of three numbers',
      (x, t) => choose(linear(4)(x), { teacher: t, ratio: x }),
      'SHAPE choose ratio: expected size 1',
    ],
    [
      'a start',
      () => cell({ y: { vocabularySize: 3, start: 3 } }, (s) => s as never),
      'ARGUMENT cell state y start: expected a whole number from 0 to 2',
    ],
    [
      'an output of tokens',
      (_, t) => {
        const s = scan(cell({ y: { vocabularySize: 4 } }, () => ({ y: t })))
        return s(3 as never)
      },
      'KIND scan cell result output: expected a vector, received a token of vocabulary 4',
    ],
  ])('%s', (_, build, expected) => {
    expect(messageOf(build)).toContain(`ERR_UNROLLED_${expected}`)
  })
})

test('sizes of choices are known to the types', () => {
  graph({ x: { sequence: { size: 3 } }, v: { vector: { size: 4 } } }, ({ x, v }) => {
    const chosen = choose(x)
    const ids: 3 = chosen.vocabularySize
    const one: 4 = choose(v).vocabularySize
    expect([ids, one]).toEqual([3, 4])
    return { y: add(oneHot(chosen), x) }
  })
})
