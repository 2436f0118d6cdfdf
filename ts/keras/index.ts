import type { Model, ModelOptions } from '../index.js'
import type { ParityReport } from '../io/report.js'
import { fault, shown } from './fault.js'
import { type ModelFiles, openSource } from './files.js'
import { openModel } from './open.js'
import { differenceOf, type Sample } from './sample.js'

export type { MatchedLayer, ParityReport } from '../io/report.js'
export type { ModelFiles, Sample }

/** Options of {@link importKeras}. */
export interface ImportKerasOptions extends ModelOptions {
  /** The architecture of a file that has weights alone: `model.to_json()` of Keras, as text or plain data. */
  readonly config?: string | object
  /** An input with Keras's output for it: the report then has the largest difference. */
  readonly sample?: Sample
}

const OPTIONS: readonly string[] = ['config', 'sample', 'seed', 'precision']

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
  const { config, sample, ...rest } = options
  const { model, report } = await openModel(await openSource(source), config, rest)
  if (sample === undefined) return { model, report }
  return { model, report: { ...report, largestDifference: await differenceOf(model, sample) } }
}

function checkOptions(options: unknown): void {
  const known = OPTIONS.join(', ')
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw fault(
      'options',
      `an object of ${known}`,
      shown(options),
      undefined,
      'ERR_UNROLLED_ARGUMENT',
    )
  }
  for (const key of Object.keys(options)) {
    if (OPTIONS.includes(key)) continue
    throw fault(
      `option ${shown(key)}`,
      `one of ${known}`,
      'another',
      undefined,
      'ERR_UNROLLED_ARGUMENT',
    )
  }
}
