import {
  adam,
  add,
  crossEntropy,
  dense,
  embedding,
  graph,
  gru,
  sample,
  shift,
  tanh,
} from 'unrolled'
import { expect, test } from 'vitest'
import { IDS, late, sequences, stopping, ways } from './models.js'

/** Lengths 1, 2 and 3 of 20 sequences: a half, three tenths and a fifth. */
const lengths = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3]

test('each way to stop learns the lengths of its sequences, and samples have them', async () => {
  for (const { name, model, generate, measure } of ways()) {
    const byToken = name === 'end token'
    const input = byToken ? 'tokens' : 'ids'
    const scores = byToken ? 'output' : 'scores'
    // Ids 0 and 2; 1 ends a sequence where a token does.
    const rows = lengths.map((n, row) => {
      const ids = Array.from({ length: n }, (_, t) => (((row + t) * 7) % 3 > 1 ? 2 : 0))
      return byToken ? [...ids, 1] : ids
    })
    const x = {
      [input]: late(0, rows),
      ...(name === 'length' && { remaining: rows.map((row) => row.map((_, t) => row.length - t)) }),
    }
    const y = {
      [scores]: rows,
      ...(name === 'stop' && {
        stop: rows.map((row) => row.map((_, t) => Number(t + 1 === row.length))),
      }),
      ...(name === 'length' && { length: rows.map((row) => row.length) }),
    }
    const loss = {
      [scores]: 'crossEntropy',
      ...(name === 'stop' && { stop: 'binaryCrossEntropy' }),
      ...(name === 'length' && { length: crossEntropy() }),
    }
    const optimizer = adam({ learningRate: 0.02 })
    await model.fit({ x, y } as never, {
      loss: loss as never,
      optimizer,
      epochs: 150,
      shuffle: false,
    })

    for (const [n, expected] of [
      [1, 0.5],
      [2, 0.3],
      [3, 0.2],
    ] as const) {
      const all = sequences(n).filter((row) => !byToken || !row.includes(1))
      const ended = byToken ? all.map((row) => [...row, 1]) : all
      const logs = await model.logProbability({ x: { [input]: late(0, ended) }, y: ended }, measure)
      const p = logs.reduce((sum, log) => sum + Math.exp(log), 0)
      expect(Math.abs(p - expected), `${name}: ${n} items`).toBeLessThan(0.05)
    }
    const starts = Array.from({ length: 300 }, () => [0])
    const search = sample({ seed: 6 })
    const made = await model.generate(starts, { ...generate, output: scores, maxSteps: 8, search })
    const once = made.filter(({ tokens }) => tokens.length === (byToken ? 2 : 1)).length / 300
    // Four deviations, and what the model is off by.
    expect(Math.abs(once - 0.5), name).toBeLessThan(0.05 + 4 * Math.sqrt(0.25 / 300))
    if (name === 'length') expect(made.every(({ finished }) => finished)).toBe(true)
  }
})

test.each<[string, number[], (length: number) => number]>([
  ['a geometric one', [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5], (n) => 0.5 ** n],
  ['one length alone', [3, 3, 3, 3], (n) => Number(n === 3)],
])('a stop output learns the set of lengths: %s', async (_, lengths, expected) => {
  const model = stopping()
  const rows = lengths.map((n, row) => Array.from({ length: n }, (_, t) => (row + t) % IDS))
  const stop = rows.map((row) => row.map((_, t) => Number(t + 1 === row.length)))
  const optimizer = adam({ learningRate: 0.02 })
  const loss = { scores: 'crossEntropy', stop: 'binaryCrossEntropy' } as const
  const x = { ids: late(0, rows) }
  await model.fit({ x, y: { scores: rows, stop } }, { loss, optimizer, epochs: 200 })
  const count = 400
  const starts = Array.from({ length: count }, () => [0])
  const options = { stop: 'stop', output: 'scores', maxSteps: 20, search: sample({ seed: 3 }) }
  const made = await model.generate(starts, options)
  for (const n of [1, 2, 3]) {
    const share = made.filter(({ tokens }) => tokens.length === n).length / count
    const p = expected(n)
    // Four deviations, and what the model is off by.
    const most = 0.05 + 4 * Math.sqrt((p * (1 - p)) / count)
    expect(Math.abs(share - p), `${n} items`).toBeLessThan(most)
  }
})

test('ten contexts give ten strings of unlike lengths', async () => {
  const texts = Array.from({ length: 10 }, (_, row) => [
    ...Array.from(
      { length: 2 + ((row * 3) % 7) },
      (_, t) => 2 + ((row * row + 3 * t + row * t) % 6),
    ),
    1,
  ])
  const context = texts.map((_, row) => texts.map((_, i) => Number(i === row)))
  const model = graph(
    { context: { vector: { size: 10 } }, text: { tokens: { vocabularySize: 8 } } },
    ({ context, text }) => {
      const words = embedding({ size: 12 })(shift({ start: 0 })(text))
      const steps = tanh(add(words, dense({ size: 12, name: 'given' })(context)))
      return { scores: dense({ size: 8 })(gru({ hiddenSize: 32 })(steps).output) }
    },
    { seed: 3 },
  )
  const data = { x: { context, text: texts }, y: { scores: texts } }
  await model.fit(data, {
    loss: 'crossEntropy',
    optimizer: adam({ learningRate: 0.02 }),
    epochs: 150,
  })
  for (const search of ['greedy', 'beam'] as const) {
    const made = await model.generate(context, { search, endToken: 1, maxSteps: 12 })
    expect(made.map(({ tokens }) => tokens)).toEqual(texts)
  }
})
