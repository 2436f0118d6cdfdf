import {
  type Data,
  dense,
  graph,
  last,
  type Metric,
  rnn,
  sequential,
  sgd,
  type TrainOptions,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

/** The mean of |output - target|, which is no loss of these runs. */
const distance: Metric = {
  name: 'distance',
  compute({ outputs, targets }) {
    const { output: { values: output } = { values: [] } } = outputs
    const { output: { values: target } = { values: [] } } = targets
    const far = Array.from(output, (value, i) => Math.abs(value - (target[i] ?? 0)))
    return far.reduce((sum, part) => sum + part, 0) / far.length
  },
}

const batches = [
  {
    x: [
      [1, 2],
      [3, 1],
    ],
    y: [[1], [0]],
  },
  {
    x: [
      [2, 2],
      [1, 1],
    ],
    y: [[0.5], [2]],
  },
  { x: [[0, 2]], y: [[1]] },
]

const network = () =>
  sequential([rnn({ inputSize: 1, hiddenSize: 3 }), last(), dense({ size: 1 })], { seed: 2 })

const options = {
  loss: 'meanSquared',
  optimizer: sgd({ learningRate: 0.1 }),
  metrics: [distance],
} as const

/** Trains batch after batch and measures each before its update. */
async function byHand(epochs: number): Promise<number[]> {
  const model = network()
  const records: number[] = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    const sums = { part: 0, whole: 0 }
    for (const batch of batches) {
      const { distance: value = 0 } = await model.evaluate(batch, {
        loss: 'meanSquared',
        metrics: [distance],
      })
      sums.part += value * batch.y.length
      sums.whole += batch.y.length
      await model.fit([batch], options)
    }
    records.push(sums.part / sums.whole)
  }
  return records
}

const distancesOf = async (data: Data, more: Partial<TrainOptions> = {}) => {
  const { epochs } = await network().fit(data, { ...options, epochs: 3, ...more })
  return epochs.map(({ distance }) => distance)
}

describe('a metric of the user is in the training record', () => {
  test('measured before each update', async () => {
    expect(await distancesOf(batches)).toEqual(await byHand(3))
  })

  test('beside that of the validation, and early stopping may watch it', async () => {
    const { epochs, stopped } = await network().fit(batches, {
      ...options,
      epochs: 50,
      validation: batches,
      earlyStopping: { monitor: 'distance', minDelta: 10 },
    })
    expect(epochs[0]).toHaveProperty('distance', expect.any(Number))
    expect(epochs[0]).toHaveProperty('validationDistance', expect.any(Number))
    expect(stopped).toBe('earlyStopping')
  })

  test('weighted by targets where batches make one update', async () => {
    const [first] = await distancesOf(batches, { accumulate: 3, epochs: 1 })
    const x = batches.flatMap((batch) => batch.x)
    const whole = { x, y: batches.flatMap((batch) => batch.y) }
    const { distance: expected } = await network().evaluate(whole, {
      loss: 'meanSquared',
      metrics: [distance],
    })
    expect(first).toBeCloseTo(expected ?? 0, 6)
  })

  test('from the states that carry on', async () => {
    const rate = sgd({ learningRate: 1e-30 })
    const pieces = [
      { x: [[1, 2]], y: [[1]] },
      { x: [[3, 1]], y: [[1]] },
    ]
    const [first, second] = await distancesOf(pieces, { carry: true, optimizer: rate, epochs: 2 })
    const model = network()
    const half = await model.predict([[1, 2]])
    const whole = await model.predict([[1, 2, 3, 1]])
    const far = [half, whole].map(({ output }) => Math.abs((output.values[0] ?? 0) - 1))
    expect(first).toBeCloseTo(((far[0] ?? 0) + (far[1] ?? 0)) / 2, 6)
    expect(second).toBe(first)
  })

  test('an error of the metric ends the run, and the model goes on', async () => {
    const model = network()
    const own = new Error('of the metric')
    const broken = { name: 'broken', compute: () => Promise.reject(own) }
    await expect(model.fit(batches, { ...options, metrics: [broken] })).rejects.toBe(own)
    await model.fit(batches, options)
  })
})

describe('two outputs', () => {
  const model = () =>
    graph(
      { x: { sequence: { size: 1 } } },
      ({ x }) => {
        const { output, state } = rnn({ hiddenSize: 3 })(x)
        return {
          tags: dense({ size: 4 })(output),
          mood: dense({ size: 2 })(state.h),
          far: dense({ size: 1 })(state.h),
        }
      },
      { seed: 6 },
    )
  const data = {
    x: [
      [1, 2, 3],
      [2, 1],
    ],
    y: {
      tags: [
        [0, 3, 1],
        [2, 2],
      ],
      mood: [1, 0],
      far: [[1], [2]],
    },
  }
  const loss = {
    tags: {
      kind: { crossEntropy: { labelSmoothing: 0, classWeights: null, ignore: null } },
      reduction: 'mean',
      weight: 2,
    },
    mood: 'crossEntropy',
    far: 'meanSquared',
  } as const
  const metrics = ['accuracy', 'perplexity'] as const

  test('each has its loss and its metrics under its name', async () => {
    const scores = await model().evaluate(data, { loss, metrics })
    const alone = async (name: 'tags' | 'mood' | 'far') => {
      const y = { [name]: data.y[name] }
      const only = name === 'far' ? 'meanSquared' : 'crossEntropy'
      return model().evaluate({ x: data.x, y }, { loss: { [name]: only }, metrics })
    }
    const [tags, mood, far] = [await alone('tags'), await alone('mood'), await alone('far')]
    expect(scores).toEqual({
      loss: 2 * tags.loss + mood.loss + far.loss,
      accuracy: (5 * (tags.accuracy ?? 0) + 2 * (mood.accuracy ?? 0)) / 7,
      perplexity: Math.exp(scores.loss),
      'tags.loss': tags.loss,
      'tags.accuracy': tags.accuracy,
      'tags.perplexity': tags.perplexity,
      'mood.loss': mood.loss,
      'mood.accuracy': mood.accuracy,
      'mood.perplexity': mood.perplexity,
      'far.loss': far.loss,
      'far.perplexity': far.perplexity,
    })
  })

  test("the record names them, the validation's too", async () => {
    const { epochs } = await model().fit(data, {
      loss,
      metrics: ['accuracy'],
      validation: data,
      epochs: 2,
      earlyStopping: { monitor: 'tags.validationLoss', patience: 5 },
    })
    const names = ['tags.loss', 'tags.accuracy', 'mood.loss', 'mood.accuracy', 'far.loss']
    const held = names.map((name) =>
      name.replace(/\.(.)/, (_, c) => `.validation${c.toUpperCase()}`),
    )
    expect(
      Object.keys(epochs[0] ?? {})
        .filter((name) => name.includes('.'))
        .sort(),
    ).toEqual([...names, ...held].sort())
  })

  test('a metric of the user must not have such a name', async () => {
    const own = { name: 'tags.loss', compute: () => 1 }
    await expect(model().evaluate(data, { loss, metrics: [own] })).rejects.toThrow('not reserved')
  })
})
