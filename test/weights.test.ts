import { crossEntropy, dense, embedding, graph, gru, last, lstm, sequential, sgd } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, rows, steps } from './support/networks.js'

/** `y = 2 x + 1`. */
function line() {
  const model = sequential([dense({ inputSize: 1, size: 1 })])
  model.setParameters({ 'dense.weight': Float32Array.of(2), 'dense.bias': Float32Array.of(1) })
  return model
}

const tagger = () =>
  sequential(
    [embedding({ vocabularySize: 4, size: 3 }), gru({ hiddenSize: 5 }), dense({ size: 4 })],
    { seed: 5 },
  )

describe('weights of targets', () => {
  test('a mean divides by the sum of the weights', async () => {
    const x = [[[1], [2]], [[3]]]
    // The squares are (3 - 2)² = 1, not looked at, and (7 - 3)² = 16.
    const y = [[[2], [Number.NaN]], [[3]]]
    const weights = [[0.5, 0], [1.5]]
    const model = line()
    const { loss } = await model.evaluate({ x, y, weights }, { loss: 'meanSquared' })
    expect(loss).toBe((0.5 * 1 + 1.5 * 16) / 2)
    for (const batchSize of [1, 2]) {
      const scores = await model.evaluate({ x, y, weights }, { loss: 'meanSquared', batchSize })
      expect(scores.loss).toBe(loss)
    }
    // d/db is Σ w 2 (y - t) / Σ w; one step of plain descent takes it off.
    await model.fit({ x, y, weights }, { loss: 'meanSquared', optimizer: sgd({ learningRate: 1 }) })
    const { values = [] } = model.parameters()['dense.bias'] ?? {}
    expect(values[0]).toBeCloseTo(1 - (0.5 * 2 * 1 + 1.5 * 2 * 4) / 2, 5)
  })

  test('an id that does not exist may stand under a weight of 0', async () => {
    const model = tagger()
    const x = [[0, 1, 2, 1], [3]]
    const options = {
      loss: crossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2, 3, 4] }),
      metrics: ['accuracy'],
    } as const
    const [some] = await Promise.all([
      model.evaluate({ x, y: [[1, 2, 77, -5], [0]], weights: [[1, 1, 0, 0], [1]] }, options),
    ])
    const alone = await model.evaluate({ x: [[0, 1], [3]], y: [[1, 2], [0]] }, options)
    expect(some.loss).toBeCloseTo(alone.loss, 6)
    expect(some.accuracy).toBe(alone.accuracy)
    const y = [[1, 2, Number.NaN, 0.5], Int32Array.of(0)]
    const nested = await model.evaluate({ x, y, weights: [[1, 1, 0, 0], [1]] }, options)
    expect(nested).toEqual(some)
    for (const wrong of [-5, 0.5]) {
      const weights = [[1, 1, 1e-9, 0], [1]]
      const bad = [[1, 2, wrong, -5], [0]]
      await expect(model.evaluate({ x, y: bad, weights }, options)).rejects.toMatchObject({
        code: 'ERR_UNROLLED_VALUE',
        message: expect.stringContaining('y[0][2]'),
      })
    }
  })

  test('every form of data gives the same', async () => {
    const { x, y } = {
      x: [steps(3, 1), steps(2, 1, 2)],
      y: [steps(3, 1, 3), steps(2, 1, 4)],
    }
    const model = sequential([lstm({ inputSize: 1, hiddenSize: 3 }), dense({ size: 1 })], {
      seed: 2,
    })
    const options = { loss: 'huber' } as const
    const { loss } = await model.evaluate(
      {
        x,
        y,
        weights: [
          [1, 0.5, 0],
          [2, 3],
        ],
      },
      options,
    )
    const packed = { values: Float32Array.of(1, 0.5, 0, 2, 3, 9), shape: [2, 3] }
    for (const weights of [
      [Float32Array.of(1, 0.5, 0), [2, 3]],
      { ...packed, lengths: [3, 2] },
      { output: [[1, 0.5, 0], Float32Array.of(2, 3)] },
    ]) {
      expect((await model.evaluate({ x, y, weights }, options)).loss).toBe(loss)
    }
    const inputs = {
      values: Float32Array.from([...x.flat(2), 9]),
      shape: [2, 3, 1],
      lengths: [3, 2],
    }
    const padded = { x: inputs, y, weights: packed }
    expect((await model.evaluate(padded, options)).loss).toBe(loss)
  })

  test('one a row for an output without steps, by name, and left out', async () => {
    const model = graph(({ input }) => {
      const x = input.sequence('x', { size: 1 })
      const { output } = gru({ hiddenSize: 4 })(x)
      return {
        each: dense({ size: 2 })(output),
        end: dense({ size: 1, name: 'end' })(last()(output)),
      }
    })
    const { x } = rows(6)
    const y = {
      each: x.map((row) => row.map((v) => [v, -v])),
      end: numbers(6).map((v) => [v]),
    }
    const loss = { each: 'meanAbsolute', end: 'meanSquared' } as const
    const ends = [1, 0, 0, 2, 0, 1]
    const score = (weights?: object) =>
      model.evaluate({ x: { x }, y, ...(weights && { weights }) } as never, { loss, batchSize: 4 })
    const { loss: weighted } = await score({ end: ends })
    expect((await score({ end: Float32Array.from(ends) })).loss).toBe(weighted)
    const run = await model.predict({ x })
    const sums = [0, 0]
    let count = 0
    for (const [row, outputs] of run.each.toNested().entries()) {
      for (const [step, output] of outputs.entries()) {
        for (const [k, value] of output.entries()) {
          sums[0] = (sums[0] ?? 0) + Math.abs(value - (y.each[row]?.[step]?.[k] ?? 0))
          count += 1
        }
      }
      const square = ((run.end.values[row] ?? 0) - (y.end[row]?.[0] ?? 0)) ** 2
      sums[1] = (sums[1] ?? 0) + (ends[row] ?? 0) * square
    }
    expect(weighted).toBeCloseTo((sums[0] ?? 0) / count + (sums[1] ?? 0) / 4, 5)
    expect(weighted).not.toBeCloseTo((await score()).loss, 3)
  })

  test('they are shuffled and cut with the rows', async () => {
    const { x, y } = rows(23)
    // A row of weight 0 has a target that would throw the run off.
    const bad = y.map((row, at) => (at % 3 === 1 ? [1e30] : row))
    const weights = y.map((_, at) => (at % 3 === 1 ? 0 : 1))
    const model = sequential([lstm({ inputSize: 1, hiddenSize: 5 }), last(), dense({ size: 1 })])
    const options = { loss: 'meanSquared', batchSize: 4, epochs: 3, seed: 4 } as const
    const { epochs } = await model.fit({ x, y: bad, weights }, options)
    for (const { loss } of epochs) expect(loss).toBeLessThan(3)
    const batch = { x: x.slice(0, 2), y: bad.slice(0, 2), weights: weights.slice(0, 2) }
    const ready = await model.fit([batch], { loss: 'meanSquared' })
    expect(ready.epochs[0]?.loss).toBeLessThan(3)
  })

  test('weights of 1 change no bit', async () => {
    const { x, y } = rows(19)
    const train = async (weights?: number[]) => {
      const model = sequential(
        [lstm({ inputSize: 1, hiddenSize: 5 }), last(), dense({ size: 1 })],
        {
          seed: 1,
        },
      )
      await model.fit({ x, y, ...(weights && { weights }) }, { loss: 'huber', epochs: 2, seed: 3 })
      return model.parameters()
    }
    expect(await train(y.map(() => 1))).toEqual(await train())
  })

  test('steps of weight 0 send back nothing at all', async () => {
    const model = sequential([gru({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])
    const data = { x: [steps(5, 2), steps(3, 2, 4)], y: [steps(5, 2, 6), steps(3, 2, 8)] }
    // After the last step that counts no gradient begins; before it the state carries one back.
    const weights = [
      [0, 1, 0, 0, 0],
      [0, 0, 0],
    ]
    const found = await model.gradients({ ...data, weights }, { loss: 'meanSquared' })
    const zero = found.inputs.input
      .toNested()
      .map((row) => row.map((step) => step.every((d) => d === 0)))
    expect(zero).toEqual([
      [false, false, true, true, true],
      [true, true, true],
    ])
  })

  test('a custom metric sees them', async () => {
    const seen: unknown[] = []
    const metric = {
      name: 'mine',
      compute: ({ targets }: { targets: Readonly<Record<string, { weights: unknown }>> }) => {
        seen.push(Object.values(targets)[0]?.weights)
        return 1
      },
    }
    const data = { x: [[[1], [2]], [[3]]], y: [[[1], [2]], [[3]]] }
    const options = { loss: 'meanSquared', metrics: [metric] } as const
    await line().evaluate({ ...data, weights: [[1, 2], [3]] }, options)
    await line().evaluate(data, options)
    expect(seen).toEqual([Float32Array.of(1, 2, 3, 0), undefined])
  })

  test.each<[string, string, unknown, string]>([
    [
      'too few rows',
      'SHAPE',
      [[1, 1]],
      'evaluate data weights: expected 2 rows as in x, received 1',
    ],
    [
      'too few steps',
      'SHAPE',
      [[1], [1]],
      'weights.output[0]: expected 2 steps as in input, received 1',
    ],
    [
      'a weight a row',
      'KIND',
      [1, 1],
      'weights[0]: expected an array of weights or a Float32Array',
    ],
    ['no number', 'KIND', [[1, 'x'], [1]], 'weights[0][1]: expected a weight, received "x"'],
    ['doubles', 'KIND', [new Float64Array(2), [1]], 'weights[0]: expected an array of weights'],
    ['another output', 'ARGUMENT', { other: [[1, 1], [1]] }, 'unknown name "other"'],
    ['below 0', 'VALUE', [[1, -0.5], [1]], 'received -0.5 at row 0, step 1'],
    ['NaN', 'NON_FINITE', [[1, 1], [Number.NaN]], 'received NaN at row 1, step 0'],
    [
      'infinity',
      'NON_FINITE',
      [[1, Number.POSITIVE_INFINITY], [1]],
      'received Infinity at row 0, step 1',
    ],
  ])('%s is refused', async (_, code, weights, message) => {
    const data = { x: [[[1], [2]], [[3]]], y: [[[1], [2]], [[3]]], weights } as never
    const run = line().evaluate(data, { loss: 'meanSquared' })
    await expect(run).rejects.toMatchObject({
      code: `ERR_UNROLLED_${code}`,
      message: expect.stringContaining(message),
    })
  })
})
