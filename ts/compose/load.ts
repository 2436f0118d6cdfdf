import { mismatch } from '../errors.js'
import { Model } from '../model/model.js'
import { loadModel, modelFromBytes } from '../native/open.js'

/**
 * Reads a model that `save` wrote. `load<typeof model>(path)` gives it the types of a model at hand.
 *
 * Rejects with an `UnrolledError`: `ERR_UNROLLED_FORMAT` for a file that is truncated, corrupted or
 * foreign.
 */
export async function load<M extends Pick<Model, 'graph'> = Model>(path: string): Promise<M> {
  if (typeof path !== 'string') throw mismatch('ERR_UNROLLED_ARGUMENT', 'load', 'a path', path)
  return new Model(await loadModel(path)) as Pick<Model, 'graph'> as M
}

/**
 * As {@link load}, from the bytes that `toBytes` gave.
 *
 * @throws UnrolledError as {@link load}.
 */
export function fromBytes<M extends Pick<Model, 'graph'> = Model>(bytes: Uint8Array): M {
  if (!(bytes instanceof Uint8Array)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fromBytes', 'a Uint8Array', bytes)
  }
  return new Model(modelFromBytes(bytes)) as Pick<Model, 'graph'> as M
}
