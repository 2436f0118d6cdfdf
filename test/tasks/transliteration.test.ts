import { adam, concat, dense, embedding, graph, gru, shift } from 'unrolled'
import { expect, test } from 'vitest'

const LETTERS = 5
let drawn = 1
const draw = () => {
  drawn = (drawn * 48271) % 2147483647
  return drawn % LETTERS
}
const text = (length: number) => Array.from({ length }, draw)
/** Each sign is the letter, moved on by as many as the sign before it. */
function written(letters: readonly number[]): number[] {
  let before = 0
  return letters.map((letter) => {
    before = (letter + before) % LETTERS
    return before
  })
}

test('a step reads what is to be written and what was written last', async () => {
  const tokens = { vocabularySize: LETTERS } as const
  const model = graph(
    { letters: { tokens }, signs: { tokens } },
    ({ letters, signs }) => {
      const seen = embedding({ size: 8, name: 'letter' })(letters)
      const last = embedding({ size: 8, name: 'sign' })(shift({ start: 0 })(signs))
      return {
        scores: dense({ size: LETTERS })(gru({ hiddenSize: 24 })(concat(seen, last)).output),
      }
    },
    { seed: 4 },
  )
  const letters = Array.from({ length: 200 }, (_, row) => text(3 + (row % 6)))
  const signs = letters.map(written)
  await model.fit(
    { x: { letters, signs }, y: signs },
    { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 30, batchSize: 10 },
  )
  const rows = Array.from({ length: 20 }, () => text(8))
  const session = await model.session(rows.length)
  const made = rows.map((): number[] => [])
  let before = rows.map(() => Object.values(session.starts)[0] ?? -1)
  for (let t = 0; t < 8; t++) {
    const { scores } = await session.step({
      letters: rows.map((row) => row[t] ?? 0),
      signs: before,
    })
    before = scores.toNested().map((at) => at.indexOf(Math.max(...at)))
    for (const [row, sign] of before.entries()) made[row]?.push(sign)
  }
  expect(made).toEqual(rows.map(written))
})
