import {
  type AnyValues,
  add,
  dense,
  embedding,
  type GenerateOptions,
  graph,
  gru,
  type LogProbabilityOptions,
  type Model,
  parameter,
  sequential,
  tanh,
} from 'unrolled'

/** Ids of the models with a way to stop. */
export const IDS = 3

/** Lengths 0, 1, 2, 3 that one of them predicts. */
export const LENGTHS = 4

const ids = { tokens: { vocabularySize: IDS } } as const

/** A language model of so many ids. */
export function language(vocabularySize: number, seed = 3) {
  return sequential(
    [
      embedding({ vocabularySize, size: 5 }),
      gru({ hiddenSize: 9 }),
      dense({ size: vocabularySize }),
    ],
    { seed },
  )
}

/** A model whose output `stop` ends sequences. */
export function stopping() {
  return graph(
    { ids },
    ({ ids }) => {
      const { output } = gru({ hiddenSize: 7 })(embedding({ size: 4 })(ids))
      return { scores: dense({ size: IDS })(output), stop: dense({ size: 1, name: 'end' })(output) }
    },
    { seed: 5 },
  )
}

/** A model that predicts the length of a sequence first. */
export function measuring() {
  return graph(
    { ids, remaining: { sequence: { size: 1 } } },
    ({ ids, remaining }) => {
      const { output } = gru({ hiddenSize: 7 })(embedding({ size: 4 })(ids))
      const hidden = tanh(add(output, dense({ size: 7, name: 'left' })(remaining)))
      const scores = dense({ size: IDS })(hidden)
      return {
        scores,
        length: dense({ size: LENGTHS, name: 'lengths' })(
          parameter(2, { name: 'p', initializer: { normal: 1 } }),
        ),
      }
    },
    { seed: 6 },
  )
}

/** A model with a way to stop, and the options that say so to each call. */
export interface Way {
  readonly name: string
  readonly model: Model<AnyValues, AnyValues>
  readonly generate: Partial<GenerateOptions>
  readonly measure: LogProbabilityOptions
}

/** The three ways to stop. */
export function ways(): Way[] {
  const length = { output: 'length', remaining: 'remaining' }
  const all = [
    { name: 'end token', model: language(IDS), generate: { endToken: 1 }, measure: {} },
    { name: 'stop', model: stopping(), generate: { stop: 'stop' }, measure: { stop: 'stop' } },
    { name: 'length', model: measuring(), generate: { length }, measure: { length } },
  ]
  return all as unknown as Way[]
}

/** All sequences of `length` ids. */
export function sequences(length: number): number[][] {
  if (length === 0) return [[]]
  return sequences(length - 1).flatMap((head) =>
    Array.from({ length: IDS }, (_, id) => [...head, id]),
  )
}

/** The inputs of a model that give these sequences: each after `start`, one step late. */
export function late(start: number, rows: readonly (readonly number[])[]): number[][] {
  return rows.map((row) => (row.length === 0 ? [] : [start, ...row.slice(0, -1)]))
}

/** The logarithms of the softmax. */
export function logSoftmax(logits: ArrayLike<number>): number[] {
  const all = Array.from(logits)
  const most = Math.max(...all)
  const sum = all.reduce((total, x) => total + Math.exp(x - most), 0)
  return all.map((x) => x - most - Math.log(sum))
}
