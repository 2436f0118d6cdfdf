import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import type { CellParameters } from './kind.js'
import type { CellSettings } from './recurrent.js'

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

/** Adds the product of the input with its weights, `pre`, and of the context, if there is one, with its own. */
export function inputPart(
  body: Scope,
  { weightIh, biasIh, context }: CellParameters,
  x: Vector,
  size: number,
): Vector {
  const pre = linearNode(body, 'pre', x, size, { weight: weightIh, bias: biasIh })
  if (context === undefined) return pre
  const { value, weight } = context
  const more = linearNode(body, 'context', value, size, { weight, bias: null })
  return likeFirst(body, 'pre_context', 'add', [pre, more])
}

/** Adds the product of the hidden state with its weights, `rec`. */
export function statePart(
  body: Scope,
  { weightHh, biasHh }: CellParameters,
  h: Vector,
  size: number,
): Vector {
  return linearNode(body, 'rec', h, size, { weight: weightHh, bias: biasHh })
}

/** Adds the dropout of the state in its products: one mask a row, the same at each step. */
export function droppedState(body: Scope, { recurrentDropout: rate }: CellSettings, h: Vector) {
  if (rate === 0) return h
  return likeFirst(body, 'recurrent_dropout', { dropout: { rate, fixed: true } }, [h])
}

/** Adds a node that takes `size` numbers from `start` on. */
export function part(body: Scope, label: string, from: Vector, start: number, size: number) {
  return body.value({ ...from, size }, body.node(label, { slice: { start, size } }, [from]))
}

/** Adds a node that subtracts from 1. */
export function complement(body: Scope, label: string, x: Vector): Vector {
  return likeFirst(body, label, { affine: { scale: -1, shift: 1 } }, [x])
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

/** Adds the sigmoid of the gate at a place of its pre-activations. */
export function openness(body: Scope, name: string, sum: Vector, at: number, size: number): Vector {
  const pre = part(body, `pre_${name}`, sum, at * size, size)
  return likeFirst(body, name, { activation: 'sigmoid' }, [pre])
}
