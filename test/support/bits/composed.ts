import {
  add,
  affine,
  binaryCrossEntropy,
  cell,
  concat,
  dense,
  embedding,
  graph,
  gru,
  huber,
  layerNorm,
  linear,
  linearDecay,
  lstm,
  max,
  meanSquared,
  mix,
  multiply,
  scan,
  shift,
  sigmoid,
  slice,
  tanh,
} from 'unrolled'
import { Draw } from './data.js'
import { optimizers } from './options.js'
import { type Digests, digests } from './record.js'

/** An LSTM whose pre-activations and memory are normalized. */
export const normedLstm = (units: number) =>
  cell({ h: units, c: units }, ({ h, c }, x) => {
    const sums = add(
      layerNorm({ name: 'norm_x' })(linear(4 * units, { bias: false, name: 'from_x' })(x)),
      layerNorm({ name: 'norm_h' })(linear(4 * units, { name: 'from_h' })(h)),
    )
    const part = (place: number) => slice({ start: place * units, size: units })(sums)
    const kept = multiply(sigmoid(part(1)), c)
    const memory = add(kept, multiply(sigmoid(part(0)), tanh(part(2))))
    return { h: multiply(sigmoid(part(3)), tanh(layerNorm()(memory))), c: memory }
  })

/** A GRU whose reset gate comes before the product, with an output next to its state. */
export const resetBefore = (units: number) =>
  cell({ h: units }, ({ h }, x) => {
    const both = concat(h, x)
    const reset = sigmoid(linear(units, { name: 'reset' })(both))
    const update = sigmoid(linear(units, { name: 'update' })(both))
    const fresh = tanh(linear(units, { name: 'fresh' })(concat(multiply(reset, h), x)))
    const next = mix(fresh, h, update)
    return { h: next, output: affine(next, { scale: 1.5, shift: -0.25 }) }
  })

/** Cells of one's own, one on the other. */
export function ownCells(): Promise<Digests> {
  const draw = new Draw(17)
  const model = graph(
    ({ input }) => {
      const x = input.sequence('x', { size: 5 })
      const below = scan(normedLstm(19), { name: 'normed' })(x)
      const above = scan(resetBefore(13), { name: 'reset_before' })(below.output)
      return { y: dense({ size: 3 })(above.output) }
    },
    { seed: 40 },
  )
  const lengths = draw.lengths(19, 1, 51)
  const data = { x: { x: draw.sequences(lengths, 5) }, y: draw.sequences(lengths, 3) }
  const schedule = linearDecay({ warmup: 7, steps: 55, minimum: 0.1 })
  const optimizer = optimizers.adam(0.01, { weightDecay: 0.01 })
  return digests(model, {
    data,
    options: {
      loss: 'meanSquared',
      optimizer,
      schedule,
      clip: { norm: 0.3 },
      batchSize: 10,
      epochs: 25,
      seed: 1,
    },
    other: { x: draw.sequences([9, 1, 29], 5) },
    pushes: draw.vectors(20, 5),
  })
}

/** Two axes of time, four outputs, and a batch an epoch whose gradient is not finite. */
export function encoderDecoder(): Promise<Digests> {
  const draw = new Draw(18)
  const model = graph(
    ({ input }) => {
      const source = input.sequence('source', { size: 5, axis: 'source' })
      const target = input.tokens('target', { vocabularySize: 7, axis: 'target' })
      const encoded = lstm({ hiddenSize: 37, name: 'encoder' })(source)
      const words = embedding({ size: 6 })(shift({ start: 0 })(target))
      const initial = { h: dense({ size: 23, activation: 'tanh' })(encoded.state.c) }
      const decoded = gru({ hiddenSize: 23, name: 'decoder' })(words, { initial })
      return {
        next: dense({ size: 7, name: 'next' })(decoded.output),
        level: dense({ size: 2, name: 'level' })(decoded.output),
        marks: dense({ size: 1, name: 'marks' })(encoded.output),
        rest: dense({ size: 4, name: 'rest' })(max()(encoded.output)),
      }
    },
    { seed: 50 },
  )
  const [sources, targets] = [draw.lengths(38, 1, 51), draw.lengths(38, 1, 53)]
  const rest = draw.vectors(38, 4)
  // Its gradient is beyond the largest number.
  rest[7] = [-3.4e38, 0.5, -0.5, 0.25]
  const bits = (lengths: readonly number[]) => draw.tokens(lengths, 2).map((row) => row.map(marked))
  const data = {
    x: { source: draw.sequences(sources, 5), target: draw.tokens(targets, 7) },
    y: {
      next: draw.tokens(targets, 7),
      level: draw.sequences(targets, 2),
      marks: bits(sources),
      rest,
    },
  }
  const loss = {
    next: 'crossEntropy',
    level: huber({ delta: 0.4, weight: 2 }),
    marks: binaryCrossEntropy({ reduction: 'sum', weight: 0.01 }),
    rest: meanSquared({ reduction: 'sum', weight: 2 }),
  } as const
  const optimizer = optimizers.adam(0.01)
  return digests(model, {
    data,
    options: { loss, optimizer, batchSize: 19, epochs: 25, onNonFinite: 'skip', seed: 3 },
    other: { source: draw.sequences([3, 25], 5), target: draw.tokens([17, 5], 7) },
  })
}

function marked(bit: number): number[] {
  return [bit]
}
