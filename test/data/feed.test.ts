import { dense, graph } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { ExampleRows } from '../../ts/data/feed.js'

const sequence = { kind: 'sequence', size: 1 } as const
const ports = {
  inputs: [
    { name: 'x', rows: sequence, axis: 'time' },
    { name: 'other', rows: sequence, axis: 'other' },
  ],
  targets: [{ name: 'y', rows: { kind: 'tokens' }, axis: 'time' } as const],
}

const other = [[1], [2, 3]]
const ragged = {
  values: Float32Array.of(1, 2, 3, 4, 5, 0),
  shape: [2, 3, 1],
  lengths: [3, 2],
}

describe('rows of one axis', () => {
  test('targets padded as long as their input take its lengths, in every batch', () => {
    const y = { values: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }
    const examples = new ExampleRows('data', ports, { x: { x: ragged, other }, y })
    expect(examples.batch([1]).targets[0]).toEqual({
      name: 'y',
      shape: [1, 2],
      ids: Int32Array.of(4, 5),
    })
    expect(examples.whole().targets[0]?.lengths).toEqual(Int32Array.of(3, 2))
  })

  test('an input takes those of another', () => {
    const inputs = ['a', 'b'].map((name) => ({ name, rows: sequence, axis: 'time' }))
    const { lengths, ...padded } = ragged
    const x = { a: padded, b: ragged }
    const examples = new ExampleRows('data', { inputs, targets: [] }, { x, y: {} })
    expect(examples.whole().inputs.map((input) => Array.from(input.lengths ?? []))).toEqual([
      lengths,
      lengths,
    ])
  })

  test.each<[string, unknown, string]>([
    [
      'rows of another length',
      [[1, 2, 3], [4]],
      'data y.y[1]: expected 2 steps as in x, received 1',
    ],
    [
      'padding of another length',
      { values: Int32Array.of(1, 2, 3, 4), shape: [2, 2] },
      'data y.y[0]: expected 3 steps as in x, received 2',
    ],
    [
      'lengths of their own',
      { values: new Int32Array(6), shape: [2, 3], lengths: [3, 3] },
      'data y.y[1]: expected 2 steps as in x, received 3',
    ],
  ])('%s are refused before a batch is made', (_, y, message) => {
    expect(() => new ExampleRows('data', ports, { x: { x: ragged, other }, y })).toThrow(message)
  })
})

describe('weights of targets', () => {
  const y = { values: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }

  test('go with their rows, without padding like the targets', () => {
    const weights = [[1, 2, 3], Float32Array.of(4, 5)]
    const examples = new ExampleRows('data', ports, { x: { x: ragged, other }, y, weights })
    expect(examples.batch([1, 0]).targets[0]?.weights).toEqual(Float32Array.of(4, 5, 1, 2, 3))
    expect(examples.batch([1]).targets[0]?.weights).toEqual(Float32Array.of(4, 5))
    expect(examples.whole().targets[0]?.weights).toEqual(Float32Array.of(1, 2, 3, 4, 5))
  })

  test('padded as long as their input, take its lengths', () => {
    const weights = { values: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }
    const examples = new ExampleRows('data', ports, { x: { x: ragged, other }, y, weights })
    expect(examples.batch([1]).targets[0]?.weights).toEqual(Float32Array.of(4, 5))
  })

  test('spare the ids under a weight of 0 a check, and only these', () => {
    const weights = [
      [1, 0, 1],
      [0, 1],
    ]
    const x = { x: ragged, other }
    const of = (ids: unknown) => new ExampleRows('data', ports, { x, y: ids, weights })
    const wild = [
      [1, Number.NaN, 3],
      [-7, 2],
    ]
    expect(of(wild).whole().targets[0]?.ids).toEqual(Int32Array.of(1, 0, 3, 0, 2))
    expect(() => of([Int32Array.of(1, -9, 3), Int32Array.of(-9, 2)])).not.toThrow()
    expect(() => of({ ...y, values: Int32Array.of(1, -2, 3, -4, 5, 6) })).not.toThrow()
    expect(() =>
      of([
        [1, 2, -3],
        [0, 2],
      ]),
    ).toThrow('data y[0][2]')
    expect(() => of([Int32Array.of(1, 9, 3), Int32Array.of(9, -2)])).toThrow('data y[1][1]')
    expect(() => of({ ...y, values: Int32Array.of(1, -2, -3, -4, 5, 6) })).toThrow('data y[0][2]')
  })
})

test('an output with a name of every object has the data that were given, or none', async () => {
  const model = graph(({ input }) => {
    const x = input.vector('x', { size: 1 })
    return { constructor: dense({ size: 1 })(x), other: dense({ size: 1 })(x) }
  })
  const y = { constructor: [[1]], other: [[1]] }
  const { epochs } = await model.fit(
    // A name that TypeScript takes for the property of every object.
    { x: [[1]], y, weights: { other: Float32Array.of(1) } as never },
    { loss: { constructor: 'meanSquared', other: 'meanSquared' } as never, epochs: 1 },
  )
  expect(epochs.length).toBe(1)
})
