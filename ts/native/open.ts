import type { GraphJson } from '../graph/json.js'
import type { Precision } from '../precision.js'
import { binding, nativePath } from './binding.js'
import type { NativeFileTensor, NativeModel, NativeModelClass } from './contract.js'
import { guard, guardAsync } from './errors.js'

const Model: NativeModelClass = binding.Model

/** Compiles a graph; `seed` is the seed of the first weights. */
export function openModel(graph: GraphJson, seed: number, precision: Precision): NativeModel {
  return guard(() => new Model(JSON.stringify(graph), seed, precision))
}

/** Reads a saved model. */
export function loadModel(path: string, precision: Precision): Promise<NativeModel> {
  return guardAsync(() => Model.load(nativePath(path), precision))
}

/** Reads the tensors of a safetensors file, by its path or its bytes. */
export function readTensors(source: string | Uint8Array): Promise<NativeFileTensor[]> {
  return guardAsync(() =>
    typeof source === 'string'
      ? binding.readTensors(nativePath(source))
      : binding.readTensorsOf(source),
  )
}

/** Reads a saved model from its bytes. */
export function modelFromBytes(bytes: Uint8Array, precision: Precision): NativeModel {
  return guard(() => Model.fromBytes(bytes, precision))
}
