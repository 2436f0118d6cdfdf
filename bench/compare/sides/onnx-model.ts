import { GATES } from '../flops.js'
import type { Cell, Shape } from '../shape.js'
import { type LayerWeights, layersOf } from '../weights.js'
import {
  ATTRIBUTE,
  type AttributeProto,
  encodeModel,
  FLOAT,
  INT64,
  type NodeProto,
  type TensorProto,
  type ValueProto,
} from './onnx-schema.js'

/** ONNX's order of PyTorch's gates: i, o, f, g of i, f, g, o; z, r, n of r, z, n. */
const ORDER: Readonly<Record<Cell, readonly number[]>> = {
  lstm: [0, 3, 1, 2],
  gru: [1, 0, 2],
  rnn: [0],
}

/** The states that go from step to step, by the operator's place of input and output. */
const STATES: Readonly<Record<Cell, readonly string[]>> = {
  lstm: ['h', 'c'],
  gru: ['h'],
  rnn: ['h'],
}

/** The names of a model's states: `in` of each goes in, `out` comes out. */
export function stateNames({
  cell,
  layers,
}: Shape): { readonly in: string; readonly out: string }[] {
  return Array.from({ length: layers }, (_, layer) =>
    STATES[cell].map((state) => ({ in: `${state}${layer}`, out: `${state}${layer}_next` })),
  ).flat()
}

/**
 * An ONNX model of the shape, inputs `x` `[time, batch, input]`. The tasks `infer` and `train` give
 * `y` `[time, batch, hidden]`; the task `step` takes one step with the states `[1, 1, hidden]` of
 * {@link stateNames}, gives the next ones and the top layer's `h` as `y` among them.
 */
export function onnxModel(shape: Shape, weights: Float32Array): Uint8Array {
  const { batch, input, hidden, task } = shape
  const step = task === 'step'
  const time = step ? 1 : shape.time
  const layers = layersOf(shape, weights)
  const states = stateNames(shape).map(({ in: from, out }): [ValueProto, ValueProto] => {
    const dims = [1, 1, hidden]
    return [
      { name: from, dims },
      { name: out, dims },
    ]
  })
  const y = { name: 'y', dims: [time, batch, hidden] }
  return encodeModel({
    node: layers.flatMap((_, layer) => layerNodes(shape, layer)),
    initializer: [
      { name: 'directions', dims: [1], data_type: INT64, raw_data: bytesOf(BigInt64Array.of(1n)) },
      ...layers.flatMap((layer, at) => layerTensors(shape, layer, at)),
    ],
    input: [
      { name: 'x', dims: [time, batch, input] },
      ...(step ? states.map(([from]) => from) : []),
    ],
    output: [y, ...(step ? states.map(([, out]) => out) : [])],
  })
}

/** The operator of a layer, and what takes the axis of directions from its outputs. */
function layerNodes(shape: Shape, layer: number): NodeProto[] {
  const { cell, hidden, layers, task, activation } = shape
  const states = STATES[cell]
  const step = task === 'step'
  const output = layer + 1 === layers ? 'y' : `y${layer}`
  const attribute: AttributeProto[] = [{ name: 'hidden_size', type: ATTRIBUTE.int, i: hidden }]
  if (cell === 'gru') {
    attribute.push({ name: 'linear_before_reset', type: ATTRIBUTE.int, i: 1 })
  }
  if (activation === 'relu') {
    const strings = [new TextEncoder().encode('Relu')]
    attribute.push({ name: 'activations', type: ATTRIBUTE.strings, strings })
  }
  const recurrent = {
    op_type: cell.toUpperCase(),
    input: [
      layer === 0 ? 'x' : `y${layer - 1}`,
      `w${layer}`,
      `r${layer}`,
      `b${layer}`,
      // The lengths, which all are full.
      '',
      ...(step ? states.map((state) => `${state}${layer}`) : []),
    ],
    output: [`all${layer}`, ...(step ? states.map((state) => `${state}${layer}_next`) : [])],
    attribute,
  }
  const squeeze = { op_type: 'Squeeze', input: [`all${layer}`, 'directions'], output: [output] }
  return [recurrent, squeeze]
}

function layerTensors(
  { cell, hidden }: Shape,
  { weightIh, weightHh, biasIh, biasHh }: LayerWeights,
  layer: number,
): TensorProto[] {
  const rows = GATES[cell] * hidden
  const gates = (values: Float32Array): Float32Array => reordered(values, ORDER[cell])
  const tensor = (name: string, dims: number[], values: Float32Array): TensorProto => ({
    name: `${name}${layer}`,
    dims,
    data_type: FLOAT,
    raw_data: bytesOf(values),
  })
  const bias = Float32Array.from([...gates(biasIh), ...gates(biasHh)])
  return [
    tensor('w', [1, rows, weightIh.length / rows], gates(weightIh)),
    tensor('r', [1, rows, hidden], gates(weightHh)),
    tensor('b', [1, 2 * rows], bias),
  ]
}

/** Equal parts of an array in another order. */
function reordered(values: Float32Array, order: readonly number[]): Float32Array {
  const size = values.length / order.length
  const result = new Float32Array(values.length)
  for (const [to, from] of order.entries()) {
    result.set(values.subarray(from * size, (from + 1) * size), to * size)
  }
  return result
}

function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
