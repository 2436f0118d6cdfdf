import type { Model, Result, UnrolledError } from '../index.js'
import { fault, shapeText, shown } from './fault.js'

/** An input, and what the other side makes of it. */
export interface Sample {
  /** As for `predict`. */
  readonly x: object
  /**
   * The outputs by name, or the only one: nested arrays, `[row][number]` or `[row][step][number]`, or
   * `{ values, shape }`. Steps beyond a row's length are not compared.
   */
  readonly y: object
}

/** Runs a model and gives the largest absolute difference from the sample's outputs. */
export async function differenceOf(model: Model, { x, y }: Sample): Promise<number> {
  const predicted: object = await model.predict(x as never)
  const results = Object.entries(predicted).filter(([, it]) => 'toNested' in it)
  const outputs = new Map<string, Result>(results)
  const named = !Array.isArray(y) && !('values' in y)
  const given = named ? Object.entries(y) : [[firstOf(outputs), y] as const]
  // A difference of nothing is 0, which reads as parity.
  if (given.length === 0) throw unnamed(outputs, 'none')
  let largest = 0
  for (const [name, values] of given) {
    const result = outputs.get(name)
    if (result === undefined) {
      const known = [...outputs.keys()].join(', ')
      throw fault(
        `sample y ${shown(name)}`,
        `one of ${known}`,
        'another output',
        undefined,
        'ERR_UNROLLED_ARGUMENT',
      )
    }
    largest = Math.max(largest, apart(`sample y ${shown(name)}`, result, values))
  }
  return largest
}

function firstOf(outputs: ReadonlyMap<string, Result>): string {
  const [name, ...more] = outputs.keys()
  if (name !== undefined && more.length === 0) return name
  throw unnamed(outputs, 'one')
}

function unnamed(outputs: ReadonlyMap<string, Result>, received: string): UnrolledError {
  const expected = `outputs by name, ${[...outputs.keys()].join(', ')}`
  return fault('sample y', expected, received, undefined, 'ERR_UNROLLED_ARGUMENT')
}

function apart(where: string, result: Result, given: unknown): number {
  const read = reader(given)
  let largest = 0
  const compare = (value: unknown, place: readonly number[]): void => {
    if (Array.isArray(value)) {
      for (const [at, part] of value.entries()) compare(part, [...place, at])
      return
    }
    const other = read(place)
    if (typeof other !== 'number') {
      throw fault(
        where,
        `a number at ${shapeText(place)}`,
        shown(other),
        undefined,
        'ERR_UNROLLED_SHAPE',
      )
    }
    const difference = Math.abs(Number(value) - other)
    largest = difference > largest || Number.isNaN(difference) ? difference : largest
  }
  compare(result.toNested(), [])
  return largest
}

/** Gives what reads a number at a place: of nested arrays, or of a flat one with its shape. */
function reader(given: unknown): (place: readonly number[]) => unknown {
  const { values, shape } = Object(given) as {
    values?: ArrayLike<number>
    shape?: readonly number[]
  }
  if (values === undefined || shape === undefined) {
    return (place) => place.reduce<unknown>((value, at) => Object(value)[at], given)
  }
  return (place) => {
    const inside =
      place.length === shape.length && place.every((at, axis) => at < (shape[axis] ?? 0))
    return inside
      ? values[place.reduce((sum, at, axis) => sum * (shape[axis] ?? 0) + at, 0)]
      : undefined
  }
}
