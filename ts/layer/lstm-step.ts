import type { StepValues } from '../cell/trace.js'
import { type NamedVectors, type Stepped, stateOf } from '../cell/unroll.js'
import { mismatch } from '../errors.js'
import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import { checkBoolean, checkCount, checkNumber } from '../options.js'
import { activated, checkRecurrentActivation, type RecurrentActivation } from './activation.js'
import {
  complement,
  droppedState,
  inputPart,
  likeFirst,
  linearNode,
  openness,
  part,
  statePart,
} from './gates.js'
import type { CellParameters, MoreParameter, RecurrentKind } from './kind.js'
import { gainParameter, normalized, normParameters } from './norm.js'
import type { CellSettings } from './recurrent.js'
import { checkZoneout, type Zoneout, type ZoneoutRates, zonedOut } from './zoneout.js'

/** Options of the step of an {@link lstm} and of {@link lstmCell}; `P` is the size of the projection. */
export interface LstmStepOptions<P extends number = number> {
  /** Initial value of the forget gate's `bias_ih`; 1 by default. Not for `'pytorch'` weights. */
  readonly forgetBias?: number
  /**
   * Lets the gates see the cell (Gers, Schmidhuber 2000): i and f see `c`, o sees `c'`, each through a
   * weight a unit: `weight_ci`, `weight_cf`, `weight_co` `[H]`, zeros at first. `false` by default.
   */
  readonly peepholes?: boolean
  /**
   * Takes in what it forgets: `i = 1 - f` (Greff et al. 2017). There is no gate i: weights have 3H rows, of
   * f, g, o, and no `weight_ci`. `false` by default.
   */
  readonly coupledGates?: boolean
  /**
   * Numbers in the hidden state, PyTorch's `proj_size` (Sak, Senior, Beaufays 2014): `h' = W_hr σ(o) φ(c')` with
   * `weight_hr` `[P, H]`. `hiddenSize`, without a projection, by default.
   */
  readonly projSize?: P
  /** The function of the candidate and of the output, φ; `'tanh'` by default. */
  readonly activation?: RecurrentActivation
  /**
   * Keeps units at their old values at random (Krueger et al. 2017): in training, each with this probability; otherwise
   * the state is the expectation, `p old + (1 - p) new`. One rate for both states, or one each; 0 by default.
   */
  readonly zoneout?: number | ZoneoutRates
}

export const LSTM_STEP_OPTIONS = [
  'forgetBias',
  'peepholes',
  'coupledGates',
  'projSize',
  'activation',
  'zoneout',
] as const satisfies readonly (keyof LstmStepOptions)[]

/** A checked step. */
interface LstmStep {
  readonly peepholes: boolean
  readonly coupled: boolean
  readonly projected: boolean
  readonly activation: RecurrentActivation
  readonly zoneout: Zoneout
  readonly settings: CellSettings
}

/** The arithmetic of a layer or cell. */
export function lstmKind(settings: CellSettings, options: LstmStepOptions): RecurrentKind {
  const { where, hiddenSize } = settings
  const { projSize } = options
  const h = projSize === undefined ? hiddenSize : checkCount(`${where} projSize`, projSize)
  if (h > hiddenSize || (projSize !== undefined && h === hiddenSize)) {
    const expected = `a whole number below hiddenSize, ${hiddenSize}`
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} projSize`, expected, h)
  }
  const step: LstmStep = {
    peepholes: checkBoolean(`${where} peepholes`, options.peepholes ?? false),
    coupled: checkBoolean(`${where} coupledGates`, options.coupledGates ?? false),
    projected: projSize !== undefined,
    activation: checkRecurrentActivation(where, options.activation),
    zoneout: checkZoneout(where, options.zoneout, ['h', 'c']),
    settings,
  }
  const forget = forgetBias(settings, options.forgetBias)
  const values = step.coupled ? [forget, 0, 0] : [0, forget, 0, 0]
  return {
    kind: 'lstm',
    gates: values.length,
    sizes: { h, c: hiddenSize },
    biasInit: { blocks: { values } },
    more: moreParameters(step, values.length * hiddenSize, h),
    step: (body, parameters, x, state) => lstmStep(body, step, parameters, x, state),
  }
}

function moreParameters(
  { peepholes, coupled, projected, settings }: LstmStep,
  rows: number,
  h: number,
): Record<string, MoreParameter> {
  const { hiddenSize, layerNorm } = settings
  const seen = coupled ? ['f', 'o'] : ['i', 'f', 'o']
  const peephole = { shape: [hiddenSize], init: 'zeros' } as const
  return {
    ...(projected && { weight_hr: { shape: [h, hiddenSize], init: 'glorotUniform' as const } }),
    ...(peepholes && Object.fromEntries(seen.map((gate) => [`weight_c${gate}`, peephole]))),
    ...(layerNorm && {
      ...gainParameter('_ih', rows),
      ...gainParameter('_hh', rows),
      ...normParameters('_c', hiddenSize),
    }),
  }
}

function lstmStep(
  body: Scope,
  step: LstmStep,
  parameters: CellParameters,
  x: Vector,
  state: NamedVectors,
): Stepped {
  const { settings, zoneout } = step
  const [h, c] = [stateOf(state, 'h'), stateOf(state, 'c')]
  const { pre, sum } = gateSum(body, step, parameters, x, h)
  const { peepholes, coupled, activation, projected } = step
  const plain = !peepholes && !coupled && activation === 'tanh' && !settings.layerNorm
  const made = plain ? fused(body, sum, c) : composed(body, step, parameters, sum, c)
  const shown = projected ? projection(body, parameters, made.h, h.size) : made.h
  const next = {
    h: zonedOut(body, zoneout, 'h', { pre, old: h, next: shown }),
    c: zonedOut(body, zoneout, 'c', { pre, old: c, next: made.c }),
  }
  return { next, output: next.h, trace: made.gates }
}

/** Adds the pre-activations of all gates, and the input's part of them. */
function gateSum(
  body: Scope,
  { settings, coupled }: LstmStep,
  parameters: CellParameters,
  x: Vector,
  h: Vector,
): { pre: Vector; sum: Vector } {
  const { hiddenSize, layerNorm } = settings
  const size = (coupled ? 3 : 4) * hiddenSize
  const given = droppedState(body, settings, h)
  if (!layerNorm) {
    const pre = inputPart(body, parameters, x, size)
    const rec = statePart(body, parameters, given, size)
    return { pre, sum: likeFirst(body, 'sum', 'add', [pre, rec]) }
  }
  const { biasIh, biasHh } = parameters
  const product = { ...parameters, biasIh: null, biasHh: null }
  const norm = (label: string, x: Vector, name: string, bias: string | null): Vector =>
    normalized(body, label, x, parameters, name, bias ?? undefined)
  const pre = norm('norm_pre', inputPart(body, product, x, size), '_ih', biasIh)
  const rec = norm('norm_rec', statePart(body, product, given, size), '_hh', biasHh)
  return { pre, sum: likeFirst(body, 'sum', 'add', [pre, rec]) }
}

/** Result of a step; gates are added when they are read. */
interface Made {
  readonly h: Vector
  readonly c: Vector
  readonly gates: StepValues
}

function fused(body: Scope, sum: Vector, c: Vector): Made {
  const cell = body.node('cell', 'lstmGates', [sum, c])
  const { size } = c
  const gate = (name: string, at: number) => () => openness(body, name, sum, at, size)
  const g = () => activated(body, 'g', 'tanh', part(body, 'pre_g', sum, 2 * size, size))
  return {
    h: body.value<Vector>(c, `${cell}:h`),
    c: body.value<Vector>(c, `${cell}:c`),
    gates: { i: gate('i', 0), f: gate('f', 1), g, o: gate('o', 3) },
  }
}

/** The step in single nodes, for the options that the fused one does not have. */
function composed(
  body: Scope,
  { peepholes, coupled, activation, settings }: LstmStep,
  parameters: CellParameters,
  sum: Vector,
  c: Vector,
): Made {
  const { size } = c
  const rows = coupled ? 'fgo' : 'ifgo'
  const own = (name: string): Vector =>
    part(body, `pre_${name}`, sum, rows.indexOf(name) * size, size)
  const gate = (name: string, cell: Vector): Vector => {
    const seen = peepholes ? seeing(body, parameters, name, own(name), cell) : own(name)
    return likeFirst(body, name, { activation: 'sigmoid' }, [seen])
  }
  const f = gate('f', c)
  const i = coupled ? complement(body, 'i', f) : gate('i', c)
  const g = activated(body, 'g', activation, own('g'))
  const kept = likeFirst(body, 'kept', 'multiply', [f, c])
  const taken = likeFirst(body, 'taken', 'multiply', [i, g])
  const next = likeFirst(body, 'next_c', 'add', [kept, taken])
  const o = gate('o', next)
  const normal = settings.layerNorm ? normalized(body, 'norm_c', next, parameters, '_c') : next
  const shown = activated(body, 'shown', activation, normal)
  const gates = { i: () => i, f: () => f, g: () => g, o: () => o }
  return { h: likeFirst(body, 'out', 'multiply', [o, shown]), c: next, gates }
}

/** Adds what a gate sees of the cell. */
function seeing(
  body: Scope,
  { more }: CellParameters,
  gate: string,
  pre: Vector,
  cell: Vector,
): Vector {
  const name = `weight_c${gate}`
  const weight = body.node(name, { parameter: { weight: more.get(name) ?? '' } }, [])
  const seen = likeFirst(body, `seen_${gate}`, 'multiply', [cell, body.value(cell, weight)])
  return likeFirst(body, `sum_${gate}`, 'add', [pre, seen])
}

function projection(body: Scope, { more }: CellParameters, h: Vector, size: number): Vector {
  const weight = more.get('weight_hr') ?? ''
  return linearNode(body, 'projection', h, size, { weight, bias: null })
}

function forgetBias({ where, bias, initializer }: CellSettings, value: number | undefined): number {
  if (value !== undefined && (!bias || initializer === 'pytorch')) {
    const reason = bias ? "initializer 'pytorch'" : 'bias: false'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} forgetBias`, `none with ${reason}`, value)
  }
  return checkNumber(`${where} forgetBias`, value ?? 1)
}
