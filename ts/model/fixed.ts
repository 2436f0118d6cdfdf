import { Result } from '../data/result.js'
import type { Outputs } from '../graph/outputs.js'
import type { NativeTensor } from '../native/contract.js'

/** The outputs that no step changes, by name. */
export type FixedOutputs<O extends Outputs> = { readonly [K in keyof O]?: Result<O[K]> }

/** Names the results of the addon. */
export function resultsOf(tensors: readonly NativeTensor[]): Record<string, Result> {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, new Result(tensor)]))
}
