import { Described, mismatch, UnrolledError } from '../errors.js'
import type { NativeBatch } from '../native/contract.js'
import { isIds, isTimed, type Port, widthOf } from './kind.js'

/** A batch for the core, and a search of the data that it was made of. */
export interface Batch {
  readonly native: NativeBatch
  /** Finds the first item that the core refuses, and names its place in the data that were given. */
  fault(): UnrolledError | undefined
}

/**
 * Gives the error of a call with some batches. The core knows a row by its place in the batch; rows of
 * examples in memory are shuffled and cut, so that their place in the data is searched for.
 */
export function located(error: unknown, batches: readonly Batch[]): unknown {
  if (!(error instanceof UnrolledError)) return error
  if (error.code !== 'ERR_UNROLLED_NON_FINITE' && error.code !== 'ERR_UNROLLED_VALUE') return error
  for (const batch of batches) {
    const fault = batch.fault()
    if (fault !== undefined) return fault
  }
  return error
}

/** The place of an item: a row of the data, and a step of it. */
export interface Place {
  readonly row: number
  readonly step: number
}

/** Gives the error for an item that the core refuses; nothing for one that it takes, or does not count. */
export function faultOf(
  where: string,
  port: Port,
  place: Place,
  item: Float32Array | Int32Array,
): UnrolledError | undefined {
  const { rows } = port
  if (port.counts?.(place.row, place.step) === false) return undefined
  const steps = isTimed(rows) ? `, step ${place.step}` : ''
  const column = item.findIndex((value) => !isFit(port, value))
  const value = item[column]
  if (value === undefined) return undefined
  const number = 'size' in rows ? `, column ${column}` : ''
  const received = new Described(`${value} at row ${place.row}${steps}${number}`)
  const code = Number.isFinite(value) ? 'ERR_UNROLLED_VALUE' : 'ERR_UNROLLED_NON_FINITE'
  return mismatch(code, where, fitWords(port), received)
}

/** Tells if the core takes a number or id of a port. */
export function isFit({ rows, ids, ignored }: Port, value: number): boolean {
  if (isIds(rows)) return value === ignored || (value >= 0 && (ids === undefined || value < ids))
  return Number.isFinite(value) && ('size' in rows || value >= 0)
}

function fitWords({ rows, ids, ignored }: Port): string {
  if (isIds(rows)) {
    const range = ids === undefined ? 'ids from 0' : `ids from 0 to ${ids - 1}`
    return ignored === undefined ? range : `${range}, or ${ignored}`
  }
  return 'size' in rows ? 'finite numbers' : 'finite weights of at least 0'
}

/** The elements of an item. */
export function itemOf(
  { rows }: Port,
  values: Float32Array | Int32Array,
  start: number,
  step: number,
): Float32Array | Int32Array {
  const width = widthOf(rows)
  return values.subarray(start + step * width, start + (step + 1) * width)
}
