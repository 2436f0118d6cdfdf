import type { MatchedLayer, ParityReport } from '../index.js'
import { graph, type Inputs, type Model, type ModelOptions, type Value } from '../index.js'
import { type LayerSpec, MODELS, type ModelSpec, readModel } from './architecture.js'
import type { Ref } from './calls.js'
import { excess, fault, ofFile, shown } from './fault.js'
import { type InputNote, type Instance, type Kind, rootOf, type Trace } from './kind.js'
import { LAYER_KINDS } from './layers.js'
import { RECURRENT_KINDS } from './recurrent.js'
import { readTensors, type Weights } from './weights.js'

const KINDS: ReadonlyMap<string, Kind> = new Map([...LAYER_KINDS, ...RECURRENT_KINDS])

/** The most calls of layers, those of models inside counted each time. */
const MOST_CALLS = 2 ** 14

/** Applies one layer to values of some sort. */
type Apply<T> = (spec: LayerSpec, inputs: readonly T[], states: readonly T[]) => readonly T[]

/** Runs a model's layers, each after those that it reads, and gives the outputs by name; others are left alone. */
function walk<T>(model: ModelSpec, inputs: readonly T[], apply: Apply<T>): ReadonlyMap<string, T> {
  const done = new Map<string, readonly T[]>()
  const key = ({ layer, call }: Ref): string => `${call}:${layer}`
  for (const [at, ref] of model.inputs.entries()) {
    const { [at]: value } = inputs
    if (value === undefined)
      throw fault('model', `${model.inputs.length} inputs`, `${inputs.length}`)
    done.set(key(ref), [value])
  }
  const entered = new Set<string>()
  const read = (ref: Ref): T => {
    const value = done.get(key(ref))?.[ref.output]
    if (value !== undefined) return value
    throw fault(`layer ${shown(ref.layer)}`, `an output ${ref.output}`, 'none')
  }
  const open = [...model.outputs.values()]
  for (let ref = open.at(-1); ref !== undefined; ref = open.at(-1)) {
    if (done.has(key(ref))) {
      open.pop()
      continue
    }
    const { spec, call } = callOf(model, ref)
    const late = [...call.inputs, ...call.states].filter((it) => !done.has(key(it)))
    if (late.length === 0) {
      done.set(key(ref), apply(spec, call.inputs.map(read), call.states.map(read)))
      open.pop()
      continue
    }
    if (entered.has(key(ref)))
      throw fault(spec.where, 'layers without a circle', 'one that reads itself')
    entered.add(key(ref))
    open.push(...late)
  }
  return new Map([...model.outputs].map(([name, ref]) => [name, read(ref)]))
}

function callOf(model: ModelSpec, ref: Ref) {
  const spec = model.layers.get(ref.layer)
  const call = spec?.calls[ref.call]
  if (spec !== undefined && call !== undefined) return { spec, call }
  const where = spec?.where ?? `layer ${shown(ref.layer)}`
  throw fault(where, spec === undefined ? 'a layer of the model' : `a call ${ref.call}`, 'none')
}

/** Finds a layer's class, by name in a closed table. */
function kindOf({ className, where }: LayerSpec): Kind {
  const kind = KINDS.get(className)
  if (kind !== undefined) return kind
  const known = [...KINDS.keys(), 'InputLayer', ...MODELS]
  throw fault(where, `one of ${known.join(', ')}`, className)
}

/** A model that is being made: models inside by their layers, each read once. */
class Builder {
  readonly instances = new Map<LayerSpec, Instance>()
  readonly #inner = new Map<LayerSpec, ModelSpec>()
  #calls = 0

  trace(model: ModelSpec, inputs: readonly Trace[]): ReadonlyMap<string, Trace> {
    return walk(model, inputs, (spec, given) => {
      if (MODELS.includes(spec.className)) return [...this.trace(this.#model(spec), given).values()]
      // A layer whose outputs have no steps, or fewer of them than are read, has nothing to follow.
      const traces = kindOf(spec).trace(spec, given)
      return [...traces, ...Array.from({ length: 16 }, () => ({}))]
    })
  }

  build(model: ModelSpec, inputs: readonly Value[]): ReadonlyMap<string, Value> {
    return walk(model, inputs, (spec, given, states) => {
      if (MODELS.includes(spec.className)) return [...this.build(this.#model(spec), given).values()]
      const made = this.instances.get(spec) ?? kindOf(spec).make(spec)
      this.instances.set(spec, made)
      return made.apply(given, states)
    })
  }

  #model(spec: LayerSpec): ModelSpec {
    this.#calls += 1
    if (this.#calls > MOST_CALLS) {
      throw excess(spec.where, `at most ${MOST_CALLS} calls of models`)
    }
    const known = this.#inner.get(spec)
    if (known !== undefined) return known
    const { className, config, version, where, path } = spec
    const model = readModel(className, config, version, { where, path })
    this.#inner.set(spec, model)
    return model
  }
}

/** Makes a model of a file's architecture and weights. */
export function buildModel(
  spec: ModelSpec,
  weights: Weights,
  options: ModelOptions,
): { readonly model: Model; readonly report: ParityReport } {
  const builder = new Builder()
  const notes = spec.inputs.map((ref) => noteInput(spec, ref))
  builder.trace(spec, notes)
  const matched: MatchedLayer[] = []
  const read = new Set<string>()
  const parameters: (readonly [string, Float32Array])[] = []
  const declareAll = (input: Inputs) => {
    const inputs = spec.inputs.map((ref, at) => declare(input, spec, ref, notes, at))
    const outputs = builder.build(spec, inputs)
    for (const [layer, instance] of builder.instances) {
      const own = weightsOf(layer, instance, weights, read)
      parameters.push(...own)
      matched.push({
        source: layer.path.map(({ name }) => name).join('/'),
        parameters: own.map(([name]) => name),
        conventions: instance.conventions,
      })
    }
    return Object.fromEntries(outputs) as never
  }
  // The caller's options are no file's.
  const model = ofFile(
    () => graph(({ input }) => ofFile(() => declareAll(input)), options),
    ['ERR_UNROLLED_ARGUMENT', 'ERR_UNROLLED_SIZE'],
  )
  model.setParameters(Object.fromEntries(parameters))
  const leftOver = weights.all().filter((name) => !read.has(name))
  return { model: model as unknown as Model, report: { matched, missing: [], leftOver } }
}

/** Reads and converts the weights of a layer. */
function weightsOf(
  layer: LayerSpec,
  instance: Instance,
  weights: Weights,
  read: Set<string>,
): readonly (readonly [string, Float32Array])[] {
  const sets = instance.weights()
  if (sets.length === 0) return []
  const tensors = weights.of(
    layer.path,
    sets.map(({ place }) => place),
  )
  const values = readTensors(
    layer.where,
    tensors,
    sets.flatMap((set) => set.tensors),
  )
  for (const { name } of tensors) read.add(name)
  let taken = 0
  return sets.flatMap((set) => {
    const own = values.slice(taken, taken + set.tensors.length)
    taken += own.length
    return set.convert(own)
  })
}

/** The shape of an input without the rows. */
function shapeOf(spec: ModelSpec, { layer }: Ref): readonly unknown[] {
  const found = spec.layers.get(layer)
  if (found === undefined) throw fault(`input ${shown(layer)}`, 'a layer of the model', 'none')
  const { config } = found
  if (config.flag('sparse')) throw fault(`${found.where} sparse`, 'false', 'true')
  const key = config.get('batch_shape') === undefined ? 'batch_input_shape' : 'batch_shape'
  return config.list(key).slice(1)
}

type Noted = Trace & { readonly input: InputNote }

function noteInput(spec: ModelSpec, ref: Ref): Noted {
  const axis = { input: ref.layer }
  const { length } = shapeOf(spec, ref)
  if (length === 0) return { input: { name: ref.layer } }
  return { input: { name: ref.layer, axis }, ...(length > 1 && { axis }) }
}

/** Declares an input: ids where an Embedding reads it, else numbers. */
function declare(
  input: Inputs,
  spec: ModelSpec,
  ref: Ref,
  notes: readonly Noted[],
  at: number,
): Value {
  const shape = shapeOf(spec, ref)
  const { layer: name } = ref
  const own = notes[at]?.input
  const axis = axisOf(notes, own)
  if (own?.vocabulary !== undefined) {
    const vocabularySize = own.vocabulary
    if (shape.length === 0) return input.token(name, { vocabularySize })
    if (shape.length === 1) return input.tokens(name, { vocabularySize, axis })
  }
  const size = shape.at(-1)
  if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) {
    if (shape.length === 1) return input.vector(name, { size })
    if (shape.length === 2) return input.sequence(name, { size, axis })
  }
  const text = `[${[null, ...shape].map(String).join(', ')}]`
  throw fault(
    `input ${shown(name)}`,
    '[rows, size], [rows, time, size], or ids for an Embedding',
    text,
  )
}

/** Names the axis of an input: time, where all steps go together. */
function axisOf(notes: readonly Noted[], own: InputNote | undefined): string {
  const timed = notes.filter(({ axis, input }) => (axis ?? input.vocabulary) !== undefined)
  const roots = timed.flatMap(({ input }) => (input.axis === undefined ? [] : [rootOf(input.axis)]))
  const root = own?.axis === undefined ? undefined : rootOf(own.axis)
  return new Set(roots).size < 2 || root === undefined ? 'time' : root.input
}
