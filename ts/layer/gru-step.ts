import type { StepValues } from '../cell/trace.js'
import { stateOf } from '../cell/unroll.js'
import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import { activated, checkRecurrentActivation, type RecurrentActivation } from './activation.js'
import {
  complement,
  droppedState,
  inputPart,
  likeFirst,
  linearNode,
  part,
  statePart,
} from './gates.js'
import type { CellParameters, RecurrentKind } from './kind.js'
import { normalized, normParameters } from './norm.js'
import type { CellSettings } from './recurrent.js'
import { checkZoneout, type Zoneout, zonedOut } from './zoneout.js'

/** Options of the step of a {@link gru} and of {@link gruCell}. */
export interface GruStepOptions {
  /**
   * Applies the reset gate to the recurrent product (`true`, the default of PyTorch, Keras and cuDNN
   * too), or to the state before the product (`false`, the original equations).
   */
  readonly resetAfter?: boolean
  /** The function of the candidate; `'tanh'` by default. */
  readonly activation?: RecurrentActivation
  /**
   * Keeps units at their old values at random (Krueger et al. 2017): in training, each with this probability; otherwise
   * the state is the expectation, `p old + (1 - p) new`. 0 by default.
   */
  readonly zoneout?: number
}

export const GRU_STEP_OPTIONS = [
  'resetAfter',
  'activation',
  'zoneout',
] as const satisfies readonly (keyof GruStepOptions)[]

/** A checked step. */
interface GruStep {
  readonly activation: RecurrentActivation
  readonly zoneout: Zoneout
  readonly settings: CellSettings
}

/** The arithmetic of a layer or cell. */
export function gruKind(
  settings: CellSettings,
  resetAfter: boolean,
  options: GruStepOptions,
): RecurrentKind {
  const { where, hiddenSize, layerNorm } = settings
  const step: GruStep = {
    activation: checkRecurrentActivation(where, options.activation),
    zoneout: checkZoneout(where, options.zoneout, ['h']),
    settings,
  }
  const arithmetic = resetAfter ? stepAfter : stepBefore
  const norms = ['_ih', '_hh'].flatMap((name) => [
    normParameters(`${name}_rz`, 2 * hiddenSize),
    normParameters(`${name}_n`, hiddenSize),
  ])
  return {
    kind: 'gru',
    gates: 3,
    sizes: { h: hiddenSize },
    ...(layerNorm && { unbiased: true, more: Object.assign({}, ...norms) }),
    step: (body, parameters, x, state) => {
      const h = stateOf(state, 'h')
      const made = arithmetic(body, step, parameters, x, h)
      const next = zonedOut(body, step.zoneout, 'h', { pre: made.pre, old: h, next: made.h })
      return { next: { h: next }, output: next, trace: made.gates }
    },
  }
}

/** The next state, the product of the input, and the gates, which are added when they are read. */
interface Made {
  readonly pre: Vector
  readonly h: Vector
  readonly gates: StepValues
}

function stepAfter(
  body: Scope,
  { activation, settings }: GruStep,
  parameters: CellParameters,
  x: Vector,
  h: Vector,
): Made {
  const { size } = h
  const pre = normal(body, settings, parameters, inputPart(body, parameters, x, 3 * size), '_ih')
  const dropped = droppedState(body, settings, h)
  const rec = normal(
    body,
    settings,
    parameters,
    statePart(body, parameters, dropped, 3 * size),
    '_hh',
  )
  if (activation === 'tanh') {
    const next = body.value(h, body.node('cell', 'gruGates', [pre, rec, h]))
    return { pre, h: next, gates: fusedGates(body, pre, rec) }
  }
  const recRz = part(body, 'rec_rz', rec, 0, 2 * size)
  const { r, z } = gates(body, pre, recRz)
  const candidate = likeFirst(body, 'reset', 'multiply', [
    r,
    part(body, 'rec_n', rec, 2 * size, size),
  ])
  const n = candidateOf(body, activation, pre, candidate)
  return { pre, h: renewed(body, n, z, h), gates: { r: () => r, z: () => z, n: () => n } }
}

function stepBefore(
  body: Scope,
  { activation, settings }: GruStep,
  parameters: CellParameters,
  x: Vector,
  h: Vector,
): Made {
  const { size } = h
  const recurrent = { weight: parameters.weightHh, bias: parameters.biasHh }
  const pre = normal(body, settings, parameters, inputPart(body, parameters, x, 3 * size), '_ih')
  const dropped = droppedState(body, settings, h)
  const rows = [0, 2 * size] as const
  const rec = linearNode(body, 'rec', dropped, 2 * size, { ...recurrent, rows })
  const { r, z } = gates(body, pre, normalPart(body, settings, parameters, rec, '_hh_rz'))
  const reset = likeFirst(body, 'reset', 'multiply', [r, dropped])
  const tail = [2 * size, 3 * size] as const
  const recN = linearNode(body, 'rec_n', reset, size, { ...recurrent, rows: tail })
  const candidate = normalPart(body, settings, parameters, recN, '_hh_n')
  const n = candidateOf(body, activation, pre, candidate)
  return { pre, h: renewed(body, n, z, h), gates: { r: () => r, z: () => z, n: () => n } }
}

function gates(body: Scope, pre: Vector, rec: Vector): { r: Vector; z: Vector } {
  const size = rec.size / 2
  const sum = likeFirst(body, 'sum', 'add', [part(body, 'pre_rz', pre, 0, 2 * size), rec])
  const rz = likeFirst(body, 'rz', { activation: 'sigmoid' }, [sum])
  return { r: part(body, 'r', rz, 0, size), z: part(body, 'z', rz, size, size) }
}

/** Gives what adds the gates of a fused step. */
function fusedGates(body: Scope, pre: Vector, rec: Vector): StepValues {
  const size = pre.size / 3
  const gate = (name: string, at: number) => (): Vector => {
    const own = part(body, `pre_${name}`, pre, at * size, size)
    const state = part(body, `rec_${name}`, rec, at * size, size)
    const sum = likeFirst(body, `sum_${name}`, 'add', [own, state])
    return likeFirst(body, name, { activation: 'sigmoid' }, [sum])
  }
  const n = (): Vector => {
    const state = part(body, 'rec_n', rec, 2 * size, size)
    const reset = likeFirst(body, 'reset', 'multiply', [gate('r', 0)(), state])
    return candidateOf(body, 'tanh', pre, reset)
  }
  return { r: gate('r', 0), z: gate('z', 1), n }
}

/** Adds the candidate, of the recurrent part `rec`. */
function candidateOf(
  body: Scope,
  activation: RecurrentActivation,
  pre: Vector,
  rec: Vector,
): Vector {
  const { size } = rec
  const sum = likeFirst(body, 'sum_n', 'add', [part(body, 'pre_n', pre, 2 * size, size), rec])
  return activated(body, 'n', activation, sum)
}

/** Adds `(1 - z) n + z h`: an open z keeps h to the bit. */
function renewed(body: Scope, n: Vector, z: Vector, h: Vector): Vector {
  const taken = likeFirst(body, 'new', 'multiply', [complement(body, 'closed', z), n])
  const kept = likeFirst(body, 'kept', 'multiply', [z, h])
  return likeFirst(body, 'out', 'add', [taken, kept])
}

/** Adds the normalizations of a product, if there are any: of the gates together, and of the candidate. */
function normal(
  body: Scope,
  settings: CellSettings,
  parameters: CellParameters,
  product: Vector,
  name: '_ih' | '_hh',
): Vector {
  if (!settings.layerNorm) return product
  const { hiddenSize } = settings
  const [gates, candidate] = [
    part(body, `gates${name}`, product, 0, 2 * hiddenSize),
    part(body, `candidate${name}`, product, 2 * hiddenSize, hiddenSize),
  ]
  const normals = [
    normalPart(body, settings, parameters, gates, `${name}_rz`),
    normalPart(body, settings, parameters, candidate, `${name}_n`),
  ]
  return body.value(product, body.node(`norm${name}`, 'concat', normals))
}

function normalPart(
  body: Scope,
  { layerNorm }: CellSettings,
  parameters: CellParameters,
  x: Vector,
  name: string,
): Vector {
  return layerNorm ? normalized(body, `norm${name}`, x, parameters, name) : x
}
