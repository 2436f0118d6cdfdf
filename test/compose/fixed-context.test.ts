import { adam, type EncoderDecoderOptions, encoderDecoder } from 'unrolled'
import { expect, test } from 'vitest'

let drawn = 1
const letter = () => {
  drawn = (drawn * 48271) % 2147483647
  return 1 + (drawn % 6)
}
const text = (length: number) => Array.from({ length }, letter)
const texts = Array.from({ length: 400 }, (_, row) => text(2 + (row % 7)))
const lengths = [2, 4, 8]
const held = lengths.map((length) => Array.from({ length: 60 }, () => text(length)))

/** Trains to copy texts of 2 to 8 letters, and gives the share of letters that it copies, by length. */
async function accuracyByLength(options: Partial<EncoderDecoderOptions>): Promise<number[]> {
  const side = { vocabularySize: 7, start: 0 }
  const sides = { source: { vocabularySize: 7 }, target: side }
  const sizes = { hiddenSize: 20, embeddingSize: 8, bidirectional: true }
  const model = encoderDecoder({ ...sides, ...sizes, seed: 2, ...options })
  const y = texts.map((row) => [...row, 0])
  await model.fit(
    { x: { source: texts, target: y }, y },
    {
      loss: 'crossEntropy',
      optimizer: adam({ learningRate: 0.01 }),
      epochs: 20,
      batchSize: 16,
    },
  )
  const shares = held.map(async (source, at) => {
    const maxSteps = (lengths[at] ?? 0) + 1
    const made = await model.generate({ source }, { maxSteps, endToken: 0 })
    const hits = source.flatMap((row, i) => row.map((id, t) => Number(made[i]?.tokens[t] === id)))
    return hits.reduce((sum, hit) => sum + hit, 0) / hits.length
  })
  return Promise.all(shares)
}

test('longer inputs hurt a fixed context, and not attention', async () => {
  const [short = 0, middle = 0, long = 0] = await accuracyByLength({})
  expect(short).toBeGreaterThan(0.9)
  expect(middle).toBeLessThan(short - 0.1)
  expect(long).toBeLessThan(middle - 0.1)
  for (const share of await accuracyByLength({ attention: 'additive' })) {
    expect(share).toBeGreaterThan(0.98)
  }
})
