import { dense, embedding, graph, last, lstm, sequential, sgd } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { options, regressor, rows } from './support/networks.js'

describe('bad input is refused, weights untouched', () => {
  const finite = rows(4)
  const cases: [string, unknown, object, string][] = [
    ['no rows', { x: [], y: [] }, {}, 'ERR_UNROLLED_VALUE'],
    ['no batches', [], {}, 'ERR_UNROLLED_VALUE'],
    ['NaN in the input', { x: [[Number.NaN]], y: [[1]] }, {}, 'ERR_UNROLLED_NON_FINITE'],
    ['infinity in the input', { x: [[1e39]], y: [[1]] }, {}, 'ERR_UNROLLED_NON_FINITE'],
    ['NaN in the targets', { x: [[1]], y: [[Number.NaN]] }, {}, 'ERR_UNROLLED_NON_FINITE'],
    ['other counts of rows', { x: [[1], [2]], y: [[1]] }, {}, 'ERR_UNROLLED_SHAPE'],
    ['a step of another size', { x: [[[1, 2]]], y: [[1]] }, {}, 'ERR_UNROLLED_SHAPE'],
    ['targets of another size', { x: [[1]], y: [[1, 2]] }, {}, 'ERR_UNROLLED_SHAPE'],
    ['missing targets', { x: [[1]] }, {}, 'ERR_UNROLLED_ARGUMENT'],
    ['an unknown key', { x: [[1]], y: [[1]], z: 1 }, {}, 'ERR_UNROLLED_ARGUMENT'],
    ['an unknown input', { x: { inputs: [[1]] }, y: [[1]] }, {}, 'ERR_UNROLLED_ARGUMENT'],
    ['data of no form', 5, {}, 'ERR_UNROLLED_ARGUMENT'],
    ['an unknown loss', finite, { loss: 'mse' }, 'ERR_UNROLLED_ARGUMENT'],
    [
      'an unknown schedule',
      finite,
      { schedule: { cosinus: { steps: 1 } } },
      'ERR_UNROLLED_ARGUMENT',
    ],
    [
      'a class beyond the outputs',
      { x: [[1]], y: [1] },
      { loss: 'crossEntropy' },
      'ERR_UNROLLED_VALUE',
    ],
  ]

  test.each(cases)('%s', async (_, data, extra, code) => {
    const model = regressor()
    const before = model.parameters()
    // The cast passes data that the types refuse.
    const run = model.fit(data as never, { ...options, ...extra })
    await expect(run).rejects.toMatchObject({ name: 'UnrolledError', code })
    expect(model.parameters()).toEqual(before)
    await model.fit(finite, options)
  })

  test('a learning rate that explodes ends in an error, with weights that are finite', async () => {
    const model = regressor()
    const run = model.fit(finite, {
      ...options,
      optimizer: sgd({ learningRate: 1e38 }),
      epochs: 50,
    })
    await expect(run).rejects.toMatchObject({ code: 'ERR_UNROLLED_NON_FINITE' })
    for (const { values } of Object.values(model.parameters())) {
      expect(values.every(Number.isFinite)).toBe(true)
    }
  })

  test('an id out of range', async () => {
    const model = sequential([
      embedding({ vocabularySize: 4, size: 2 }),
      last(),
      dense({ size: 2 }),
    ])
    await expect(model.predict([[1, 4]])).rejects.toMatchObject({ code: 'ERR_UNROLLED_VALUE' })
    const loss = { loss: 'crossEntropy' } as const
    await expect(model.fit({ x: [[1]], y: [2] }, loss)).rejects.toMatchObject({
      code: 'ERR_UNROLLED_VALUE',
    })
  })

  test('a graph that is absurdly large is refused before memory is taken', () => {
    expect(() => sequential([dense({ inputSize: 2 ** 40, size: 2 ** 40 })])).toThrow(
      expect.objectContaining({ name: 'UnrolledError' }),
    )
    expect(() => sequential([lstm({ inputSize: 2 ** 23, hiddenSize: 2 ** 23 })])).toThrow(
      expect.objectContaining({ code: 'ERR_UNROLLED_SIZE' }),
    )
  })

  test('a skipped step leaves the weights', async () => {
    const model = regressor()
    model.setParameters({ 'dense.bias': Float32Array.of(3e38) })
    const before = model.parameters()
    const { epochs } = await model.fit(rows(2), { ...options, onNonFinite: 'skip' })
    expect(epochs).toHaveLength(1)
    expect(epochs[0]?.loss).toBeNaN()
    expect(model.parameters()).toEqual(before)
    await expect(model.fit(rows(2), options)).rejects.toMatchObject({
      code: 'ERR_UNROLLED_NON_FINITE',
    })
    expect(model.parameters()).toEqual(before)
  })

  test('a state of another size, and an unknown one', async () => {
    const model = regressor()
    const state = { 'lstm.l0:h': [[1, 2]] }
    await expect(model.predict([[1]], { state })).rejects.toMatchObject({
      code: 'ERR_UNROLLED_SHAPE',
    })
    await expect(model.predict([[1]], { state: { 'lstm.l0:k': [[1]] } })).rejects.toThrow(
      'predict state: unknown state "lstm.l0:k"; did you mean lstm.l0:h?',
    )
  })

  test('a graph whose outputs are named alike', () => {
    const model = graph(({ input }) => ({ y: dense({ size: 1 })(input.vector('x', { size: 1 })) }))
    expect(() => model.setParameters({ 'dense.wieght': Float32Array.of(1) })).toThrow(
      'setParameters: unknown parameter "dense.wieght"; did you mean dense.weight?',
    )
    expect(() => model.setParameters({ 'dense.weight': Float32Array.of(1, 2) })).toThrow(
      'setParameters dense.weight: expected 1 values for the shape [1, 1], received 2',
    )
  })
})
