import { expect, test } from 'vitest'
import { differenceOf, TOLERANCE, tooFar } from '../../bench/compare/agreement.js'
import { flopsOf } from '../../bench/compare/flops.js'
import type { Shape } from '../../bench/compare/shape.js'
import { layersOf, transposed, weightCount } from '../../bench/compare/weights.js'
import { geometricMean, percentile, ratioOf, spreadOf } from '../../bench/measure.js'

const shape: Shape = {
  set: '',
  cell: 'rnn',
  input: 3,
  hidden: 5,
  layers: 1,
  batch: 2,
  time: 7,
  task: 'infer',
}

test('operations are counted by hand', () => {
  // A step of a row: 5 units, 3 inputs and 5 states each, a multiplication and an addition.
  expect(flopsOf(shape)).toBe(2 * 7 * (2 * 5 * 8))
  expect(flopsOf({ ...shape, cell: 'gru' })).toBe(14 * 3 * 80)
  expect(flopsOf({ ...shape, cell: 'lstm' })).toBe(14 * 4 * 80)
  // The second layer has 5 inputs.
  expect(flopsOf({ ...shape, layers: 2 })).toBe(14 * (80 + 100))
  expect(flopsOf({ ...shape, task: 'train' })).toBe(14 * (3 * 80 - 2 * 5 * 3))
  expect(flopsOf({ ...shape, task: 'step', batch: 1 })).toBe(80)
  // Lengths 2 and 6 of 7.
  expect(flopsOf({ ...shape, lengths: 'uniform' })).toBe((2 + 6) * 80)
  // An LSTM of 512 in DeepBench: 16 rows, 25 steps, 8 matrices of 512 by 512.
  const deep = { ...shape, cell: 'lstm', input: 512, hidden: 512, batch: 16, time: 25 } as const
  expect(flopsOf(deep)).toBe(1_677_721_600)
})

test('percentiles lie between neighbors by proportion', () => {
  expect(percentile([1, 2, 4], 0.5)).toBe(2)
  expect(percentile([1, 2, 4, 8], 0.5)).toBe(3)
  expect(percentile([10, 20], 0.1)).toBe(11)
  expect(spreadOf([5, 1, 3])).toEqual({ median: 3, p10: 1.4, p90: 4.6, samples: 3 })
})

test('a ratio is of medians, and of neighbors', () => {
  const { ofMedians, byRound } = ratioOf([10, 20, 60], [5, 5, 10])
  expect(ofMedians).toBe(4)
  expect(byRound.median).toBe(4)
  expect(byRound.p10).toBeCloseTo(2.4)
  expect(byRound.p90).toBeCloseTo(5.6)
})

test('the geometric mean of a ratio and its inverse is 1', () => {
  expect(geometricMean([4, 0.25])).toBe(1)
  expect(geometricMean([2, 8])).toBeCloseTo(4)
  expect(geometricMean([1, 3, 9])).toBeCloseTo(3)
})

test('weights are cut as PyTorch names them', () => {
  const two: Shape = { ...shape, cell: 'gru', input: 2, hidden: 1, layers: 2 }
  expect(weightCount(two)).toBe(6 + 3 + 3 + 3 + (3 + 3 + 3 + 3))
  const [first, second] = layersOf(
    two,
    Float32Array.from({ length: 27 }, (_, at) => at),
  )
  expect(first?.weightHh).toEqual(Float32Array.of(6, 7, 8))
  expect(second?.weightIh).toEqual(Float32Array.of(15, 16, 17))
  expect(second?.biasHh).toEqual(Float32Array.of(24, 25, 26))
  expect(transposed(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3)).toEqual(
    Float32Array.of(1, 4, 2, 5, 3, 6),
  )
})

test('numbers that are too far apart are told, NaN too', () => {
  const one: Shape = { ...shape, input: 1, hidden: 1, task: 'train' }
  const ours = {
    outputs: Float32Array.of(1, 2),
    loss: 4,
    gradients: Float32Array.of(8, 1, 0, 1),
  }
  const near = differenceOf(one, ours, {
    outputs: Float32Array.of(1, 2.5),
    loss: 5,
    gradients: Float32Array.of(6, 1, 0, 1),
  })
  expect(near).toEqual({ output: 0.5, loss: 0.25, gradient: 0.25 })
  expect(tooFar(near, TOLERANCE.f32)).toMatch(/output by 0.5 .*loss by 0.25 .*gradient by 0.25/)
  expect(tooFar(differenceOf(one, ours, ours), TOLERANCE.f32)).toBeUndefined()
  for (const broken of [
    { ...ours, loss: Number.NaN },
    { ...ours, outputs: Float32Array.of(1, Number.NaN) },
    { ...ours, outputs: Float32Array.of(1) },
    { ...ours, gradients: Float32Array.of(8, Number.NaN, 0, 1) },
  ]) {
    expect(tooFar(differenceOf(one, ours, broken), TOLERANCE.bf16)).toMatch(/differ/)
  }
})
