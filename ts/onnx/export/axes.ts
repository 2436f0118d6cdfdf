import { attribute } from './build.js'
import type { Held } from './held.js'
import type { Writer } from './writer.js'

/** The steps of an axis. */
interface Steps {
  /** A value over the axis, which is an input; or their number. */
  readonly from: string | number
  /** The input with the steps of each row; all are full without one. */
  readonly lengths: string | undefined
}

/** Rows, and the steps of each axis. */
export class Axes {
  readonly #writer: Writer
  readonly #axes = new Map<string, Steps>()
  readonly #batch: string
  readonly rows: string

  /** `first` is an input, whose rows are counted; `batch` the name of their number. */
  constructor(writer: Writer, first: string, batch: string) {
    this.#writer = writer
    this.#batch = batch
    this.rows = writer.once('Shape', 'rows', [first], attribute('start', 0), attribute('end', 1))
  }

  /** Notes an axis that inputs have. */
  fed(axis: string, from: string, lengths: string | undefined): void {
    if (!this.#axes.has(axis)) this.#axes.set(axis, { from, lengths })
  }

  /** Notes an axis of as many steps in each row. */
  fixed(axis: string, count: number): void {
    this.#axes.set(axis, { from: count, lengths: undefined })
  }

  /** The dimension of the rows. */
  get batch(): string {
    return this.#batch
  }

  /** The dimension of an axis. */
  symbol(axis: string): number | string {
    const from = this.#axes.get(axis)?.from
    return typeof from === 'number' ? from : axis
  }

  /** The number of steps. */
  steps(axis: string): string {
    const { from } = this.#of(axis)
    const [start, end] = [attribute('start', 1), attribute('end', 2)]
    if (typeof from === 'number') return this.#writer.ints([from])
    return this.#writer.once('Shape', `${axis}.steps`, [from], start, end)
  }

  /** The shape of a value of all rows, over an axis if one is given. */
  shape(tail: readonly number[], axis?: string): string {
    const parts = [this.rows, ...(axis === undefined ? [] : [this.steps(axis)])]
    if (tail.length > 0) parts.push(this.#writer.ints(tail))
    const [first = '', ...more] = parts
    if (more.length === 0) return first
    return this.#writer.once(
      'Concat',
      `shape_${[axis, ...tail].join('_')}`,
      parts,
      attribute('axis', 0),
    )
  }

  /** The steps of each row `[batch]`, int32; nothing of an axis whose rows are full. */
  lengths(axis: string): string | undefined {
    return this.#of(axis).lengths
  }

  /** True `[batch, 1]` for rows that have steps; nothing of an axis whose rows are full. */
  any(axis: string): string | undefined {
    const lengths = this.#column(axis)
    return lengths && this.#writer.once('Greater', `${axis}.any`, [lengths, this.#writer.ints(0)])
  }

  /** The number `[batch, 1]` of steps in each row, int64. */
  #column(axis: string): string | undefined {
    const lengths = this.lengths(axis)
    if (lengths === undefined) return undefined
    const long = this.#writer.once('Cast', `${axis}.long`, [lengths], attribute('to', 7))
    return this.#writer.once('Unsqueeze', `${axis}.column`, [long, this.#writer.ints([1])])
  }

  /** The place `[batch, 1]` of each row's last step; 0 without steps. */
  last(axis: string): string | undefined {
    const column = this.#column(axis)
    if (column === undefined) return undefined
    const place = this.#writer.once('Sub', `${axis}.place`, [column, this.#writer.ints(1)])
    return this.#writer.once('Max', `${axis}.last`, [place, this.#writer.ints(0)])
  }

  /** True `[batch, steps]` for the valid steps of each row; nothing of an axis whose rows are full. */
  valid(axis: string): string | undefined {
    const column = this.#column(axis)
    if (column === undefined) return undefined
    const writer = this.#writer
    const count = writer.once('Squeeze', `${axis}.count`, [this.steps(axis), writer.ints([0])])
    const places = writer.once('Range', `${axis}.places`, [writer.ints(0), count, writer.ints(1)])
    return writer.once('Less', `${axis}.valid`, [places, column])
  }

  /** A value with another number at the steps that no row has. */
  masked(held: Held, other: number, name?: string): string {
    const valid = held.axis === undefined ? undefined : this.valid(held.axis)
    if (valid === undefined) return held.name
    const column = this.#writer.once('Unsqueeze', `${held.axis}.mask`, [
      valid,
      this.#writer.ints([2]),
    ])
    const inputs = [column, held.name, this.#writer.floats(other)]
    if (name === undefined) return this.#writer.one('Where', `${held.name}.valid`, inputs)
    this.#writer.add('Where', inputs, [name])
    return name
  }

  #of(axis: string): Steps {
    return this.#axes.get(axis) ?? { from: 1, lengths: undefined }
  }
}
