import { mismatch } from '../errors.js'
import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import type { CellParameters } from './stack.js'

/** Adds `y = x Wᵀ + b` to a body, over all rows of `weight` or over some. */
export function linearNode(
  body: Scope,
  label: string,
  x: Vector,
  size: number,
  parameters: {
    readonly weight: string
    readonly bias: string | null
    readonly rows?: readonly [number, number]
  },
): Vector {
  const { weight, bias, rows = null } = parameters
  const wire = body.node(label, { linear: { weight, bias, rows } }, [x])
  return body.value({ kind: 'vector', size }, wire)
}

/** Adds the products of the input (`pre`) and of the hidden state (`rec`) with their weights. */
export function gateParts(
  body: Scope,
  { weightIh, weightHh, biasIh, biasHh }: CellParameters,
  x: Vector,
  h: Vector,
  gates: number,
): { pre: Vector; rec: Vector } {
  const size = gates * h.size
  return {
    pre: linearNode(body, 'pre', x, size, { weight: weightIh, bias: biasIh }),
    rec: linearNode(body, 'rec', h, size, { weight: weightHh, bias: biasHh }),
  }
}

/** Adds a node whose result has the shape of its first input. */
export function likeFirst(
  body: Scope,
  label: string,
  op: Parameters<Scope['node']>[1],
  inputs: readonly [Vector, ...Vector[]],
): Vector {
  return body.value(inputs[0], body.node(label, op, inputs))
}

/** Finds a state of the scan by name. */
export function stateOf(states: Readonly<Record<string, Vector>>, name: string): Vector {
  const state = states[name]
  if (state === undefined) {
    throw mismatch('ERR_UNROLLED_INTERNAL', 'cell', `a state ${name}`, state)
  }
  return state
}
