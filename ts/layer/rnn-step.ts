import { type NamedVectors, type Stepped, stateOf } from '../cell/unroll.js'
import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import { activated, checkRecurrentActivation, type RecurrentActivation } from './activation.js'
import { droppedState, inputPart, likeFirst, statePart } from './gates.js'
import type { CellParameters, RecurrentKind } from './kind.js'
import { normalized, normParameters } from './norm.js'
import type { CellSettings } from './recurrent.js'
import { checkZoneout, type Zoneout, zonedOut } from './zoneout.js'

/** Options of the step of an {@link rnn} and of {@link rnnCell}. */
export interface RnnStepOptions {
  /** The function of the state; `'tanh'` by default. */
  readonly activation?: RecurrentActivation
  /**
   * Keeps units at their old values at random (Krueger et al. 2017): in training, each with this probability; otherwise
   * the state is the expectation, `p old + (1 - p) new`. 0 by default.
   */
  readonly zoneout?: number
}

export const RNN_STEP_OPTIONS = [
  'activation',
  'zoneout',
] as const satisfies readonly (keyof RnnStepOptions)[]

/** A checked step. */
interface RnnStep {
  readonly activation: RecurrentActivation
  readonly zoneout: Zoneout
  readonly settings: CellSettings
}

/** The arithmetic of a layer or cell. */
export function rnnKind(settings: CellSettings, options: RnnStepOptions): RecurrentKind {
  const { where, hiddenSize, layerNorm } = settings
  const step: RnnStep = {
    activation: checkRecurrentActivation(where, options.activation),
    zoneout: checkZoneout(where, options.zoneout, ['h']),
    settings,
  }
  return {
    kind: 'rnn',
    gates: 1,
    sizes: { h: hiddenSize },
    ...(layerNorm && { unbiased: true, more: normParameters('', hiddenSize) }),
    step: (body, parameters, x, state) => rnnStep(body, step, parameters, x, state),
  }
}

function rnnStep(
  body: Scope,
  { activation, zoneout, settings }: RnnStep,
  parameters: CellParameters,
  x: Vector,
  state: NamedVectors,
): Stepped {
  const h = stateOf(state, 'h')
  const pre = inputPart(body, parameters, x, h.size)
  const rec = statePart(body, parameters, droppedState(body, settings, h), h.size)
  const sum = likeFirst(body, 'sum', 'add', [pre, rec])
  const normal = settings.layerNorm ? normalized(body, 'norm', sum, parameters, '') : sum
  const made = activated(body, 'out', activation, normal)
  const next = zonedOut(body, zoneout, 'h', { pre, old: h, next: made })
  return { next: { h: next }, output: next }
}
