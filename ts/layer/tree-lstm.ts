import { type Children, MOST_CHILDREN } from '../cell/children.js'
import { type Fold, foldAs, treeCell } from '../cell/fold.js'
import { nameOf } from '../graph/names.js'
import type { Sequence, Vector } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'
import { sigmoid, tanh } from './activation.js'
import { add, concat, multiply } from './combine.js'
import { linear } from './dense.js'
import { checkInitializer, type Initializer } from './initializer.js'
import { slice } from './slice.js'

/** Options of {@link treeLstm}. */
export interface TreeLstmOptions<H extends number = number> {
  /** Numbers in each state. */
  readonly hiddenSize: H
  /**
   * The most children of a node, each with weights of its own place (N-ary); by default any number of children, whose
   * states are summed (child-sum).
   */
  readonly children?: number
  /** Initial weights; `'glorot'` by default. */
  readonly initializer?: Initializer
  /** Names the layer and its parameters; `treeLstm` by default. */
  readonly name?: string
}

export const TREE_LSTM_OPTIONS = [
  'hiddenSize',
  'children',
  'initializer',
  'name',
] as const satisfies readonly (keyof TreeLstmOptions)[]

/** The states of a {@link treeLstm}. */
type Sizes = { readonly h: number; readonly c: number }

/** The children of a node of a {@link treeLstm}. */
type Below = Children<Sizes>

/** The layer that {@link treeLstm} makes. */
export type TreeLstm<H extends number> = Fold<
  H,
  Sequence,
  { readonly h: Sequence<H>; readonly c: Sequence<H> }
>

/**
 * A Tree-LSTM (Tai, Socher, Manning, 2015): values of nodes `[F]` → `{ output: h of every node [H], trace: { h, c } }`.
 *
 * ```text
 * i, o, u = W x + U (sum of h, or the h of all places) + b       one forget gate for each child k:
 * f_k = σ(W_f x + U_f h_k + b_f)                                  child-sum: U_f is the same for all
 * c = σ(i) tanh(u) + Σ_k f_k c_k,  h = σ(o) tanh(c)               N-ary: U_f reads the h of all places
 * ```
 *
 * Parameters: `input.weight` `[4 H, F]` in the order i, o, u, f with `input.bias`; child-sum `sum.weight` `[3 H, H]` and
 * `forget.weight` `[H, H]`; N-ary `input.weight` `[(3 + N) H, F]` and `places.weight` `[(3 + N) H, N H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for values of an axis that is no
 * forest; a run refuses a node of more children than `children`, `ERR_UNROLLED_VALUE`.
 */
export function treeLstm<const H extends number>(options: TreeLstmOptions<H>): TreeLstm<H> {
  checkOptions('treeLstm', options, TREE_LSTM_OPTIONS)
  const where = nameOf('treeLstm', options.name)
  const size = checkCount(`${where} hiddenSize`, options.hiddenSize)
  const initializer = checkInitializer(where, options.initializer)
  const places =
    options.children === undefined
      ? undefined
      : checkCount(`${where} children`, options.children, 1, MOST_CHILDREN)
  const node = treeCell({ h: size, c: size } as Sizes, (children: Below, x: Vector) =>
    places === undefined
      ? childSum(size, initializer, children, x)
      : byPlace(size, initializer, places, children, x),
  )
  // The state h is the output.
  return foldAs('treeLstm', node, options.name) as unknown as TreeLstm<H>
}

function childSum(size: number, initializer: Initializer, children: Below, x: Vector) {
  const own = linear(4 * size, { initializer, name: 'input' })(x)
  const below = children.sum(({ h }) => h)
  const gates = add(
    slice({ start: 0, size: 3 * size })(own),
    linear(3 * size, { initializer, bias: false, name: 'sum' })(below),
  )
  const forget = slice({ start: 3 * size, size })(own)
  const ofChild = linear(size, { initializer, bias: false, name: 'forget' })
  const kept = children.sum(({ h, c }) => multiply(sigmoid(add(forget, ofChild(h))), c))
  return stateOf(size, gates, [kept])
}

function byPlace(
  size: number,
  initializer: Initializer,
  places: number,
  children: Below,
  x: Vector,
) {
  const all = Array.from({ length: places }, (_, place) => children.at(place))
  const [first, ...rest] = all.map(({ h }) => h)
  if (first === undefined) throw new TypeError('a count is at least 1')
  const width = (3 + places) * size
  const gates = add(
    linear(width, { initializer, name: 'input' })(x),
    linear(width, { initializer, bias: false, name: 'places' })(concat(first, ...rest)),
  )
  const kept = all.map(({ c }, place) =>
    multiply(sigmoid(slice({ start: (3 + place) * size, size })(gates)), c),
  )
  return stateOf(size, gates, kept)
}

/** c and h of the gates i, o, u and of what is kept of the children. */
function stateOf(size: number, gates: Vector, kept: readonly Vector[]) {
  const gate = (index: number) => slice({ start: index * size, size })(gates)
  const fresh = multiply(sigmoid(gate(0)), tanh(gate(2)))
  const c = kept.reduce((sum, part) => add(sum, part), fresh)
  return { h: multiply(sigmoid(gate(1)), tanh(c)), c }
}
