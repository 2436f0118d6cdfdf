import { adam, lstm, type Optimizer, sequential } from 'unrolled'
import { startWatch, type Time } from './measure.js'

/** The size of a training step: an LSTM layer whose every output is compared with a target. */
export interface Shape {
  readonly rows: number
  readonly time: number
  readonly inputSize: number
  readonly hiddenSize: number
}

/** Inputs and targets as flat `[rows, time, size]`. */
export interface Batch {
  readonly x: Float32Array
  readonly y: Float32Array
}

/** Adam with one epsilon for everyone: the libraries' defaults differ. */
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const

/** The model of a shape: one LSTM layer, nothing else. */
export function lstmModel({ inputSize, hiddenSize }: Shape) {
  return sequential([lstm({ inputSize, hiddenSize })], { seed: 1 })
}

/** Numbers between -1 and 1 that are the same in every run. */
export function randomBatch({ rows, time, inputSize, hiddenSize }: Shape): Batch {
  let state = 1
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  }
  return {
    x: Float32Array.from({ length: rows * time * inputSize }, next),
    y: Float32Array.from({ length: rows * time * hiddenSize }, next),
  }
}

/** The batch as `fit` takes it. */
export function examples(
  { rows, time, inputSize, hiddenSize }: Shape,
  { x, y }: Batch,
): {
  x: { values: Float32Array; shape: number[] }
  y: { values: Float32Array; shape: number[] }
} {
  return {
    x: { values: x, shape: [rows, time, inputSize] },
    y: { values: y, shape: [rows, time, hiddenSize] },
  }
}

/**
 * What one step of training takes, everything included, from the arrays in JavaScript to
 * the updated weights: the mean over `steps` steps of `train`, after two that are not counted.
 */
export async function timeStep(
  model: ReturnType<typeof lstmModel>,
  shape: Shape,
  batch: Batch,
  steps: number,
): Promise<Time> {
  const one = examples(shape, batch)
  const run = model.train(() => new Array(steps + 2).fill(one), {
    loss: 'meanSquared',
    optimizer: adam(ADAM),
  })
  let count = 0
  let watch = startWatch()
  let time = watch()
  for await (const event of run) {
    if (event.type !== 'step') continue
    count += 1
    if (count === 2) watch = startWatch()
    time = watch()
  }
  return { wall: time.wall / steps, processor: time.processor / steps }
}

/** One step of training with any optimizer; gives the loss before it. */
export async function stepOnce(
  model: ReturnType<typeof lstmModel>,
  shape: Shape,
  batch: Batch,
  optimizer: Optimizer,
): Promise<number> {
  const { epochs } = await model.fit([examples(shape, batch)], { loss: 'meanSquared', optimizer })
  return epochs[0]?.loss ?? NaN
}
