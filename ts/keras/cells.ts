import {
  add,
  cell,
  dropout,
  gru,
  linear,
  lstm,
  mix,
  multiply,
  type RecurrentActivation,
  rnn,
  type Sequence,
  scan,
  slice,
  type Vector,
} from '../index.js'
import { fault } from './fault.js'
import type { Fields } from './fields.js'
import { functionOf, type NumberFunction, type Version } from './functions.js'
import type { WeightSet } from './kind.js'
import { reordered, turned } from './matrix.js'

/** States by name. */
export type States = Readonly<Record<string, Vector>>

/** A cell of the file. */
export interface CellSpec {
  readonly kind: 'rnn' | 'lstm' | 'gru'
  readonly units: number
  readonly bias: boolean
  readonly activation: NumberFunction
  readonly gate: NumberFunction
  readonly resetAfter: boolean
  readonly dropout: number
  readonly recurrentDropout: number
}

const KINDS: ReadonlyMap<string, CellSpec['kind']> = new Map([
  ['SimpleRNN', 'rnn'],
  ['LSTM', 'lstm'],
  ['GRU', 'gru'],
])

/** Reads a cell, or a layer of one cell. */
export function readCell(className: string, config: Fields, version: Version): CellSpec {
  const kind = KINDS.get(className.replace(/Cell$/, ''))
  if (kind === undefined) {
    throw fault(config.where, 'a SimpleRNNCell, LSTMCell, GRUCell or StackedRNNCells', className)
  }
  const gated = kind !== 'rnn'
  return {
    kind,
    units: config.count('units'),
    bias: config.flag('use_bias', true),
    activation: functionOf(config, 'activation', version),
    gate: functionOf(config, gated ? 'recurrent_activation' : 'activation', version),
    resetAfter: kind === 'gru' && config.flag('reset_after'),
    dropout: config.number('dropout', 0),
    recurrentDropout: config.number('recurrent_dropout', 0),
  }
}

/** The states of a cell, in the order of Keras. */
export function statesOf({ kind }: CellSpec): readonly string[] {
  return kind === 'lstm' ? ['h', 'c'] : ['h']
}

/** A cell that runs along a sequence. */
export interface Runner {
  run(
    x: Sequence,
    initial: States | undefined,
  ): { readonly output: Sequence; readonly state: States }
  weights(place: string): WeightSet
}

/** Makes a layer of a cell: that of the kind, or a scan where it has a function that the kind has not. */
export function runnerOf(spec: CellSpec, name: string, reverse: boolean): Runner {
  const own = isOwn(spec)
  const layer = own ? ownLayer(spec, name, reverse) : scan(composed(spec), { name, reverse })
  const drop =
    spec.dropout > 0
      ? dropout({ rate: spec.dropout, fixed: true, name: `${name}.dropout` })
      : undefined
  let inputs = 0
  return {
    run(x, initial) {
      inputs = x.size
      const given: Sequence = drop === undefined ? x : drop(x)
      const run = layer as unknown as (
        x: Sequence,
        options: object,
      ) => { output: Sequence; state: States }
      return run(given, initial === undefined ? {} : { initial })
    },
    weights: (place) =>
      weightsOf(spec, place, inputs, own ? ownNames(spec, name) : composedNames(spec, name)),
  }
}

function isOwn({ kind, activation, gate }: CellSpec): boolean {
  const known = activation.own !== undefined && activation.own !== 'softmax'
  return known && (kind === 'rnn' || gate.own === 'sigmoid')
}

function ownLayer(spec: CellSpec, name: string, reverse: boolean): object {
  const { kind, units: hiddenSize, bias, resetAfter, recurrentDropout } = spec
  const activation = spec.activation.own as RecurrentActivation
  const shared = { hiddenSize, bias, name, reverse, recurrentDropout, activation }
  if (kind === 'lstm') return lstm(shared)
  return kind === 'gru' ? gru({ ...shared, resetAfter }) : rnn(shared)
}

/** The step in single functions. */
function composed(spec: CellSpec) {
  const { kind, units, bias, activation, gate, recurrentDropout: rate } = spec
  const part = (from: Vector, at: number): Vector => slice({ start: at * units, size: units })(from)
  const input = (blocks: number, x: Vector): Vector =>
    linear(blocks * units, { bias, name: 'input' })(x)
  const drop = (h: Vector): Vector => (rate > 0 ? dropout({ rate, fixed: true })(h) : h)
  const recurrent = (blocks: number, h: Vector, biased = false): Vector =>
    linear(blocks * units, { bias: biased, name: 'recurrent' })(h)
  const step = {
    rnn: ({ h }: States, x: Vector) => ({
      h: activation.apply(add(input(1, x), recurrent(1, drop(of(h))))),
    }),
    lstm({ h, c }: States, x: Vector) {
      const sum = add(input(4, x), recurrent(4, drop(of(h))))
      const [i, f, o] = [
        gate.apply(part(sum, 0)),
        gate.apply(part(sum, 1)),
        gate.apply(part(sum, 3)),
      ]
      const next = add(multiply(f, of(c)), multiply(i, activation.apply(part(sum, 2))))
      return { h: multiply(o, activation.apply(next)), c: next }
    },
    gru({ h }: States, x: Vector) {
      const pre = input(3, x)
      const old = drop(of(h))
      const rec = spec.resetAfter ? recurrent(3, old, bias) : recurrent(2, old)
      const [r, z] = [0, 1].map((at) => gate.apply(add(part(pre, at), part(rec, at)))) as [
        Vector,
        Vector,
      ]
      const late = spec.resetAfter
        ? multiply(r, part(rec, 2))
        : linear(units, { bias: false, name: 'candidate' })(multiply(r, old))
      return { h: mix(activation.apply(add(part(pre, 2), late)), of(h), z) }
    },
  }
  const sizes = Object.fromEntries(statesOf(spec).map((state) => [state, units]))
  return cell(sizes, (state, x) => step[kind](state as States, x) as never)
}

function of(state: Vector | undefined): Vector {
  if (state === undefined)
    throw fault('cell', 'a state', 'none', undefined, 'ERR_UNROLLED_INTERNAL')
  return state
}

/** The names of a layer's parameters. */
interface Names {
  readonly kernel: string
  /** The recurrent weight; of a composed GRU that resets before, that of the gates, and that of the candidate. */
  readonly recurrent: readonly string[]
  readonly biases: readonly string[]
}

function ownNames({ bias }: CellSpec, name: string): Names {
  return {
    kernel: `${name}.weight_ih_l0`,
    recurrent: [`${name}.weight_hh_l0`],
    biases: bias ? [`${name}.bias_ih_l0`, `${name}.bias_hh_l0`] : [],
  }
}

function composedNames({ kind, bias, resetAfter }: CellSpec, name: string): Names {
  const before = kind === 'gru' && !resetAfter
  return {
    kernel: `${name}.input.weight`,
    recurrent: [`${name}.recurrent.weight`, ...(before ? [`${name}.candidate.weight`] : [])],
    biases: bias ? [`${name}.input.bias`, ...(resetAfter ? [`${name}.recurrent.bias`] : [])] : [],
  }
}

/** The places of Keras's blocks in ours: i, f, c, o as i, f, g, o; z, r, h as r, z, n. */
const ORDERS = { rnn: [0], lstm: [0, 1, 2, 3], gru: [1, 0, 2] } as const

function weightsOf(spec: CellSpec, place: string, inputs: number, names: Names): WeightSet {
  const { kind, units, bias, resetAfter } = spec
  const order = ORDERS[kind]
  const columns = order.length * units
  const shape = resetAfter ? [2, columns] : [columns]
  return {
    place,
    tensors: [
      { leaf: 'kernel', shape: [inputs, columns] },
      { leaf: 'recurrent_kernel', shape: [units, columns] },
      ...(bias ? [{ leaf: 'bias', shape }] : []),
    ],
    convert([kernel = EMPTY, recurrent = EMPTY, both = EMPTY]) {
      const state = turned(recurrent, units, units, order)
      const [gates = '', candidate] = names.recurrent
      const cut = candidate === undefined ? state.length : 2 * units * units
      const biasAt = (at: number): Float32Array => {
        const own = both.slice(at * columns, (at + 1) * columns)
        return own.length > 0 ? reordered(own, units, order) : new Float32Array(columns)
      }
      return [
        [names.kernel, turned(kernel, inputs, units, order)],
        [gates, state.slice(0, cut)],
        ...(candidate === undefined ? [] : [[candidate, state.slice(cut)] as const]),
        ...names.biases.map((name, at) => [name, biasAt(at)] as const),
      ]
    },
  }
}

const EMPTY = new Float32Array(0)

/** The conventions that a cell's weights are converted by. */
export function conventionsOf(spec: CellSpec): readonly string[] {
  const { kind, bias, resetAfter, activation, gate } = spec
  const own = isOwn(spec)
  const gates = {
    rnn: [],
    lstm: ['gates i, f, c, o = i, f, g, o'],
    gru: ['gates z, r, h -> r, z, n'],
  }
  const reset = resetAfter ? 'reset after the product' : 'reset before the product'
  const biases = resetAfter
    ? 'bias [2, 3 units] -> input bias, recurrent bias'
    : 'bias -> input bias'
  const notes = [activation.note, kind === 'rnn' ? undefined : gate.note]
  return [
    'kernels transposed',
    ...gates[kind],
    ...(kind === 'gru' ? [reset] : []),
    ...(bias ? [own && !resetAfter ? `${biases}, recurrent bias 0` : biases] : []),
    ...(own ? [] : ['a scan of single functions, for its activations']),
    ...notes.filter((note) => note !== undefined),
  ]
}
