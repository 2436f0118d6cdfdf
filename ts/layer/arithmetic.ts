import { scopeOf } from '../graph/scope.js'
import type { Numeric } from '../graph/value.js'
import { scaled } from './affine.js'
import { type CommonSize, combine, type Joined, type SameSizes } from './combine.js'

/** The second of two values combined number by number. */
type Partner<A extends Numeric, B extends Numeric> = B & SameSizes<readonly [A, B]>[1]

/** The result for two values: a sequence if one is, of their size; one number goes with any. */
type Paired<A extends Numeric, B extends Numeric> = Joined<
  readonly [A, B],
  CommonSize<readonly [A, B]>
>

/**
 * Subtracts number by number: `y = a - b`. Sizes are equal, or one is 1; a vector
 * goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function subtract<X extends Numeric>(a: X, b: NoInfer<X>): X
export function subtract<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>
export function subtract(a: Numeric, b: Numeric): Numeric {
  return scopeOf('subtract', [a, b]).attempt(() =>
    combine('add', [a, scaled('subtract', b, -1)], 'subtract'),
  )
}

/**
 * Divides number by number: `y = a / b`. Sizes are equal, or one is 1; a vector
 * goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function divide<X extends Numeric>(a: X, b: NoInfer<X>): X
export function divide<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>
export function divide(a: Numeric, b: Numeric): Numeric {
  return combine('divide', [a, b])
}

/**
 * Takes the larger of two numbers: `y = max(a, b)`; equal ones share the gradient. Sizes are equal, or one is 1; a
 * vector goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function maximum<X extends Numeric>(a: X, b: NoInfer<X>): X
export function maximum<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>
export function maximum(a: Numeric, b: Numeric): Numeric {
  return combine('maximum', [a, b])
}

/**
 * Takes the smaller of two numbers: `y = min(a, b)`; equal ones share the gradient. Sizes are equal, or one is 1; a
 * vector goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function minimum<X extends Numeric>(a: X, b: NoInfer<X>): X
export function minimum<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>
export function minimum(a: Numeric, b: Numeric): Numeric {
  return combine('minimum', [a, b])
}

/**
 * Chooses number by number: `y = a` where `condition` is not 0, else `b`. The condition gets no gradient, and
 * nothing of the value that is not chosen enters `y`, NaN and infinity included. Its gradient is 0; a slope before
 * it that is infinite makes NaN of that, as in PyTorch: `where(x, sqrt(maximum(x, constant([1e-6]))), …)`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function where<X extends Numeric>(condition: X, a: NoInfer<X>, b: NoInfer<X>): X
export function where<C extends Numeric, A extends Numeric, B extends Numeric>(
  condition: C,
  a: A & SameSizes<readonly [C, A, B]>[1],
  b: B & SameSizes<readonly [C, A, B]>[2],
): Joined<readonly [C, A, B], CommonSize<readonly [C, A, B]>>
export function where(condition: Numeric, a: Numeric, b: Numeric): Numeric {
  return combine('where', [condition, a, b])
}
