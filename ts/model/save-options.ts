import { mismatch } from '../errors.js'
import type { Metadata } from './metadata.js'

/** Options of `model.toBytes`. */
export interface BytesOptions {
  /**
   * Values of JSON to keep with the model, such as its vocabulary; those that the model was loaded with by default. A loaded
   * model has them as `model.metadata`; -0 is 0 there, as in JSON.
   */
  readonly metadata?: Metadata
}

export const BYTES_OPTIONS = ['metadata'] as const satisfies readonly (keyof BytesOptions)[]

export const FORMATS = ['safetensors', 'pytorch'] as const

/** Options of `model.save`. */
export interface SaveOptions extends BytesOptions {
  /**
   * `'safetensors'` (default) holds parameters, graph and metadata; `safetensors.torch.load_file` reads the parameters.
   * `'pytorch'` is a state dict, parameters alone, that `torch.load` reads, by `weights_only=True` as well. Names and shapes
   * are those of `torch.nn`. A path that ends as files of another format do is refused (`.pt` and `.pth` with
   * `'safetensors'`).
   */
  readonly format?: (typeof FORMATS)[number]
  /**
   * Writes the newest checkpoint of the model's last run, or of the one under way, from which
   * `fit(data, { resume: path })` goes on with its optimizer; `false` by default. That run has the option
   * `checkpoint`: without it nothing keeps the optimizer, which is up to twice as large as the model.
   * The checkpoint must hold the model's parameters, to the bit: `ERR_UNROLLED_STATE` after steps since, for a model that
   * ends with its `average` or with the best weights of `earlyStopping`, after `setParameters`, and where another run
   * has written the file since. To go on with that run, copy its checkpoint; to keep the model, leave this option out.
   */
  readonly optimizer?: boolean
}

export const SAVE_OPTIONS = [
  ...BYTES_OPTIONS,
  'format',
  'optimizer',
] as const satisfies readonly (keyof SaveOptions)[]

/** Endings of file names, by what has them. */
const ENDINGS: Readonly<Record<string, string>> = {
  safetensors: 'safetensors',
  pt: 'pytorch',
  pth: 'pytorch',
  onnx: 'onnx',
  keras: 'keras',
  h5: 'keras',
}

const REMEDIES: Readonly<Record<string, string>> = {
  safetensors: 'leave format out, or give the file another ending',
  pytorch: "give format: 'pytorch', or end it in .safetensors",
  onnx: 'exportOnnx of unrolled/onnx gives the bytes of such a file',
  keras: 'end it in .safetensors',
}

/** Refuses a name that says another format: what reads files by their names would be misled. */
export function checkEnding(path: string, format: (typeof FORMATS)[number]): void {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''
  const other = Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined
  if (other === undefined || other === format) return
  const expected = `the name of a file of format '${format}'`
  throw mismatch('ERR_UNROLLED_ARGUMENT', 'save path', expected, path, REMEDIES[other])
}
