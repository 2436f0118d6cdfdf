import {
  adam,
  add,
  argmax,
  cell,
  choose,
  concat,
  constant,
  embedding,
  graph,
  gumbelSoftmax,
  linear,
  matmul,
  multiply,
  type Numeric,
  oneHot,
  pool,
  scan,
  sgd,
  softmax,
  softmaxOverTime,
  straightThrough,
  sum,
  sumOverTime,
  type Token,
  tanh,
  type Vector,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

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

function close(found: unknown, expected: unknown): void {
  const flat = (it: unknown) => [it].flat(Number.POSITIVE_INFINITY) as number[]
  expect(flat(found)).toHaveLength(flat(expected).length)
  flat(found).forEach((y, i) => {
    expect(y).toBeCloseTo(flat(expected)[i] ?? 0, 5)
  })
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

const IDS = 5
const SIZE = 4

/** A decoder that reads the id before, from the given start; `next` are the teacher's ids. */
const decoder = (options: object) =>
  graph(
    { next: { tokens: { vocabularySize: IDS } }, v: { vector: { size: SIZE } } },
    ({ next, v }) => {
      const step = cell(
        { h: SIZE, y: { vocabularySize: IDS, start: 2 } },
        ({ h, y }, { id }: { id: Token<typeof IDS> }) => {
          const e = embedding({ size: 3, initializer: 'pytorch' })(y)
          const state = tanh(linear(SIZE, { name: 'in' })(concat(e, h)))
          const output = linear(IDS, { name: 'out' })(state)
          const chosen = choose(output, { teacher: id, ...options })
          return { h: state, y: chosen, output, trace: { chosen } }
        },
      )
      const { output, state, trace } = scan(step)({ id: next }, { initial: { h: v } })
      return { scores: output, chosen: oneHot(trace.chosen), last: oneHot(state.y) }
    },
    { seed: 5 },
  )

/** The decoder's loop in numbers. */
function loop(
  model: ReturnType<typeof decoder>,
  v: number[],
  next: number[],
  forced: boolean,
): { scores: number[][]; ids: number[] } {
  const parameters = model.parameters()
  const values = (name: string) => Array.from(parameters[`scan.${name}`]?.values ?? [])
  const table = values('embedding.weight')
  const map = (name: string, x: number[]) => {
    const weight = values(`${name}.weight`)
    return values(`${name}.bias`).map((bias, r) =>
      x.reduce((total, value, k) => total + value * (weight[r * x.length + k] ?? 0), bias),
    )
  }
  let [h, y] = [v, 2]
  const [scores, ids]: [number[][], number[]] = [[], []]
  for (const teacher of next) {
    h = map('in', [...table.slice(3 * y, 3 * y + 3), ...h]).map(Math.tanh)
    const output = map('out', h)
    scores.push(output)
    y = forced ? teacher : output.indexOf(Math.max(...output))
    ids.push(y)
  }
  return { scores, ids }
}

describe('a decoder that feeds back what it chose', () => {
  const v = [
    [0.5, -1, 2, 0.25],
    [-2, 0.5, 1, 1],
    [1, 1, 1, 1],
  ]
  const next = [[0, 1, 2, 3, 4, 0, 1], [4], []]

  test.each([
    ['free', {}],
    ['free', { ratio: 0.5, by: 'sample' }],
    ['forced', { evaluation: 'forced', ratio: 0.25 }],
  ])('runs %s as a plain loop does', async (how, options) => {
    const model = decoder(options)
    const { scores, chosen, last } = await model.predict({ next, v })
    next.forEach((ids, row) => {
      const plain = loop(model, v[row] ?? [], ids, how === 'forced')
      close(scores.toNested()[row], plain.scores)
      const hot = (id: number) => Array.from({ length: IDS }, (_, k) => Number(k === id))
      expect(chosen.toNested()[row]).toEqual(plain.ids.map(hot))
      expect(last.toNested()[row]).toEqual(hot(plain.ids.at(-1) ?? 2))
    })
  })

  test('learns a string by heart from contexts, and then runs freely', async () => {
    const words = [
      [0, 1, 2, 3, 4],
      [4, 4, 0],
      [3, 1, 3, 1],
    ]
    const model = graph(
      { next: { tokens: { vocabularySize: IDS } }, v: { vector: { size: SIZE } } },
      ({ next, v }) => {
        const step = cell(
          { h: 16, y: { vocabularySize: IDS } },
          ({ h, y }, { id }: { id: Token<typeof IDS> }) => {
            const seen = concat(embedding({ size: 8 })(y), h, v)
            const state = tanh(linear(16, { name: 'in' })(seen))
            const output = linear(IDS, { name: 'out' })(state)
            return { h: state, y: choose(output, { teacher: id, ratio: 0.75 }), output }
          },
        )
        return { scores: scan(step)({ id: next }).output }
      },
      { seed: 1 },
    )
    const data = { x: { next: words, v }, y: words }
    await model.fit(data, {
      loss: 'crossEntropy',
      optimizer: adam({ learningRate: 0.02 }),
      epochs: 250,
    })
    const { scores } = await model.predict({ next: words.map((word) => word.map(() => 0)), v })
    const ids = scores.toNested().map((row) => row.map((s) => s.indexOf(Math.max(...s))))
    expect(ids).toEqual(words)
  })

  test('a ratio may be a value: of each row, in training and outside', async () => {
    const model = graph(
      {
        next: { tokens: { vocabularySize: 3 } },
        ratio: { vector: { size: 1 } },
      },
      ({ next, ratio }) => ({
        y: oneHot(choose(constant([1, 0, 0]), { teacher: next, ratio })),
      }),
    )
    const { y } = await model.predict({
      next: [
        [1, 2],
        [1, 2],
      ],
      ratio: [[0], [1]],
    })
    expect(y.toNested()).toEqual([
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
      [
        [0, 1, 0],
        [0, 0, 1],
      ],
    ])
  })

  test('is drawn anew at each step of training, and repeats with the seed', async () => {
    const losses = async (seed: number, options: object) => {
      const model = decoder(options)
      const history = await model.fit(
        { x: { next, v }, y: { scores: next } },
        {
          loss: { scores: 'crossEntropy' },
          optimizer: sgd({ learningRate: 1e-30 }),
          epochs: 6,
          seed,
          shuffle: false,
        },
      )
      return history.epochs.map(({ loss }) => loss)
    }
    const half = await losses(1, { ratio: 0.5 })
    expect(new Set(half).size).toBeGreaterThan(1)
    expect(await losses(1, { ratio: 0.5 })).toEqual(half)
    expect(new Set(await losses(1, { ratio: 1 })).size).toBe(1)
    expect(new Set(await losses(1, { ratio: 0 })).size).toBe(1)
    expect(new Set(await losses(1, { ratio: 0, by: 'sample' })).size).toBeGreaterThan(1)
  })

  test('learns through a hard choice with Gumbel noise, and not through the choice alone', async () => {
    const changed = async (choice: (x: Vector<3>) => Vector<3>) => {
      const model = graph({ x: { vector: { size: 2 } } }, ({ x }) => ({
        y: linear(1, { name: 'out' })(choice(linear(3, { name: 'choice' })(x))),
      }))
      const weights = () => Array.from(model.parameters()['choice.weight']?.values ?? [])
      const before = weights()
      const data = {
        x: [
          [1, 0],
          [0, 1],
        ],
        y: [[1], [-1]],
      }
      await model.fit(data, { loss: 'meanSquared', epochs: 5 })
      return weights().some((weight, i) => weight !== before[i])
    }
    expect(await changed((x) => gumbelSoftmax(x, { hard: true, temperature: 0.7 }))).toBe(true)
    expect(await changed((x) => straightThrough(argmax(x), softmax(x)))).toBe(true)
    expect(await changed((x) => argmax(x))).toBe(false)
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
