import { UnrolledError } from '../errors.js'
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
export async function loadModel(path: string, precision: Precision): Promise<NativeModel> {
  try {
    return await guardAsync(() => Model.load(nativePath(path), precision))
  } catch (error) {
    throw advised(error)
  }
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
  try {
    return guard(() => Model.fromBytes(bytes, precision))
  } catch (error) {
    throw advised(error)
  }
}

/** What is said of safetensors without a graph, or with tensors that no saved model has. */
const OF_OTHERS = /^not an unrolled model|: expected F32, received /

/** Adds to the refusal of another library's weights what takes them. */
function advised(error: unknown): unknown {
  if (!(error instanceof UnrolledError) || !OF_OTHERS.test(error.message)) return error
  const { code, message, cause } = error
  const advice = 'model.load takes weights of another library into a declared model'
  return new UnrolledError(code, `${message}; ${advice}`, { cause })
}
