import type { Sequence, Vector } from '../graph/value.js'
import { LSTM_STEP_OPTIONS, type LstmStepOptions, lstmKind } from './lstm-step.js'
import type { Merge } from './merge.js'
import {
  type Directed,
  type RecurrentLayer,
  type RecurrentOptions,
  resolveSettings,
} from './recurrent.js'
import { recurrentLayer } from './stack.js'

/** Options of {@link lstm}. */
export interface LstmOptions<
  H extends number,
  I extends number | undefined,
  B extends boolean,
  P extends number = number,
  M extends Merge = Merge,
> extends RecurrentOptions<H, I, B, M>,
    LstmStepOptions<P> {}

/** The options that {@link lstm} has beyond the shared ones. */
export const LSTM_OPTIONS = LSTM_STEP_OPTIONS

/** The state of an {@link lstm} layer: `P` numbers in `h`, `H` in `c`. */
export interface LstmState<H extends number, P extends number = H> {
  readonly h: Vector<P>
  readonly c: Vector<H>
}

/** States and gates of an {@link lstm} layer at every step: i, f, o from 0 to 1, and the candidate g. */
export interface LstmTrace<H extends number, P extends number = H> {
  readonly h: Sequence<P>
  readonly c: Sequence<H>
  readonly i: Sequence<H>
  readonly f: Sequence<H>
  readonly g: Sequence<H>
  readonly o: Sequence<H>
}

/**
 * Long short-term memory: with gates `i, f, g, o = W_ih x + b_ih + W_hh h + b_hh`,
 * `c' = σ(f) c + σ(i) φ(g)` and `h' = σ(o) φ(c')`, where φ is tanh unless `activation` says otherwise.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h, c }, trace: { h, c, i, f, g, o } }`. Parameters, PyTorch's, gates in the
 * order i, f, g, o: `weight_ih_l0` `[4H, I]`, `weight_hh_l0` `[4H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[4H]`, and so on for every layer and, with `_reverse`, the other direction. With `projSize` output and `h`
 * have P numbers, `weight_hh_l0` is `[4H, P]`, and `weight_hr_l0` `[P, H]` comes after the biases.
 *
 * With `layerNorm` the gates are `LN(W_ih x) + LN(W_hh h)` and `h' = σ(o) φ(LN(c'))`: `bias_ih_l0` and `bias_hh_l0` are the
 * biases of the first two, with `gain_ih_l0`, `gain_hh_l0` `[4H]`; the third has `gain_c_l0`, `bias_c_l0` `[H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
export function lstm<
  H extends number,
  I extends number | undefined = undefined,
  B extends boolean = false,
  P extends number = H,
  M extends Merge = 'concat',
>(
  options: LstmOptions<H, I, B, P, M>,
): RecurrentLayer<
  Directed<P, B, M>,
  LstmState<Directed<H, B>, Directed<P, B>>,
  I,
  LstmTrace<Directed<H, B>, Directed<P, B>>
> {
  const settings = resolveSettings('lstm', options, LSTM_OPTIONS)
  const kind = lstmKind(settings, options)
  return recurrentLayer({ kind, settings, name: options.name })
}
