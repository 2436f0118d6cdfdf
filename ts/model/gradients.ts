import { own } from '../brand.js'
import { Result } from '../data/result.js'
import type { Outputs } from '../graph/outputs.js'
import type { AnyValues, Numeric, Sequence, Token, Tokens, Values } from '../graph/value.js'
import type { NativeGradients, NativeTensor } from '../native/contract.js'
import type { Description } from '../native/description.js'
import { reserve } from '../native/memory.js'
import type { Losses } from '../train/loss.js'
import { namedParameters, type Parameters } from './parameters.js'
import { type State, type StateData, stateOf } from './state.js'

/** Options of `gradients`. */
export interface GradientOptions {
  /** The loss of the only output, or of outputs by name. */
  readonly loss: Losses
  /** The initial states; zeros by default. */
  readonly state?: StateData
}

export const GRADIENT_OPTIONS = [
  'loss',
  'state',
] as const satisfies readonly (keyof GradientOptions)[]

/** Losses of one output, each times the weight of its target, before any mean or sum. */
export interface ItemLosses {
  /** The loss of each row: the sum over its steps. */
  readonly rows: Float64Array
  /** The loss of each step, row-major, zero in padding; of an output without steps, of each row. */
  readonly steps: Float64Array
  /** The shape of `steps`: `[rows, time]`, or `[rows]`. */
  readonly shape: readonly number[]
  /** The valid steps of each row, if rows differ. */
  readonly lengths: Int32Array | undefined
  /** The weight of all targets: a mean loss is the sum of `rows` over it. */
  readonly weight: number
}

/**
 * Derivatives of the loss `L` of one batch, as backpropagation through time gives them (Goodfellow,
 * Bengio, Courville: Deep Learning, section 10.2.2). Each has the shape of its value; padding is zero.
 */
export interface Gradients<I extends Values = AnyValues, O extends Outputs = AnyValues> {
  /** `L`, reduced and weighted as in training, without dropout. */
  readonly loss: number
  /** The losses of each row and step, for the outputs that have a loss. */
  readonly losses: { readonly [K in keyof O]?: ItemLosses }
  /** `∂L/∂θ` of every parameter. */
  readonly parameters: Parameters
  /** `∂L/∂x` of the inputs of numbers; ids have no gradient. */
  readonly inputs: {
    readonly [K in keyof I as I[K] extends Tokens | Token ? never : K]: Result<
      I[K] extends Numeric ? I[K] : Numeric
    >
  }
  /** `∂L/∂h₀` of the states that the model begins with. */
  readonly initial: State
  /**
   * `∂L/∂hₜ` of each state after each step, `[rows, time, size]`: along outputs that read the state
   * at this step and along all later steps, the other states at this step held fixed. States that the
   * loss does not depend on, and states that only delay a value, are left out.
   */
  readonly states: Readonly<Record<string, Result<Sequence>>>
  /**
   * `∂L/∂aₜ` of the pre-activations `aₜ = W xₜ + U hₜ₋₁ + b` of each fused step by its node, in the
   * order of the weight's rows (of a GRU, `W xₜ + b`). The sum over rows and steps is `∂L/∂b`.
   */
  readonly gates: Readonly<Record<string, Result<Sequence>>>
}

/** Names the gradients of a batch of these `inputs`. */
export function gradientsOf<I extends Values, O extends Outputs>(
  description: Description,
  inputs: readonly NativeTensor[],
  native: NativeGradients,
): Gradients<I, O> {
  const { report, parameters } = native
  const found = new Map(native.inputs.map((tensor) => [tensor.name, tensor]))
  const numeric = inputs.filter(({ values }) => values !== undefined)
  const [rows = 0] = inputs[0]?.shape ?? []
  const initial = description.states.map(({ name, size }) => ({ name, shape: [rows, size] }))
  const losses = native.losses.map(({ output, items, rows: each, shape, lengths }) => {
    const { weight = 0 } = report.terms.find((term) => term.output === output) ?? {}
    const arrays = { rows: own(each), steps: own(items), lengths: lengths && own(lengths) }
    return [output, { ...arrays, shape: [...shape], weight }]
  })
  return {
    loss: report.loss,
    losses: Object.fromEntries(losses),
    parameters: namedParameters(parameters, description),
    inputs: results(numeric.map((input) => found.get(input.name) ?? zeros(input))),
    initial: stateOf(initial.map((state) => found.get(state.name) ?? zeros(state))),
    states: results(native.states),
    gates: results(native.gates),
  } as Gradients<I, O>
}

function results<X extends Numeric>(tensors: readonly NativeTensor[]): Record<string, Result<X>> {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, new Result<X>(tensor)]))
}

/** The gradient of a value that the loss does not depend on. */
function zeros({ name, shape, lengths }: NativeTensor): NativeTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  const values = reserve(name, count, () => new Float32Array(count))
  return { name, shape, values, ...(lengths && { lengths }) }
}
