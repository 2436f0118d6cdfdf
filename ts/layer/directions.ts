import { Described, mismatch } from '../errors.js'
import type { NodeJson } from '../graph/json.js'
import type { Scope } from '../graph/scope.js'
import type { Sequence, Vector } from '../graph/value.js'

/** A bidirectional layer, and what adds the final state of both directions merged. */
interface BothWays {
  readonly layer: string
  last(): Vector
}

/** The outputs of bidirectional layers, by scope and wire. */
const outputs = new WeakMap<Scope, Map<string, BothWays>>()

/** Notes the output of a bidirectional layer. */
export function noteBothWays(scope: Scope, wire: string, both: BothWays): void {
  const known = outputs.get(scope) ?? new Map<string, BothWays>()
  outputs.set(scope, known.set(wire, both))
}

/**
 * Gives the final states of a bidirectional layer for its output, nothing for a sequence that has no
 * such layer behind it. Refuses what lies between: the two directions end at different steps, and a
 * layer of each step (a dropout draws a mask for it) has no result for both.
 */
export function finalStates(scope: Scope, x: Sequence): Vector | undefined {
  const known = outputs.get(scope)
  if (known === undefined) return undefined
  const wire = scope.wire(x)
  const own = known.get(wire)
  if (own !== undefined) return own.last()
  const [behind] = behindSteps(scope.nodes, wire).flatMap((it) => known.get(it) ?? [])
  if (behind === undefined) return undefined
  const expected = `the output of '${behind.layer}', which runs both ways, itself`
  const received = new Described(`a sequence made of it step by step, '${wire}'`)
  const advice =
    'put last() right behind the layer for the final state of each direction, or take lastStep()'
  throw mismatch('ERR_UNROLLED_GRAPH', 'last', expected, received, advice)
}

/** Finds the wires that a sequence's own step is made of. */
function behindSteps(nodes: readonly NodeJson[], wire: string): string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const found = new Set([wire])
  for (const it of found) {
    const node = byName.get(it)
    for (const from of node !== undefined && keepsSteps(node) ? node.inputs : []) found.add(from)
  }
  return [...found]
}

function keepsSteps({ op }: NodeJson): boolean {
  return typeof op === 'string'
    ? !['last', 'mean', 'max', 'sumOverTime'].includes(op)
    : !('scan' in op)
}
