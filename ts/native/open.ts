import type { GraphJson } from '../graph/json.js'
import { binding } from './binding.js'
import type { NativeModel, NativeModelClass } from './contract.js'
import { guard, guardAsync } from './errors.js'

const Model: NativeModelClass = binding.Model

/** Compiles a graph; `seed` decides the first weights. */
export function openModel(graph: GraphJson, seed: number): NativeModel {
  return guard(() => new Model(JSON.stringify(graph), seed))
}

/** Reads a saved model. */
export function loadModel(path: string): Promise<NativeModel> {
  return guardAsync(() => Model.load(path))
}

/** Reads a saved model from its bytes. */
export function modelFromBytes(bytes: Uint8Array): NativeModel {
  return guard(() => Model.fromBytes(bytes))
}
