import { mismatch, UnrolledError } from '../errors.js'
import type { Declaration } from './declaration.js'
import type { GraphJson } from './json.js'
import { checkName, type Scope } from './scope.js'
import type { Numeric, Value } from './value.js'

/** The results of a graph, by name. */
export type Outputs = Readonly<Record<string, Numeric>>

/** The graph as data, with the outputs that a declaration returned. */
export function finish(declaration: Declaration, scope: Scope, outputs: Outputs): GraphJson {
  if (typeof outputs !== 'object' || outputs === null) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'graph', 'an object of outputs returned', outputs)
  }
  const named = Object.entries(outputs).map(([name, value]: [string, Value]) => {
    checkName('output', name)
    const from = scope.wire(value)
    if (value.kind !== 'vector' && value.kind !== 'sequence') {
      throw mismatch('ERR_UNROLLED_KIND', `output ${name}`, 'a vector or a sequence', value.kind)
    }
    return { name, from }
  })
  if (named.length === 0) {
    throw new UnrolledError('ERR_UNROLLED_GRAPH', 'graph: expected at least one output')
  }
  return { version: 1, parameters: declaration.parameters, nodes: scope.nodes, outputs: named }
}
