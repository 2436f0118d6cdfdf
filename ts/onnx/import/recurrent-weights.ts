/** The weights and settings of RNN, LSTM and GRU nodes, direction by direction. */

import type { Sequence, Vector } from '../../index.js'
import { type Call, floatOf, floatsOf, inputAt, intOf, tensorAt, wordOf, wordsIn } from './call.js'
import { NodeFault } from './fault.js'
import { FUNCTIONS, type FunctionKind } from './functions.js'
import { plain } from './tensor.js'

/** A function of a gate with its numbers. */
export interface Gate {
  readonly name: string
  readonly kind: FunctionKind
  readonly alpha: number
  readonly beta: number
}

/** The weights of one direction, gates in the order of the file. */
export interface Direction {
  readonly reverse: boolean
  /** `[gates H, I]` */
  readonly w: Float32Array
  /** `[gates H, H]` */
  readonly r: Float32Array
  /** `[gates H]` each; left out together. */
  readonly bias: { readonly w: Float32Array; readonly r: Float32Array } | undefined
  /** Of an LSTM: `[3 H]`, of the gates i, o, f. */
  readonly peepholes: Float32Array | undefined
  readonly functions: readonly Gate[]
}

/** A recurrent node, checked. */
export interface Recurrent {
  readonly op: 'RNN' | 'LSTM' | 'GRU'
  readonly hidden: number
  readonly size: number
  readonly directions: readonly Direction[]
  readonly clip: number | undefined
  /** Of an LSTM: the forget gate is `1 - i`. */
  readonly coupled: boolean
  /** Of a GRU: the reset gate comes after the product. */
  readonly resetAfter: boolean
  readonly batchFirst: boolean
}

/** The states of all directions, one beside the other. */
export type States = Partial<Record<'h' | 'c', Vector>>

/** The results of a recurrent node: every step's h of all directions, and the last states. */
export interface Run {
  readonly output: Sequence
  readonly state: { readonly h: Vector; readonly c?: Vector }
}

const GATES = { RNN: 1, LSTM: 4, GRU: 3 } as const

const DEFAULTS = {
  RNN: ['tanh'],
  LSTM: ['sigmoid', 'tanh', 'tanh'],
  GRU: ['sigmoid', 'tanh'],
} as const

export function recurrentOf(call: Call): Recurrent {
  const op = call.op as Recurrent['op']
  const [w, r] = [matrixAt(call, 1), matrixAt(call, 2)]
  const [count = 0, rows = 0, size = 0] = w.dims
  const hidden = intOf(call, 'hidden_size', r.dims[2] ?? 0)
  const ways = waysOf(call)
  const wide = GATES[op] * hidden
  if (count !== ways.length || rows !== wide || r.dims.join() !== [count, wide, hidden].join()) {
    throw new NodeFault(
      `weights W [${ways.length}, ${wide}, inputs] and R [${ways.length}, ${wide}, ${hidden}]`,
      `[${w.dims.join(', ')}] and [${r.dims.join(', ')}]`,
    )
  }
  const biases = vectorAt(call, 3, count, 2 * wide)
  const peepholes = op === 'LSTM' ? vectorAt(call, 7, count, 3 * hidden) : undefined
  const functions = functionsOf(call, op, count)
  return {
    op,
    hidden,
    size,
    clip: clipOf(call),
    coupled: op === 'LSTM' && intOf(call, 'input_forget', 0) !== 0,
    resetAfter: intOf(call, 'linear_before_reset', 0) !== 0,
    batchFirst: intOf(call, 'layout', 0) === 1,
    directions: ways.map((reverse, d) => ({
      reverse,
      w: part(w.data, d, wide * size),
      r: part(r.data, d, wide * hidden),
      bias: biases && { w: part(biases, 2 * d, wide), r: part(biases, 2 * d + 1, wide) },
      peepholes: peepholes && part(peepholes, d, 3 * hidden),
      functions: functions[d] ?? [],
    })),
  }
}

function waysOf(call: Call): readonly boolean[] {
  const direction = wordOf(call, 'direction', 'forward').toLowerCase()
  if (direction === 'forward') return [false]
  if (direction === 'reverse') return [true]
  if (direction === 'bidirectional') return [false, true]
  throw new NodeFault('forward, reverse or bidirectional', JSON.stringify(direction))
}

function clipOf(call: Call): number | undefined {
  const clip = floatOf(call, 'clip', 0)
  if (!(clip >= 0)) throw new NodeFault('a clip above 0', String(clip))
  // The largest float, and 0 in older files, stand for none.
  return clip === 0 || clip >= 3.4e38 ? undefined : clip
}

/** Copies the numbers of the `index`-th part. */
function part(data: ArrayLike<number>, index: number, size: number): Float32Array {
  const copy = new Float32Array(size)
  for (let i = 0; i < size; i++) copy[i] = data[index * size + i] ?? 0
  return copy
}

function matrixAt(call: Call, index: number): { dims: readonly number[]; data: ArrayLike<number> } {
  inputAt(call, index)
  const tensor = tensorAt(call, index)
  if (tensor?.dims.length !== 3) {
    throw new NodeFault(`3 axes of input ${index}`, `[${tensor?.dims.join(', ') ?? ''}]`)
  }
  return { dims: tensor.dims, data: plain(tensor) }
}

function vectorAt(
  call: Call,
  index: number,
  count: number,
  size: number,
): ArrayLike<number> | undefined {
  const tensor = tensorAt(call, index)
  if (tensor === undefined) return undefined
  if (tensor.dims.join() !== [count, size].join()) {
    throw new NodeFault(`input ${index} of [${count}, ${size}]`, `[${tensor.dims.join(', ')}]`)
  }
  return plain(tensor)
}

/** The functions of each direction; their numbers are listed in turn for the functions that take some. */
function functionsOf(
  call: Call,
  op: Recurrent['op'],
  directions: number,
): readonly (readonly Gate[])[] {
  const each = DEFAULTS[op].length
  const all: readonly string[] =
    wordsIn(call, 'activations') ?? Array.from({ length: directions }, () => DEFAULTS[op]).flat()
  if (all.length !== each * directions) {
    throw new NodeFault(`${each * directions} activations`, String(all.length))
  }
  const [alphas, betas] = ['activation_alpha', 'activation_beta'].map((name) => [
    ...(floatsOf(call, name) ?? []),
  ])
  const gates = all.map((given): Gate => {
    const name = given.toLowerCase()
    const kind = FUNCTIONS.get(name)
    if (kind === undefined) throw new NodeFault('activations of ONNX', JSON.stringify(given))
    const alpha = kind.alpha === undefined ? 0 : (alphas?.shift() ?? kind.alpha)
    const beta = kind.beta === undefined ? 0 : (betas?.shift() ?? kind.beta)
    return { name, kind, alpha, beta }
  })
  return Array.from({ length: directions }, (_, d) => gates.slice(d * each, (d + 1) * each))
}
