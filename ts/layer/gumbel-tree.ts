import type { InitJson } from '../graph/json.js'
import { type Layer, layer, type Mapping } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Sequence, Vector } from '../graph/value.js'
import { checkCount, checkOptions, checkPositive } from '../options.js'
import { checkInitializer, type Initializer, pytorchUniform } from './initializer.js'

/** Options of {@link gumbelTree}. */
export interface GumbelTreeOptions<H extends number, I extends number | undefined> {
  /** Numbers in h and in c. */
  readonly hiddenSize: H
  /** Numbers in a step of the input; needed only if the layer begins a model. */
  readonly inputSize?: I
  /**
   * Divides the scores, noise included, where backward takes a softmax for the choice: near 0 few candidates learn from a
   * choice; 1 by default. Changes no choice.
   */
  readonly temperature?: number
  /** Initial weights; `'glorot'` by default. */
  readonly initializer?: Initializer
  /** Names the layer and its parameters; `gumbelTree` by default. */
  readonly name?: string
}

export const GUMBEL_TREE_OPTIONS = [
  'hiddenSize',
  'inputSize',
  'temperature',
  'initializer',
  'name',
] as const satisfies readonly (keyof GumbelTreeOptions<number, number>)[]

/** Result of {@link gumbelTree}. */
export interface GumbelTree<H extends number> {
  /** h of the root. */
  readonly output: Vector<H>
  /** The state of the root. */
  readonly state: { readonly h: Vector<H>; readonly c: Vector<H> }
  /**
   * At step t the place, from 0, of the left one of the two states that merge t joins, among those left; -1 at a row's
   * last step, which has no merge. An output to look at, see {@link treeOfMerges}; sends no gradient back, and so a loss of
   * it is refused.
   */
  readonly merges: Sequence<1>
}

/** A sequence becomes a {@link GumbelTree}. */
export interface GumbelTreeMapping<H extends number> extends Mapping {
  readonly output: GumbelTree<H>
}

/**
 * A tree over the steps of a row that the layer learns to choose: the Gumbel Tree-LSTM (Choi, Yoo and Lee, 2018, "Learning to
 * Compose Task-Specific Tree Structures").
 *
 * sequence `[I]` → `{ output: vector [H], state: { h, c }, merges: sequence [1] }`. A linear map makes each step a leaf
 * `[h, c] = W_leaf x + b_leaf`. Then, until one state is left, every two neighbors have a candidate, the binary Tree-LSTM
 *
 * `i, f_l, f_r, o, u = W [h_l, h_r] + b`, `c = σ(i) tanh(u) + σ(f_l) c_l + σ(f_r) c_r`, `h = σ(o) tanh(c)`,
 *
 * with the score `query · h`. While training, one is drawn by the softmax of the scores (the largest under Gumbel's noise);
 * otherwise the largest is taken, of equal ones the first. It takes the place of its two states. Backward takes the softmax of
 * `(score + noise) / temperature` for the choice, which mixes all states left (the straight-through estimator). A row of one
 * step gives its leaf, one without steps zeros. For a leaf that knows its neighbors, let a recurrent layer read first.
 *
 * Parameters: `weight_leaf` `[2H, I]`, `bias_leaf` `[2H]`, `weight` `[5H, 2H]`, `bias` `[5H]`, `query` `[H]`. With
 * `'glorot'` both forget gates have the bias 1, and the query is normal with standard deviation 0.01.
 *
 * A tree needs whole rows: no `stream`, `carry` or truncation, and not in a cell.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option; of the call, `ERR_UNROLLED_KIND` for a value that is no
 * sequence.
 */
export function gumbelTree<H extends number, I extends number | undefined = undefined>(
  options: GumbelTreeOptions<H, I>,
): Layer<Sequence, GumbelTreeMapping<H>, I extends number ? Sequence<I> : never> {
  checkOptions('gumbelTree', options, GUMBEL_TREE_OPTIONS)
  const where = nameOf('gumbelTree', options.name)
  const units = checkCount(`${where} hiddenSize`, options.hiddenSize)
  const inputSize =
    options.inputSize === undefined
      ? undefined
      : checkCount(`${where} inputSize`, options.inputSize)
  const temperature = checkPositive(`${where} temperature`, options.temperature ?? 1)
  const pytorch = checkInitializer(where, options.initializer) === 'pytorch'
  return layer({
    kind: 'gumbelTree',
    name: options.name,
    accepts: ['sequence'],
    first: inputSize === undefined ? undefined : { sequence: { size: inputSize, axis: 'time' } },
    build(site, x) {
      const { scope, label } = site
      const parameter = (name: string, shape: readonly number[], from: number, init: InitJson) =>
        site.parameter(name, shape, pytorch ? pytorchUniform(from) : init)
      const states = 2 * units
      const leaf = parameter('weight_leaf', [states, x.size], x.size, 'glorotUniform')
      const leafBias = parameter('bias_leaf', [states], x.size, 'zeros')
      const open: InitJson = { blocks: { values: [0, 1, 1, 0, 0] } }
      const op = {
        gumbelTree: {
          weight: parameter('weight', [5 * units, states], states, 'glorotUniform'),
          bias: parameter('bias', [5 * units], states, open),
          query: parameter('query', [units], units, { normal: { std: 0.01 } }),
          temperature,
        },
      }
      const linear = { linear: { weight: leaf, bias: leafBias, rows: null } }
      const leaves: Sequence = scope.value(
        { ...x, size: states },
        scope.node(`${label}.leaf`, linear, [x]),
      )
      const node = scope.node(label, op, [leaves])
      const root: Vector = scope.value({ kind: 'vector', size: states }, `${node}:state`)
      const half = (name: string, start: number): Vector => {
        const slice = { slice: { start, size: units } }
        const wire = scope.node(`${label}.${name}`, slice, [root])
        return scope.value<Vector>({ kind: 'vector', size: units }, wire)
      }
      const state = { h: half('h', 0), c: half('c', units) }
      const merges = scope.value<Sequence>({ ...x, size: 1 }, `${node}:merges`)
      return { output: state.h, state, merges }
    },
  })
}
