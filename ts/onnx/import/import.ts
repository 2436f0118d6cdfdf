import type { ParityReport } from '../../index.js'
import { graph, type Inputs, type Model, type Numeric, UnrolledError } from '../../index.js'
import { readSource } from '../../io/file.js'
import { differenceOf } from '../../io/sample.js'
import { inTurn } from '../../io/turn.js'
import type { GraphProto, ModelProto } from '../messages.js'
import { readModel } from '../proto.js'
import { Build, nameFor } from './build.js'
import { malformed, ofFile, quoted, refused, WHERE } from './fault.js'
import { describe, type Held } from './held.js'
import { axesFor, declare, GUESSES, type Guess, hasTimes, initialStates, isIds } from './inputs.js'
import { OPERATORS } from './operators.js'
import { checkImport, type ImportOnnxOptions, type Request } from './options.js'
import { checkOrder } from './order.js'
import { makerOf, type Region, regionOf } from './region.js'
import { Walk } from './walk.js'

/** A model that a file became, and an account of it. */
export interface ImportedOnnx {
  readonly model: Model
  readonly report: ParityReport
}

/**
 * Reads an ONNX file, of opsets 7 to 22 and later ones as 22, as a model that learns: RNN, LSTM and GRU with the graph around
 * them.
 *
 * The inputs and outputs have the names of the file (":" becomes "_"). An input becomes a sequence, a vector, tokens or a
 * token: its axes for the batch and time go, the others make its numbers, flat. Lengths of rows take the place of
 * `sequence_lens`.
 *
 * ```ts
 * const { model, report } = await importOnnx('tagger.onnx')
 * const part = await importOnnx('vad.onnx', { inputs: { features: ['time', 'batch', 128] }, outputs: ['score'] })
 * ```
 *
 * A file that `exportOnnx` wrote with `lengths` is read without them: rows are fed with lengths of their own.
 *
 * Rejects with an `UnrolledError`: `ERR_UNROLLED_FORMAT` for a file that is damaged, foreign, or has its numbers elsewhere;
 * `ERR_UNROLLED_GRAPH` for a node that no graph of ours can say, with its name and operator, and for operators before opset
 * 7; `ERR_UNROLLED_NON_FINITE` for weights that are not finite; `ERR_UNROLLED_IO` for a file that cannot be read,
 * `ERR_UNROLLED_SIZE` for one, or a model of it, that does not fit in memory; `ERR_UNROLLED_ARGUMENT` for a bad option. A
 * sample rejects as the data of `predict` do: `ERR_UNROLLED_SHAPE`, `ERR_UNROLLED_KIND` and `ERR_UNROLLED_VALUE` too.
 */
export function importOnnx(
  file: string | Uint8Array,
  options: ImportOnnxOptions = {},
): Promise<ImportedOnnx> {
  return inTurn(() => read(file, options))
}

async function read(file: string | Uint8Array, options: ImportOnnxOptions): Promise<ImportedOnnx> {
  const request = checkImport(options)
  const proto = readModel(await readSource(WHERE, file))
  const { model, report } = modelOf(proto, request)
  if (request.sample === undefined) return { model, report }
  return { model, report: { ...report, ...(await differenceOf(WHERE, model, request.sample)) } }
}

/** The version of ONNX's own operators in a file. */
function opsetOf({ opsetImport }: ModelProto): number {
  const own = opsetImport.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx')
  const version = own?.version ?? 1
  if (version >= 7) return version
  throw refused('', 'operators of opset 7 or later', `opset ${version}`)
}

/** Tries what the axes of the inputs may mean, and tells of the attempt that came furthest. */
function modelOf(proto: ModelProto, request: Request): ImportedOnnx {
  const { graph } = proto
  if (graph === undefined) throw malformed('', 'an ONNX file', 'bytes without a graph')
  const opset = opsetOf(proto)
  const states = initialStates(graph)
  let failure: { error: unknown; read: number } | undefined
  for (const guess of GUESSES) {
    // Times of two names may be the same after all.
    for (const apart of hasTimes(graph, guess) ? [true, false] : [false]) {
      const attempt = new Attempt({ graph, opset, request, states, guess, apart })
      try {
        return attempt.model()
      } catch (error) {
        if (!(error instanceof UnrolledError) || error.code === 'ERR_UNROLLED_FORMAT') throw error
        if (failure === undefined || attempt.read > failure.read)
          failure = { error, read: attempt.read }
      }
    }
  }
  throw ofFile(WHERE, failure?.error)
}

interface Setting {
  readonly graph: GraphProto
  readonly opset: number
  readonly request: Request
  readonly states: ReadonlyMap<string, 'rows' | 'ways'>
  readonly guess: Guess
  readonly apart: boolean
}

/** One reading of a file, with one guess at the axes of its inputs. */
class Attempt {
  readonly #build = new Build()
  readonly #inputs = new Map<string, Held>()
  #walk: Walk | undefined
  #root: Region | undefined

  constructor(readonly setting: Setting) {}

  get read(): number {
    return this.#walk?.read ?? 0
  }

  model(): ImportedOnnx {
    const model = graph(({ input }) => this.#outputs(input))
    const { parameters, matched } = this.#build
    model.setParameters(Object.fromEntries(parameters))
    const names = model.graph.parameters.map(({ name }) => name)
    const missing = names.filter((name) => !parameters.has(name))
    // Weights of the outer graph that nothing has asked for.
    const leftOver = this.setting.graph.initializer
      .map(({ name = '' }) => name)
      .filter((name) => this.#root?.values.has(name) !== true)
    return { model, report: { matched, missing, leftOver } }
  }

  #outputs(input: Inputs): Readonly<Record<string, Numeric>> {
    const { graph, opset, request } = this.setting
    const root = regionOf(graph)
    this.#root = root
    const { branches } = request
    const walk = new Walk({
      build: this.#build,
      opset,
      operators: OPERATORS,
      branches,
      input: (name) => this.#input(input, root, name),
    })
    this.#walk = walk
    const names = request.outputs ?? graph.output.map(({ name = '' }) => name)
    const chosen = (node: { readonly name?: string }): string | undefined => {
      const branch = branches.get(node.name ?? '')
      return branch && `${branch}_branch`
    }
    const outputs = names.map((name): [string, Numeric] => {
      const region = makerOf(root, name, chosen)
      if (region === undefined)
        throw refused(`output ${quoted(name)}`, 'a value of the file', 'none')
      const held = walk.value(region, name)
      if (held.kind === 'flow') checkOrder(name, held)
      if (held.kind === 'flow') return [nameFor(name), this.#build.stepped(held).value]
      if (held.kind === 'constant' && held.tensor.float)
        return [nameFor(name), this.#build.vector(name, held)]
      throw refused(`output ${quoted(name)}`, 'numbers that a run computes', describe(held))
    })
    return Object.fromEntries(outputs)
  }

  /** Gives the meaning of an input; nothing for a name that is none. */
  #input(input: Inputs, root: Region, name: string): Held | undefined {
    const { request, states, guess, apart } = this.setting
    const made = this.#inputs.get(name)
    if (made !== undefined) return made
    const cut = request.inputs?.has(name) === true
    const info = root.inputs.get(name)
    if (root.tensors.has(name) || (!cut && info === undefined)) return undefined
    const known = info ?? infoOf(root.graph, name)
    const state = states.get(name)
    const shape = request.inputs?.get(name)
    if (request.inputs !== undefined && !cut) {
      if (state === undefined) return undefined
      return { kind: 'absent', name, axes: axesFor(name, known, { guess, state }) }
    }
    const axes = axesFor(name, known, { shape, guess, state, apart })
    const held = declare(this.#build, input, name, axes, isIds(known))
    this.#inputs.set(name, held)
    return held
  }
}

/** Finds the description that a file has of a value in the middle of its graph. */
function infoOf(graph: GraphProto, name: string): GraphProto['input'][number] | undefined {
  return [...(graph.valueInfo ?? []), ...graph.output].find((info) => info.name === name)
}
