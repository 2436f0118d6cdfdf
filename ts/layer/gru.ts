import type { Sequence, Vector } from '../graph/value.js'
import { checkBoolean } from '../options.js'
import { GRU_STEP_OPTIONS, type GruStepOptions, gruKind } from './gru-step.js'
import type { Merge } from './merge.js'
import {
  type Directed,
  type RecurrentLayer,
  type RecurrentOptions,
  resolveSettings,
} from './recurrent.js'
import { recurrentLayer } from './stack.js'

/** Options of {@link gru}. */
export interface GruOptions<
  H extends number,
  I extends number | undefined,
  B extends boolean,
  M extends Merge = Merge,
> extends RecurrentOptions<H, I, B, M>,
    GruStepOptions {}

/** The options that {@link gru} has beyond the shared ones. */
export const GRU_OPTIONS = GRU_STEP_OPTIONS

/** The state of a {@link gru} layer. */
export interface GruState<H extends number> {
  readonly h: Vector<H>
}

/** The state and the gates of a {@link gru} layer at every step: r and z from 0 to 1, and the candidate n. */
export interface GruTrace<H extends number> {
  readonly h: Sequence<H>
  readonly r: Sequence<H>
  readonly z: Sequence<H>
  readonly n: Sequence<H>
}

/**
 * The gated recurrent unit: `r, z = σ(W x + b + U h + b')`, `h' = (1 - z) n + z h`, where
 * `n = tanh(W x + b + r (U h + b'))`, or with `resetAfter: false` `n = tanh(W x + b + U (r h) + b')`;
 * `activation` takes the place of tanh.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h }, trace: { h, r, z, n } }`. Parameters, PyTorch's, gates in the
 * order r, z, n: `weight_ih_l0` `[3H, I]`, `weight_hh_l0` `[3H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[3H]`, and so on for every layer and, with `_reverse`, the other direction. Biases are left out
 * by default when `resetAfter` is `false`, as in the original equations.
 *
 * With `layerNorm` four normalizations take the place of the biases, of the products of x and of h, each of the gates
 * r, z together and of the candidate: `gain_ih_rz_l0`, `bias_ih_rz_l0` `[2H]`, `gain_ih_n_l0`, `bias_ih_n_l0` `[H]`, and
 * the same of `hh`.
 *
 * In the types `P` is `H`: the three kinds of layer have one signature, and can take each other's place.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
export function gru<
  H extends number,
  I extends number | undefined = undefined,
  B extends boolean = false,
  P extends number = H,
  M extends Merge = 'concat',
>(
  options: GruOptions<H, I, B, M>,
): RecurrentLayer<Directed<P, B, M>, GruState<Directed<P, B>>, I, GruTrace<Directed<P, B>>> {
  const after = (): boolean => checkBoolean('gru resetAfter', options.resetAfter ?? true)
  const settings = resolveSettings('gru', options, GRU_OPTIONS, after)
  const kind = gruKind(settings, after(), options)
  return recurrentLayer({ kind, settings, name: options.name })
}
