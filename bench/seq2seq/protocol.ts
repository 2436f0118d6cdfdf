import type { Count, Hello, Sample } from '../compare/protocol.js'

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

/** A line of JSON to a side: who it is, the work to open, its numbers to a file, or the time of calls. */
export type Request =
  | { readonly ask: 'hello' }
  | {
      readonly ask: 'open'
      readonly task: Task
      readonly widths: Widths
      readonly seed: number
      readonly model: string
      readonly texts: Texts
    }
  | { readonly ask: 'numbers'; readonly file: string }
  | ({ readonly ask: 'sample' } & Count)

/** The answers by question. */
export interface Answers {
  readonly hello: Hello
  readonly open: object
  readonly numbers: object
  readonly sample: Sample
}
