import { ACTIVATIONS, type OpJson } from '../graph/json.js'
import { type Layer, layer, type Same } from '../graph/layer.js'
import type { Scope } from '../graph/scope.js'
import type { Numeric } from '../graph/value.js'
import { checkOptions, checkSingle, checkWord } from '../options.js'

/** A function of each number, or of each step's numbers (softmax). */
export type Activation = Layer<Numeric, Same>

/** The names of activation functions. */
export const ACTIVATION_NAMES = [...ACTIVATIONS, 'identity', 'elu', 'leakyRelu'] as const

/** The name of an activation function. */
export type ActivationName = (typeof ACTIVATION_NAMES)[number]

/** A function of each number: what a recurrent layer may have for tanh. */
export type RecurrentActivation = Exclude<ActivationName, 'softmax'>

const RECURRENT_ACTIVATIONS = ACTIVATION_NAMES.filter(
  (name): name is RecurrentActivation => name !== 'softmax',
)

/** Checks the function of a recurrent layer or cell; tanh by default. */
export function checkRecurrentActivation(where: string, name: unknown): RecurrentActivation {
  return checkWord(`${where} activation`, name ?? 'tanh', RECURRENT_ACTIVATIONS)
}

/** Options of {@link activation}. */
export interface ActivationOptions {
  /** For `elu`: the bound from below, times -1; 1 by default. */
  readonly alpha?: number
  /** For `leakyRelu`: the slope below 0; 0.01 by default. */
  readonly slope?: number
}

const DEFAULTS: Required<ActivationOptions> = { alpha: 1, slope: 0.01 }

/**
 * A layer that applies `name` to every number: `activation('relu')` in `sequential` is the same as
 * {@link relu} itself; `activation('leakyRelu', { slope: 0.2 })` has another slope.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name or option.
 */
export function activation(name: ActivationName, options: ActivationOptions = {}): Activation {
  const known = checkWord('activation', name, ACTIVATION_NAMES)
  const own = known === 'elu' ? ['alpha'] : known === 'leakyRelu' ? ['slope'] : []
  checkOptions(`activation ${known}`, options, own)
  const alpha = checkSingle('activation elu alpha', options.alpha ?? DEFAULTS.alpha)
  const slope = checkSingle('activation leakyRelu slope', options.slope ?? DEFAULTS.slope)
  return layer({
    kind: known,
    accepts: ['vector', 'sequence'],
    build: ({ scope }, x) => activate(scope, known, x, { alpha, slope }),
  })
}

/** `y = x`. */
export const identity: Activation = activation('identity')

/** `y = tanh x`. */
export const tanh: Activation = activation('tanh')

/**
 * `y = 1 / (1 + exp(-x))`. A model that is trained with `binaryCrossEntropy` ends without it: the loss takes
 * logits.
 */
export const sigmoid: Activation = activation('sigmoid')

/** `y = max(x, 0)`. */
export const relu: Activation = activation('relu')

/**
 * `y = exp(x) / Σ exp(x)` over the numbers of a step. The losses take logits: a model that is
 * trained with `crossEntropy` ends without it.
 */
export const softmax: Activation = activation('softmax')

/** `y = ln(1 + exp x)`. */
export const softplus: Activation = activation('softplus')

/** `y = min(max((x + 3) / 6, 0), 1)`, as in PyTorch and Keras 3. */
export const hardSigmoid: Activation = activation('hardSigmoid')

/** `y = x sigmoid(x)`, also called swish. */
export const silu: Activation = activation('silu')

/** `y = x Φ(x)`, with the distribution function of the normal distribution. */
export const gelu: Activation = activation('gelu')

/** `y = x` above 0, else `exp(x) - 1`. */
export const elu: Activation = activation('elu')

/** `y = x` above 0, else `0.01 x`. */
export const leakyRelu: Activation = activation('leakyRelu')

/** Adds a node that applies an activation to `x`; `label` names the node. */
export function activate<X extends Numeric>(
  scope: Scope,
  name: ActivationName,
  x: X,
  options: Required<ActivationOptions> = DEFAULTS,
  label: string = name,
): X {
  if (name === 'identity') return x
  return scope.value(x, scope.node(label, operation(name, options), [x]))
}

/** Adds a node that applies an activation with its default options, under a name. */
export function activated<X extends Numeric>(
  scope: Scope,
  label: string,
  name: ActivationName,
  x: X,
): X {
  return activate(scope, name, x, DEFAULTS, label)
}

function operation(
  name: Exclude<ActivationName, 'identity'>,
  { alpha, slope }: Required<ActivationOptions>,
): OpJson {
  if (name === 'elu') return { elu: { alpha } }
  return name === 'leakyRelu' ? { leakyRelu: { slope } } : { activation: name }
}
