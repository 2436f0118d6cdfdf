import type { Model, ModelOptions, ParityReport } from '../index.js'
import { checkBoolean, isRecord, mismatch, readOptions, renamed, shown } from '../io/options.js'
import { differenceOf, readSample, type Sample } from '../io/sample.js'
import { inTurn } from '../io/turn.js'
import { WHERE } from './fault.js'
import { type ModelFiles, openSource } from './files.js'
import { openModel } from './open.js'
import { IMPORT_KERAS_OPTIONS, type ImportKerasOptions } from './options.js'

export type { MatchedLayer, ParityReport } from '../index.js'
export type { ImportKerasOptions, ModelFiles, Sample }

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
 * `ERR_UNROLLED_SIZE` for declared sizes beyond the file's, or a model that does not fit in memory;
 * `ERR_UNROLLED_NON_FINITE` for weights that are not finite; `ERR_UNROLLED_ARGUMENT` for a bad option. A sample rejects as
 * the data of `predict` do: `ERR_UNROLLED_SHAPE`, `ERR_UNROLLED_KIND` and `ERR_UNROLLED_VALUE` too.
 */
export function importKeras(
  source: string | Uint8Array | ModelFiles,
  options: ImportKerasOptions = {},
): Promise<{ readonly model: Model; readonly report: ParityReport }> {
  return inTurn(() => read(source, options))
}

async function read(source: string | Uint8Array | ModelFiles, options: ImportKerasOptions) {
  const {
    config,
    sample,
    logits = false,
    ...rest
  } = readOptions(WHERE, options, IMPORT_KERAS_OPTIONS)
  if (config !== undefined && typeof config !== 'string' && !isRecord(config))
    throw mismatch(`${WHERE} config`, 'the text or object of model.to_json()', shown(config))
  const given = readSample(`${WHERE} sample`, sample)
  const built = { ...(rest as ModelOptions), logits: checkBoolean(`${WHERE} logits`, logits) }
  const file = await openSource(source)
  const make = () => openModel(file, config, built)
  const { model, report } = await renamed(WHERE, 'graph', make)
  if (given === undefined) return { model, report }
  return { model, report: { ...report, ...(await differenceOf(WHERE, model, given)) } }
}
