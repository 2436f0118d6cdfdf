import { isFloats, isInts, isList, lengthOf } from '../brand.js'
import { Described, mismatch, show } from '../errors.js'
import { reserve } from '../native/memory.js'
import { allocate, checkId, checkMemory } from './check.js'
import { isIds, isTimed, type Port, widthOf } from './kind.js'
import { Rows } from './rows.js'

/** The most steps of a row. */
const MOST_STEPS = 0x7fff_ffff

/** A flat array being filled. */
interface Filling {
  readonly values: Float32Array | Int32Array
  at: number
  /** The item to be filled. */
  row: number
  step: number
}

/**
 * Converts an array of rows. The first pass fixes the length of each row and stops at the first bad
 * one; the second reads that many steps by index, since a getter may have changed the array.
 */
export function nestedRows(name: string, port: Port, data: readonly unknown[]): Rows {
  const timed = isTimed(port.rows)
  checkWhole(name, data.length)
  const rows: unknown[] = []
  const steps: number[] = []
  for (let i = 0; i < data.length; i++) {
    const row = data[i]
    steps.push(
      timed ? rowLength(`${name}[${i}]`, port, row) : checkPresent(`${name}[${i}]`, port, row),
    )
    rows.push(row)
  }
  const total = steps.reduce((sum, length) => sum + length, 0) * widthOf(port.rows)
  const into: Filling = { values: allocate(name, isIds(port.rows), total), at: 0, row: 0, step: 0 }
  for (const [i, length] of steps.entries()) {
    const where = `${name}[${i}]`
    const row = rows[i]
    into.row = i
    into.step = 0
    if (!timed) fillStep(where, port, row, into)
    else if (isFlat(port, row)) {
      fillFlat(where, port, row, length, into)
    } else {
      for (let step = 0; step < length; step++) {
        into.step = step
        fillStep(`${where}[${step}]`, port, (row as readonly unknown[])[step], into)
      }
    }
  }
  const lengths = reserve(name, steps.length, () => Int32Array.from(steps))
  return new Rows(name, port, into.values, lengths)
}

/** Refuses a missing row; a row without steps counts as one step. */
function checkPresent(where: string, port: Port, row: unknown): 1 {
  if (row === undefined) throw stepMismatch(where, port, row)
  return 1
}

function rowLength(where: string, port: Port, row: unknown): number {
  const width = widthOf(port.rows)
  if (isList(row)) return checkLength(where, row.length)
  if (isFlat(port, row) && lengthOf(row) % width === 0) {
    checkMemory(where, row)
    return checkLength(where, lengthOf(row) / width)
  }
  const steps = 'size' in port.rows ? `steps of ${width} numbers` : 'weights'
  const expected = isIds(port.rows)
    ? 'an array of ids or an Int32Array'
    : `an array of ${steps} or a Float32Array`
  throw mismatch('ERR_UNROLLED_KIND', where, expected, row)
}

function isFlat({ rows }: Port, row: unknown): row is Float32Array | Int32Array {
  return isIds(rows) ? isInts(row) : isFloats(row)
}

/** Refuses what only a proxy has for a length. */
function checkWhole(where: string, length: unknown): number {
  if (Number.isSafeInteger(length) && Number(length) >= 0) return Number(length)
  const received = new Described(`one of length ${show(length)}`)
  throw mismatch('ERR_UNROLLED_KIND', where, 'an array', received)
}

function checkLength(where: string, length: number): number {
  if (checkWhole(where, length) <= MOST_STEPS) return length
  const received = new Described(String(length))
  throw mismatch('ERR_UNROLLED_SIZE', where, `at most ${MOST_STEPS} steps`, received)
}

function fillFlat(
  where: string,
  port: Port,
  row: Float32Array | Int32Array,
  length: number,
  into: Filling,
): void {
  const size = length * widthOf(port.rows)
  if (lengthOf(row) !== size) {
    throw mismatch('ERR_UNROLLED_VALUE', where, `${size} values, as when it was given`, row)
  }
  if (isIds(port.rows)) {
    for (let step = 0; step < size; step++) {
      const id = row[step] ?? 0
      if (id < 0 && port.counts?.(into.row, step) !== false) {
        checkId(`${where}[${step}]`, id, port.ignored)
      }
    }
  }
  into.values.set(row, into.at)
  into.at += size
}

/** Writes one step, or one row without steps: an id, a number if the size is 1, or an array. */
function fillStep(where: string, port: Port, step: unknown, into: Filling): void {
  const width = widthOf(port.rows)
  if (isIds(port.rows)) {
    const counts = port.counts?.(into.row, into.step) !== false
    into.values[into.at++] = counts ? checkId(where, step, port.ignored) : 0
  } else if (width === 1 && typeof step === 'number') {
    into.values[into.at++] = step
  } else if (isFloats(step) && lengthOf(step) === width) {
    checkMemory(where, step)
    into.values.set(step, into.at)
    into.at += width
  } else if (isList(step) && step.length === width) {
    for (let i = 0; i < width; i++) into.values[into.at++] = checkPlain(where, step[i])
  } else {
    throw stepMismatch(where, port, step)
  }
}

function stepMismatch(where: string, { rows }: Port, step: unknown): Error {
  if (isIds(rows)) return mismatch('ERR_UNROLLED_KIND', where, 'an id', step)
  if (!('size' in rows)) return mismatch('ERR_UNROLLED_KIND', where, 'a weight', step)
  const width = widthOf(rows)
  const expected = width === 1 ? 'a number' : `an array of ${width} numbers`
  return mismatch('ERR_UNROLLED_SHAPE', where, expected, step)
}

function checkPlain(where: string, value: unknown): number {
  if (typeof value === 'number') return value
  throw mismatch('ERR_UNROLLED_KIND', where, 'a number', value)
}
