import { type Layer, layer, type Mapping, type Same } from '../graph/layer.js'
import { scopeOf } from '../graph/scope.js'
import {
  checkKind,
  type Numeric,
  type Sequence,
  type Token,
  type Tokens,
  type Vector,
} from '../graph/value.js'
import { checkBoolean, checkOptions, checkPositive } from '../options.js'
import { activate } from './activation.js'
import { scaled } from './affine.js'
import { type CommonSize, combine, type Joined, type SameSizes } from './combine.js'

/**
 * 1 for the largest number of a step, or of a vector, and 0 for the others; of equal numbers the first
 * counts. No gradient passes: `straightThrough(argmax(x), softmax(x))` learns all the same.
 */
export const argmax: Layer<Numeric, Same> = layer({
  kind: 'argmax',
  accepts: ['vector', 'sequence'],
  build: ({ scope }, x) => scope.value(x, scope.node('argmax', 'argmax', [x])),
})

/** Tokens become sequences, a token a vector, of as many numbers as there are ids. */
export interface OneHotMapping extends Mapping {
  readonly output: this['input'] extends Tokens<infer V>
    ? Sequence<V>
    : this['input'] extends Token<infer V>
      ? Vector<V>
      : never
}

/** 1 for the number that an id names, 0 for the others: tokens → sequence, token → vector, `[vocabularySize]`. */
export const oneHot: Layer<Tokens | Token, OneHotMapping> = layer({
  kind: 'oneHot',
  accepts: ['tokens', 'token'],
  build({ scope }, x) {
    const wire = scope.node('oneHot', 'oneHot', [x])
    return x.kind === 'tokens'
      ? scope.value<Sequence>({ kind: 'sequence', size: x.vocabularySize, axis: x.axis }, wire)
      : scope.value<Vector>({ kind: 'vector', size: x.vocabularySize }, wire)
  },
})

/**
 * Gives `hard`, to the bit, but learns as if it were `soft`: the gradient goes to `soft` alone (the straight-through
 * estimator of Bengio, Léonard and Courville, 2013). Sizes are equal, or one is 1.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
export function straightThrough<X extends Numeric>(hard: X, soft: NoInfer<X>): X
export function straightThrough<A extends Numeric, B extends Numeric>(
  hard: A,
  soft: B & SameSizes<readonly [A, B]>[1],
): Joined<readonly [A, B], CommonSize<readonly [A, B]>>
export function straightThrough(hard: Numeric, soft: Numeric): Numeric {
  return combine('straightThrough', [hard, soft])
}

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  /** Divides the sum of logits and noise: near 0 the result is nearly one-hot; 1 by default. */
  readonly temperature?: number
  /** Gives a one-hot choice, which learns as the soft one does; `false` by default. */
  readonly hard?: boolean
}

export const GUMBEL_SOFTMAX_OPTIONS = [
  'temperature',
  'hard',
] as const satisfies readonly (keyof GumbelSoftmaxOptions)[]

/**
 * A soft sample of the features: `softmax((x + g) / temperature)`, with `g = -ln(-ln u)` and `u` uniform in (0, 1), drawn
 * for each number while training (Jang, Gu and Poole, 2017). Otherwise `g` is 0: unlike PyTorch's
 * `F.gumbel_softmax`, a prediction is not random.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for tokens.
 */
export function gumbelSoftmax<X extends Numeric>(x: X, options: GumbelSoftmaxOptions = {}): X {
  checkOptions('gumbelSoftmax', options, GUMBEL_SOFTMAX_OPTIONS)
  const temperature = checkPositive('gumbelSoftmax temperature', options.temperature ?? 1)
  const hard = checkBoolean('gumbelSoftmax hard', options.hard ?? false)
  const scope = scopeOf('gumbelSoftmax', [x])
  checkKind('gumbelSoftmax', x, ['vector', 'sequence'])
  return scope.attempt(() => {
    const site = scope.site({}, 'gumbelSoftmax', undefined)
    const noisy: X = scope.value(x, scope.node(site.label, 'gumbelNoise', [x]))
    const soft = activate(scope, 'softmax', scaled('gumbelSoftmax', noisy, 1 / temperature))
    return hard ? straightThrough<X>(argmax(soft) as X, soft as NoInfer<X>) : soft
  })
}
