import { isObject } from '../brand.js'
import { Described, mismatch, type UnrolledError } from '../errors.js'

/** The error for values that no scope sees together, each of a graph. */
export function strangers(where: string, owners: readonly object[]): UnrolledError {
  const graphs = new Set(owners)
  const code = 'ERR_UNROLLED_GRAPH'
  if (graphs.size > 1) {
    return mismatch(code, where, 'values of one graph', new Described('values of several'))
  }
  const advice =
    'a scan inside a cell runs before the cell and cannot read its state or its step of the input'
  return mismatch(code, where, 'values of one cell', new Described('values of several'), advice)
}

/** The error for a value of a cell's step that is used outside of the cell. */
export function escaped(): UnrolledError {
  const advice = 'return the value from the step, as its output or as a state'
  const received = new Described('one from inside a cell')
  return mismatch('ERR_UNROLLED_GRAPH', 'value', 'a value of this graph', received, advice)
}

/** Says what to do with something that holds or makes a value. */
export function adviceOn(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a layer is called with a value: last()(x)'
  if (value === undefined) return 'a function of values is called with one: tanh(x), sum(x)'
  if (typeof value === 'number') return 'numbers become a value by constant([…])'
  const result = isObject(value) && 'output' in value
  return result ? 'take its output: layer(x).output' : undefined
}
