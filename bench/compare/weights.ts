import { GATES } from './flops.js'
import type { Shape } from './shape.js'

/** The parameters of one layer, PyTorch's: gates in its order, `[gates · hidden, columns]`. */
export interface LayerWeights {
  readonly weightIh: Float32Array
  readonly weightHh: Float32Array
  readonly biasIh: Float32Array
  readonly biasHh: Float32Array
}

/** The count of the numbers of all layers. */
export function weightCount(shape: Shape): number {
  return sizesOf(shape).reduce((sum, sizes) => sum + sizes.reduce((all, size) => all + size, 0), 0)
}

/** Views of the layers in one array: for each layer `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`. */
export function layersOf(shape: Shape, flat: Float32Array): LayerWeights[] {
  let at = 0
  const take = (size: number): Float32Array => {
    at += size
    return flat.subarray(at - size, at)
  }
  return sizesOf(shape).map(([ih = 0, hh = 0, bias = 0]) => ({
    weightIh: take(ih),
    weightHh: take(hh),
    biasIh: take(bias),
    biasHh: take(bias),
  }))
}

function sizesOf({ cell, input, hidden, layers }: Shape): number[][] {
  const rows = GATES[cell] * hidden
  return Array.from({ length: layers }, (_, layer) => [
    rows * (layer === 0 ? input : hidden),
    rows * hidden,
    rows,
    rows,
  ])
}

/** Numbers between -1 and 1, times `scale`, that are the same in every run. */
export function randomNumbers(count: number, seed: number, scale = 1): Float32Array {
  let state = seed
  const numbers = new Float32Array(count)
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    numbers[at] = (scale * state) / 2 ** 31
  }
  return numbers
}

/** Weights, inputs `[batch, time, input]` and targets `[batch, time, hidden]` of a shape. */
export function numbersOf(shape: Shape) {
  const { batch, time, input, hidden, task } = shape
  return {
    // PyTorch's own range.
    weights: randomNumbers(weightCount(shape), 1, 1 / Math.sqrt(hidden)),
    x: randomNumbers(batch * time * input, 2),
    y: randomNumbers(task === 'train' ? batch * time * hidden : 0, 3),
  }
}

/** A matrix `[rows, columns]` as `[columns, rows]`. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(matrix.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = matrix[row * columns + column] ?? Number.NaN
    }
  }
  return turned
}
