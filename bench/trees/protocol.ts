import type { NumbersRequest } from '../compare/protocol.js'

/** The ways that the same step of training is taken. */
export const WAYS = ['batched', 'nodes', 'recursion', 'levels'] as const
export type Way = (typeof WAYS)[number]

/** The sizes of everything, the same for all ways. */
export const SIZES = { rows: 64, leaves: 40, input: 150, hidden: 150, classes: 5 } as const

/** The trees of a batch, row by row. */
export interface Trees {
  /** The parent of each node, -1 of the root; children before their parents. */
  readonly parents: readonly (readonly number[])[]
  /** The class of each node. */
  readonly classes: readonly (readonly number[])[]
}

/** A question to a side, with the work to open. */
export type Request = NumbersRequest<{
  readonly way: Way
  readonly model: string
  readonly trees: Trees
}>
