import type { ModelOptions } from '../index.js'
import type { Sample } from '../io/sample.js'

/** Options of `importKeras`. */
export interface ImportKerasOptions extends ModelOptions {
  /** The architecture of a file that has weights alone: `model.to_json()` of Keras, as text or plain data. */
  readonly config?: string | object
  /**
   * Leaves out the softmax or sigmoid that an output ends with, so that `crossEntropy` and `binaryCrossEntropy`, which
   * take logits, train the model; `false` by default.
   */
  readonly logits?: boolean
  /**
   * Inputs with Keras's outputs for them, rows of as many steps as the inputs have: the report then has the largest
   * difference. None by default.
   */
  readonly sample?: Sample
}

export const IMPORT_KERAS_OPTIONS = [
  'config',
  'logits',
  'sample',
  'seed',
  'precision',
] as const satisfies readonly (keyof ImportKerasOptions)[]
