import { isFunction, isObject } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import type { OutputJson } from '../graph/json.js'
import { layer, type Mapping, type Signature, type Signed } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Scope, Site } from '../graph/scope.js'
import { buildIn } from '../graph/step.js'
import type { Sequence, Tokens, Vector } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'
import {
  type CheckStep,
  type OutputSize,
  type Step,
  type StepInput,
  sequenceCells,
  type Trace,
  treeCells,
} from './cell.js'
import { type Children, childrenOf } from './children.js'
import { type Entering, entering } from './entering.js'
import type { Along } from './scan.js'
import { checkSizes, checkState, type States } from './state.js'
import { checkStep, outputOf, stepValues } from './step.js'
import { traceOf } from './trace.js'
import { stateNodes, stateOf } from './unroll.js'

/** The states of a tree cell by name: the size of each. */
export type NodeSizes = Readonly<Record<string, number>>

/** One node of a recursive network, to be unrolled by {@link fold}. */
export interface TreeCell<
  S extends NodeSizes = NodeSizes,
  R extends Step<S> = Step<S>,
  X extends StepInput = Vector,
> {
  /** The size of each state. */
  readonly sizes: S
  /** Builds one node from the states of its children and the node's input. */
  step(children: Children<S>, x: X): R
}

/** Any tree cell, of whatever states and input. */
interface AnyTreeCell {
  readonly sizes: NodeSizes
  step(children: never, x: never): object
}

/** Options of {@link fold}. */
export interface FoldOptions {
  /** Names the layer and its parameters; `fold` by default. */
  readonly name?: string
}

export const FOLD_OPTIONS = ['name'] as const satisfies readonly (keyof FoldOptions)[]

/** Result of a fold: values of every node. */
export interface Folded<F extends number, T = unknown> {
  readonly output: Sequence<F>
  /** Every state at every node, and what the step gives as `trace`; only what is read is kept. */
  readonly trace: T
}

/** Values of nodes become a {@link Folded}. */
export interface FoldMapping<F extends number, T> extends Mapping {
  readonly output: Folded<F, T>
}

/** The layer that {@link fold} makes. */
export interface Fold<F extends number, X = Sequence, T = unknown>
  extends Signed<Signature<X extends Sequence | Tokens ? X : never, FoldMapping<F, T>, never>> {
  (x: X): Folded<F, T>
}

/**
 * Makes a cell of a recursive network from the sizes of its states and a function for one node. The
 * function sees the states of the node's children and the node's input, and returns the node's own states;
 * unless the output is `h` or the only state, `output` too.
 *
 * ```ts
 * // h = tanh(W x + U Σ h of the children)
 * const node = treeCell({ h: 64 }, (children, x) => ({
 *   h: tanh(add(linear(64)(x), linear(64, { bias: false })(children.sum(({ h }) => h)))),
 * }))
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad size, `ERR_UNROLLED_GRAPH` for a bad name.
 */
export function treeCell<
  const S extends NodeSizes,
  R extends Step<S> = Step<S>,
  X extends StepInput = Vector,
>(sizes: S, step: (children: Children<S>, x: X) => R & CheckStep<S, R>): TreeCell<S, R, X> {
  return checkTreeCell('treeCell', { sizes, step })
}

function checkTreeCell<C extends AnyTreeCell>(where: string, cell: C): C {
  if (!isObject(cell)) throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a tree cell', cell)
  if (sequenceCells.has(cell)) {
    const received = new Described('a cell of a sequence')
    const advice = 'scan it along a sequence, scan(cell(…)), or make it with treeCell(…)'
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a tree cell', received, advice)
  }
  const { sizes, step } = cell
  const checked = checkSizes(where, sizes, checkCount)
  if (Object.keys(checked).length === 0) {
    throw mismatch('ERR_UNROLLED_GRAPH', where, 'at least one state', new Described('none'))
  }
  if (!isFunction(step)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} step`, 'a function', step)
  }
  const made = Object.freeze({ ...cell, sizes: checked, step })
  treeCells.add(made)
  return made
}

/**
 * Unrolls a tree cell up the forest of each row, leaves first: `state[node] = step(states of its children,
 * x[node])`, parameters shared by all nodes (Goodfellow et al., section 10.6). Nodes of one height run
 * together, over all trees of the batch. A call gives the output and the states of every node;
 * {@link root} takes that of the root.
 *
 * The step sees what the fold is called with: values of nodes, `fold(cell)(words)`, or by name several on
 * one axis, `fold(cell)({ x, ids })`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a cell of a sequence, `ERR_UNROLLED_KIND` for values of an
 * axis that is no forest, `ERR_UNROLLED_GRAPH` when the step leaves out a state, `ERR_UNROLLED_SHAPE` when a state
 * has another size.
 */
export function fold<const S extends NodeSizes, R extends Step<S>, X extends StepInput = Vector>(
  given: TreeCell<S, R, X>,
  options: FoldOptions = {},
): Fold<OutputSize<S, R>, Along<X>, Trace<S, R>> {
  checkOptions('fold', options, FOLD_OPTIONS)
  return foldAs('fold', given, options.name)
}

/** Makes the layer of {@link fold} under the name of another kind. */
export function foldAs<const S extends NodeSizes, R extends Step<S>, X extends StepInput>(
  kind: string,
  given: TreeCell<S, R, X>,
  name: string | undefined,
): Fold<OutputSize<S, R>, Along<X>, Trace<S, R>> {
  const where = nameOf(kind, name)
  const cell = checkTreeCell(`${where} cell`, given)
  const along = layer<Fold<number, Sequence | Tokens>>({
    kind,
    name,
    accepts: ['sequence', 'tokens'],
    build(site, { axis }, call) {
      checkForest(where, site.scope, axis)
      return unfold({ where, cell, site, axis, enter: (call as Pick<Entering, 'enter'>).enter })
    },
  })
  const run = (x: unknown): unknown => {
    const { leading, enter } = entering(where, x)
    return (along as Unfolding)(leading, { enter })
  }
  // Only the types know the signature; `along` keeps to it.
  return run as unknown as Fold<OutputSize<S, R>, Along<X>, Trace<S, R>>
}

/** A layer whose call says what enters. */
type Unfolding = (x: Sequence | Tokens, call: Pick<Entering, 'enter'>) => unknown

/** Refuses an axis of time. */
function checkForest(where: string, { declaration }: Scope, axis: string): void {
  if (declaration.isForest(axis)) return
  const received = new Described(`values of the axis "${axis}", which has no parents`)
  const advice = 'declare the input as a tree, or scan the sequence'
  throw mismatch('ERR_UNROLLED_KIND', where, 'values of a forest', received, advice)
}

/** A fold to add: a cell, and the axis of its nodes. */
interface Folding extends Pick<Entering, 'enter'> {
  readonly where: string
  readonly cell: AnyTreeCell
  readonly site: Site
  readonly axis: string
}

/** Adds a fold node. */
function unfold({ where, cell, site, axis, enter }: Folding): Folded<number> {
  const { sizes } = cell
  const names = Object.keys(sizes)
  const body = site.scope.body(site.name, axis, site.shared)
  const x = enter(body)
  const states = stateNodes(site.name, body, sizes) as States<NodeSizes>
  const built = buildIn(body, () => {
    const result = cell.step(childrenOf(where, body, states) as never, x as never)
    const { trace, ...next } = checkStep(where, result, names)
    return {
      next,
      output: outputOf(where, next, names),
      trace: stepValues(where, trace, names, body),
    }
  })
  const outputs: OutputJson[] = [{ name: 'output', from: body.wire(built.output) }]
  for (const [name, size] of Object.entries(sizes)) {
    const value = checkState(`${site.name} next ${name}`, built.next[name], size)
    outputs.push({ name, from: body.wire(value) })
  }
  const op = { fold: { body: { nodes: body.nodes, outputs } } }
  const node = site.scope.node(site.label, op, body.bound)
  const traced = { outer: site.scope, node, body, outputs, states: [], axis }
  const ofStates = names.map((name) => [name, () => stateOf(built.next, name)] as const)
  const { size } = built.output
  return {
    output: site.scope.value({ kind: 'sequence', size, axis }, `${node}:output`),
    trace: traceOf(traced, { ...Object.fromEntries(ofStates), ...built.trace }),
  }
}
