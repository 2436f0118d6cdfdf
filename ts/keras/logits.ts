import type { LayerSpec, ModelSpec } from './architecture.js'
import { Fields } from './fields.js'

/** The functions that losses of logits apply themselves. */
const ENDS: readonly unknown[] = ['softmax', 'sigmoid']

/** Leaves out the softmax or sigmoid that an output ends with, where no other layer reads it. */
export function asLogits(model: ModelSpec): ModelSpec {
  const layers = new Map(model.layers)
  const calls = [...layers.values()].flatMap((layer) => layer.calls)
  const read = new Set(
    calls.flatMap(({ inputs, states }) => [...inputs, ...states].map((ref) => ref.layer)),
  )
  for (const { layer } of model.outputs.values()) {
    const spec = layers.get(layer)
    if (spec !== undefined && !read.has(layer)) layers.set(layer, open(spec))
  }
  return { ...model, layers }
}

function open(spec: LayerSpec): LayerSpec {
  const { className, config, where } = spec
  if (className === 'Softmax') {
    const identity = new Fields(where, { activation: 'linear' })
    return { ...spec, className: 'Activation', config: identity }
  }
  if (className === 'TimeDistributed') {
    const inner = config.fields('layer')
    const own = withoutEnd(new Fields(where, inner.get('config')))
    return { ...spec, config: config.with('layer', inner.with('config', own.plain()).plain()) }
  }
  return className === 'Dense' || className === 'Activation'
    ? { ...spec, config: withoutEnd(config) }
    : spec
}

function withoutEnd(config: Fields): Fields {
  return ENDS.includes(config.get('activation')) ? config.with('activation', 'linear') : config
}
