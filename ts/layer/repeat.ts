import { stepsLike, stepsOf } from '../cell/steps.js'
import { mismatch } from '../errors.js'
import { isValue, scopeOf } from '../graph/scope.js'
import { checkKind, type Sequence, type Token, type Tokens, type Vector } from '../graph/value.js'
import { checkCount } from '../options.js'

/** The most steps of {@link repeat}. */
const MOST_STEPS = 2 ** 24

/** A vector or token at each step. */
export type Repeated<X> =
  X extends Vector<infer F> ? Sequence<F> : X extends Token<infer V> ? Tokens<V> : never

/**
 * Repeats a vector or a token: `y[t] = x`, for a number of steps, or at each step of another value.
 *
 * A number of steps is an axis of its own, `'5 steps'` for 5, the same in every row: an output on the axis comes out as
 * `[rows, 5, size]`, its targets have 5 steps, and all values of 5 steps go together. Such a model has no streams,
 * since nothing says which of its steps are pushed.
 *
 * ```ts
 * const { output } = lstm({ hiddenSize: 32 })(repeat(image, 12)) // vector to sequence
 * const context = repeat(image, words) // one for each word
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value of another kind, and in the step of a cell, which sees one step
 * alone; `ERR_UNROLLED_ARGUMENT` for a bad number of steps.
 */
export function repeat<X extends Vector | Token>(
  x: X,
  along: number | Sequence | Tokens,
): Repeated<X>
export function repeat(x: Vector | Token, along: unknown): Sequence | Tokens {
  if (typeof along === 'number') {
    const count = checkCount('repeat steps', along, 1, MOST_STEPS)
    const scope = scopeOf('repeat', [x])
    checkKind('repeat', x, ['vector', 'token'])
    return stepsOf(scope, x, count)
  }
  if (!isValue(along)) {
    const expected = 'a number of steps, a sequence or tokens'
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'repeat steps', expected, along)
  }
  const scope = scopeOf('repeat', [x, along])
  checkKind('repeat', x, ['vector', 'token'])
  checkKind('repeat steps', along, ['sequence', 'tokens'])
  return stepsLike(scope, x, along)
}
