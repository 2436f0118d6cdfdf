import { isBytes } from '../brand.js'
import { mismatch } from '../errors.js'
import { Model } from '../model/model.js'
import { refuse } from '../native/errors.js'
import { loadModel, modelFromBytes } from '../native/open.js'
import { checkOptions } from '../options.js'
import { checkPrecision, type Precision } from '../precision.js'

/** Options of {@link load} and {@link fromBytes}. */
export interface LoadOptions {
  /**
   * Rounds the operands of matrix products; `'f32'`, no rounding, by default. A file holds unrounded
   * weights, and does not record a precision.
   */
  readonly precision?: Precision
}

export const LOAD_OPTIONS = ['precision'] as const satisfies readonly (keyof LoadOptions)[]

/**
 * Reads a model that `save` wrote. `load<typeof model>(path)` gives it the types of `model`.
 *
 * Rejects with an `UnrolledError`: `ERR_UNROLLED_FORMAT` for a file that is truncated, corrupted or
 * foreign, `ERR_UNROLLED_IO` for one that cannot be read (`cause` is the system's error), `ERR_UNROLLED_SIZE` for a model
 * that does not fit in memory, `ERR_UNROLLED_ARGUMENT` for a path or option of another kind.
 */
export function load<M extends Pick<Model, 'graph'> = Model>(
  path: string,
  options: LoadOptions = {},
): Promise<M> {
  try {
    if (typeof path !== 'string') throw mismatch('ERR_UNROLLED_ARGUMENT', 'load', 'a path', path)
    const running = loadModel(path, checkLoad('load', options))
    return running.then((native) => new Model(native) as Pick<Model, 'graph'> as M)
  } catch (error) {
    return refuse(undefined, error)
  }
}

/**
 * Reads a model like {@link load}, from the bytes that `toBytes` gave.
 *
 * @throws UnrolledError as {@link load}.
 */
export function fromBytes<M extends Pick<Model, 'graph'> = Model>(
  bytes: Uint8Array,
  options: LoadOptions = {},
): M {
  if (!isBytes(bytes)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fromBytes', 'a Uint8Array', bytes)
  }
  const precision = checkLoad('fromBytes', options)
  return new Model(modelFromBytes(bytes, precision)) as Pick<Model, 'graph'> as M
}

function checkLoad(where: string, options: LoadOptions): Precision {
  checkOptions(where, options, LOAD_OPTIONS)
  return checkPrecision(where, options.precision)
}
