import { mismatch } from '../errors.js'
import {
  checkBoolean,
  checkKind,
  checkNumber,
  checkOptions,
  checkPositive,
  unknownName,
} from '../options.js'

/** An update rule with its settings, made by {@link sgd}, {@link adam} and the others. */
export interface Optimizer {
  /** The learning rate, before the schedule's factor. */
  readonly rate: number
  /** The rule and its settings, as the core takes them. */
  readonly rule: Readonly<Record<string, Readonly<Record<string, number | boolean>>>>
}

/** The names of the update rules, each with its default settings. */
export type OptimizerName = 'sgd' | 'rmsprop' | 'adagrad' | 'adam' | 'adamw'

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Learning rate; 0.01 by default. */
  readonly rate?: number
  /** The part of the last step that is kept; 0 by default. */
  readonly momentum?: number
  /** How much less the gradient counts beside momentum; 0 by default. */
  readonly dampening?: number
  /** Nesterov's momentum; `false` by default. */
  readonly nesterov?: boolean
  /** L2 penalty added to the gradient; 0 by default. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent: `v = momentum v + (1 - dampening) g`, `p -= rate v`; PyTorch's `SGD`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions('sgd', options, ['rate', 'momentum', 'dampening', 'nesterov', 'weightDecay'])
  return optimizer('sgd', options.rate ?? 0.01, {
    momentum: checkNumber('sgd momentum', options.momentum ?? 0, 0),
    dampening: checkNumber('sgd dampening', options.dampening ?? 0),
    nesterov: checkBoolean('sgd nesterov', options.nesterov ?? false),
    weightDecay: checkNumber('sgd weightDecay', options.weightDecay ?? 0, 0),
  })
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /** Learning rate; 0.001 by default. */
  readonly rate?: number
  /** How much of the running mean of squares is kept; 0.99 by default. */
  readonly alpha?: number
  /** Added to the root; 1e-8 by default. */
  readonly epsilon?: number
  /** The part of the last step that is kept; 0 by default. */
  readonly momentum?: number
  /** L2 penalty added to the gradient; 0 by default. */
  readonly weightDecay?: number
}

/**
 * `s = alpha s + (1 - alpha) g²`, `p -= rate g / (√s + epsilon)`; PyTorch's `RMSprop`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptions('rmsprop', options, ['rate', 'alpha', 'epsilon', 'momentum', 'weightDecay'])
  return optimizer('rmsprop', options.rate ?? 1e-3, {
    alpha: checkNumber('rmsprop alpha', options.alpha ?? 0.99, 0, 1),
    epsilon: checkNumber('rmsprop epsilon', options.epsilon ?? 1e-8, 0),
    momentum: checkNumber('rmsprop momentum', options.momentum ?? 0, 0),
    weightDecay: checkNumber('rmsprop weightDecay', options.weightDecay ?? 0, 0),
  })
}

/** Options of {@link adagrad}. */
export interface AdagradOptions {
  /** Learning rate; 0.01 by default. */
  readonly rate?: number
  /** Added to the root; 1e-10 by default. */
  readonly epsilon?: number
  /** L2 penalty added to the gradient; 0 by default. */
  readonly weightDecay?: number
}

/**
 * `s += g²`, `p -= rate g / (√s + epsilon)`; PyTorch's `Adagrad`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  checkOptions('adagrad', options, ['rate', 'epsilon', 'weightDecay'])
  return optimizer('adagrad', options.rate ?? 0.01, {
    epsilon: checkNumber('adagrad epsilon', options.epsilon ?? 1e-10, 0),
    weightDecay: checkNumber('adagrad weightDecay', options.weightDecay ?? 0, 0),
  })
}

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions {
  /** Learning rate; 0.001 by default. */
  readonly rate?: number
  /** How much of the running mean is kept; 0.9 by default. */
  readonly beta1?: number
  /** How much of the running mean of squares is kept; 0.999 by default. */
  readonly beta2?: number
  /** Added to the root; 1e-8 by default. */
  readonly epsilon?: number
  /** `adam`: L2 penalty added to the gradient, 0 by default; `adamw`: decoupled decay, 0.01. */
  readonly weightDecay?: number
}

/**
 * `m = β₁ m + (1 - β₁) g`, `v = β₂ v + (1 - β₂) g²`, `p -= rate m̂ / (√v̂ + epsilon)` with both means
 * corrected for their start; PyTorch's `Adam`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adaptive('adam', options, 0)
}

/**
 * {@link adam} with the weights' decay apart from the gradient: `p -= rate weightDecay p`;
 * PyTorch's `AdamW`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  return adaptive('adamw', options, 0.01)
}

/** An optimizer as it is or by name. */
export function settleOptimizer(value: Optimizer | OptimizerName): Optimizer {
  if (typeof value === 'string') {
    const known: Readonly<Record<OptimizerName, () => Optimizer>> = {
      sgd,
      rmsprop,
      adagrad,
      adam,
      adamw,
    }
    if (!Object.hasOwn(known, value))
      throw unknownName('fit', 'optimizer', value, Object.keys(known))
    return known[value]()
  }
  if (typeof value !== 'object' || value === null || typeof value.rule !== 'object') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit optimizer', 'an optimizer or its name', value)
  }
  checkKind('fit optimizer rule', value.rule)
  return { rate: checkNumber('fit optimizer rate', value.rate, 0), rule: value.rule }
}

function adaptive(name: 'adam' | 'adamw', options: AdamOptions, decay: number): Optimizer {
  checkOptions(name, options, ['rate', 'beta1', 'beta2', 'epsilon', 'weightDecay'])
  return optimizer(name, options.rate ?? 1e-3, {
    beta1: checkNumber(`${name} beta1`, options.beta1 ?? 0.9, 0, 1),
    beta2: checkNumber(`${name} beta2`, options.beta2 ?? 0.999, 0, 1),
    epsilon: checkNumber(`${name} epsilon`, options.epsilon ?? 1e-8, 0),
    weightDecay: checkNumber(`${name} weightDecay`, options.weightDecay ?? decay, 0),
  })
}

function optimizer(
  name: OptimizerName,
  rate: number,
  settings: Readonly<Record<string, number | boolean>>,
): Optimizer {
  return Object.freeze({ rate: checkPositive(`${name} rate`, rate), rule: { [name]: settings } })
}
