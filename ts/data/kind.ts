import { mismatch } from '../errors.js'
import type { KindJson } from '../graph/json.js'
import type { PortDescription } from '../native/description.js'

/** Content of one row of data: numbers, ids or weights of targets, for each step or once. */
export type RowKind =
  | { readonly kind: 'vector'; readonly size: number }
  | { readonly kind: 'sequence'; readonly size: number }
  | { readonly kind: 'tokens' }
  | { readonly kind: 'token' }
  | { readonly kind: 'weights' }
  | { readonly kind: 'weight' }

/** A named input or target. */
export interface Port {
  readonly name: string
  readonly rows: RowKind
  /** The axis of the steps; values of one axis have the same lengths. */
  readonly axis?: string | undefined
  /** Of ids: their number; each is below it. */
  readonly ids?: number | undefined
  /** An id outside the range of ids that data may hold all the same. */
  readonly ignored?: number | undefined
  /** The activation function that an output ends in. */
  readonly last?: string | undefined
  /** `true` for the parents of the nodes of a forest, which the data of a tree holds. */
  readonly parents?: boolean | undefined
  /** `false` for items whose ids are not looked at. */
  readonly counts?: ((row: number, step: number) => boolean) | undefined
}

/** Gives the rows of an input or output of a compiled model. */
export function rowKind(kind: KindJson): RowKind {
  if ('vector' in kind) return { kind: 'vector', size: kind.vector.size }
  if ('sequence' in kind) return { kind: 'sequence', size: kind.sequence.size }
  return { kind: 'tokens' in kind || 'forest' in kind ? 'tokens' : 'token' }
}

/** Gives the time axis of an input or output, if it has one. */
export function axisOf(kind: KindJson): string | undefined {
  if ('sequence' in kind) return kind.sequence.axis
  if ('forest' in kind) return kind.forest.axis
  if ('alignment' in kind) return kind.alignment.axis ?? undefined
  return 'tokens' in kind ? kind.tokens.axis : undefined
}

/** Gives the number of ids of an input of ids. */
function idsOf(kind: KindJson): number | undefined {
  if ('tokens' in kind) return kind.tokens.vocabulary
  return 'token' in kind ? kind.token.vocabulary : undefined
}

/** Tells if rows have steps. */
export function isTimed(kind: RowKind): boolean {
  return kind.kind === 'sequence' || kind.kind === 'tokens' || kind.kind === 'weights'
}

/** Tells if rows hold ids. */
export function isIds(kind: RowKind): boolean {
  return kind.kind === 'tokens' || kind.kind === 'token'
}

/** Gives the elements of a step, or of a row without steps, in a flat array. */
export function widthOf(kind: RowKind): number {
  return 'size' in kind ? kind.size : 1
}

/** Describes the shape of many rows: `[rows, time, 3]`. */
export function shapeWords(kind: RowKind): string {
  const parts = ['rows']
  if (isTimed(kind)) parts.push('time')
  if ('size' in kind) parts.push(String(kind.size))
  return `[${parts.join(', ')}]`
}

/** The parent of a root. */
const NO_PARENT = -1

/** Reserved: `{ values }` is packed data, and `state` is a key of every prediction. */
const TAKEN = { input: ['values'], output: ['values', 'state'] } as const

/** Gives the inputs or outputs of a compiled model; refuses reserved names. */
export function portsOf(what: 'input' | 'output', ports: readonly PortDescription[]): Port[] {
  return ports.map(({ name, kind }) => {
    if (TAKEN[what].some((taken) => taken === name)) {
      throw mismatch('ERR_UNROLLED_GRAPH', `${what} name`, 'a name that is not reserved', name)
    }
    const port = { name, rows: rowKind(kind), axis: axisOf(kind), ids: idsOf(kind) }
    return 'forest' in kind ? { ...port, ignored: NO_PARENT, parents: true } : port
  })
}
