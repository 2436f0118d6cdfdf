/** Recurrent nodes as the layers `rnn`, `lstm` and `gru`, whose steps are fused. */
import {
  type GruOptions,
  gru,
  lstm,
  type RecurrentActivation,
  rnn,
  type Sequence,
} from '../../index.js'
import type { Call } from './call.js'
import type { Direction, Gate, Recurrent, Run, States } from './recurrent-weights.js'

/** The functions that the layers have under another or the same name, where they have no numbers of their own. */
const NAMES: Readonly<Record<string, RecurrentActivation>> = {
  tanh: 'tanh',
  relu: 'relu',
  sigmoid: 'sigmoid',
  softplus: 'softplus',
}

function nameOf(gate: Gate | undefined): RecurrentActivation | undefined {
  if (gate?.name === 'affine' && gate.alpha === 1 && gate.beta === 0) return 'identity'
  if (gate?.name === 'leakyrelu' && gate.alpha === Math.fround(0.01)) return 'leakyRelu'
  if (gate?.name === 'elu' && gate.alpha === 1) return 'elu'
  return NAMES[gate?.name ?? '']
}

/** The one function besides the gates, if a layer has it for all directions. */
function activationOf({ op, directions }: Recurrent): RecurrentActivation | undefined {
  const names = directions.flatMap(({ functions }) => {
    const own = op === 'RNN' ? functions : functions.slice(1)
    const gates = op === 'RNN' || functions[0]?.name === 'sigmoid'
    return own.map((gate) => (gates ? nameOf(gate) : undefined))
  })
  return names.every((name) => name === names[0]) ? names[0] : undefined
}

/** Runs the node by a fused layer; nothing where none computes the same. */
export function runFused(
  call: Call,
  node: Recurrent,
  x: Sequence,
  initial: States,
  notes: readonly string[],
): Run | undefined {
  const activation = activationOf(node)
  if (activation === undefined || node.clip !== undefined) return undefined
  const name = call.build.unique(call.node.name || node.op.toLowerCase())
  const [first] = node.directions
  const options = {
    hiddenSize: node.hidden,
    bidirectional: node.directions.length === 2,
    ...(node.directions.length === 1 && { reverse: first?.reverse === true }),
    bias: first?.bias !== undefined,
    activation,
    name,
  }
  const layer =
    node.op === 'RNN'
      ? rnn(options)
      : node.op === 'GRU'
        ? gru({ ...options, resetAfter: node.resetAfter } as GruOptions<number, number, boolean>)
        : lstm({
            ...options,
            coupledGates: node.coupled,
            peepholes: first?.peepholes !== undefined,
          })
  const { parameters, gates } = parametersOf(name, node)
  call.build.match(call.node.name || name, parameters, [...gates, ...notes])
  const { output, state } = (layer as ReturnType<typeof lstm>)(x, { initial })
  return { output, state }
}

/** Blocks of `size` numbers in another order, each as it is or with its sign turned. */
function blocks(
  values: Float32Array,
  size: number,
  order: readonly number[],
  turned = false,
): Float32Array {
  const result = new Float32Array(order.length * size)
  for (const [i, block] of order.entries()) {
    result.set(values.subarray(block * size, (block + 1) * size), i * size)
  }
  // The first gate of coupled ones: 1 - σ(a) is σ(-a).
  if (turned) for (let i = 0; i < size; i++) result[i] = -(result[i] ?? 0)
  return result
}

interface Converted {
  readonly parameters: Record<string, Float32Array>
  readonly gates: readonly string[]
}

/** The order of the layer's gates among those of the file, and what to say of it. */
function orderOf({ op, coupled }: Recurrent): { order: readonly number[]; note: string[] } {
  if (op === 'RNN') return { order: [0], note: [] }
  if (op === 'GRU') return { order: [1, 0, 2], note: ['gates z, r, h -> r, z, n'] }
  if (!coupled) return { order: [0, 2, 3, 1], note: ['gates i, o, f, c -> i, f, g, o'] }
  return {
    order: [0, 3, 1],
    note: ['gates i, o, c -> f, g, o with f = 1 - i, weights of i negated'],
  }
}

function parametersOf(name: string, node: Recurrent): Converted {
  const { hidden, size, coupled, directions } = node
  const { order, note } = orderOf(node)
  const parameters: Record<string, Float32Array> = {}
  for (const [index, { w, r, bias, peepholes }] of directions.entries()) {
    const end = index === 1 ? 'l0_reverse' : 'l0'
    parameters[`${name}.weight_ih_${end}`] = blocks(w, hidden * size, order, coupled)
    parameters[`${name}.weight_hh_${end}`] = blocks(r, hidden * hidden, order, coupled)
    if (bias !== undefined) {
      parameters[`${name}.bias_ih_${end}`] = blocks(bias.w, hidden, order, coupled)
      parameters[`${name}.bias_hh_${end}`] = blocks(bias.r, hidden, order, coupled)
    }
    if (peepholes !== undefined)
      Object.assign(parameters, peepholesOf(`${name}.weight_c`, end, peepholes, node))
  }
  return { parameters, gates: note }
}

function peepholesOf(
  prefix: string,
  end: string,
  values: NonNullable<Direction['peepholes']>,
  { hidden, coupled }: Recurrent,
): Record<string, Float32Array> {
  const at = (block: number, turned = false): Float32Array =>
    blocks(values, hidden, [block], turned)
  return coupled
    ? { [`${prefix}f_${end}`]: at(0, true), [`${prefix}o_${end}`]: at(1) }
    : { [`${prefix}i_${end}`]: at(0), [`${prefix}f_${end}`]: at(2), [`${prefix}o_${end}`]: at(1) }
}
