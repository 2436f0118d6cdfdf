import { Result } from '../data/result.js'
import type { Outputs } from '../graph/outputs.js'
import type { NativeTensor } from '../native/contract.js'
import { type State, type StateData, stateOf } from './state.js'

/** The result of `predict`: every output under its name, and the state after the last step. */
export type Prediction<O extends Outputs> = {
  readonly [K in keyof O]: Result<O[K]>
} & { readonly state: State }

/** Options of `predict`. */
export interface PredictOptions {
  /** The states that an earlier call gave back; zeros by default. */
  readonly state?: StateData
}

export const PREDICT_OPTIONS = ['state'] as const satisfies readonly (keyof PredictOptions)[]

/** Names the outputs and states of a run. */
export function predictionOf<O extends Outputs>(run: {
  readonly outputs: readonly NativeTensor[]
  readonly states: readonly NativeTensor[]
}): Prediction<O> {
  const outputs = run.outputs.map((tensor) => [tensor.name, new Result(tensor)])
  return { ...Object.fromEntries(outputs), state: stateOf(run.states) } as Prediction<O>
}
