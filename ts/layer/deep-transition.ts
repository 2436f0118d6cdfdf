import type { Cell } from '../cell/cell.js'
import { Described, mismatch } from '../errors.js'
import type { Vector } from '../graph/value.js'
import { checkCount, checkList, checkOptions, checkWord } from '../options.js'
import {
  activation,
  checkRecurrentActivation,
  type RecurrentActivation,
  sigmoid,
} from './activation.js'
import { mix } from './affine.js'
import { add, concat } from './combine.js'
import { linear } from './dense.js'

/** A connection from the state before a step to the one after it, past the layers between. */
export type Skip = 'add' | 'concat' | 'highway'

const SKIPS = ['add', 'concat', 'highway'] as const satisfies readonly Skip[]

/** Options of {@link deepTransition}. */
export interface DeepTransitionOptions<H extends number, O extends readonly number[]> {
  /** Numbers in the hidden state. */
  readonly hiddenSize: H
  /** Sizes of the layers between the input and the state; none by default. */
  readonly input?: readonly number[]
  /** Sizes of the layers between a state and the next; none by default, which is a plain recurrent layer. */
  readonly transition?: readonly number[]
  /** Sizes of the layers between the state and the output; none by default: the output is the state. */
  readonly output?: O
  /** The function of every layer, φ; `'tanh'` by default. */
  readonly activation?: RecurrentActivation
  /**
   * Leads the state past the transition: `'add'` to the last layer's sum, `h' = φ(W k + b + h)`; `'concat'` beside its
   * input, `h' = φ(W [k, h] + b)`; `'highway'` through a gate, `h' = g n + (1 - g) h` with the last layer's result n and
   * `g = σ(W_g u + U_g h + b_g)` (Srivastava et al. 2015; Zilly et al. 2017). None by default.
   */
  readonly skip?: Skip
}

export const DEEP_TRANSITION_OPTIONS = [
  'hiddenSize',
  'input',
  'transition',
  'output',
  'activation',
  'skip',
] as const satisfies readonly (keyof DeepTransitionOptions<number, readonly number[]>)[]

/** The size of the last of some layers, or of the state. */
type LastOf<O extends readonly number[], H extends number> = O extends readonly []
  ? H
  : O extends readonly [...unknown[], infer L extends number]
    ? L
    : number

/** A cell that {@link deepTransition} makes. */
export interface DeepTransition<H extends number, O extends number>
  extends Cell<{ readonly h: H }, { readonly h: Vector<H>; readonly output: Vector<O> }> {
  /** The layers on the shortest path from a state to the next: 1 with a skip connection. */
  readonly shortestPath: number
}

/**
 * A cell with several layers from the input to the state, from each state to the next, and from the state to the output
 * (Pascanu, Gulcehre, Cho, Bengio 2014, deep transition and deep output): with `u` the input behind its layers,
 * `k = φ(W_1 h + V u + b_1)`, `k = φ(W_i k + b_i)` for the others, and the last of them `h'`. To be unrolled by `scan`,
 * `bidirectional` or `stacked`.
 *
 * ```ts
 * const { output } = scan(deepTransition({ hiddenSize: 64, transition: [64], skip: 'highway' }))(x)
 * ```
 *
 * Parameters, of {@link linear} layers with a weight and a bias: `input_0` and so on, `entry` (V and b_1), `transition_0`
 * (W_1, no bias), `transition_1` and so on, `output_0` and so on; of a highway `gate_entry` (W_g and b_g) and `gate`
 * (U_g, no bias).
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function deepTransition<H extends number, const O extends readonly number[] = readonly []>(
  options: DeepTransitionOptions<H, O>,
): DeepTransition<H, LastOf<O, H>> {
  const where = 'deepTransition'
  checkOptions(where, options, DEEP_TRANSITION_OPTIONS)
  const { hiddenSize } = options
  checkCount(`${where} hiddenSize`, hiddenSize)
  const sizes = (name: 'input' | 'transition' | 'output') =>
    checkList(`${where} ${name}`, options[name] ?? []).map((size, i) =>
      checkCount(`${where} ${name} [${i}]`, size),
    )
  const transition = sizes('transition')
  const { skip } = options
  if (skip === 'concat' && transition.length === 0) {
    const expected = 'layers to lead the state past'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} transition`, expected, new Described('none'))
  }
  const deep: Deep = {
    hiddenSize,
    input: sizes('input'),
    transition,
    output: sizes('output'),
    apply: activation(checkRecurrentActivation(where, options.activation)) as Deep['apply'],
    skip: skip === undefined ? undefined : checkWord(`${where} skip`, skip, SKIPS),
  }
  const made = {
    sizes: { h: hiddenSize },
    shortestPath: skip === undefined ? transition.length + 1 : 1,
    step: ({ h }: { readonly h: Vector }, x: Vector) => stepOf(deep, h, x),
  }
  // The last layer of each part has the size that the types say.
  return Object.freeze(made) as unknown as DeepTransition<H, LastOf<O, H>>
}

/** Checked options. */
interface Deep {
  readonly hiddenSize: number
  readonly input: readonly number[]
  readonly transition: readonly number[]
  readonly output: readonly number[]
  readonly apply: (x: Vector) => Vector
  readonly skip: Skip | undefined
}

function stepOf(deep: Deep, h: Vector, x: Vector): { h: Vector; output: Vector } {
  const { hiddenSize, input, transition, output, apply, skip } = deep
  const u = layersOf('input', input, apply, x)
  const [first = hiddenSize, ...rest] = [...transition, hiddenSize]
  const entry = linear(first, { name: 'entry' })(u)
  const last = rest.length
  const only = last === 0
  const start = add(entry, linear(first, { bias: false, name: 'transition_0' })(h)) as Vector
  // The sum of the last layer: of the first one, if it is the only one.
  const sum = only ? start : lastSum(deep, rest, apply(start), h)
  const n = apply(skip === 'add' ? add(sum, h) : sum)
  const next = skip === 'highway' ? mix(h, n, gateOf(hiddenSize, u, h)) : n
  return { h: next, output: layersOf('output', output, apply, next) }
}

/** The layers behind the first one, up to the sum of the last. */
function lastSum({ apply, skip }: Deep, sizes: readonly number[], k: Vector, h: Vector): Vector {
  return sizes.reduce((below, size, i) => {
    const isLast = i === sizes.length - 1
    const seen = isLast && skip === 'concat' ? concat(below, h) : below
    const sum = linear(size, { name: `transition_${i + 1}` })(seen) as Vector
    return isLast ? sum : apply(sum)
  }, k)
}

function gateOf(size: number, u: Vector, h: Vector): Vector {
  const own = linear(size, { name: 'gate_entry' })(u)
  return sigmoid(add(own, linear(size, { bias: false, name: 'gate' })(h)) as Vector)
}

function layersOf(name: string, sizes: readonly number[], apply: Deep['apply'], x: Vector): Vector {
  return sizes.reduce(
    (below, size, i) => apply(linear(size, { name: `${name}_${i}` })(below) as Vector),
    x,
  )
}
