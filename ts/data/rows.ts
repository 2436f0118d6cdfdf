import { mismatch, type UnrolledError } from '../errors.js'
import type { NativeTensor } from '../native/contract.js'
import { reserve } from '../native/memory.js'
import { allocate, checkMemory } from './check.js'
import { faultOf, isFit, itemOf } from './fault.js'
import { isTimed, type Port, widthOf } from './kind.js'

/** Layout of rows in a packed array. */
interface Padding {
  /** Steps from one row's start to the next's. */
  readonly time: number
  /** `true` if each row was given a length; otherwise all rows fill the shape. */
  readonly ragged: boolean
}

/** Rows of one input or target in memory, each found by its start in one flat array. */
export class Rows {
  readonly #where: string
  readonly #port: Port
  readonly #values: Float32Array | Int32Array
  readonly #lengths: Int32Array
  readonly #padding: Padding | undefined
  /** Start of each row, for rows without padding. */
  readonly #starts: Float64Array | undefined
  /** Length of `#values` when checked: a resizable buffer may shrink later. */
  readonly #size: number

  /** `where` is the data's name in messages. */
  constructor(
    where: string,
    port: Port,
    values: Float32Array | Int32Array,
    lengths: Int32Array,
    /** Left out for rows without padding. */
    padding?: Padding,
  ) {
    this.#where = where
    this.#port = port
    this.#values = values
    this.#lengths = lengths
    this.#padding = padding
    this.#size = values.length
    this.#starts = padding === undefined ? startsOf(lengths, widthOf(port.rows)) : undefined
  }

  #start(row: number): number {
    const { time = 0 } = this.#padding ?? {}
    return this.#starts?.[row] ?? row * time * widthOf(this.#port.rows)
  }

  get count(): number {
    return this.#lengths.length
  }

  /** The steps of each row; of a kind without steps, 1. */
  get lengths(): Int32Array {
    return this.#lengths
  }

  /** `true` if each row was given a length. */
  get ragged(): boolean {
    return this.#padding?.ragged ?? true
  }

  /** Gives the rows the lengths of others, if they have none and the same time. */
  along({ lengths, time }: Rows): Rows {
    if (this.ragged || this.time !== time) return this
    return new Rows(this.#where, this.#port, this.#values, lengths, { time, ragged: true })
  }

  /** Steps in each row, padding included. */
  get time(): number {
    return this.#padding?.time ?? longest(this.#lengths)
  }

  /** Gives the first number of a step. */
  at(row: number, step: number): number | undefined {
    return this.#values[this.#start(row) + step * widthOf(this.#port.rows)]
  }

  /** Copies the valid steps of the chosen rows, one row after the other. */
  gather(rows: ArrayLike<number>): NativeTensor {
    this.#check()
    const { name } = this.#port
    const pick = (row: number): number => this.#lengths[row] ?? 0
    const lengths = reserve(name, rows.length, () => Int32Array.from(rows, pick))
    const width = widthOf(this.#port.rows)
    const ids = this.#values instanceof Int32Array
    const values = allocate(name, ids, sumOf(lengths) * width)
    let at = 0
    for (const [index, length] of lengths.entries()) {
      const start = this.#start(rows[index] ?? 0)
      values.set(this.#values.subarray(start, start + length * width), at)
      at += length * width
    }
    return this.#tensor(values, lengths)
  }

  /** Gives all rows in order, without a copy if they have no padding. */
  all(): NativeTensor {
    this.#check()
    if (this.#size === sumOf(this.#lengths) * widthOf(this.#port.rows)) {
      return this.#tensor(this.#values, this.#lengths)
    }
    return this.gather(
      reserve(this.#where, this.#lengths.length, () => this.#lengths.map((_, row) => row)),
    )
  }

  /** Finds the first item of the chosen rows that the core refuses. */
  fault(rows: ArrayLike<number>): UnrolledError | undefined {
    const width = widthOf(this.#port.rows)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0
      const start = this.#start(row)
      const end = start + (this.#lengths[row] ?? 0) * width
      for (let at = start; at < end; at++) {
        if (isFit(this.#port, this.#values[at] ?? 0)) continue
        const step = Math.floor((at - start) / width)
        const item = itemOf(this.#port, this.#values, start, step)
        const fault = faultOf(this.#where, this.#port, { row, step }, item)
        if (fault !== undefined) return fault
      }
    }
    return undefined
  }

  /** Checks the memory again: it may have changed since the rows were given. */
  #check(): void {
    checkMemory(this.#where, this.#values)
    if (this.#values.length !== this.#size) {
      const expected = `${this.#size} values, as when it was given`
      throw mismatch('ERR_UNROLLED_VALUE', this.#where, expected, this.#values)
    }
  }

  #tensor(values: Float32Array | Int32Array, lengths: Int32Array): NativeTensor {
    const { name, rows: kind } = this.#port
    const time = longest(lengths)
    const shape = [lengths.length]
    if (isTimed(kind)) shape.push(time)
    if (values instanceof Float32Array) shape.push(widthOf(kind))
    const tensor: NativeTensor = { name, shape }
    if (values instanceof Int32Array) tensor.ids = values
    else tensor.values = values
    if (isTimed(kind) && lengths.some((length) => length < time)) tensor.lengths = lengths
    return tensor
  }
}

function startsOf(lengths: Int32Array, width: number): Float64Array {
  const starts = reserve('lengths', lengths.length, () => new Float64Array(lengths.length))
  let start = 0
  for (let row = 0; row < lengths.length; row++) {
    starts[row] = start
    start += (lengths[row] ?? 0) * width
  }
  return starts
}

function sumOf(lengths: Int32Array): number {
  let sum = 0
  for (let row = 0; row < lengths.length; row++) sum += lengths[row] ?? 0
  return sum
}

function longest(lengths: Int32Array): number {
  let most = 0
  for (let row = 0; row < lengths.length; row++) most = Math.max(most, lengths[row] ?? 0)
  return most
}
