import { isFunction, isList, isObject } from '../brand.js'
import type { Cell, OutputSize, Trace } from '../cell/cell.js'
import { type Scan, START_OPTIONS, scan } from '../cell/scan.js'
import type { States } from '../cell/state.js'
import { Described, mismatch } from '../errors.js'
import {
  type Apply,
  callOptions,
  firstOf,
  layer,
  type Mapping,
  type Signature,
  type Signed,
} from '../graph/layer.js'
import type { Sequence, SizeOf, Value, Vector } from '../graph/value.js'
import { add } from '../layer/combine.js'
import { checkBoolean, checkOptions } from '../options.js'
import type { AtLeastOne, CheckChain, FirstOf, Onward, Through } from './chain.js'

/** Options of {@link stacked}. */
export interface StackedOptions {
  /**
   * Adds the input of each recurrent layer to its output where both have one size (He et al. 2016, Wu et al. 2016);
   * `false` by default.
   */
  readonly residual?: boolean
}

export const STACKED_OPTIONS = ['residual'] as const satisfies readonly (keyof StackedOptions)[]

/** A cell as the scan of it, a layer as it is. */
type AsLayer<C> =
  C extends Cell<infer S, infer R, infer X>
    ? Scan<OutputSize<S, R>, States<S>, Sequence<SizeOf<X>>, Trace<S, R>>
    : C

/** The result of a layer for `X`. */
type ResultOf<L, X> =
  L extends Signed<infer S>
    ? S extends Signature<Value, infer M, unknown>
      ? Apply<M, X>
      : unknown
    : L extends (x: never) => infer R
      ? R
      : unknown

/** The results of layers, each of the output of the one before. */
type Results<L extends readonly unknown[], X> = L extends readonly [infer Head, ...infer Rest]
  ? readonly [ResultOf<AsLayer<Head>, X>, ...Results<Rest, Through<AsLayer<Head>, X>>]
  : L extends readonly []
    ? readonly []
    : readonly unknown[]

type Last<T extends readonly unknown[]> = T extends readonly [...unknown[], infer L] ? L : unknown
type Member<T, K extends string> = T extends { readonly [P in K]: infer V } ? V : undefined
type Members<T extends readonly unknown[], K extends string> = {
  readonly [N in keyof T]: Member<T[N], K>
}

/** Result of a stack: of layers with results `R`. */
export interface StackedLayers<R extends readonly unknown[]> {
  /** The last layer's output. */
  readonly output: Onward<Last<R>>
  /** The last layer's state after the last step. */
  readonly state: Member<Last<R>, 'state'>
  /** Every layer's state after the last step, from the bottom up; `undefined` of one that has none. */
  readonly layers: Members<R, 'state'>
  /** The last layer's values at every step. */
  readonly trace: Member<Last<R>, 'trace'>
  /** Every layer's values at every step. */
  readonly traces: Members<R, 'trace'>
}

/** A sequence becomes {@link StackedLayers}. */
export interface StackedLayersMapping<L extends readonly unknown[]> extends Mapping {
  readonly output: StackedLayers<Results<L, this['input']>>
}

/** The layer that {@link stacked} makes. */
export interface StackedLayer<L extends readonly unknown[]>
  extends Signed<Signature<Sequence, StackedLayersMapping<L>, FirstOf<AsLayer<L[0]>>>> {
  /** `initial`: the state of each layer before the first step, bottom up; `undefined` for zeros. */
  <X extends Sequence>(
    x: X,
    options?: { readonly initial?: readonly (object | undefined)[] },
  ): StackedLayers<Results<L, X>>
}

/** The layers with those that do not fit turned into errors. */
type CheckStack<L extends readonly unknown[]> =
  CheckChain<{ readonly [K in keyof L]: AsLayer<L[K]> }, Sequence> extends infer C
    ? {
        readonly [K in keyof L]: K extends keyof C
          ? C[K] extends (x: never) => unknown
            ? L[K]
            : C[K]
          : L[K]
      }
    : never

/**
 * Stacks recurrent layers and cells of any kinds, each on the output of the one before, with a state for each (Graves
 * 2013; Pascanu et al. 2014, stacked RNN). Other layers, such as a dropout, may stand between.
 *
 * ```ts
 * const deep = stacked([lstm({ hiddenSize: 64 }), cell({ h: 64 }, …), gru({ hiddenSize: 64 })], { residual: true })
 * const { output, layers } = deep(x)
 * ```
 *
 * sequence → `{ output, state, layers, trace, traces }`. Without residual connections it is piping the layers by hand.
 * Parameters are those of the layers; a cell's have the names of its {@link scan}.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option or something that is no layer, `ERR_UNROLLED_SHAPE` for
 * residual connections where no layer keeps the size of its input; the layers' errors.
 */
export function stacked<const L extends readonly unknown[]>(
  layers: L & AtLeastOne<L> & CheckStack<L>,
  options: StackedOptions = {},
): StackedLayer<L> {
  checkOptions('stacked', options, STACKED_OPTIONS)
  const residual = checkBoolean('stacked residual', options.residual ?? false)
  const pipes = checkLayers(layers)
  return layer<StackedLayer<L>>({
    kind: 'stacked',
    accepts: ['sequence'],
    first: pipes[0] === undefined ? undefined : firstOf(pipes[0]),
    build: (_, x, call) => pipe(pipes, residual, x, call),
  })
}

type Pipe = (x: Value, options?: object) => unknown

/** Makes layers of cells, and refuses what is neither. */
function checkLayers(given: unknown): readonly Pipe[] {
  if (!isList(given) || given.length === 0) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'stacked', 'an array of layers and cells', given)
  }
  return given.map((it, index) => {
    if (isFunction(it)) return it as Pipe
    if (!isObject(it)) {
      throw mismatch('ERR_UNROLLED_ARGUMENT', `stacked layer ${index}`, 'a layer or a cell', it)
    }
    return scan(it as Cell) as unknown as Pipe
  })
}

/** The result of a layer, as far as a stack is concerned. */
interface Piped {
  readonly output: Sequence
  readonly state?: Readonly<Record<string, Vector>>
  readonly trace?: object
}

function pipe(
  pipes: readonly Pipe[],
  residual: boolean,
  x: Sequence,
  call: unknown,
): StackedLayers<readonly unknown[]> {
  const initial = initialOf(call, pipes.length)
  let input = x
  let added = 0
  const results = pipes.map((apply, index): Piped => {
    const given = initial[index]
    const made = given === undefined ? apply(input) : apply(input, { initial: given })
    const result =
      isObject(made) && 'output' in made ? (made as Piped) : { output: made as Sequence }
    if (given !== undefined && !('state' in result)) {
      const expected = 'none for a layer without a state'
      throw mismatch('ERR_UNROLLED_ARGUMENT', `stacked initial ${index}`, expected, given)
    }
    const adds = residual && 'state' in result && result.output.size === input.size
    added += adds ? 1 : 0
    const output: Sequence = adds ? add(input, result.output) : result.output
    input = output
    return result
  })
  if (residual && added === 0) {
    const received = new Described('none')
    const expected = 'a recurrent layer whose output has the size of its input'
    throw mismatch('ERR_UNROLLED_SHAPE', 'stacked residual', expected, received)
  }
  return {
    output: input,
    get state() {
      return results.at(-1)?.state
    },
    get layers() {
      return results.map(({ state }) => state)
    },
    trace: results.at(-1)?.trace,
    traces: results.map(({ trace }) => trace),
  } as StackedLayers<readonly unknown[]>
}

function initialOf(call: unknown, layers: number): readonly (object | undefined)[] {
  callOptions('stacked', call, START_OPTIONS)
  const { initial } = (call ?? {}) as { initial?: unknown }
  if (initial === undefined) return []
  if (!isList(initial) || initial.length !== layers) {
    const expected = `a list with the state of each of ${layers} layers`
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'stacked initial', expected, initial)
  }
  return initial as readonly (object | undefined)[]
}
