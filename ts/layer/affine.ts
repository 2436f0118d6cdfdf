import { Described, mismatch } from '../errors.js'
import { scopeOf } from '../graph/scope.js'
import { checkKind, describe, type Numeric } from '../graph/value.js'
import { checkOptions, checkSingle } from '../options.js'
import { add, type CommonSize, type Joined, multiply, type SameSizes } from './combine.js'

/** Options of {@link affine}. */
export interface AffineOptions {
  /** The factor of every number; 1 by default. */
  readonly scale?: number
  /** The summand of every number; 0 by default. */
  readonly shift?: number
}

export const AFFINE_OPTIONS = ['scale', 'shift'] as const satisfies readonly (keyof AffineOptions)[]

/**
 * Computes `y = scale x + shift` with two fixed numbers; learns nothing.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a number that is not finite.
 */
export function affine<X extends Numeric>(x: X, options: AffineOptions): X {
  checkOptions('affine', options, AFFINE_OPTIONS)
  const scale = checkSingle('affine scale', options.scale ?? 1)
  const shift = checkSingle('affine shift', options.shift ?? 0)
  return scaled('affine', x, scale, shift)
}

/** Adds a node for `scale x + shift`; messages begin with the caller's name. */
export function scaled<X extends Numeric>(where: string, x: X, scale: number, shift = 0): X {
  const scope = scopeOf(where, [x])
  checkKind(where, x, ['vector', 'sequence'])
  return scope.value(x, scope.node('affine', { affine: { scale, shift } }, [x]))
}

/**
 * Mixes two values: `y = (1 - alpha) a + alpha b`, with a fixed number or a value, such as a gate, for
 * `alpha`: exactly `a` at 0 and `b` at 1; one number goes with any size. Leaky units are `mix(h, tanh(…), 0.1)`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes.
 */
export function mix<X extends Numeric>(a: X, b: NoInfer<X>, alpha: number | NoInfer<X>): X
export function mix<A extends Numeric, B extends Numeric>(
  a: A,
  b: B & SameSizes<readonly [A, B]>[1],
  alpha: number,
): Joined<readonly [A, B], CommonSize<readonly [A, B]>>
export function mix<A extends Numeric, B extends Numeric, C extends Numeric>(
  a: A,
  b: B & SameSizes<readonly [A, B, C]>[1],
  alpha: C & SameSizes<readonly [A, B, C]>[2],
): Joined<readonly [A, B, C], CommonSize<readonly [A, B, C]>>
export function mix(a: Numeric, b: Numeric, alpha: number | Numeric): Numeric {
  const values = typeof alpha === 'number' ? [a, b] : [a, b, alpha]
  const scope = scopeOf('mix', values)
  for (const value of values) checkSize(values, value)
  return scope.attempt(() => {
    if (typeof alpha !== 'number') {
      return add(multiply(scaled('mix', alpha, -1, 1), a), multiply(alpha, b))
    }
    const part = checkSingle('mix alpha', alpha)
    return add(scaled('mix', a, 1 - part), scaled('mix', b, part))
  })
}

function checkSize(values: readonly Numeric[], value: Numeric): void {
  checkKind('mix', value, ['vector', 'sequence'])
  const size = values.find((it) => it.size !== 1)?.size ?? 1
  if (value.size === size || value.size === 1) return
  const received = new Described(describe(value))
  throw mismatch('ERR_UNROLLED_SHAPE', 'mix', `values of size ${size}`, received)
}
