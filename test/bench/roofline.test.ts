import { expect, test } from 'vitest'
import { flopsOf } from '../../bench/compare/flops.js'
import { leastMilliseconds, weightBytes } from '../../bench/compare/roofline.js'
import type { Shape } from '../../bench/compare/shape.js'

const shape: Shape = {
  set: '',
  cell: 'lstm',
  input: 8,
  hidden: 16,
  layers: 1,
  batch: 1,
  time: 10,
  task: 'infer',
}

test('the weights that a step waits for are counted by hand', () => {
  expect(weightBytes(shape, 'f32')).toEqual([4 * 4 * 16 * 16])
  expect(weightBytes(shape, 'bf16')).toEqual([2 * 4 * 16 * 16])
  expect(weightBytes({ ...shape, cell: 'gru', layers: 2 }, 'f32')).toEqual([3072, 3072])
  expect(weightBytes({ ...shape, layers: 2, task: 'step' }, 'f32')).toEqual([
    4 * 4 * 16 * 24,
    4 * 4 * 16 * 32,
  ])
})

test('a step takes the longest of its operations, its weights and its chain', () => {
  // The inputs' product: 10 steps of 2 * 64 * 8 operations, at one a nanosecond.
  const [inputs, own] = [10 * 1024, 2 * 64 * 16]
  const least = (ceilings: { peak: number; latency: number; reads: number[] }, change = {}) =>
    1e6 * leastMilliseconds({ ...shape, ...change }, 'f32', ceilings)
  expect(least({ peak: 1, latency: 0, reads: [1e9] })).toBeCloseTo(inputs + 10 * own)
  expect(least({ peak: 1, latency: 0, reads: [1] })).toBeCloseTo(inputs + 10 * 4096)
  expect(least({ peak: 1, latency: 1000, reads: [1] })).toBeCloseTo(inputs + 10 * 16_000)
  // Four rows read the weights once.
  expect(least({ peak: 1e9, latency: 0, reads: [1] }, { batch: 4 })).toBeCloseTo(40_960)
  // Rows of 2 and of 7 steps of 10.
  const ragged = { batch: 2, lengths: 'uniform' }
  expect(least({ peak: 1e9, latency: 1, reads: [1e9] }, ragged)).toBeCloseTo(8 * 16, 0)
  // Training: three times the operations but for the first input's gradient, twice through the steps.
  const train = { task: 'train' } as const
  const all = 3 * (inputs + 10 * own) - inputs
  expect(least({ peak: 1, latency: 0, reads: [1e9] }, train)).toBeCloseTo(all)
  expect(flopsOf({ ...shape, ...train })).toBe(all)
  const layer = 3 * 10 * 2 * 64 * 32
  expect(least({ peak: 1, latency: 0, reads: [1e9, 1e9] }, { ...train, layers: 2 })).toBeCloseTo(
    all + layer,
  )
  expect(flopsOf({ ...shape, ...train, layers: 2 })).toBe(all + layer)
  expect(least({ peak: 1e9, latency: 0, reads: [1] }, train)).toBeCloseTo(2 * 40_960)
})
