import { isList, isObject, own } from '../brand.js'
import { callOn } from '../disposable.js'
import { madeOnlyBy } from '../errors.js'
import type { Alignment, Numeric, Sequence, Vector } from '../graph/value.js'
import type { NativeTensor } from '../native/contract.js'

/** Nested arrays of a result: `[row][number]`, or `[row][step][number]` without the padding. */
export type Nested<X extends Numeric | Alignment> = X extends Sequence | Alignment<string>
  ? number[][][]
  : X extends Vector | Alignment<undefined>
    ? number[][]
    : never

/** Values of an output or state, row-major. */
export class Result<X extends Numeric | Alignment = Numeric | Alignment> {
  /** All rows one after the other; steps beyond a row's length are zeros. */
  readonly values: Float32Array
  /**
   * `[rows, time, size]` of a sequence, `[rows, size]` of a vector. Of the weights of an attention, `size` is
   * the most steps of a memory: those beyond a row's own memory are 0.
   */
  readonly shape: readonly number[]
  /** The valid steps of each row, if rows differ. */
  readonly lengths: Int32Array | undefined

  /** @internal */
  constructor(tensor: NativeTensor) {
    if (!isObject(tensor) || !isList(tensor.shape)) {
      throw madeOnlyBy('Result', 'a result by predict', tensor)
    }
    this.values = own(tensor.values ?? new Float32Array(0))
    this.shape = [...tensor.shape]
    this.lengths = tensor.lengths && own(tensor.lengths)
  }

  /** Converts to nested arrays, each row cut to its length. */
  toNested(): Nested<X> {
    if (!isObject(this) || !(#steps in this)) throw callOn('result', 'toNested', this)
    const [rows = 0, ...rest] = this.shape
    const width = rest.reduce((product, part) => product * part, 1)
    const nested = Array.from({ length: rows }, (_, row) => {
      const values = this.values.subarray(row * width, (row + 1) * width)
      return this.shape.length === 2 ? Array.from(values) : this.#steps(values, row)
    })
    return nested as Nested<X>
  }

  #steps(values: Float32Array, row: number): number[][] {
    const [, time = 0, size = 0] = this.shape
    return Array.from({ length: this.lengths?.[row] ?? time }, (_, step) =>
      Array.from(values.subarray(step * size, (step + 1) * size)),
    )
  }
}
