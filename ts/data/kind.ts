import { mismatch } from '../errors.js'
import type { KindJson } from '../graph/json.js'
import type { Description } from '../native/contract.js'

/** What one row of data holds: so many numbers, or ids; a step each, or once. */
export type RowKind =
  | { readonly kind: 'vector'; readonly size: number }
  | { readonly kind: 'sequence'; readonly size: number }
  | { readonly kind: 'tokens' }
  | { readonly kind: 'token' }

/** A named input or target, and what its rows hold. */
export interface Port {
  readonly name: string
  readonly rows: RowKind
  /** The axis that its steps lie on; those of one axis have the same lengths. */
  readonly axis?: string | undefined
  /** An id outside the usual range that may be among its ids. */
  readonly ignored?: number | undefined
}

/** The rows of an input or output of a compiled model. */
export function rowKind(kind: KindJson): RowKind {
  if ('vector' in kind) return { kind: 'vector', size: kind.vector.size }
  if ('sequence' in kind) return { kind: 'sequence', size: kind.sequence.size }
  return { kind: 'tokens' in kind ? 'tokens' : 'token' }
}

/** The axis of time of an input or output that has one. */
export function axisOf(kind: KindJson): string | undefined {
  if ('sequence' in kind) return kind.sequence.axis
  return 'tokens' in kind ? kind.tokens.axis : undefined
}

/** Whether rows have steps. */
export function isTimed(kind: RowKind): boolean {
  return kind.kind === 'sequence' || kind.kind === 'tokens'
}

/** Whether rows hold ids. */
export function isIds(kind: RowKind): boolean {
  return kind.kind === 'tokens' || kind.kind === 'token'
}

/** Numbers a step, or a row without steps, takes in a flat array. */
export function widthOf(kind: RowKind): number {
  return 'size' in kind ? kind.size : 1
}

/** The shape of many rows, in words: `[rows, time, 3]`. */
export function shapeWords(kind: RowKind): string {
  const parts = ['rows']
  if (isTimed(kind)) parts.push('time')
  if ('size' in kind) parts.push(String(kind.size))
  return `[${parts.join(', ')}]`
}

/** `{ values }` is data as it is, not by name; the state stands beside the outputs of a prediction. */
const TAKEN = { input: ['values'], output: ['values', 'state'] } as const

/** The inputs or outputs of a compiled model; refuses names that mean something else beside data. */
export function portsOf(what: 'input' | 'output', ports: Description['inputs']): Port[] {
  return ports.map(({ name, kind }) => {
    if (TAKEN[what].some((taken) => taken === name)) {
      throw mismatch('ERR_UNROLLED_GRAPH', `${what} name`, 'a name that is not reserved', name)
    }
    return { name, rows: rowKind(kind), axis: axisOf(kind) }
  })
}
