import type { Sequence, Vector } from '../graph/value.js'
import type { Merge } from './merge.js'
import {
  type Directed,
  type RecurrentLayer,
  type RecurrentOptions,
  resolveSettings,
} from './recurrent.js'
import { RNN_STEP_OPTIONS, type RnnStepOptions, rnnKind } from './rnn-step.js'
import { recurrentLayer } from './stack.js'

/** Options of {@link rnn}. */
export interface RnnOptions<
  H extends number,
  I extends number | undefined,
  B extends boolean,
  M extends Merge = Merge,
> extends RecurrentOptions<H, I, B, M>,
    RnnStepOptions {}

/** The options that {@link rnn} has beyond the shared ones. */
export const RNN_OPTIONS = RNN_STEP_OPTIONS

/** The state of an {@link rnn} layer. */
export interface RnnState<H extends number> {
  readonly h: Vector<H>
}

/** The state of an {@link rnn} layer at every step. */
export interface RnnTrace<H extends number> {
  readonly h: Sequence<H>
}

/**
 * The plain recurrent layer: `h' = φ(W_ih x + b_ih + W_hh h + b_hh)`, where φ is tanh unless `activation` says
 * otherwise.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h }, trace: { h } }`. Parameters, PyTorch's:
 * `weight_ih_l0` `[H, I]`, `weight_hh_l0` `[H, H]`, `bias_ih_l0`, `bias_hh_l0` `[H]`, and so on for
 * every layer and, with `_reverse`, the other direction. With `layerNorm` `h' = φ(LN(W_ih x + W_hh h))`:
 * `gain_l0` and `bias_l0` `[H]` take the place of the biases.
 *
 * In the types `P` is `H`: the three kinds of layer have one signature, and can take each other's place.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
export function rnn<
  H extends number,
  I extends number | undefined = undefined,
  B extends boolean = false,
  P extends number = H,
  M extends Merge = 'concat',
>(
  options: RnnOptions<H, I, B, M>,
): RecurrentLayer<Directed<P, B, M>, RnnState<Directed<P, B>>, I, RnnTrace<Directed<P, B>>> {
  const settings = resolveSettings('rnn', options, RNN_OPTIONS)
  const kind = rnnKind(settings, options)
  return recurrentLayer({ kind, settings, name: options.name })
}
