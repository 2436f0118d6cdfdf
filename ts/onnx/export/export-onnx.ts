import { type GraphJson, type Model, type Parameters, UnrolledError, version } from '../../index.js'
import {
  checkBoolean,
  shown as describe,
  isModel,
  mismatch,
  readOptions,
} from '../../io/options.js'
import { DataType, type GraphProto, type ValueInfoProto, writeModel } from '../proto.js'
import { Axes } from './axes.js'
import { tensorInfo } from './build.js'
import { type Context, declared, whole } from './context.js'
import { type Held, heldOf, port } from './held.js'
import { walk } from './walk.js'
import { Writer } from './writer.js'

/** Options of {@link exportOnnx}. */
export interface ExportOnnxOptions {
  /**
   * Gives the model an input `lengths_time` for each axis, by its name: int32 `[batch]`, the valid steps of each row.
   * `false` by default: all rows are full.
   */
  readonly lengths?: boolean
}

export const EXPORT_ONNX_OPTIONS = [
  'lengths',
] as const satisfies readonly (keyof ExportOnnxOptions)[]

/** Operators of ONNX 1.12, from 2022: LayerNormalization is the newest in use. */
const OPSET = 17
const IR_VERSION = 8

/** Protocol buffers end at 2 GiB. */
const MOST_BYTES = 2 ** 31 - 1

/**
 * Writes a model as an ONNX file, opset 17: `await writeFile('model.onnx', exportOnnx(model))`. Inference alone: dropout and
 * noise are left out, and `choose` takes what it takes outside of training.
 *
 * Inputs and outputs have the names of the model's: numbers `[batch, size]` and `[batch, time, size]` in f32, ids in int64
 * `[batch]` and `[batch, time]`, with `batch` and each axis by its name as symbols. Layers of `rnn`, `lstm` and `gru` become
 * RNN, LSTM and GRU, all other scans Scan. Parameters are initializers of their own names and bits.
 *
 * With `lengths` rows may have any number of valid steps, 0 too: the padding of inputs may hold any number or valid id, and the
 * outputs have zeros there.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, or a node that ONNX cannot say, by name,
 * such as a fold over trees; `ERR_UNROLLED_SIZE` for more than 2 GiB.
 */
export function exportOnnx(
  model: Pick<Model, 'graph' | 'parameters'>,
  options: ExportOnnxOptions = {},
): Uint8Array {
  if (!isModel(model)) throw mismatch('exportOnnx', 'a model', describe(model))
  const { lengths: given = false } = readOptions('exportOnnx', options, EXPORT_ONNX_OPTIONS)
  const lengths = checkBoolean('exportOnnx lengths', given)
  // Checks the model: one may have the class's prototype alone, or no memory any more.
  const parameters = model.parameters()
  const { graph } = model
  const writer = new Writer()
  const inputs = inputsOf(graph, writer)
  const taken = graph.outputs.map(({ name }) => writer.free(name))
  const context = contextOf(parameters, writer, inputs, lengths)
  const bound = new Map(inputs.map(({ node, held }) => [node, port(held)]))
  const wires = graph.outputs.map(({ from }) => from)
  const find = walk(context, graph.nodes, bound, '', wires)
  const outputs = graph.outputs.map((output, i) =>
    shown(context, find(output.from), taken[i] ?? output.name),
  )
  const fed = [...inputs.map(({ held }) => declared(context, held)), ...context.lengths]
  const written = writer.graph(fed, outputs)
  checkSize(written)
  return writeModel({
    irVersion: IR_VERSION,
    producerName: 'unrolled',
    producerVersion: version,
    graph: written,
    opsetImport: [{ domain: '', version: OPSET }],
  })
}

/** An input of the graph. */
interface Input {
  readonly node: string
  readonly held: Held
}

function inputsOf({ nodes }: GraphJson, writer: Writer): readonly Input[] {
  return nodes.flatMap(({ name, op }) => {
    if (typeof op === 'string' || !('input' in op)) return []
    const held = heldOf(writer.free(name), op.input)
    return held === undefined ? [] : [{ node: name, held }]
  })
}

/** A context, and the inputs of lengths. */
interface Begun extends Context {
  readonly lengths: readonly ValueInfoProto[]
}

function contextOf(
  given: Parameters,
  writer: Writer,
  inputs: readonly Input[],
  ragged: boolean,
): Begun {
  const axes = [...new Set(inputs.flatMap(({ held }) => held.axis ?? []))]
  const batch = free('batch', axes)
  const all = new Axes(writer, inputs[0]?.held.name ?? '', batch)
  const lengths = axes.flatMap((axis) => {
    const from = inputs.find(({ held }) => held.axis === axis)?.held.name ?? ''
    const name = ragged ? writer.free(`lengths_${axis}`) : undefined
    all.fed(axis, from, name)
    return name === undefined ? [] : [tensorInfo(name, DataType.INT32, [batch])]
  })
  const parameters = new Map(
    Object.entries(given).map(([name, parameter]) => [
      name,
      { name: writer.free(name), ...parameter },
    ]),
  )
  return { writer, axes: all, lengths, parameter: (name) => known(parameters.get(name), name) }
}

function known<P>(parameter: P | undefined, name: string): P {
  if (parameter !== undefined) return parameter
  const message = `exportOnnx: expected a parameter ${JSON.stringify(name)}, received none`
  throw new UnrolledError('ERR_UNROLLED_INTERNAL', message)
}

function free(name: string, taken: readonly string[]): string {
  return taken.includes(name) ? free(`${name}_`, taken) : name
}

/** Gives a value the name of an output, with zeros at steps that a row does not have. */
function shown(context: Context, held: Held, name: string): ValueInfoProto {
  const { writer, axes } = context
  const all = whole(context, held)
  if (axes.masked(all, 0, name) !== name) writer.add('Identity', [all.name], [name])
  return declared(context, { ...all, name })
}

function checkSize({ initializer }: GraphProto): void {
  const bytes = initializer.reduce((sum, { rawData }) => sum + (rawData?.length ?? 0), 0)
  if (bytes < MOST_BYTES) return
  const message = `exportOnnx: expected less than 2 GiB of weights, received ${bytes} bytes`
  throw new UnrolledError('ERR_UNROLLED_SIZE', message)
}
