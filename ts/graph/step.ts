import type { Scope } from './scope.js'

/** The graphs and bodies that are being built, the innermost last. */
const scopes: Scope[] = []

/** Builds a graph, or a cell's step; the layers that `build` makes belong to the scope. */
export function buildIn<R>(scope: Scope, build: () => R): R {
  scopes.push(scope)
  try {
    return build()
  } finally {
    scopes.pop()
  }
}

/** Gives the innermost graph or body that is being built; none outside of both. */
export function currentScope(): Scope | undefined {
  return scopes.at(-1)
}
