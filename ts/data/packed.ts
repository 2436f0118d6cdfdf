import { isFloats, isInts, isList, isObject, own } from '../brand.js'
import { Described, mismatch, show } from '../errors.js'
import { reserve } from '../native/memory.js'
import { checkOptions } from '../options.js'
import { checkId, checkMemory } from './check.js'
import { PACKED_KEYS } from './data.js'
import { isIds, isTimed, type Port, shapeWords } from './kind.js'
import { Rows } from './rows.js'

/** The most rows without a number; each still takes memory. */
const MOST_EMPTY_ROWS = 2 ** 24

/** Checks `{ values, shape, lengths }` and gives its rows. */
export function packedRows(name: string, port: Port, data: object): Rows {
  const { values, shape, lengths } = data as {
    values: unknown
    shape?: unknown
    lengths?: unknown
  }
  checkOptions(name, data, PACKED_KEYS, 'key')
  const array = checkArray(name, port, values)
  const [count, time] = checkShape(name, port, shape, array.length)
  if (!isTimed(port.rows)) {
    if (lengths !== undefined) {
      throw mismatch(
        'ERR_UNROLLED_ARGUMENT',
        `${name} lengths`,
        'none for rows without steps',
        lengths,
      )
    }
  }
  const valid =
    lengths === undefined
      ? reserve(`${name} lengths`, count, () => new Int32Array(count).fill(time))
      : checkLengths(`${name} lengths`, lengths, count, time)
  if (isIds(port.rows)) checkIds(name, port, array, valid, time)
  return new Rows(name, port, array, valid, { time, ragged: lengths !== undefined })
}

function checkArray(name: string, port: Port, values: unknown): Float32Array | Int32Array {
  const array = isIds(port.rows) ? isInts(values) && values : isFloats(values) && values
  if (!array) {
    const expected = isIds(port.rows) ? 'an Int32Array' : 'a Float32Array'
    throw mismatch('ERR_UNROLLED_KIND', `${name} values`, expected, values)
  }
  checkMemory(`${name} values`, array)
  return own(array)
}

/** Checks the valid ids; never reads the padding. */
function checkIds(
  name: string,
  { rows, ignored, counts }: Port,
  ids: ArrayLike<number>,
  lengths: Int32Array,
  time: number,
): void {
  for (const [row, length] of lengths.entries()) {
    for (let step = 0; step < length; step++) {
      const id = ids[row * time + step] ?? 0
      if (id >= 0 || counts?.(row, step) === false) continue
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
  const { rows } = port
  const rank = 1 + (isTimed(rows) ? 1 : 0) + ('size' in rows ? 1 : 0)
  const list = isList(shape) ? copyOf(shape, rank + 1) : []
  const whole = list.every((part) => Number.isSafeInteger(part) && Number(part) >= 0)
  if (list.length !== rank || !whole || ('size' in rows && list[rank - 1] !== rows.size)) {
    const received = isList(shape) ? new Described(`[${list.map(show).join(', ')}]`) : shape
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
  const list = isObject(lengths) ? (lengths as Partial<ArrayLike<unknown>>) : undefined
  if (list?.length !== count) {
    throw mismatch('ERR_UNROLLED_SHAPE', name, `${count} lengths`, lengths)
  }
  const checked = reserve(name, count, () => new Int32Array(count))
  for (let row = 0; row < count; row++) {
    const length = list[row]
    if (!Number.isInteger(length) || Number(length) < 0 || Number(length) > time) {
      throw mismatch('ERR_UNROLLED_VALUE', `${name}[${row}]`, `a length from 0 to ${time}`, length)
    }
    checked[row] = Number(length)
  }
  return checked
}

/** Copies at most `most` elements of an array, and reads each once. */
function copyOf(array: readonly unknown[], most: number): unknown[] {
  return Array.from({ length: Math.min(array.length, most) }, (_, i) => array[i])
}
