import {
  adam,
  add,
  cell,
  choose,
  concat,
  constant,
  dense,
  embedding,
  graph,
  linear,
  rnn,
  type Sequence,
  scan,
  shift,
  type Token,
  tanh,
  type Vector,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { steps } from '../support/networks.js'

/** Output-to-hidden recurrence: a step reads the output before it, which in training is the target (10.2.1). */
function forced(x: Sequence<1>, target: Sequence<1>) {
  const hidden = tanh(dense({ size: 16, name: 'in' })(concat(x, shift()(target))))
  return dense({ size: 1, name: 'out' })(hidden)
}

const inputs = { x: { sequence: { size: 1 } }, target: { sequence: { size: 1 } } } as const

describe('what the output does not hold is lost', () => {
  const bits = (seed: number, count: number) =>
    Array.from({ length: count }, (_, i) => Math.sign(Math.sin(seed + i * i)))
  const rows = Array.from({ length: 96 }, (_, row) => bits(row, 6))
  const zeros = [0, 0, 0, 0, 0]
  /** At the last step the first number again: no target before it says which one that was. */
  const recalled = rows.map(([first = 0]) => [...zeros, first])
  const shown = rows.map(([first = 0]) => [first, ...zeros])
  /** The product of all numbers so far, which the target before holds. */
  const parity = rows.map((row) => row.map((_, t) => row.slice(0, t + 1).reduce((a, b) => a * b)))

  const lossAfter = async (x: number[][], target: number[][], recurrence: 'output' | 'hidden') => {
    const model = graph(
      inputs,
      ({ x, target }) => {
        const hidden = rnn({ hiddenSize: 16 })(concat(x, shift()(target))).output
        return { y: recurrence === 'output' ? forced(x, target) : dense({ size: 1 })(hidden) }
      },
      { seed: 2 },
    )
    const data = { x: { x, target }, y: target }
    const loss = 'meanSquared'
    await model.fit(data, { loss, optimizer: adam({ learningRate: 0.01 }), epochs: 120 })
    return (await model.evaluate(data, { loss })).loss
  }

  test('between outputs that are all alike, a state recalls and an output does not', async () => {
    // A guess of 0 at the last of six steps costs one sixth.
    expect(await lossAfter(shown, recalled, 'output')).toBeGreaterThan(0.9 / 6)
    expect(await lossAfter(shown, recalled, 'hidden')).toBeLessThan(0.01)
  })

  test('a target that holds the state is enough', async () => {
    expect(await lossAfter(rows, parity, 'output')).toBeLessThan(0.01)
  })
})

test('teacher forcing gives the gradients of the loop, without the loop', async () => {
  const [IDS, SIZE] = [6, 5]
  /** The id before is the teacher's, known beforehand, or chosen step by step by a ratio that is 1 at run time. */
  const decoder = (loop: boolean) =>
    graph(
      { ids: { tokens: { vocabularySize: IDS } }, x: { sequence: { size: 2 } } },
      ({ ids, x }) => {
        const step = cell(
          { y: { vocabularySize: IDS } },
          ({ y }, now: { id: Token<typeof IDS>; x: Vector<2> }) => {
            const seen = add(embedding({ size: SIZE })(y), linear(SIZE, { name: 'in' })(now.x))
            const output = linear(IDS, { name: 'out' })(tanh(seen))
            const way = loop ? { ratio: constant([1]) } : { evaluation: 'forced' as const }
            return { y: choose(output, { teacher: now.id, ...way }), output }
          },
        )
        return { scores: scan(step)({ id: ids, x }).output }
      },
      { seed: 3 },
    )
  const ids = [7, 3, 0, 1].map((length, row) =>
    Array.from({ length }, (_, t) => (row + t * t) % IDS),
  )
  const data = { x: { ids, x: ids.map((row, r) => steps(row.length, 2, r + 1)) }, y: ids }
  const loss = 'crossEntropy'
  const [one, other] = [
    await decoder(true).gradients(data, { loss }),
    await decoder(false).gradients(data, { loss }),
  ]
  expect(other.loss).toBeCloseTo(one.loss, 6)
  const names = Object.keys(one.parameters)
  expect(names).toHaveLength(5)
  for (const name of names) {
    const [found, expected] = [other.parameters[name], one.parameters[name]]
    expect(found?.values.some((value) => value !== 0)).toBe(true)
    for (const [i, value] of expected?.values.entries() ?? []) {
      expect(found?.values[i]).toBeCloseTo(value, 6)
    }
  }
})
