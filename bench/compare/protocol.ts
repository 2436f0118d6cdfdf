import type { Shape } from './shape.js'

export const PRECISIONS = ['f32', 'bf16'] as const
export type Precision = (typeof PRECISIONS)[number]

/** Adam with one epsilon for everyone: the libraries' defaults differ. */
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const

/** The work of a side of the comparison, the same for all sides. */
export interface Work {
  readonly shape: Shape
  readonly precision: Precision
  readonly lengths: readonly number[]
  /** Files of raw f32 with the weights, the inputs and the targets. */
  readonly weights: string
  readonly x: string
  readonly y: string
}

/**
 * A line of JSON to a side, which is a process of its own:
 * - `hello`: who are you;
 * - `open`: build this work's model, in place of the one before;
 * - `outputs`: write the outputs `[batch, time, hidden]` to `file`;
 * - `gradients`: write the loss's gradients, ordered as the weights, to `file`; give the loss;
 * - `sample`: `calls` timed together, after one that is not counted if `warm`.
 */
export type Request =
  | { readonly ask: 'hello' }
  | { readonly ask: 'open'; readonly work: Work }
  | { readonly ask: 'outputs'; readonly file: string }
  | { readonly ask: 'gradients'; readonly file: string }
  | ({ readonly ask: 'sample' } & Count)

/** The number of calls of a sample. */
export interface Count {
  readonly calls: number
  readonly warm: boolean
}

/** The library that answers. */
export interface Hello {
  readonly version: string
  /** Further facts for the record: back end, threads. */
  readonly about: string
}

/** The way a model was built, or the reason against it. */
export interface Opened {
  /** The reason why this side has no such work. */
  readonly refused?: string
  /** The way that was taken, of several. */
  readonly note?: string
}

/** The answer to `gradients`. */
export interface Learned {
  readonly loss: number
}

/** Milliseconds a call: that passed, and of all threads of the process together. */
export interface Sample {
  readonly wall: number
  readonly processor: number
}

/** The answers by question. */
export interface Answers {
  readonly hello: Hello
  readonly open: Opened
  readonly outputs: object
  readonly gradients: Learned
  readonly sample: Sample
}

/**
 * A line of JSON to a side that gives its numbers as one list: who it is, the work to open, its numbers to a file, or the
 * time of calls.
 */
export type NumbersRequest<Open extends object> =
  | { readonly ask: 'hello' }
  | ({ readonly ask: 'open' } & Open)
  | { readonly ask: 'numbers'; readonly file: string }
  | ({ readonly ask: 'sample' } & Count)

/** The answers to {@link NumbersRequest}. */
export interface NumbersAnswers {
  readonly hello: Hello
  readonly open: object
  readonly numbers: object
  readonly sample: Sample
}

/** A line of JSON from a side: the answer, or what went wrong. */
export type Reply<A> =
  | { readonly id: number; readonly answer: A }
  | { readonly id: number; readonly error: string }
