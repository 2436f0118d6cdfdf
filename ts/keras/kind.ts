import type { Value } from '../index.js'
import type { LayerSpec } from './architecture.js'

/** Steps that go together: inputs on one axis have the same lengths. */
export interface Axis {
  /** The axis that this one was joined with. */
  joined?: Axis
  /** The first input that has these steps. */
  readonly input: string
}

/** An input of the model, as far as its shape and readers tell. */
export interface InputNote {
  readonly name: string
  /** The ids of an input that an Embedding reads. */
  vocabulary?: number
  axis?: Axis
}

/** A value of the file's model before anything is built: its steps, and the input that it is. */
export interface Trace {
  readonly axis?: Axis | undefined
  readonly input?: InputNote
}

/** The tensors of one group of a layer, and the parameters that they become. */
export interface WeightSet {
  /** The group in the layer's, such as `forward_layer/cell`. */
  readonly place: string
  readonly tensors: readonly { readonly leaf: string; readonly shape: readonly number[] }[]
  convert(
    values: readonly Float32Array[],
  ): readonly (readonly [name: string, values: Float32Array])[]
}

/** A layer of the file made of layers here; calls share it. */
export interface Instance {
  readonly conventions: readonly string[]
  apply(inputs: readonly Value[], states: readonly Value[]): readonly Value[]
  /** The layer's weights; known when it was applied. */
  weights(): readonly WeightSet[]
}

/** A class of layers. */
export interface Kind {
  /** Follows steps through a call. */
  trace(spec: LayerSpec, inputs: readonly Trace[]): readonly Trace[]
  make(spec: LayerSpec): Instance
}

/** Finds the axis that stands for one and all that it was joined with. */
export function rootOf(axis: Axis): Axis {
  let root = axis
  while (root.joined !== undefined) root = root.joined
  return root
}

/** Joins the steps of values that a layer combines. */
export function joined(inputs: readonly Trace[]): Trace {
  const [first, ...rest] = inputs.flatMap(({ axis }) => (axis === undefined ? [] : [rootOf(axis)]))
  if (first === undefined) return {}
  for (const axis of rest) if (rootOf(axis) !== rootOf(first)) rootOf(axis).joined = rootOf(first)
  return { axis: first }
}

/** The name of a layer's place here: of the layer, after those of the models around it. */
export function ownName({ path }: LayerSpec): string {
  return path.map(({ name }) => name.replace(/[:\0\p{Surrogate}]/gu, '_')).join('.') || 'layer'
}
