import { dense, last, lstm, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, options, regressor } from './support/networks.js'

describe('rows of any lengths', () => {
  const lengths = [0, 7, 1, 5, 7, 2]
  const nested = lengths.map((length, row) => numbers(length, row + 1))
  const loss = { loss: 'meanSquared' } as const
  const flat = new Float32Array(6 * 9).fill(Number.NaN)
  for (const [row, values] of nested.entries()) flat.set(values, row * 9)
  const packed = { values: flat, shape: [6, 9, 1], lengths }

  test('give the same bits in every form, and alone', async () => {
    const model = regressor()
    const { output } = await model.predict(nested)
    expect((await model.predict(packed)).output.values).toEqual(output.values)
    for (const [row, values] of nested.entries()) {
      const alone = (await model.predict([values])).output.values
      expect(alone).toEqual(output.values.slice(row, row + 1))
    }
  })

  test('train alike, whole and in chunks of time', async () => {
    for (const truncate of [undefined, { k1: 3, k2: 3 }]) {
      const trained = await Promise.all(
        [nested, packed].map(async (x) => {
          const model = sequential([lstm({ inputSize: 1, hiddenSize: 4 }), dense({ size: 1 })])
          const targets = x === nested ? nested : packed
          const more = truncate === undefined ? {} : { truncate }
          await model.fit({ x, y: targets }, { ...options, ...more, epochs: 3, batchSize: 4 })
          return model.toBytes()
        }),
      )
      expect(trained[0]).toEqual(trained[1])
    }
  })

  test('have weights of their steps', async () => {
    const model = sequential([lstm({ inputSize: 1, hiddenSize: 4 }), dense({ size: 1 })])
    const weights = nested.map((row) => row.map((_, step) => step % 3))
    const flatWeights = new Float32Array(6 * 9).fill(Number.NaN)
    for (const [row, values] of weights.entries()) flatWeights.set(values, row * 9)
    const scores = await Promise.all([
      model.evaluate({ x: nested, y: nested, weights }, loss),
      model.evaluate(
        { x: packed, y: packed, weights: { values: flatWeights, shape: [6, 9], lengths } },
        loss,
      ),
    ])
    expect(scores[0]).toEqual(scores[1])
    expect(scores[0]?.loss).toBeGreaterThan(0)
  })

  test('come to a metric of the caller padded', async () => {
    let seen: unknown
    const metric = {
      name: 'mine',
      compute: ({ targets }: { targets: object }) => {
        seen = targets
        return 0
      },
    }
    const model = sequential([lstm({ inputSize: 1, hiddenSize: 4 }), dense({ size: 1 })])
    const data = { x: [[1, 2, 3], [4]], y: [[1, 2, 3], [4]] }
    await model.evaluate({ ...data, weights: [[1, 2, 0], [3]] }, {
      ...loss,
      metrics: [metric],
    } as never)
    expect(seen).toEqual({
      output: {
        values: Float32Array.of(1, 2, 3, 4, 0, 0),
        shape: [2, 3, 1],
        lengths: Int32Array.of(3, 1),
        weights: Float32Array.of(1, 2, 0, 3, 0, 0),
      },
    })
  })

  test('a long one beside short ones takes what its steps take', async () => {
    const model = regressor()
    const long = new Float32Array(200_000).fill(0.1)
    const short = Array.from({ length: 255 }, () => new Float32Array(10).fill(0.2))
    const before = process.memoryUsage.rss()
    const { output } = await model.predict([long, ...short])
    // Padded, the input alone would take 205 MB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(150e6)
    expect((await model.predict([long])).output.values[0]).toBe(output.values[0])
  })

  test('too many with their padding are refused by the library', async () => {
    const x = [
      new Float32Array(2 ** 22),
      ...Array.from({ length: 10_000 }, () => new Float32Array()),
    ]
    const size = { code: 'ERR_UNROLLED_SIZE' }
    const model = sequential([lstm({ inputSize: 1, hiddenSize: 1 }), last()])
    await expect(model.predict(x)).rejects.toMatchObject(size)
    const data = { x, y: x.map(() => [0]) }
    await expect(model.fit(data, { ...options, batchSize: 20_000 })).rejects.toMatchObject(size)
  })
})
