import type { Precision } from './protocol.js'
import { readFloats } from './serve.js'
import type { Shape } from './shape.js'
import type { Side } from './side.js'
import { layersOf } from './weights.js'

/** The difference of two sides on the same weights and batch. */
export interface Difference {
  /** The largest of any output. */
  readonly output: number
  /** The difference of the loss, relative to the loss. */
  readonly loss?: number
  /** The largest of any gradient, relative to the largest gradient of the same parameter. */
  readonly gradient?: number
}

/** The largest differences with which a comparison of times means something. */
export const TOLERANCE: Readonly<Record<Precision, Required<Difference>>> = {
  f32: { output: 1e-4, loss: 1e-4, gradient: 1e-3 },
  // Eight bits of mantissa, through every step of time.
  bf16: { output: 5e-2, loss: 2e-2, gradient: 2e-1 },
}

/** The tolerance of a shape: a sum that rounds to the other side of relu's corner has another slope. */
export function toleranceOf({ activation }: Shape, precision: Precision): Required<Difference> {
  const tolerance = TOLERANCE[precision]
  return activation === 'relu' ? { ...tolerance, gradient: 10 * tolerance.gradient } : tolerance
}

/** The numbers of a side that is open. */
export interface Found {
  readonly outputs: Float32Array
  readonly loss?: number
  readonly gradients?: Float32Array
}

/** Asks a side for its outputs and, where the task is to train, loss and gradients, by a file. */
export async function numbersFrom(side: Side, shape: Shape, file: string): Promise<Found> {
  await side.ask({ ask: 'outputs', file })
  const outputs = readFloats(file)
  if (shape.task !== 'train') return { outputs }
  const { loss } = await side.ask({ ask: 'gradients', file })
  return { outputs, loss, gradients: readFloats(file) }
}

/** The difference of `theirs` from `ours`. */
export function differenceOf(shape: Shape, ours: Found, theirs: Found): Difference {
  const output = largestDifference(ours.outputs, theirs.outputs)
  if (ours.loss === undefined || ours.gradients === undefined) return { output }
  return {
    output,
    loss: Math.abs(ours.loss - (theirs.loss ?? Number.NaN)) / Math.abs(ours.loss),
    gradient: gradientDifference(shape, ours.gradients, theirs.gradients ?? new Float32Array()),
  }
}

/** Names each difference beyond its tolerance; undefined if there is none. */
export function tooFar(difference: Difference, tolerance: Difference): string | undefined {
  const names = ['output', 'loss', 'gradient'] as const
  // Written so that NaN is too far.
  const far = names.filter((name) => {
    const value = difference[name]
    return value !== undefined && !(value <= (tolerance[name] ?? 0))
  })
  if (far.length === 0) return undefined
  const words = far.map((name) => `${name} by ${difference[name]} (at most ${tolerance[name]})`)
  return `the numbers differ: ${words.join(', ')}`
}

function gradientDifference(shape: Shape, ours: Float32Array, theirs: Float32Array): number {
  if (ours.length !== theirs.length) return Number.NaN
  const parameters = (flat: Float32Array): Float32Array[] =>
    layersOf(shape, flat).flatMap((layer) => Object.values(layer))
  const others = parameters(theirs)
  return parameters(ours).reduce((most, mine, at) => {
    const difference = largestDifference(mine, others[at] ?? new Float32Array())
    // After one step alone the recurrent weights have no gradient, on either side.
    return worse(most, difference === 0 ? 0 : difference / largestOf(mine))
  }, 0)
}

function largestOf(values: Float32Array): number {
  return largestDifference(values, new Float32Array(values.length))
}

/** NaN of an answer stays NaN. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NaN
  let most = 0
  for (let at = 0; at < a.length; at++) {
    most = worse(most, Math.abs((a[at] ?? Number.NaN) - (b[at] ?? Number.NaN)))
  }
  return most
}

function worse(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b)
}
