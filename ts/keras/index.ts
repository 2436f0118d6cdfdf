import type { Model, ModelOptions, ParityReport } from '../index.js'
import { fault, shown } from './fault.js'
import { type ModelFiles, openSource } from './files.js'
import { openModel } from './open.js'
import { differenceOf, type Sample } from './sample.js'

export type { MatchedLayer, ParityReport } from '../index.js'
export type { ModelFiles, Sample }

/** Options of {@link importKeras}. */
export interface ImportKerasOptions extends ModelOptions {
  /** The architecture of a file that has weights alone: `model.to_json()` of Keras, as text or plain data. */
  readonly config?: string | object
  /**
   * Leaves out the softmax or sigmoid that an output ends with, so that `crossEntropy` and `binaryCrossEntropy`, which
   * take logits, train the model; `false` by default.
   */
  readonly logits?: boolean
  /** An input with Keras's output for it: the report then has the largest difference. */
  readonly sample?: Sample
}

const OPTIONS: readonly string[] = ['config', 'logits', 'sample', 'seed', 'precision']

/**
 * Reads a model of Keras or TensorFlow.js: `.keras`, `.h5` with or without its architecture (`.weights.h5`), or
 * `model.json` with the files beside it. The model is made of layers of this library, each under its name in the file, and
 * learns on. Gates, kernels and biases are converted; the report says how, layer by layer. A Sequential has the input `input`
 * and the output `output`, a Functional those of the file.
 *
 * ```ts
 * const { model, report } = await importKeras('tagger.keras')
 * const weights = await importKeras('tagger.weights.h5', { config: await readFile('tagger.json', 'utf8') })
 * ```
 *
 * HDF5 is read by the package `h5wasm`, which the program installs. Masks (`mask_zero`, `Masking`) become the lengths
 * of rows, which the caller gives.
 *
 * @param source A path, the bytes of one file, or the files of a TensorFlow.js model by name.
 *
 * Rejects with an `UnrolledError`: `ERR_UNROLLED_FORMAT` for a file that is damaged or foreign and for a layer or option
 * that has no counterpart, naming it; `ERR_UNROLLED_IO` for a file that cannot be read, or without `h5wasm`;
 * `ERR_UNROLLED_SIZE` for declared sizes beyond the file's; `ERR_UNROLLED_NON_FINITE` for weights that are not finite.
 */
export async function importKeras(
  source: string | Uint8Array | ModelFiles,
  options: ImportKerasOptions = {},
): Promise<{ readonly model: Model; readonly report: ParityReport }> {
  checkOptions(options)
  const { config, sample, logits = false, ...rest } = options
  const built = { ...rest, logits }
  const { model, report } = await openModel(await openSource(source), config, built)
  if (sample === undefined) return { model, report }
  return { model, report: { ...report, largestDifference: await differenceOf(model, sample) } }
}

function checkOptions(options: unknown): void {
  const refused = (where: string, expected: string, received: unknown) =>
    fault(where, expected, shown(received), undefined, 'ERR_UNROLLED_ARGUMENT')
  const known = OPTIONS.join(', ')
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refused('options', `an object of ${known}`, options)
  }
  for (const [key, value] of Object.entries(options)) {
    if (!OPTIONS.includes(key)) throw refused('option', `one of ${known}`, key)
    if (key === 'logits' && value !== undefined && typeof value !== 'boolean') {
      throw refused('logits', 'true or false', value)
    }
    if (key === 'sample' && value !== undefined) {
      if (!isObject(value)) throw refused('sample', '{ x, y }', value)
      const { y } = value as { y?: unknown }
      if (!isObject(y)) throw refused('sample y', 'the outputs for x', y)
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
