import { isList } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import type { InitJson } from '../graph/json.js'
import { nameOf } from '../graph/names.js'
import type { Scope } from '../graph/scope.js'
import { currentScope } from '../graph/step.js'
import type { Vector } from '../graph/value.js'
import { checkCount, checkNumber, checkOptions, checkSingle } from '../options.js'

/** The first values of a {@link parameter}: all equal, or drawn within a bound or with a deviation. */
export type ParameterInitializer =
  | number
  | { readonly uniform: number }
  | { readonly normal: number }

/** Options of {@link parameter}. */
export interface ParameterOptions {
  /** The first values; 0 by default. `{ uniform: b }` draws from ±b, `{ normal: s }` with deviation s. */
  readonly initializer?: ParameterInitializer
  /** The parameter's name; `parameter` by default. */
  readonly name?: string
}

export const PARAMETER_OPTIONS = [
  'initializer',
  'name',
] as const satisfies readonly (keyof ParameterOptions)[]

/**
 * A learned vector, the same in every row and at every step: peephole weights, a first state that is
 * learned, a rate of leakage. Made while a graph or a cell's step is declared.
 *
 * ```ts
 * const tied = cell({ h: 8 }, ({ h }, x) => ({ h: tanh(add(multiply(parameter(8), h), x)) }))
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` outside of a declaration, `ERR_UNROLLED_ARGUMENT` for a bad
 * option.
 */
export function parameter<S extends number>(size: S, options: ParameterOptions = {}): Vector<S> {
  checkOptions('parameter', options, PARAMETER_OPTIONS)
  const where = nameOf('parameter', options.name)
  const count = checkCount(`${where} size`, size)
  const init = initOf(where, options.initializer ?? 0)
  const scope = scopeHere('parameter')
  return scope.attempt(() => {
    const site = scope.site({}, 'parameter', options.name)
    const weight = site.parameter(undefined, [count], init)
    const wire = scope.node(site.label, { parameter: { weight } }, [])
    return scope.value({ kind: 'vector', size }, wire)
  })
}

/**
 * Fixed numbers as a vector, the same in every row and at every step; learns nothing. Made while a graph or
 * a cell's step is declared.
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` outside of a declaration, `ERR_UNROLLED_ARGUMENT` for a number
 * that is not finite.
 */
export function constant<const V extends readonly number[]>(values: V): Vector<V['length']> {
  if (!isList(values) || values.length === 0) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'constant', 'an array of numbers', values)
  }
  const numbers = Array.from(values, (value, i) => checkSingle(`constant [${i}]`, value))
  const scope = scopeHere('constant')
  const wire = scope.node('constant', { constant: { values: numbers } }, [])
  return scope.value({ kind: 'vector', size: values.length }, wire)
}

function scopeHere(where: string): Scope {
  const scope = currentScope()
  if (scope !== undefined) return scope
  const received = new Described('a call outside of both')
  const expected = 'a call while a graph or a cell is declared'
  throw mismatch('ERR_UNROLLED_GRAPH', where, expected, received)
}

function initOf(where: string, initializer: unknown): InitJson {
  if (typeof initializer === 'number') {
    return { constant: { value: checkSingle(`${where} initializer`, initializer) } }
  }
  checkOptions(`${where} initializer`, initializer, ['uniform', 'normal'])
  const { uniform, normal } = initializer as { uniform?: unknown; normal?: unknown }
  if ((uniform === undefined) === (normal === undefined)) {
    const expected = 'a number, { uniform } or { normal }'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} initializer`, expected, initializer)
  }
  return uniform === undefined
    ? { normal: { std: checkNumber(`${where} initializer normal`, normal) } }
    : { uniform: { bound: checkNumber(`${where} initializer uniform`, uniform) } }
}
