import type { NamedVectors } from '../cell/unroll.js'
import { layer } from '../graph/layer.js'
import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import { checkBoolean } from '../options.js'
import { gateParts, likeFirst, linearNode, stateOf } from './gates.js'
import {
  type Directed,
  type RecurrentLayer,
  type RecurrentOptions,
  resolveSettings,
} from './recurrent.js'
import { type CellParameters, type RecurrentKind, stack } from './stack.js'

/** Options of {@link gru}. */
export interface GruOptions<H extends number, I extends number | undefined, B extends boolean>
  extends RecurrentOptions<H, I, B> {
  /**
   * Applies the reset gate to the recurrent product (`true`, the default of PyTorch, Keras and cuDNN
   * too), or to the state before the product (`false`, the original equations).
   */
  readonly resetAfter?: boolean
}

/** The options that {@link gru} has beyond the shared ones. */
export const GRU_OPTIONS = ['resetAfter'] as const satisfies readonly (keyof GruOptions<
  number,
  number,
  boolean
>)[]

/** The state of a {@link gru} layer. */
export interface GruState<H extends number> {
  readonly h: Vector<H>
}

/**
 * The gated recurrent unit: `r, z = σ(W x + b + U h + b')`, `h' = (1 - z) n + z h`, where
 * `n = tanh(W x + b + r (U h + b'))`, or with `resetAfter: false` `n = tanh(W x + b + U (r h) + b')`.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h } }`. Parameters, PyTorch's, gates in the
 * order r, z, n: `weight_ih_l0` `[3H, I]`, `weight_hh_l0` `[3H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[3H]`, and so on for every layer and, with `_reverse`, the other direction. Biases are left out
 * by default when `resetAfter` is `false`, as in the original equations.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
export function gru<
  H extends number,
  I extends number | undefined = undefined,
  B extends boolean = false,
>(options: GruOptions<H, I, B>): RecurrentLayer<Directed<H, B>, GruState<Directed<H, B>>, I> {
  const after = (): boolean => checkBoolean('gru resetAfter', options.resetAfter ?? true)
  const settings = resolveSettings('gru', options, GRU_OPTIONS, after)
  const kind = gruKind(after())
  return layer({
    kind: 'gru',
    name: options.name,
    accepts: ['sequence'],
    first: settings.first,
    build: (site, x, call) => stack(kind, settings, site, x, call),
  })
}

/** The arithmetic of a layer or cell. */
export function gruKind(resetAfter: boolean): RecurrentKind {
  return { kind: 'gru', gates: 3, states: ['h'], step: resetAfter ? stepAfter : stepBefore }
}

function stepAfter(body: Scope, parameters: CellParameters, x: Vector, state: NamedVectors) {
  const h = stateOf(state, 'h')
  const { pre, rec } = gateParts(body, parameters, x, h, 3)
  const next = body.value(h, body.node('cell', 'gruGates', [pre, rec, h]))
  return { next: { h: next }, output: next }
}

function stepBefore(body: Scope, parameters: CellParameters, x: Vector, state: NamedVectors) {
  const h = stateOf(state, 'h')
  const { size } = h
  const recurrent = { weight: parameters.weightHh, bias: parameters.biasHh }
  const input = { weight: parameters.weightIh, bias: parameters.biasIh }
  const part = (label: string, from: Vector, start: number, size: number): Vector =>
    body.value({ ...from, size }, body.node(label, { slice: { start, size } }, [from]))

  const pre = linearNode(body, 'pre', x, 3 * size, input)
  const rows = [0, 2 * size] as const
  const rec = linearNode(body, 'rec', h, 2 * size, { ...recurrent, rows })
  const sum = likeFirst(body, 'sum', 'add', [part('pre_rz', pre, 0, 2 * size), rec])
  const rz = likeFirst(body, 'rz', { activation: 'sigmoid' }, [sum])
  const [r, z] = [part('r', rz, 0, size), part('z', rz, size, size)]

  const reset = likeFirst(body, 'reset', 'multiply', [r, h])
  const tail = [2 * size, 3 * size] as const
  const recN = linearNode(body, 'rec_n', reset, size, { ...recurrent, rows: tail })
  const sumN = likeFirst(body, 'sum_n', 'add', [part('pre_n', pre, 2 * size, size), recN])
  const n = likeFirst(body, 'n', { activation: 'tanh' }, [sumN])

  // (1 - z) n + z h: an open z keeps h to the bit.
  const closed = likeFirst(body, 'closed', { affine: { scale: -1, shift: 1 } }, [z])
  const renewed = likeFirst(body, 'new', 'multiply', [closed, n])
  const kept = likeFirst(body, 'kept', 'multiply', [z, h])
  const next = likeFirst(body, 'out', 'add', [renewed, kept])
  return { next: { h: next }, output: next }
}
