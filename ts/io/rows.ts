import { Described, mismatch } from '../errors.js'
import type { NativeTensor } from '../native/contract.js'
import { checkOptions } from '../options.js'
import { checkId } from './id.js'
import { isIds, isTimed, type Port, shapeWords, widthOf } from './kind.js'
import { checkMemory } from './memory.js'

/** Rows without a single number may still take memory each; more of them are refused. */
const MOST_EMPTY_ROWS = 2 ** 24

/** How rows lie in a packed array. */
interface Padding {
  /** Steps from one row's start to the next's. */
  readonly time: number
  /** Whether each row has its own length; otherwise all are as long as the shape says. */
  readonly ragged: boolean
}

/** Rows of one input or target in memory, each found by its start in one flat array. */
export class Rows {
  readonly #port: Port
  readonly #values: Float32Array | Int32Array
  readonly #lengths: Int32Array
  readonly #padding: Padding | undefined
  /** Of rows that follow each other closely. */
  readonly #starts: Float64Array | undefined
  /** As it was checked: a resizable buffer may shrink under it. */
  readonly #size: number

  constructor(
    port: Port,
    values: Float32Array | Int32Array,
    lengths: Int32Array,
    /** None when rows follow each other closely. */
    padding?: Padding,
  ) {
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

  /** Whether each row was given its own length. */
  get ragged(): boolean {
    return this.#padding?.ragged ?? true
  }

  /** The rows with these lengths, if they were given none and are padded as long. */
  along({ lengths, time }: Rows): Rows {
    if (this.ragged || this.time !== time) return this
    return new Rows(this.#port, this.#values, lengths, { time, ragged: true })
  }

  /** The steps that there is room for in each row. */
  get time(): number {
    return this.#padding?.time ?? longest(this.#lengths)
  }

  /** The chosen rows, padded to the longest of them. */
  gather(rows: ArrayLike<number>): NativeTensor {
    this.#check()
    const lengths = Int32Array.from(rows, (row) => this.#lengths[row] ?? 0)
    const width = widthOf(this.#port.rows)
    const stride = longest(lengths) * width
    const size = lengths.length * stride
    const ids = this.#values instanceof Int32Array
    const values = ids ? new Int32Array(size) : new Float32Array(size)
    for (const [index, length] of lengths.entries()) {
      const start = this.#start(rows[index] ?? 0)
      values.set(this.#values.subarray(start, start + length * width), index * stride)
    }
    return this.#tensor(values, lengths)
  }

  /** All rows in order; where they lie, if that is as in a batch. */
  all(): NativeTensor {
    this.#check()
    const { time } = this
    const close = this.#size === this.count * time * widthOf(this.#port.rows)
    if (close && this.#lengths.every((length) => length === time)) {
      return this.#tensor(this.#values, this.#lengths)
    }
    return this.gather(this.#lengths.map((_, row) => row))
  }

  /** Their memory may have changed since they were given. */
  #check(): void {
    checkMemory(this.#port.name, this.#values)
    if (this.#values.length !== this.#size) {
      const expected = `${this.#size} values as before`
      throw mismatch('ERR_UNROLLED_VALUE', this.#port.name, expected, this.#values)
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
  const starts = new Float64Array(lengths.length)
  let start = 0
  for (let row = 0; row < lengths.length; row++) {
    starts[row] = start
    start += (lengths[row] ?? 0) * width
  }
  return starts
}

function longest(lengths: Int32Array): number {
  let most = 0
  for (let row = 0; row < lengths.length; row++) most = Math.max(most, lengths[row] ?? 0)
  return most
}

/** Data of any documented form as rows; `name` is the argument's in messages. */
export function rowsOf(name: string, port: Port, data: unknown): Rows {
  if (data instanceof Int32Array && port.rows.kind === 'token') {
    return packedRows(name, port, { values: data, shape: [data.length] })
  }
  if (Array.isArray(data)) return nestedRows(name, port, data)
  if (
    typeof data === 'object' &&
    data !== null &&
    typeof Reflect.get(data, 'values') === 'object'
  ) {
    return packedRows(name, port, data)
  }
  const expected = `an array of rows or { values, shape } of ${shapeWords(port.rows)}`
  throw mismatch('ERR_UNROLLED_KIND', name, expected, data)
}

function packedRows(name: string, port: Port, data: object): Rows {
  const { values, shape, lengths } = data as {
    values: unknown
    shape?: unknown
    lengths?: unknown
  }
  checkOptions(name, data, ['values', 'shape', 'lengths'], 'key')
  checkArray(name, port, values)
  const [count, time] = checkShape(name, port, shape, values.length)
  if (!isTimed(port.rows)) {
    if (lengths !== undefined) {
      throw mismatch(
        'ERR_UNROLLED_SHAPE',
        `${name} lengths`,
        'none for rows without steps',
        lengths,
      )
    }
  }
  const valid =
    lengths === undefined
      ? new Int32Array(count).fill(time)
      : checkLengths(`${name} lengths`, lengths, count, time)
  if (isIds(port.rows)) checkIds(name, port, values, valid, time)
  return new Rows(port, values, valid, { time, ragged: lengths !== undefined })
}

function checkArray(
  name: string,
  port: Port,
  values: unknown,
): asserts values is Float32Array | Int32Array {
  const expected = isIds(port.rows) ? Int32Array : Float32Array
  if (!(values instanceof expected)) {
    throw mismatch('ERR_UNROLLED_KIND', `${name} values`, article(expected.name), values)
  }
  checkMemory(`${name} values`, values)
}

/** Looks at the ids that count; those in the padding are never read. */
function checkIds(
  name: string,
  { rows, ignored }: Port,
  ids: ArrayLike<number>,
  lengths: Int32Array,
  time: number,
): void {
  for (const [row, length] of lengths.entries()) {
    for (let step = 0; step < length; step++) {
      const id = ids[row * time + step] ?? 0
      if (id >= 0) continue
      checkId(isTimed(rows) ? `${name}[${row}][${step}]` : `${name}[${row}]`, id, ignored)
    }
  }
}

function checkShape(
  name: string,
  port: Port,
  shape: unknown,
  length: number,
): readonly [count: number, time: number] {
  const list: readonly unknown[] = Array.isArray(shape) ? shape : []
  const { rows } = port
  const rank = 1 + (isTimed(rows) ? 1 : 0) + ('size' in rows ? 1 : 0)
  const whole = list.every((part) => Number.isSafeInteger(part) && Number(part) >= 0)
  if (list.length !== rank || !whole || ('size' in rows && list[rank - 1] !== rows.size)) {
    const received = Array.isArray(shape) ? new Described(`[${shape.join(', ')}]`) : shape
    throw mismatch('ERR_UNROLLED_SHAPE', `${name} shape`, shapeWords(rows), received)
  }
  const sizes = list.map(Number)
  const size = sizes.reduce((product, part) => product * part, 1)
  if (size !== length) {
    const expected = `${size} values for the shape [${sizes.join(', ')}]`
    throw mismatch('ERR_UNROLLED_SHAPE', name, expected, new Described(String(length)))
  }
  const [count = 0, time = 0] = sizes
  if (size === 0 && count > MOST_EMPTY_ROWS) {
    const expected = `at most ${MOST_EMPTY_ROWS} rows without a step`
    throw mismatch('ERR_UNROLLED_SIZE', `${name} shape`, expected, new Described(String(count)))
  }
  return [count, isTimed(rows) ? time : 1]
}

function checkLengths(name: string, lengths: unknown, count: number, time: number): Int32Array {
  const list = lengths as Partial<ArrayLike<unknown>> | null
  if (typeof list !== 'object' || list === null || list.length !== count) {
    throw mismatch('ERR_UNROLLED_SHAPE', name, `${count} lengths`, lengths)
  }
  const checked = new Int32Array(count)
  for (let row = 0; row < count; row++) {
    const length = list[row]
    if (!Number.isInteger(length) || Number(length) < 0 || Number(length) > time) {
      throw mismatch('ERR_UNROLLED_SHAPE', `${name}[${row}]`, `a length from 0 to ${time}`, length)
    }
    checked[row] = Number(length)
  }
  return checked
}

function nestedRows(name: string, port: Port, data: readonly unknown[]): Rows {
  const { rows } = port
  const lengths = Int32Array.from(data, (row, index) =>
    isTimed(rows) ? rowLength(`${name}[${index}]`, port, row) : 1,
  )
  const total = lengths.reduce((sum, length) => sum + length, 0) * widthOf(rows)
  const values = isIds(rows) ? new Int32Array(total) : new Float32Array(total)
  const into: Filling = { values, at: 0 }
  for (const [index, row] of data.entries()) {
    const where = `${name}[${index}]`
    if (!isTimed(rows)) fillStep(where, port, row, into)
    else if (row instanceof values.constructor) {
      fillFlat(where, port, row as Float32Array | Int32Array, into)
    } else {
      for (const [step, value] of (row as readonly unknown[]).entries()) {
        fillStep(`${where}[${step}]`, port, value, into)
      }
    }
  }
  return new Rows(port, values, lengths)
}

interface Filling {
  readonly values: Float32Array | Int32Array
  at: number
}

function rowLength(where: string, port: Port, row: unknown): number {
  const width = widthOf(port.rows)
  const flat = isIds(port.rows) ? Int32Array : Float32Array
  if (Array.isArray(row)) return row.length
  if (row instanceof flat && row.length % width === 0) {
    checkMemory(where, row)
    return row.length / width
  }
  const steps = isIds(port.rows) ? 'ids' : `steps of ${width} numbers`
  throw mismatch('ERR_UNROLLED_KIND', where, `an array of ${steps} or ${article(flat.name)}`, row)
}

function fillFlat(where: string, port: Port, row: Float32Array | Int32Array, into: Filling): void {
  if (isIds(port.rows)) {
    for (const [step, id] of row.entries()) {
      if (id < 0) checkId(`${where}[${step}]`, id, port.ignored)
    }
  }
  into.values.set(row, into.at)
  into.at += row.length
}

/** One step, or one row without steps: an id, a number where the size is 1, or an array. */
function fillStep(where: string, port: Port, step: unknown, into: Filling): void {
  const width = widthOf(port.rows)
  if (isIds(port.rows)) {
    into.values[into.at++] = checkId(where, step, port.ignored)
  } else if (width === 1 && typeof step === 'number') {
    into.values[into.at++] = step
  } else if ((Array.isArray(step) || step instanceof Float32Array) && step.length === width) {
    if (step instanceof Float32Array) checkMemory(where, step)
    for (const value of step) into.values[into.at++] = checkPlain(where, value)
  } else {
    throw mismatch('ERR_UNROLLED_SHAPE', where, `an array of ${width} numbers`, step)
  }
}

function article(name: string): string {
  return `${name.startsWith('I') ? 'an' : 'a'} ${name}`
}

function checkPlain(where: string, value: unknown): number {
  if (typeof value === 'number') return value
  throw mismatch('ERR_UNROLLED_KIND', where, 'a number', value)
}
