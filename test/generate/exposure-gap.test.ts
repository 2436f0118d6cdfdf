import {
  adam,
  cell,
  choose,
  embedding,
  encoderDecoder,
  graph,
  gruCell,
  linear,
  sample,
  scan,
  type Token,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { language, late, logSoftmax } from './models.js'

test('the exposure gap is the loss after own tokens over that after true ones', async () => {
  const model = language(5)
  const x = [
    [0, 3, 1, 2],
    [4, 4],
    [2, 0, 1],
  ]
  const y = [
    [3, 1, 2, 0],
    [4, 1],
    [0, 1, 4],
  ]
  const { forced, free, gap } = await model.exposureGap({ x, y })
  const mean = async (fed: number[][]) => {
    const { output } = await model.predict(fed)
    const logs = output
      .toNested()
      .flatMap((row, r) => row.map((at, t) => -(logSoftmax(at)[y[r]?.[t] ?? 0] ?? 0)))
    return logs.reduce((sum, log) => sum + log, 0) / logs.length
  }
  const own: number[][] = []
  for (const row of x) {
    const [made] = await model.generate([row.slice(0, 1)], { maxSteps: 3 })
    own.push([...row.slice(0, 1), ...(made?.tokens ?? [])].slice(0, row.length))
  }
  expect(forced).toBeCloseTo(await mean(x), 5)
  expect(free).toBeCloseTo(await mean(own), 5)
  expect(gap).toBe(free - forced)
})

describe('of a noisy grammar', () => {
  /** Letters from 1 to 6 that go up by one or two. */
  const walks = (seed: number, count: number) => {
    let state = seed
    const draw = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1
      return (state >>> 8) % below
    }
    return Array.from({ length: count }, () => {
      const row = [1 + draw(6)]
      while (row.length < 7) row.push(1 + (((row.at(-1) ?? 0) + draw(2)) % 6))
      return row
    })
  }

  test('a model that has learned it has a gap, with a shift as well', async () => {
    const target = walks(7, 200)
    const model = encoderDecoder({
      source: { vocabularySize: 2 },
      target: { vocabularySize: 7, start: 0 },
      hiddenSize: 16,
      seed: 2,
    })
    const x = { source: target.map(() => [1]), target }
    await model.fit(
      { x, y: target },
      { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 12 },
    )
    for (const search of ['greedy', sample({ seed: 1 })] as const) {
      const { forced, free } = await model.exposureGap({ x, y: target }, { search })
      expect(forced).toBeLessThan(1.2)
      expect(free).toBeGreaterThan(forced + 0.3)
    }
  })

  test('the gap shrinks with scheduled sampling', async () => {
    const [words, held] = [walks(3, 240), walks(5, 100)]
    const epochs = 24
    /** The gap of a model that is fed the true token with this probability, else a draw of its own. */
    const trained = async (ratioAt: (epoch: number) => number) => {
      const model = graph(
        { id: { tokens: { vocabularySize: 7 } }, ratio: { vector: { size: 1 } } },
        ({ id, ratio }) => {
          const step = cell({ h: 16, scores: 7 }, ({ h, scores }, x: { id: Token<7> }) => {
            const read = choose(scores, { teacher: x.id, ratio, by: 'sample' })
            const next = gruCell(16)({ h }, embedding({ size: 6 })(read))
            const output = linear(7)(next.h)
            return { h: next.h, scores: output, output }
          })
          return { scores: scan(step)({ id }).output }
        },
        { seed: 3 },
      )
      let epoch = 0
      const batches = () => {
        const ratio = ratioAt(epoch++)
        return Array.from({ length: 8 }, (_, i) => {
          const y = words.slice(30 * i, 30 * i + 30)
          return { x: { id: late(0, y), ratio: y.map(() => [ratio]) }, y }
        })
      }
      const optimizer = adam({ learningRate: 0.02 })
      await model.fit(batches, { loss: 'crossEntropy', optimizer, epochs, seed: 1 })
      return model.exposureGap({ x: { id: late(0, held), ratio: held.map(() => [1]) }, y: held })
    }
    const forcing = await trained(() => 1)
    expect(forcing.gap).toBeGreaterThan(2)
    const linearly = (i: number) => 1 - i / epochs / 2
    const exponentially = (i: number) => 0.98 ** i
    const inverseSigmoid = (i: number) => 12 / (12 + Math.exp(i / 12))
    for (const ratioAt of [linearly, exponentially, inverseSigmoid]) {
      const sampled = await trained(ratioAt)
      expect(sampled.gap).toBeGreaterThan(0)
      expect(sampled.gap).toBeLessThan(forcing.gap / 2)
      // It still reads its tokens: without them each of six letters is as likely.
      expect(sampled.forced).toBeLessThan(1.3)
    }
  })
})
