import type { NumbersRequest } from '../compare/protocol.js'

/** The kinds of work: training, scaled dot attention between linear maps and alone, and generation. */
export const TASKS = ['train', 'attend', 'alone', 'greedy', 'beam'] as const
export type Task = (typeof TASKS)[number]

/** Sizes of the numbers of an item. */
export interface Widths {
  readonly embedding: number
  readonly hidden: number
}

/** The sizes of everything else, the same for both sides. */
export const SIZES = {
  vocabulary: 64,
  rows: 64,
  least: 20,
  most: 24,
  steps: 30,
  beams: 4,
} as const

/** The ids of a batch, row by row. */
export interface Texts {
  readonly source: readonly (readonly number[])[]
  readonly target: readonly (readonly number[])[]
}

/** A question to a side, with the work to open. */
export type Request = NumbersRequest<{
  readonly task: Task
  readonly widths: Widths
  readonly seed: number
  readonly model: string
  readonly texts: Texts
}>
