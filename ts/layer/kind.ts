import type { NamedVectors, Stepped } from '../cell/unroll.js'
import type { InitJson } from '../graph/json.js'
import type { Scope, Site } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import { pytorchUniform } from './initializer.js'
import type { CellSettings } from './recurrent.js'

/** The parameters of one layer in one direction, under PyTorch's names. */
export interface CellParameters {
  readonly weightIh: string
  readonly weightHh: string
  readonly biasIh: string | null
  readonly biasHh: string | null
  /** Those that the options of the kind add, by their names without the layer's. */
  readonly more: ReadonlyMap<string, string>
  /** A vector that each step reads, and its weight. */
  readonly context?: Context | undefined
}

/** A vector that every step reads, with the matrix that leads it to the gates. */
export interface Context {
  readonly value: Vector
  readonly weight: string
}

/** A parameter that an option adds. */
export interface MoreParameter {
  readonly shape: readonly number[]
  readonly init: InitJson
  /** Begins with `init` whatever the initializer is: gains and biases of a normalization. */
  readonly fixed?: boolean
}

/** A kind of recurrent layer. */
export interface RecurrentKind {
  readonly kind: 'rnn' | 'lstm' | 'gru'
  /** The gates and candidates, each with as many rows of the weights as there are units. */
  readonly gates: number
  /** The size of each state, `h` first. */
  readonly sizes: Readonly<Record<string, number>>
  /** Initial `bias_ih`, unless the initializer is PyTorch's; zeros by default. */
  readonly biasInit?: InitJson
  /** Leaves out `bias_ih` and `bias_hh`, for a normalization that has biases of its own. */
  readonly unbiased?: boolean
  /** Parameters besides, by name. */
  readonly more?: Readonly<Record<string, MoreParameter>>
  /** Builds one step in a scan's body. */
  step(body: Scope, parameters: CellParameters, x: Vector, state: NamedVectors): Stepped
}

/** Gives the size of the hidden state. */
export function outputSize({ sizes }: RecurrentKind): number {
  const { h = 0 } = sizes
  return h
}

/** Declares the parameters of a cell, or of one layer in one direction. */
export function declare(
  kind: RecurrentKind,
  settings: CellSettings,
  site: Site,
  inputSize: number,
  suffix = '',
  context?: Vector,
): CellParameters {
  const { hiddenSize } = settings
  const rows = kind.gates * hiddenSize
  const bias = settings.bias && kind.unbiased !== true
  const uniform = settings.initializer === 'pytorch' ? pytorchUniform(hiddenSize) : undefined
  const orthogonal = { orthogonal: { blocks: kind.gates } }
  const parameter = (name: string, shape: readonly number[], init: InitJson) =>
    site.parameter(`${name}${suffix}`, shape, uniform ?? init)
  const ofContext = (value: Vector): Context => {
    return { value, weight: parameter('weight_ch', [rows, value.size], 'glorotUniform') }
  }
  return {
    weightIh: parameter('weight_ih', [rows, inputSize], 'glorotUniform'),
    weightHh: parameter('weight_hh', [rows, outputSize(kind)], orthogonal),
    biasIh: bias ? parameter('bias_ih', [rows], kind.biasInit ?? 'zeros') : null,
    biasHh: bias ? parameter('bias_hh', [rows], 'zeros') : null,
    context: context && ofContext(context),
    more: new Map(
      Object.entries(kind.more ?? {}).map(([name, { shape, init, fixed = false }]) => [
        name,
        fixed ? site.parameter(`${name}${suffix}`, shape, init) : parameter(name, shape, init),
      ]),
    ),
  }
}
