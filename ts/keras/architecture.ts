import { type Call, ends, type Ref, readCall } from './calls.js'
import { excess, fault } from './fault.js'
import { Fields } from './fields.js'
import type { Version } from './functions.js'
import type { Place } from './weights.js'

/** A layer of the file. */
export interface LayerSpec {
  readonly name: string
  readonly className: string
  readonly config: Fields
  readonly calls: readonly Call[]
  /** The layer in messages. */
  readonly where: string
  /** Places of the layer and of the models around it, from the outside in. */
  readonly path: readonly Place[]
  readonly version: Version
}

/** A model of the file: its layers by name, and its ends. */
export interface ModelSpec {
  readonly layers: ReadonlyMap<string, LayerSpec>
  readonly inputs: readonly Ref[]
  /** The outputs by name. */
  readonly outputs: ReadonlyMap<string, Ref>
}

/** The most layers of a model, and the most models around one. */
const MOST_LAYERS = 4096
const MOST_MODELS = 8

/** The classes of models. */
export const MODELS: readonly string[] = ['Sequential', 'Functional', 'Model']

/** Reads a model's configuration. */
export function readModel(
  className: string,
  given: Fields,
  version: Version,
  outer: { readonly where: string; readonly path: readonly Place[] },
): ModelSpec {
  if (outer.path.length > MOST_MODELS) {
    throw excess(outer.where, `at most ${MOST_MODELS} models around one`)
  }
  const config = Array.isArray(given.get('config'))
    ? new Fields(given.where, { layers: given.get('config') })
    : given.fields('config')
  const list = config.list('layers')
  if (list.length > MOST_LAYERS) {
    throw excess(outer.where, `at most ${MOST_LAYERS} layers`, `${list.length}`)
  }
  const name = config.text('name', className.toLowerCase())
  const keys = new Map<string, number>()
  const layers = list.map((it, at) => readLayer(it, at, { ...outer, model: name, version, keys }))
  const model = className === 'Sequential' ? chained(layers, config) : connected(layers, config)
  return model
}

interface Around {
  readonly where: string
  readonly path: readonly Place[]
  readonly model: string
  readonly version: Version
  readonly keys: Map<string, number>
}

function readLayer(value: unknown, at: number, around: Around): LayerSpec {
  const { version, keys } = around
  const given = new Fields(`model "${around.model}" layer ${at}`, value)
  const className = given.text('class_name')
  const body = given.fields('config')
  const name = given.text('name', body.text('name', `${className}_${at}`))
  const names = [...around.path.map((place) => place.name), name]
  const where = `layer "${[...(around.path.length > 0 ? [] : [around.model]), ...names].join('/')}" (${className})`
  // Keras 3 writes operations on masks among the layers, and numbers the layers alone.
  const operation = given.text('module', '').startsWith('keras.src.ops')
  const base = snakeCase(className)
  const number = keys.get(base) ?? 0
  if (!operation) keys.set(base, number + 1)
  const key = number === 0 ? base : `${base}_${number}`
  const config = new Fields(where, MODELS.includes(className) ? value : given.get('config'))
  const nodes = given.get('inbound_nodes') === undefined ? [] : given.list('inbound_nodes')
  const calls = nodes.map((node) => readCall(where, node))
  return { name, className, config, calls, where, path: [...around.path, { name, key }], version }
}

/** The name of a class as Keras writes it: `SimpleRNN` as `simple_rnn`. */
export function snakeCase(name: string): string {
  return name
    .slice(0, 100)
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
}

/** Connects the layers of a Sequential one after the other. */
function chained(given: readonly LayerSpec[], config: Fields): ModelSpec {
  const [first] = given
  if (first === undefined) throw fault(config.where, 'at least one layer', 'none')
  const begins = first.className === 'InputLayer'
  const input = begins ? first : inputBefore(first, config)
  const rest = begins ? given.slice(1) : given
  const name = free('input', new Map(rest.map((layer) => [layer.name, layer])))
  const layers = new Map<string, LayerSpec>([[name, { ...input, name, calls: [] }]])
  const start: Ref = { layer: name, call: 0, output: 0 }
  let last = start
  for (const layer of rest) {
    if (layers.has(layer.name)) throw fault(layer.where, 'a name of its own', 'one that is taken')
    layers.set(layer.name, { ...layer, calls: [{ inputs: [last], states: [] }] })
    last = { layer: layer.name, call: 0, output: 0 }
  }
  return { layers, inputs: [start], outputs: new Map([['output', last]]) }
}

/** Makes the input of a Sequential that begins with another layer: the file has its shape at one of some places. */
function inputBefore(first: LayerSpec, config: Fields): LayerSpec {
  const shape =
    config.get('build_input_shape') ??
    first.config.get('batch_input_shape') ??
    first.config.get('batch_shape') ??
    (first.className === 'Embedding' ? [null, null] : undefined)
  if (shape === undefined) {
    throw fault(
      first.where,
      'an input shape',
      'none',
      'give the model an Input, or call it once before it is saved',
    )
  }
  const { where, path, version } = first
  return {
    name: 'input',
    className: 'InputLayer',
    config: new Fields(where, { batch_shape: shape }),
    calls: [],
    where,
    path,
    version,
  }
}

/** Connects the layers of a Functional by what their calls name. */
function connected(given: readonly LayerSpec[], config: Fields): ModelSpec {
  const layers = new Map<string, LayerSpec>()
  for (const layer of given) {
    if (layers.has(layer.name)) throw fault(layer.where, 'a name of its own', 'one that is taken')
    layers.set(layer.name, layer)
  }
  // A model inside counts the call that made it: Keras 2 everywhere, Keras 3 for the outputs and not for a Sequential.
  const counted = (ref: Ref, end: boolean): Ref => {
    const { className, version } = layers.get(ref.layer) ?? { className: '', version: 3 }
    const from =
      MODELS.includes(className) && (version === 2 || (end && className !== 'Sequential'))
    return from && ref.call > 0 ? { ...ref, call: ref.call - 1 } : ref
  }
  for (const [name, layer] of layers) {
    const calls = layer.calls.map(({ inputs, states }) => ({
      inputs: inputs.map((ref) => counted(ref, false)),
      states: states.map((ref) => counted(ref, false)),
    }))
    layers.set(name, { ...layer, calls })
  }
  const inputs = ends(config, 'input_layers').map(([, ref]) => ref)
  const outputs = new Map<string, Ref>()
  for (const [name, ref] of ends(config, 'output_layers')) {
    outputs.set(free(name, outputs), counted(ref, true))
  }
  return { layers, inputs, outputs }
}

function free(name: string, taken: ReadonlyMap<string, unknown>): string {
  let number = 1
  let own = name
  while (taken.has(own)) {
    own = `${name}_${number}`
    number += 1
  }
  return own
}
