import { isObject } from '../brand.js'
import type { Ports } from '../data/feed.js'
import { type Port, portsOf } from '../data/kind.js'
import { madeOnlyBy } from '../errors.js'
import type { GraphJson } from '../graph/json.js'
import { lastActivation } from '../graph/outputs.js'
import type { NativeModel } from '../native/contract.js'
import type { Description } from '../native/description.js'
import { guard } from '../native/errors.js'
import { type OutputLoss, targetPort } from '../train/losses.js'
import { type Metadata, metadataOf } from './metadata.js'

/** A model's addon, and all that is read from it once. */
export interface Parts {
  readonly native: NativeModel
  readonly graph: GraphJson
  readonly description: Description
  readonly inputs: readonly Port[]
  /** The outputs that can have targets: all but the weights of attentions. */
  readonly outputs: readonly Port[]
  /** The user's metadata in the file that the model was read from. */
  readonly metadata: Metadata
  /** `true` during a run of training. */
  training: boolean
  /** The newest checkpoint of the last run, or of the one under way. */
  checkpoint: string | undefined
}

/** Reads the parts of a model. */
export function partsOf(native: NativeModel): Parts {
  if (!isObject(native) || typeof native.graph !== 'function') {
    throw madeOnlyBy('Model', 'a model by sequential, graph or load', native)
  }
  const graph: GraphJson = JSON.parse(guard(() => native.graph()))
  const description: Description = JSON.parse(guard(() => native.describe()))
  const aimed = description.outputs.filter(({ kind }) => !('alignment' in kind))
  const outputs = portsOf('output', aimed).map((port) => ({
    ...port,
    last: lastActivation(graph, port.name),
  }))
  const inputs = portsOf('input', description.inputs)
  const metadata = metadataOf(guard(() => native.metadata()))
  const run = { training: false, checkpoint: undefined }
  return { native, graph, description, inputs, outputs, metadata, ...run }
}

/** The inputs of a model, and the targets of some losses. */
export function portsWith({ inputs }: Parts, losses: readonly OutputLoss[]): Ports {
  return { inputs, targets: losses.map(targetPort) }
}
