import type { Scope } from '../graph/scope.js'
import type { Sequence, Token, Tokens, Vector } from '../graph/value.js'

/** Repeats a vector or token on the axis of a number of steps; all such axes of one number are one. */
export function stepsOf(scope: Scope, x: Vector, count: number): Sequence
export function stepsOf(scope: Scope, x: Vector | Token, count: number): Sequence | Tokens
export function stepsOf(scope: Scope, x: Vector | Token, count: number): Sequence | Tokens {
  const axis = `${count} steps`
  return repeated(scope, x, axis, scope.node('repeat', { repeat: { steps: { count, axis } } }, [x]))
}

/** Repeats a vector or token at each step of another value. */
export function stepsLike(
  scope: Scope,
  x: Vector | Token,
  like: Sequence | Tokens,
): Sequence | Tokens {
  const wire = scope.node('repeat', { repeat: { steps: null } }, [x, like])
  return repeated(scope, x, like.axis, wire)
}

function repeated(scope: Scope, x: Vector | Token, axis: string, wire: string): Sequence | Tokens {
  if (x.kind === 'vector') {
    return scope.value<Sequence>({ kind: 'sequence', size: x.size, axis }, wire)
  }
  const { vocabularySize } = x
  return scope.value<Tokens>({ kind: 'tokens', vocabularySize, axis }, wire)
}
