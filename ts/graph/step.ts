import type { Scope } from './scope.js'

/** The bodies whose steps are being built, the innermost last. */
const bodies: Scope[] = []

/** Builds a cell's step; the layers that `build` makes belong to the body. */
export function buildStep<R>(body: Scope, build: () => R): R {
  bodies.push(body)
  try {
    return build()
  } finally {
    bodies.pop()
  }
}

/** Gives the body whose step is being built; none outside of cells. */
export function currentBody(): Scope | undefined {
  return bodies.at(-1)
}
