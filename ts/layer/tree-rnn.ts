import { type Children, MOST_CHILDREN } from '../cell/children.js'
import { type Fold, foldAs, treeCell } from '../cell/fold.js'
import { Described, mismatch } from '../errors.js'
import { nameOf } from '../graph/names.js'
import type { Sequence, Vector } from '../graph/value.js'
import { checkBoolean, checkCount, checkOptions } from '../options.js'
import { activation, checkRecurrentActivation, type RecurrentActivation } from './activation.js'
import { add, concat } from './combine.js'
import { linear } from './dense.js'
import { checkInitializer, type Initializer } from './initializer.js'
import { matmul } from './matmul.js'

/** Options of {@link treeRnn}. */
export interface TreeRnnOptions<H extends number = number> {
  /** Numbers in the state. */
  readonly hiddenSize: H
  /**
   * The most children of a node, each with weights of its own place; by default any number of children, whose states are
   * summed.
   */
  readonly children?: number
  /** Learns a product of each two numbers of the children besides, as an RNTN does; needs `children`. `false` by default. */
  readonly tensor?: boolean
  /** The function of the sum; `'tanh'` by default. */
  readonly activation?: RecurrentActivation
  /** Initial weights; `'glorot'` by default. */
  readonly initializer?: Initializer
  /** Names the layer and its parameters; `treeRnn` by default. */
  readonly name?: string
}

export const TREE_RNN_OPTIONS = [
  'hiddenSize',
  'children',
  'tensor',
  'activation',
  'initializer',
  'name',
] as const satisfies readonly (keyof TreeRnnOptions)[]

/** The layer that {@link treeRnn} makes. */
export type TreeRnn<H extends number> = Fold<H, Sequence, { readonly h: Sequence<H> }>

/** The children of a node of a {@link treeRnn}. */
type Below = Children<{ readonly h: number }>

/**
 * A recursive network (Goodfellow et al., section 10.6): values of nodes `[F]` → `{ output: h of every node [H], trace: { h } }`.
 *
 * ```text
 * h = tanh(W x + U below + b)            below: the sum of the children's h, or the h of all places
 * h = tanh(W x + U below + belowᵀ V below + b)     with `tensor` (Socher et al., 2013: the RNTN), V a matrix for each number
 * ```
 *
 * A place without a child is zeros. Parameters: `input.weight` `[H, F]` and `input.bias`; `below.weight` `[H, H]`, or `[H, N H]` of N
 * places; `tensor.weight` `[H · N H, N H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, or `tensor` without `children`; `ERR_UNROLLED_KIND` for
 * values of an axis that is no forest; a run refuses a node of more children than `children`, `ERR_UNROLLED_VALUE`.
 */
export function treeRnn<const H extends number>(options: TreeRnnOptions<H>): TreeRnn<H> {
  checkOptions('treeRnn', options, TREE_RNN_OPTIONS)
  const where = nameOf('treeRnn', options.name)
  const size = checkCount(`${where} hiddenSize`, options.hiddenSize)
  const initializer = checkInitializer(where, options.initializer)
  const squash = activation(checkRecurrentActivation(where, options.activation))
  const tensor = checkBoolean(`${where} tensor`, options.tensor ?? false)
  const places =
    options.children === undefined
      ? undefined
      : checkCount(`${where} children`, options.children, 1, MOST_CHILDREN)
  if (tensor && places === undefined) {
    const received = new Described('no number of children')
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} tensor`, 'the option children', received)
  }
  const node = treeCell({ h: size } as { readonly h: number }, (children: Below, x: Vector) => {
    const below = belowOf(children, places)
    const parts = [
      linear(size, { initializer, name: 'input' })(x),
      linear(size, { initializer, bias: false, name: 'below' })(below),
    ]
    if (tensor) parts.push(product(size, initializer, below))
    return { h: squash(parts.reduce((sum, part) => add(sum, part))) }
  })
  // The state h is the output.
  return foldAs('treeRnn', node, options.name) as unknown as TreeRnn<H>
}

/** The sum of the children's states, or the states of all places side by side. */
function belowOf(children: Below, places: number | undefined): Vector {
  if (places === undefined) return children.sum(({ h }) => h)
  const [first, ...rest] = Array.from({ length: places }, (_, place) => children.at(place).h)
  if (first === undefined) throw new TypeError('a count is at least 1')
  return rest.length === 0 ? first : concat(first, ...rest)
}

/** `belowᵀ V below`, a number for each matrix of V. */
function product(size: number, initializer: Initializer, below: Vector): Vector {
  const inner = below.size
  const matrix = linear(size * inner, { initializer, bias: false, name: 'tensor' })(below)
  return matmul(matrix, below, { rows: size, inner, columns: 1 })
}
