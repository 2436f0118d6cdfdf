import type { KindJson } from '../../index.js'

/**
 * A value in ONNX: numbers `[batch, size]`, with an axis `[batch, steps, size]`; ids without the size. In the body of a loop
 * a value of each step is one of each row.
 */
export interface Held {
  readonly name: string
  /** `weights` are those of an attention, for each step of `memory`. */
  readonly of: 'numbers' | 'ids' | 'weights'
  /** Numbers, or ids that there are; 0 of weights. */
  readonly size: number
  readonly axis?: string | undefined
  readonly memory?: string
  /** True for numbers `[size]`, the same in every row. */
  readonly given?: boolean
}

/** The results of a node by port; '' is that of a wire without one. */
export type Ports = ReadonlyMap<string, Held>

/** A result alone. */
export function port(held: Held): Ports {
  return new Map([['', held]])
}

/** Results by port, the first of which is also that of a wire without a port. */
export function ports(named: readonly (readonly [string, Held])[]): Ports {
  const [first] = named
  return new Map([...(first === undefined ? [] : [['', first[1]] as const]), ...named])
}

/** A value of an input's kind; nothing for a forest, whose shape no operator reads. */
export function heldOf(name: string, kind: KindJson): Held | undefined {
  if ('vector' in kind) return { name, of: 'numbers', size: kind.vector.size }
  if ('sequence' in kind) return { name, of: 'numbers', ...kind.sequence }
  if ('token' in kind) return { name, of: 'ids', size: kind.token.vocabulary }
  if (!('tokens' in kind)) return undefined
  return { name, of: 'ids', size: kind.tokens.vocabulary, axis: kind.tokens.axis }
}
