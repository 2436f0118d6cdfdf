import { ACTIVATIONS, type ActivationName } from '../graph/json.js'
import { type Layer, layer, type Same } from '../graph/layer.js'
import type { Site } from '../graph/scope.js'
import type { Numeric } from '../graph/value.js'
import { checkWord } from '../options.js'

/** A function of each number, or of each step's numbers (softmax). */
export type Activation = Layer<Numeric, Same>

/**
 * A layer that applies `name` to every number: `activation('relu')` in `sequential` is the same as
 * {@link relu} itself.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name.
 */
export function activation(name: ActivationName): Activation {
  const known = checkWord('activation', name, ACTIVATIONS)
  return layer({
    kind: known,
    accepts: ['vector', 'sequence'],
    build: (site, x) => activate(site, known, x),
  })
}

/** `y = tanh x`. */
export const tanh: Activation = activation('tanh')

/** `y = 1 / (1 + exp(-x))`. */
export const sigmoid: Activation = activation('sigmoid')

/** `y = max(x, 0)`. */
export const relu: Activation = activation('relu')

/**
 * `y = exp(x) / Σ exp(x)` over the numbers of a step. The losses take logits: a model that is
 * trained with `crossEntropy` ends without it.
 */
export const softmax: Activation = activation('softmax')

/** Adds a node that applies an activation to `x`. */
export function activate<X extends Numeric>(site: Site, name: ActivationName, x: X): X {
  return site.scope.value(x, site.scope.node(name, { activation: name }, [x]))
}
