import { adam, dense, last, lstm, sequential } from 'unrolled'

/** Numbers that follow no pattern, the same each time. */
export function numbers(count: number, seed = 1): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(Math.sin((i + 1) * 12.9898 * seed)))
}

export function steps(count: number, size: number, seed = 1): number[][] {
  const flat = numbers(count * size, seed)
  return Array.from({ length: count }, (_, t) => flat.slice(t * size, (t + 1) * size))
}

export const tagger = () =>
  sequential([lstm({ inputSize: 3, hiddenSize: 5, numLayers: 2 }), dense({ size: 2 })], { seed: 3 })

/** Sequences of one number a step; the target is the last. */
export function rows(count: number, time = 5) {
  const x = Array.from({ length: count }, (_, row) =>
    Array.from({ length: 1 + ((row * 3) % time) }, (_, t) =>
      Math.fround(Math.sin(row * 7 + t * 3)),
    ),
  )
  return { x, y: x.map((row) => row.slice(-1)) }
}

export const regressor = (seed = 1) =>
  sequential([lstm({ inputSize: 1, hiddenSize: 7 }), last(), dense({ size: 1 })], { seed })

export const options = { loss: 'meanSquared', optimizer: adam({ learningRate: 0.01 }) } as const
