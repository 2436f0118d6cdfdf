import { axisOf, type Port, rowKind } from '../data/kind.js'
import { mismatch } from '../errors.js'
import type { Description } from '../native/contract.js'

/** `{ values }` is data as it is, not by name; the state stands beside the outputs of a prediction. */
const TAKEN = { input: ['values'], output: ['values', 'state'] } as const

/** The inputs or outputs of a compiled model; refuses names that mean something else beside data. */
export function portsOf(what: 'input' | 'output', ports: Description['inputs']): Port[] {
  return ports.map(({ name, kind }) => {
    if (TAKEN[what].some((taken) => taken === name)) {
      throw mismatch('ERR_UNROLLED_GRAPH', `${what} name`, 'another name', name)
    }
    return { name, rows: rowKind(kind), axis: axisOf(kind) }
  })
}
