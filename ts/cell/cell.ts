import { isFunction, isObject, isRecord } from '../brand.js'
import { mismatch } from '../errors.js'
import { checkName } from '../graph/names.js'
import type { Fits, SizesDiffer } from '../graph/sizes.js'
import type { Alignment, Sequence, SizeOf, Vector } from '../graph/value.js'
import { checkCount } from '../options.js'

/** The states of a cell: a vector for each name. */
export type States<S extends Readonly<Record<string, number>>> = {
  readonly [K in keyof S]: Vector<S[K]>
}

/** Result of one step: the next states, and `output` unless the output is the state. */
export type Step<S extends Readonly<Record<string, number>>> = (string extends keyof S
  ? unknown
  : { readonly [K in keyof S]: Vector }) & {
  readonly output?: Vector
  /**
   * Values of the step to read at every step, such as gates or the weights of an attention; one that is not read
   * costs nothing.
   */
  readonly trace?: Readonly<Record<string, Vector | Alignment>>
}

/** Sequences of the values of a step: the next states, and those that the step gives as `trace`. */
export type Trace<S, R> = {
  readonly [K in keyof S]: S[K] extends number ? Sequence<S[K]> : Sequence
} & (R extends { readonly trace: infer T }
  ? {
      readonly [K in keyof T]: T[K] extends Alignment ? Alignment<string> : Sequence<SizeOf<T[K]>>
    }
  : unknown)

/** The result of a step; a next state known to have another size than its state is a type error. */
export type CheckStep<S extends Readonly<Record<string, number>>, R> = {
  readonly [K in keyof S]: K extends keyof R
    ? Fits<S[K], SizeOf<R[K]>> extends true
      ? R[K]
      : SizesDiffer<S[K], SizeOf<R[K]>>
    : Vector<S[K]>
}

/** One step of a recurrence, to be unrolled by {@link scan}. */
export interface Cell<
  S extends Readonly<Record<string, number>> = Readonly<Record<string, number>>,
  R extends Step<S> = Step<S>,
  X extends Vector = Vector,
> {
  /** The size of each state. */
  readonly sizes: S
  /** Builds one step from the previous states and the step's input. */
  step(state: States<S>, x: X): R
}

/** Any cell, of whatever states and input. */
export interface AnyCell {
  readonly sizes: Readonly<Record<string, number>>
  step(state: never, x: never): object
}

/** The size of a cell's output. */
export type OutputSize<S, R> = R extends { readonly output: Vector<infer O> }
  ? O
  : S extends { readonly h: infer H extends number }
    ? H
    : Extract<S[keyof S], number>

/**
 * Makes a custom cell from the sizes of its states and a function for one step, written with the same
 * functions as any graph. The step returns the next states and, unless the output is `h` or the only
 * state, `output`; `trace` may name more values, such as gates or the
 * weights of an attention, to be read at every step.
 *
 * The step may use a vector from outside the cell, which is the same at every step, and through
 * `attention` a sequence of another axis.
 *
 * ```ts
 * const leaky = cell({ h: 64 }, ({ h }, x) => ({ h: mix(h, tanh(linear(64)(concat(h, x))), 0.1) }))
 * ```
 *
 * A next state whose size the types do not know is checked when the cell is unrolled. With a type,
 * `(state, x: Vector<3>) => …`, the step's input has its size too, and `scan` takes sequences of it.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad size, `ERR_UNROLLED_GRAPH` for a bad name.
 */
export function cell<
  const S extends Readonly<Record<string, number>>,
  R extends Step<S> = Step<S>,
  X extends Vector = Vector,
>(sizes: S, step: (state: States<S>, x: X) => R & CheckStep<S, R>): Cell<S, R, X> {
  return checkCell('cell', { sizes, step })
}

/** Checks a cell, and copies it: one by hand passes the checks of {@link cell}. */
export function checkCell<C extends AnyCell>(where: string, cell: C): C {
  if (!isObject(cell)) throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a cell', cell)
  const { sizes, step } = cell
  if (!isRecord(sizes)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} states`, 'an object of sizes', sizes)
  }
  for (const [name, size] of Object.entries(sizes)) {
    checkName(`${where} state`, name)
    checkCount(`${where} state ${name}`, size)
    if (name === 'output' || name === 'x' || name === 'trace') {
      throw mismatch('ERR_UNROLLED_GRAPH', `${where} state`, 'a name that is not reserved', name)
    }
  }
  if (!isFunction(step)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} step`, 'a function', step)
  }
  return Object.freeze({ ...cell, sizes: Object.freeze({ ...sizes }), step })
}
