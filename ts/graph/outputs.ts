import { isRecord } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import type { Declaration } from './declaration.js'
import type { GraphJson } from './json.js'
import { checkName } from './names.js'
import type { Scope } from './scope.js'
import { type Alignment, describe, type Numeric, type Value } from './value.js'

/** The results of a graph, by name. */
export type Outputs = Readonly<Record<string, Numeric | Alignment>>

/** Gives the graph as data, with the outputs that a declaration returned. */
export function finish(declaration: Declaration, scope: Scope, outputs: Outputs): GraphJson {
  if (!isRecord(outputs)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'graph result', 'an object of outputs', outputs)
  }
  const named = Object.entries(outputs).map(([name, value]: [string, Value]) => {
    checkName('output', name)
    const from = scope.wire(value)
    if (value.kind === 'tokens' || value.kind === 'token') {
      const received = new Described(describe(value))
      throw mismatch('ERR_UNROLLED_KIND', `output ${name}`, 'a vector or a sequence', received)
    }
    return { name, from }
  })
  if (named.length === 0) {
    throw mismatch('ERR_UNROLLED_GRAPH', 'graph', 'at least one output', new Described('none'))
  }
  return { version: 1, parameters: declaration.parameters, nodes: scope.nodes, outputs: named }
}

/** Gives the activation function that an output ends in, if it does. */
export function lastActivation({ nodes, outputs }: GraphJson, output: string): string | undefined {
  const from = outputs.find(({ name }) => name === output)?.from
  const op = nodes.find(({ name }) => name === from)?.op
  return typeof op === 'object' && 'activation' in op ? op.activation : undefined
}
