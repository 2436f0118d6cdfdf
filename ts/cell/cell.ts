import { isFunction, isObject } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import type { Alignment, Sequence, SizeOf, Token, Tokens, Vector } from '../graph/value.js'
import {
  type CheckNext,
  checkSizes,
  checkStateSize,
  type StateOf,
  type StateSizes,
  type States,
  type TokenStateOptions,
} from './state.js'

/** Result of one step: the next states, and `output` unless the output is the state. */
export type Step<S extends StateSizes> = (string extends keyof S
  ? unknown
  : { readonly [K in keyof S]: Vector | Token }) & {
  readonly output?: Vector
  /**
   * Values of the step to read at every step, such as gates or the weights of an attention; one that is not read
   * costs nothing.
   */
  readonly trace?: Readonly<Record<string, Vector | Token | Alignment>>
}

/** Sequences of the values of a step: the next states, and those that the step gives as `trace`. */
export type Trace<S, R> = {
  readonly [K in keyof S]: S[K] extends number
    ? Sequence<S[K]>
    : S[K] extends TokenStateOptions<infer V>
      ? Tokens<V>
      : Sequence
} & (R extends { readonly trace: infer T }
  ? {
      readonly [K in keyof T]: T[K] extends Alignment
        ? Alignment<string>
        : T[K] extends Token<infer V>
          ? Tokens<V>
          : Sequence<SizeOf<T[K]>>
    }
  : unknown)

/** The result of a step; a next state known to have another size than its state is a type error. */
export type CheckStep<S extends StateSizes, R> = {
  readonly [K in keyof S]: K extends keyof R ? CheckNext<S[K], R[K]> : StateOf<S[K]>
}

/**
 * The input of a step: a step of the one sequence or of the tokens that the cell runs along, those of several by name, or
 * nothing where it runs for a number of steps.
 */
export type StepInput = Vector | Token | Readonly<Record<string, Vector | Token>> | undefined

/** One step of a recurrence, to be unrolled by {@link scan}. */
export interface Cell<
  S extends StateSizes = StateSizes,
  R extends Step<S> = Step<S>,
  X extends StepInput = Vector,
> {
  /** The size of each state, or the ids of one that holds a token. */
  readonly sizes: S
  /** Builds one step from the previous states and the step's input. */
  step(state: States<S>, x: X): R
}

/** Any cell, of whatever states and input. */
export interface AnyCell {
  readonly sizes: StateSizes
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
 * A state may hold a token, `cell({ h: 64, y: { vocabularySize: 30, start: 0 } }, …)`: an id that
 * {@link choose} gave at the step before, or one of the step's input.
 *
 * The step may use a vector or a token from outside the cell, which is the same at every step, and through
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
  const S extends StateSizes,
  R extends Step<S> = Step<S>,
  X extends StepInput = Vector,
>(sizes: S, step: (state: States<S>, x: X) => R & CheckStep<S, R>): Cell<S, R, X> {
  return checkCell('cell', { sizes, step })
}

/** The cells that unroll along a sequence, and those that fold up a tree. */
export const sequenceCells = new WeakSet<object>()
export const treeCells = new WeakSet<object>()

/** Checks a cell, and copies it: one by hand passes the checks of {@link cell}. */
export function checkCell<C extends AnyCell>(where: string, cell: C): C {
  if (!isObject(cell)) throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a cell', cell)
  if (treeCells.has(cell)) {
    const received = new Described('a tree cell')
    const advice = 'fold it up trees, fold(treeCell(…)), or make it with cell(…)'
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a cell', received, advice)
  }
  const { sizes, step } = cell
  const checked = checkSizes(where, sizes, checkStateSize)
  if (!isFunction(step)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} step`, 'a function', step)
  }
  const made = Object.freeze({ ...cell, sizes: checked, step })
  sequenceCells.add(made)
  return made
}
