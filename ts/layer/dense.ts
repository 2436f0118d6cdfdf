import { type Layer, layer, type Mapping } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Site } from '../graph/scope.js'
import type { Numeric, Resize, Sequence, Token, Tokens } from '../graph/value.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import { ACTIVATION_NAMES, type ActivationName, activate } from './activation.js'
import { tableOf } from './embedding.js'
import { checkInitializer, type Initializer, pytorchUniform } from './initializer.js'

/** Options of {@link linear}. */
export interface LinearOptions {
  /** Adds a learned bias; `true` by default. */
  readonly bias?: boolean
  /** Initial weights; `'glorot'` by default. */
  readonly initializer?: Initializer
  /**
   * An embedding whose table is the weight (Press, Wolf 2017): scores of as many ids as it has, of vectors of its size.
   * Both learn the sum of their gradients. The graph calls the embedding first.
   */
  readonly tied?: Layer<Tokens | Token, Mapping, unknown>
  /** Names the layer and its parameters; `linear` or `dense` by default. */
  readonly name?: string
}

export const LINEAR_OPTIONS = [
  'bias',
  'initializer',
  'tied',
  'name',
] as const satisfies readonly (keyof LinearOptions)[]

/** Options of {@link dense}. */
export interface DenseOptions<S extends number, I extends number | undefined>
  extends LinearOptions {
  /** Numbers in the result. */
  readonly size: S
  /** Numbers in a step of the input; needed only if the layer begins a model. */
  readonly inputSize?: I
  /** A function applied to the result; none by default. */
  readonly activation?: ActivationName
}

export const DENSE_OPTIONS = [
  ...LINEAR_OPTIONS,
  'size',
  'inputSize',
  'activation',
] as const satisfies readonly (keyof DenseOptions<number, number>)[]

/** The kind stays, the size becomes `S`. */
export interface SizeMapping<S extends number> extends Mapping {
  readonly output: Resize<this['input'], S>
}

/**
 * A learned linear map of each step: `y = activation(x Wᵀ + b)`.
 *
 * sequence `[I]` → sequence `[size]`, vector `[I]` → vector `[size]`. Parameters `weight`
 * `[size, I]`, unless it is `tied` to an embedding's, and `bias` `[size]`. First in `sequential` it takes sequences of `inputSize`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for tokens.
 */
export function dense<S extends number, I extends number | undefined = undefined>(
  options: DenseOptions<S, I>,
): Layer<Numeric, SizeMapping<S>, I extends number ? Sequence<I> : never> {
  checkOptions('dense', options, DENSE_OPTIONS)
  const where = nameOf('dense', options.name)
  const after =
    options.activation === undefined
      ? undefined
      : checkWord(`${where} activation`, options.activation, ACTIVATION_NAMES)
  const inputSize =
    options.inputSize === undefined
      ? undefined
      : checkCount(`${where} inputSize`, options.inputSize)
  const map = linearMap(where, options.size, options)
  return layer({
    kind: 'dense',
    name: options.name,
    accepts: ['vector', 'sequence'],
    first: inputSize === undefined ? undefined : { sequence: { size: inputSize, axis: 'time' } },
    build(site, x) {
      const y = map(site, x)
      return after === undefined ? y : activate(site.scope, after, y)
    },
  })
}

/**
 * {@link dense} in short, for the bodies of cells: `linear(64)(x)` is `y = x Wᵀ + b`.
 *
 * @throws UnrolledError as {@link dense}.
 */
export function linear<S extends number>(
  size: S,
  options: LinearOptions = {},
): Layer<Numeric, SizeMapping<S>> {
  checkOptions('linear', options, LINEAR_OPTIONS)
  const map = linearMap(nameOf('linear', options.name), size, options)
  return layer({
    kind: 'linear',
    name: options.name,
    accepts: ['vector', 'sequence'],
    build: map,
  })
}

function linearMap(where: string, size: number, options: LinearOptions) {
  const units = checkCount(`${where} size`, size)
  const biased = checkBoolean(`${where} bias`, options.bias ?? true)
  const initializer = checkInitializer(where, options.initializer)
  const { tied } = options
  return (site: Site, x: Numeric): Numeric => {
    const uniform = pytorchUniform(x.size)
    const pytorch = initializer === 'pytorch'
    const shape = [units, x.size] as const
    const weight =
      tied === undefined
        ? site.parameter('weight', shape, pytorch ? uniform : 'glorotUniform')
        : tableOf(where, site.scope, tied, shape)
    const bias = biased ? site.parameter('bias', [units], pytorch ? uniform : 'zeros') : null
    const wire = site.scope.node(site.label, { linear: { weight, bias, rows: null } }, [x])
    return site.scope.value({ ...x, size: units }, wire)
  }
}
