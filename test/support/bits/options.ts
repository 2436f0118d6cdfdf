import { type AdamOptions, adagrad, adam, adamw, rmsprop, sgd } from 'unrolled'

// Names of options stand here alone, so that a new name changes nothing else of the record.

/** The learning rate of an optimizer. */
const at = (value: number) => ({ learningRate: value })

/** Weights that start as PyTorch's do, biases among them. */
export const pytorch = { initializer: 'pytorch' } as const

export const optimizers = {
  adam: (value: number, options: AdamOptions = {}) => adam({ ...at(value), ...options }),
  adamw: (value: number) => adamw({ ...at(value), weightDecay: 0.02 }),
  rmsprop: (value: number) => rmsprop({ ...at(value), momentum: 0.5 }),
  adagrad: (value: number) => adagrad({ ...at(value), weightDecay: 0.001 }),
  nesterov: (value: number) => sgd({ ...at(value), momentum: 0.8, nesterov: true }),
}
