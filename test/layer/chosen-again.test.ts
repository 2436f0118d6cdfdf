import {
  adam,
  argmax,
  cell,
  choose,
  concat,
  constant,
  embedding,
  graph,
  gumbelSoftmax,
  linear,
  oneHot,
  scan,
  sgd,
  softmax,
  straightThrough,
  type Token,
  tanh,
  type Vector,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { close } from '../support/close.js'

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
