import type { NodeProto } from '../messages.js'
import { NodeFault } from './fault.js'
import { describe, type Held } from './held.js'

/** The branch that an `If` takes: by the caller's choice, or by a condition that the file fixes. */
export function branchOf(
  node: NodeProto,
  branches: ReadonlyMap<string, 'then' | 'else'>,
  condition: Held | undefined,
): 'then_branch' | 'else_branch' {
  const chosen = branches.get(node.name ?? '')
  if (chosen !== undefined) return `${chosen}_branch`
  const item = condition?.kind === 'constant' ? condition.tensor.data[0] : undefined
  if (typeof item !== 'number') {
    const expected = 'a condition that the file fixes, or a choice in the option `branches`'
    throw new NodeFault(expected, describe(condition))
  }
  return item === 0 ? 'else_branch' : 'then_branch'
}
