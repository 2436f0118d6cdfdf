import { GATES } from '../flops.js'
import type { Shape } from '../shape.js'
import { layersOf, transposed, weightCount } from '../weights.js'

/** A weight as Keras's layers have it. */
export interface KerasWeight {
  readonly values: Float32Array
  readonly dims: number[]
}

/** Keras's kernel `[inputs, gates]`, recurrent kernel and bias (the sum of PyTorch's) of each layer. */
export function toKeras(shape: Shape, flat: Float32Array): KerasWeight[] {
  const { hidden } = shape
  const rows = GATES[shape.cell] * hidden
  return layersOf(shape, flat).flatMap(({ weightIh, weightHh, biasIh, biasHh }) => {
    const inputs = weightIh.length / rows
    return [
      { values: transposed(weightIh, rows, inputs), dims: [inputs, rows] },
      { values: transposed(weightHh, rows, hidden), dims: [hidden, rows] },
      { values: biasIh.map((value, at) => value + (biasHh[at] ?? NaN)), dims: [rows] },
    ]
  })
}

/** Keras's weights in PyTorch's order; its one bias stands for each of the two. */
export function fromKeras(shape: Shape, weights: readonly Float32Array[]): Float32Array {
  const { hidden } = shape
  const rows = GATES[shape.cell] * hidden
  const flat = new Float32Array(weightCount(shape))
  for (const [layer, views] of layersOf(shape, flat).entries()) {
    const [kernel, recurrent, bias] = weights.slice(3 * layer, 3 * layer + 3)
    if (kernel === undefined || recurrent === undefined || bias === undefined) continue
    views.weightIh.set(transposed(kernel, kernel.length / rows, rows))
    views.weightHh.set(transposed(recurrent, hidden, rows))
    views.biasIh.set(bias)
    views.biasHh.set(bias)
  }
  return flat
}
