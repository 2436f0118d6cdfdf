import { mismatch } from '../errors.js'
import { layer } from '../graph/layer.js'
import type { Vector } from '../graph/value.js'
import { checkNumber } from '../options.js'
import { gateParts, likeFirst, stateOf } from './gates.js'
import {
  type CellSettings,
  type Directed,
  type RecurrentLayer,
  type RecurrentOptions,
  resolveSettings,
} from './recurrent.js'
import { type RecurrentKind, stack } from './stack.js'

/** Options of {@link lstm}. */
export interface LstmOptions<H extends number, I extends number | undefined, B extends boolean>
  extends RecurrentOptions<H, I, B> {
  /** Initial value of the forget gate's `bias_ih`; 1 by default. Not for `'pytorch'` weights. */
  readonly forgetBias?: number
}

/** The options that {@link lstm} has beyond the shared ones. */
export const LSTM_OPTIONS = ['forgetBias'] as const satisfies readonly (keyof LstmOptions<
  number,
  number,
  boolean
>)[]

/** The state of an {@link lstm} layer. */
export interface LstmState<H extends number> {
  readonly h: Vector<H>
  readonly c: Vector<H>
}

/**
 * Long short-term memory: with gates `i, f, g, o = W_ih x + b_ih + W_hh h + b_hh`,
 * `c' = σ(f) c + σ(i) tanh(g)` and `h' = σ(o) tanh(c')`.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h, c } }`. Parameters, PyTorch's, gates in the
 * order i, f, g, o: `weight_ih_l0` `[4H, I]`, `weight_hh_l0` `[4H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[4H]`, and so on for every layer and, with `_reverse`, the other direction.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
export function lstm<
  H extends number,
  I extends number | undefined = undefined,
  B extends boolean = false,
>(options: LstmOptions<H, I, B>): RecurrentLayer<Directed<H, B>, LstmState<Directed<H, B>>, I> {
  const settings = resolveSettings('lstm', options, LSTM_OPTIONS)
  const kind = lstmKind(settings, options.forgetBias)
  return layer({
    kind: 'lstm',
    name: options.name,
    accepts: ['sequence'],
    first: settings.first,
    build: (site, x, call) => stack(kind, settings, site, x, call),
  })
}

/** The arithmetic of a layer or cell. */
export function lstmKind(settings: CellSettings, forget: number | undefined): RecurrentKind {
  return {
    kind: 'lstm',
    gates: 4,
    states: ['h', 'c'],
    biasInit: { blocks: { values: [0, forgetBias(settings, forget), 0, 0] } },
    step(body, parameters, x, state) {
      const c = stateOf(state, 'c')
      const { pre, rec } = gateParts(body, parameters, x, stateOf(state, 'h'), 4)
      const sum = likeFirst(body, 'sum', 'add', [pre, rec])
      const cell = body.node('cell', 'lstmGates', [sum, c])
      const h = body.value<Vector>(c, `${cell}:h`)
      return { next: { h, c: body.value<Vector>(c, `${cell}:c`) }, output: h }
    },
  }
}

function forgetBias({ where, bias, initializer }: CellSettings, value: number | undefined): number {
  if (value !== undefined && (!bias || initializer === 'pytorch')) {
    const reason = bias ? "initializer 'pytorch'" : 'bias: false'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} forgetBias`, `none with ${reason}`, value)
  }
  return checkNumber(`${where} forgetBias`, value ?? 1)
}
