// Runs that are stopped and resumed, each with other parts of a training run; in a process of its own as well.
import { createHash } from 'node:crypto'
import {
  adagrad,
  adamw,
  type CheckpointOptions,
  dense,
  dropout,
  type EpochRecord,
  embedding,
  graph,
  gru,
  linearDecay,
  lstm,
  type Metric,
  type Model,
  pool,
  rmsprop,
  sequential,
  sgd,
  type TrainOptions,
  treeLstm,
} from 'unrolled'

/** A number that looks like noise, from -1 to 1. */
const noise = (...at: number[]): number =>
  Math.sin(at.reduce((sum, it, i) => sum + it * (12.9898 + 65.233 * i), 0.7) * 437.5453) ** 3

const ragged = (rows: number, seed: number) => ({
  x: Array.from({ length: rows }, (_, row) =>
    Array.from({ length: 2 + ((row * 5 + seed) % 7) }, (_, t) => [
      noise(row, t, seed),
      noise(t, row),
    ]),
  ),
  y: Array.from({ length: rows }, (_, row) => (row * 3 + seed) % 2),
})

const even = (rows: number, time: number, seed: number) => ({
  x: Array.from({ length: rows }, (_, row) =>
    Array.from({ length: time }, (_, t) => [noise(row, t, seed), noise(t, row)]),
  ),
  y: Array.from({ length: rows }, (_, row) =>
    Array.from({ length: time }, (_, t) => [noise(t, row, seed + 1)]),
  ),
})

const classifier = (hiddenSize: number, zoneout = 0) =>
  sequential([
    gru({ inputSize: 2, hiddenSize, zoneout }),
    pool('mean'),
    dropout({ rate: 0.2 }),
    dense({ size: 2 }),
  ])

const tagger = () =>
  sequential([lstm({ inputSize: 2, hiddenSize: 5 }), dropout({ rate: 0.1 }), dense({ size: 1 })])

const worst: Metric = {
  name: 'worst',
  compute: ({ outputs }) =>
    Math.max(...Object.values(outputs).flatMap(({ values }) => [...values])),
}

type Given = Omit<TrainOptions, 'checkpoint' | 'resume' | 'signal'>

interface Start {
  readonly model: Model
  readonly data: unknown
  readonly options: Given
}

/** A run and its first part are made anew by each call. */
export const RUNS: Readonly<Record<string, () => Start>> = {
  'adam, dropout, shuffled, early stopping': () => ({
    model: classifier(6),
    data: ragged(45, 1),
    options: {
      loss: 'crossEntropy',
      metrics: ['accuracy', 'perplexity'],
      epochs: 5,
      batchSize: 8,
      seed: 3,
      validation: ragged(13, 2),
      earlyStopping: { patience: 2, monitor: 'validationAccuracy' },
    },
  }),
  'momentum, zoneout, schedule, clip, accumulated': () => ({
    model: classifier(5, 0.15),
    data: ragged(70, 4),
    options: {
      loss: 'crossEntropy',
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      schedule: linearDecay({ warmup: 4, steps: 20 }),
      clip: { norm: 0.5 },
      epochs: 4,
      batchSize: 6,
      accumulate: 3,
    },
  }),
  'rmsprop, carried states, a custom metric, a function that reads step': () => ({
    model: tagger(),
    data: async function* ({ epoch, step }: { epoch: number; step: number }) {
      for (let at = step; at < 6; at++) yield even(4, 5, 100 * epoch + at)
    },
    options: {
      loss: 'meanSquared',
      optimizer: rmsprop({ momentum: 0.3 }),
      epochs: 3,
      carry: true,
      metrics: [worst],
    },
  }),
  'adagrad, frozen, averaged, early stopping on the average': () => ({
    model: classifier(4),
    data: ragged(40, 7),
    options: {
      loss: 'crossEntropy',
      optimizer: adagrad({ learningRate: 0.1 }),
      epochs: 5,
      batchSize: 8,
      frozen: 'dense.bias',
      average: { decay: 0.8 },
      validation: () => [ragged(9, 8)],
      earlyStopping: { patience: 2 },
    },
  }),
  'adamw, async batches that do not know where they begin': () => ({
    model: tagger(),
    data: async function* () {
      for (let at = 0; at < 7; at++) yield even(3, 4 + (at % 3), at)
    },
    options: { loss: 'huber', optimizer: adamw({ weightDecay: 0.1 }), epochs: 3 },
  }),
  'trees, unshuffled': () => ({
    model: graph({ words: { tree: { vocabularySize: 7 } } }, ({ words }) => {
      const { output } = treeLstm({ hiddenSize: 6, children: 2 })(embedding({ size: 4 })(words))
      return { scores: dense({ size: 3 })(output) }
    }) as unknown as Model,
    data: {
      x: Array.from({ length: 20 }, (_, row) => ({
        parents: row % 2 === 0 ? [1, -1] : [2, 2, -1],
        values: row % 2 === 0 ? [row % 7, 1] : [2, row % 7, 3],
      })),
      y: Array.from({ length: 20 }, (_, row) => (row % 2 === 0 ? [0, row % 3] : [1, 2, row % 3])),
    },
    options: { loss: 'crossEntropy', epochs: 4, batchSize: 4, shuffle: false },
  }),
  'an array of batches': () => ({
    model: classifier(5),
    data: [1, 2, 3, 4, 5].map((seed) => ragged(5 + seed, seed)),
    options: { loss: 'crossEntropy', epochs: 4, seed: 9 },
  }),
}

/** Everything that a run ends with, but the time it took. */
export interface Ending {
  readonly weights: string
  readonly history: readonly string[]
}

const digest = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16)

export function endingOf(model: Model, epochs: readonly EpochRecord[]): Ending {
  return {
    weights: digest(model.toBytes()),
    history: epochs.map(({ seconds, ...scores }) => digest(JSON.stringify(scores))),
  }
}

/** Trains a run to its end, from its last checkpoint if there is one; `began` is called at the first step. */
export async function runToEnd(
  name: string,
  checkpoint?: CheckpointOptions,
  began?: () => void,
  signal?: AbortSignal,
): Promise<Ending> {
  const { model, data, options } = (RUNS[name] as () => Start)()
  const resumed = checkpoint && { checkpoint, resume: 'latest', ...(signal && { signal }) }
  const epochs: EpochRecord[] = []
  for await (const event of model.train(
    data as never,
    { ...options, ...resumed } as TrainOptions,
  )) {
    if (event.type === 'step') began?.()
    else epochs.push(event.record)
  }
  return endingOf(model, epochs)
}
