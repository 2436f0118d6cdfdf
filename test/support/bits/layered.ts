import {
  dense,
  dropout,
  embedding,
  graph,
  gru,
  huber,
  last,
  layerNorm,
  linearDecay,
  lstm,
  mean,
  rnn,
  sequential,
} from 'unrolled'
import { Draw } from './data.js'
import { optimizers, pytorch } from './options.js'
import { type Digests, digests } from './record.js'

// Three blocks of 16 steps or more in a sum: the order of two changes no bit.

/** A stack with dropout, classes at each step, rows of any length, one of them empty. */
export function stackedLstm(): Promise<Digests> {
  const draw = new Draw(11)
  const model = sequential(
    [lstm({ inputSize: 5, hiddenSize: 37, numLayers: 2, dropout: 0.3 }), dense({ size: 7 })],
    { seed: 3 },
  )
  const lengths = [...draw.lengths(18, 1, 55), 0]
  const data = { x: draw.sequences(lengths, 5), y: draw.tokens(lengths, 7) }
  const optimizer = optimizers.adam(0.01)
  return digests(model, {
    data,
    options: { loss: 'crossEntropy', optimizer, batchSize: 4, epochs: 10, seed: 5 },
    other: draw.sequences([9, 1, 0, 31, 17], 5),
    pushes: draw.vectors(20, 5),
  })
}

/** Both directions, from states that are given, over tokens of which one is padding. */
export function bidirectionalGru(): Promise<Digests> {
  const draw = new Draw(12)
  const model = graph(
    ({ input }) => {
      const words = embedding({ size: 9, padding: 0 })(
        input.tokens('words', { vocabularySize: 13 }),
      )
      const h = dense({ size: 42 })(input.vector('start', { size: 3 }))
      const both = gru({ hiddenSize: 21, bidirectional: true, ...pytorch })(words, {
        initial: { h },
      })
      return {
        tags: dense({ size: 6 })(both.output),
        kind: dense({ size: 4 })(mean()(both.output)),
      }
    },
    { seed: 8 },
  )
  const inputs = (lengths: readonly number[]) => ({
    words: draw.tokens(lengths, 13),
    start: draw.vectors(lengths.length, 3),
  })
  const lengths = draw.lengths(38, 1, 53)
  const data = {
    x: inputs(lengths),
    y: { tags: draw.tokens(lengths, 6), kind: draw.ids(lengths.length, 4) },
  }
  const loss = { tags: 'crossEntropy', kind: 'crossEntropy' } as const
  const optimizer = optimizers.adamw(0.01)
  return digests(model, {
    data,
    options: { loss, optimizer, batchSize: 19, epochs: 25, seed: 2 },
    other: inputs([5, 27, 1]),
  })
}

/** A long sequence in segments of time, the layer below and dropout computed once more. */
export function checkpointedLstm(memory: 'sqrt' | number): Promise<Digests> {
  const draw = new Draw(13)
  const model = sequential(
    [
      lstm({ inputSize: 5, hiddenSize: 19, numLayers: 2, dropout: 0.2 }),
      layerNorm(),
      dropout({ rate: 0.1, fixed: true }),
      dense({ size: 3, activation: 'tanh' }),
    ],
    { seed: 21 },
  )
  const lengths = draw.lengths(19, 85, 131)
  const data = { x: draw.sequences(lengths, 5), y: draw.sequences(lengths, 3) }
  const optimizer = optimizers.rmsprop(0.002)
  return digests(model, {
    data,
    options: { loss: huber({ delta: 0.5 }), optimizer, memory, epochs: 50, seed: 9 },
    other: draw.sequences([141, 7], 5),
    pushes: draw.vectors(20, 5),
  })
}

/** Losses that go back a part of the way. */
export function truncated(): Promise<Digests> {
  const draw = new Draw(14)
  const model = sequential(
    [
      rnn({ inputSize: 5, hiddenSize: 17, ...pytorch }),
      gru({ hiddenSize: 37 }),
      dense({ size: 3 }),
    ],
    { seed: 1 },
  )
  const lengths = draw.lengths(38, 1, 61)
  const data = { x: draw.sequences(lengths, 5), y: draw.sequences(lengths, 3) }
  const truncate = { k1: 7, k2: 39 }
  const optimizer = optimizers.adagrad(0.03)
  return digests(model, {
    data,
    options: { loss: 'meanAbsolute', optimizer, truncate, batchSize: 19, epochs: 25, seed: 4 },
    other: draw.sequences([3, 33], 5),
    pushes: draw.vectors(20, 5),
  })
}

/** Batches ready made, each from the states that the one before ended with. */
export function carried(): Promise<Digests> {
  const draw = new Draw(15)
  const model = sequential(
    [
      embedding({ vocabularySize: 11, size: 7 }),
      gru({ hiddenSize: 23, numLayers: 2, resetAfter: false }),
      rnn({ hiddenSize: 13, activation: 'relu', bias: false }),
      dense({ size: 11, bias: false }),
    ],
    { seed: 30 },
  )
  const batch = () => {
    const lengths = Array.from({ length: 19 }, () => 51)
    return { x: draw.tokens(lengths, 11), y: draw.tokens(lengths, 11) }
  }
  const optimizer = optimizers.nesterov(0.3)
  return digests(model, {
    data: Array.from({ length: 50 }, batch),
    options: { loss: 'crossEntropy', optimizer, clip: { value: 0.005 }, carry: true, seed: 4 },
    other: draw.tokens([3, 21], 11),
    pushes: draw.ids(20, 11),
  })
}

/** Operands in bf16: the bits are those of the instructions that multiply them. */
export function roundedLstm(): Promise<Digests> {
  const draw = new Draw(16)
  const model = sequential(
    [
      lstm({ inputSize: 5, hiddenSize: 37, ...pytorch }),
      lstm({ hiddenSize: 19, forgetBias: 0.5 }),
      last(),
      dense({ size: 3 }),
    ],
    { seed: 6, precision: 'bf16' },
  )
  const data = { x: draw.sequences(draw.lengths(37, 3, 51), 5), y: draw.ids(37, 3) }
  const schedule = linearDecay({ warmup: 5, steps: 60 })
  const optimizer = optimizers.adam(0.01)
  return digests(model, {
    data,
    options: { loss: 'crossEntropy', optimizer, schedule, batchSize: 19, epochs: 25 },
    other: draw.sequences([9, 31], 5),
    pushes: draw.vectors(20, 5),
  })
}
