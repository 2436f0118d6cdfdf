import { layer } from '../graph/layer.js'
import type { Vector } from '../graph/value.js'
import { checkWord } from '../options.js'
import { gateParts, likeFirst, stateOf } from './gates.js'
import {
  type Directed,
  type RecurrentLayer,
  type RecurrentOptions,
  resolveSettings,
} from './recurrent.js'
import { type RecurrentKind, stack } from './stack.js'

/** Options of {@link rnn}. */
export interface RnnOptions<H extends number, I extends number | undefined, B extends boolean>
  extends RecurrentOptions<H, I, B> {
  /** `'tanh'` by default. */
  readonly activation?: 'tanh' | 'relu'
}

/** The options that {@link rnn} has beyond the shared ones. */
export const RNN_OPTIONS = ['activation'] as const satisfies readonly (keyof RnnOptions<
  number,
  number,
  boolean
>)[]

/** The state of an {@link rnn} layer. */
export interface RnnState<H extends number> {
  readonly h: Vector<H>
}

/**
 * The plain recurrent layer: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h } }`. Parameters, PyTorch's:
 * `weight_ih_l0` `[H, I]`, `weight_hh_l0` `[H, H]`, `bias_ih_l0`, `bias_hh_l0` `[H]`, and so on for
 * every layer and, with `_reverse`, the other direction.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
export function rnn<
  H extends number,
  I extends number | undefined = undefined,
  B extends boolean = false,
>(options: RnnOptions<H, I, B>): RecurrentLayer<Directed<H, B>, RnnState<Directed<H, B>>, I> {
  const settings = resolveSettings('rnn', options, RNN_OPTIONS)
  const name = `${settings.where} activation`
  const activation = checkWord(name, options.activation ?? 'tanh', RNN_ACTIVATIONS)
  const kind = rnnKind(activation)
  return layer({
    kind: 'rnn',
    name: options.name,
    accepts: ['sequence'],
    first: settings.first,
    build: (site, x, call) => stack(kind, settings, site, x, call),
  })
}

/** The functions of a plain recurrent layer or cell. */
export const RNN_ACTIVATIONS = ['tanh', 'relu'] as const

/** The arithmetic of a layer or cell. */
export function rnnKind(activation: (typeof RNN_ACTIVATIONS)[number]): RecurrentKind {
  return {
    kind: 'rnn',
    gates: 1,
    states: ['h'],
    step(body, parameters, x, state) {
      const { pre, rec } = gateParts(body, parameters, x, stateOf(state, 'h'), 1)
      const sum = likeFirst(body, 'sum', 'add', [pre, rec])
      const h = likeFirst(body, 'out', { activation }, [sum])
      return { next: { h }, output: h }
    },
  }
}
