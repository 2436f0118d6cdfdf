import { Described, mismatch } from '../errors.js'
import { scopeOf } from '../graph/scope.js'
import type { Fits, SizesDiffer, SumOfSizes } from '../graph/sizes.js'
import {
  checkKind,
  describe,
  type Numeric,
  type Resize,
  type Sequence,
  type SizeOf,
  type Token,
  type Tokens,
  type Vector,
} from '../graph/value.js'

/** The size of values combined number by number: that of the first that has not just one number. */
export type CommonSize<V extends readonly unknown[]> = V extends readonly [
  infer Head,
  ...infer Rest,
]
  ? SizeOf<Head> extends 1
    ? CommonSize<Rest>
    : SizeOf<Head>
  : V extends readonly []
    ? 1
    : SizeOf<V[number]>

/** The nodes that combine values step by step. */
export type Combination =
  | 'add'
  | 'multiply'
  | 'divide'
  | 'maximum'
  | 'minimum'
  | 'where'
  | 'straightThrough'
  | 'concat'

/** The values; one known to have another size than the common one, and more than one number, becomes a type error. */
export type SameSizes<V extends readonly Numeric[]> = {
  readonly [K in keyof V]: SizeOf<V[K]> extends 1
    ? V[K]
    : Fits<CommonSize<V>, SizeOf<V[K]>> extends true
      ? V[K]
      : SizesDiffer<CommonSize<V>, SizeOf<V[K]>>
}

/** A sequence if any value is one, else a vector, of size `S`; either for a list of both. */
export type Joined<V extends readonly Numeric[], S extends number> =
  Extract<V[number], Sequence> extends never
    ? Vector<S>
    : number extends V['length']
      ? Resize<V[number], S>
      : Sequence<S>

/** The type error of too few values. */
export interface TooFew<Least extends number> {
  readonly 'unrolled: too few values, expected at least': Least
}

/** Values as they are; a list whose length the types do not know is checked when it is combined. */
export type AtLeastOne<V extends readonly unknown[]> = V extends readonly []
  ? readonly [TooFew<1>]
  : unknown

/** As {@link AtLeastOne}, for two. */
export type AtLeastTwo<V extends readonly unknown[]> = V extends readonly [] | readonly [unknown]
  ? readonly [TooFew<2>, TooFew<2>]
  : unknown

/**
 * Adds values number by number: `y = a + b + …`. All have one size, or one number, which is
 * added to every number of the others; a vector is added to every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function add<X extends Numeric>(
  first: X,
  second: NoInfer<X>,
  ...rest: readonly NoInfer<X>[]
): X
export function add<const V extends readonly Numeric[]>(
  ...values: V & AtLeastTwo<V> & SameSizes<V>
): Joined<V, CommonSize<V>>
export function add(...values: readonly Numeric[]): Numeric {
  return combine('add', values)
}

/**
 * Multiplies values number by number: `y = a b …`. All have one size, or one number, which
 * multiplies every number of the others; a vector multiplies every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function multiply<X extends Numeric>(
  first: X,
  second: NoInfer<X>,
  ...rest: readonly NoInfer<X>[]
): X
export function multiply<const V extends readonly Numeric[]>(
  ...values: V & AtLeastTwo<V> & SameSizes<V>
): Joined<V, CommonSize<V>>
export function multiply(...values: readonly Numeric[]): Numeric {
  return combine('multiply', values)
}

/**
 * Joins the numbers of values: `y = [a, b, …]`. The sizes add up; a vector is repeated at every step
 * of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for tokens.
 */
export function concat<const V extends readonly Numeric[]>(
  ...values: V & AtLeastOne<V>
): Joined<V, SumOfSizes<V>>
export function concat(...values: readonly Numeric[]): Numeric {
  return combine('concat', values)
}

/** Adds a node that combines values step by step; messages begin with `where`. */
export function combine(op: Combination, values: readonly Numeric[], where: string = op): Numeric {
  const least = op === 'concat' ? 1 : 2
  if (values.length < least) {
    const received = new Described(String(values.length))
    throw mismatch('ERR_UNROLLED_GRAPH', where, `at least ${least} values`, received)
  }
  const scope = scopeOf(where, values)
  for (const value of values) {
    checkKind(where, value, ['vector', 'sequence'])
    if (op !== 'concat') checkSameSize(where, values, value)
  }
  const size = op === 'concat' ? values.reduce((sum, { size }) => sum + size, 0) : sizeOf(values)
  const axis = commonAxis(where, values)
  const wire = scope.node(op, op, values)
  return axis === undefined
    ? scope.value<Vector>({ kind: 'vector', size }, wire)
    : scope.value<Sequence>({ kind: 'sequence', size, axis }, wire)
}

/** The common size; one number goes with any. */
function sizeOf(values: readonly Numeric[]): number {
  return values.find(({ size }) => size !== 1)?.size ?? 1
}

function checkSameSize(where: string, values: readonly Numeric[], value: Numeric): void {
  if (value.size !== 1 && value.size !== sizeOf(values)) {
    const received = new Described(describe(value))
    throw mismatch('ERR_UNROLLED_SHAPE', where, `values of size ${sizeOf(values)}`, received)
  }
}

/** Finds the axis of the sequences among the values; none if all are vectors. */
export function commonAxis(
  where: string,
  values: readonly (Numeric | Token | Tokens)[],
): string | undefined {
  const timed = (it: Numeric | Token | Tokens) => it.kind === 'sequence' || it.kind === 'tokens'
  const axes = new Set(values.flatMap((it) => (timed(it) ? [it.axis] : [])))
  if (axes.size > 1) {
    const received = new Described(`sequences of the axes "${[...axes].join('" and "')}"`)
    throw mismatch('ERR_UNROLLED_KIND', where, 'sequences of one axis', received)
  }
  return [...axes][0]
}
