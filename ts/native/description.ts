import type { KindJson } from '../graph/json.js'
import type { Precision } from '../precision.js'

/** An input, output or wire, and the kind of its value. */
export interface PortDescription {
  readonly name: string
  readonly kind: KindJson
}

/** Inputs, outputs, wires, states and parameters of a compiled model. */
export interface Description {
  readonly inputs: readonly PortDescription[]
  readonly outputs: readonly PortDescription[]
  /** Every wire of the graph, `node` or `node:port`; wires in scan bodies are left out. */
  readonly wires: readonly PortDescription[]
  readonly states: readonly {
    readonly name: string
    readonly size: number
    /** `true` if the scan goes from a sequence's end to its start. */
    readonly reverse: boolean
  }[]
  readonly parameters: readonly {
    readonly name: string
    readonly shape: readonly number[]
    readonly offset: number
  }[]
  readonly count: number
  /** The node for which a sequence cannot be cut in time, and the reason. */
  readonly indivisible: string | null
  readonly precision: Precision
}

/** Inputs, outputs and states of a step. */
export interface StepDescription {
  readonly inputs: readonly PortDescription[]
  /** By input, for tokens that the model shifts: the id of the first step. */
  readonly starts: readonly (number | null)[]
  /** The outputs, each with the numbers of a row. */
  readonly outputs: readonly (readonly [name: string, width: number])[]
  readonly states: Description['states']
}
