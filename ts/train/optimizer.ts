import { isObject } from '../brand.js'
import { mismatch, show, UnrolledError } from '../errors.js'
import {
  checkBoolean,
  checkKind,
  checkNumber,
  checkOptions,
  checkPositive,
  sameName,
  unknownName,
} from '../options.js'

/** An update rule with its settings, made by {@link sgd}, {@link adam} and the others. */
export interface Optimizer {
  /** The learning rate, before the schedule's factor. */
  readonly learningRate: number
  /** The rule and its settings, in the core's form. */
  readonly rule: Readonly<Record<string, Readonly<Record<string, number | boolean>>>>
}

/** The names of the update rules, each with its default settings. */
export type OptimizerName = 'sgd' | 'rmsprop' | 'adagrad' | 'adam' | 'adamw'

/** Options of every update rule. */
export interface OptimizerOptions {
  /** 0.001 by default; 0.01 for `sgd` and `adagrad`. */
  readonly learningRate?: number
  /** L2 penalty added to the gradient, 0 by default; for `adamw` decoupled decay, 0.01. */
  readonly weightDecay?: number
}

/** Options of {@link sgd}. */
export interface SgdOptions extends OptimizerOptions {
  /** The part of the last step that is kept; 0 by default. */
  readonly momentum?: number
  /** The part of the gradient that momentum leaves out; 0 by default. */
  readonly dampening?: number
  /** Nesterov's momentum; `false` by default. */
  readonly nesterov?: boolean
}

/** Options of {@link adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** Added to the root; 1e-8 by default, 1e-10 for `adagrad`. */
  readonly epsilon?: number
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends AdagradOptions, Pick<SgdOptions, 'momentum'> {
  /** The part of the running mean of squares that is kept; 0.99 by default. */
  readonly alpha?: number
}

/** Options of {@link adam} and {@link adamw}. */
export interface AdamOptions extends AdagradOptions {
  /** The part of the running mean that is kept; 0.9 by default. */
  readonly beta1?: number
  /** The part of the running mean of squares that is kept; 0.999 by default. */
  readonly beta2?: number
}

const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }

/** Every option of every rule, with PyTorch's default. */
const DEFAULTS = {
  sgd: { learningRate: 0.01, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 },
  rmsprop: { learningRate: 1e-3, alpha: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 },
  adagrad: { learningRate: 0.01, epsilon: 1e-10, weightDecay: 0 },
  adam: ADAM,
  adamw: { ...ADAM, weightDecay: 0.01 },
} satisfies {
  sgd: Required<SgdOptions>
  rmsprop: Required<RmspropOptions>
  adagrad: Required<AdagradOptions>
  adam: Required<AdamOptions>
  adamw: Required<AdamOptions>
}

type Setting = Exclude<keyof SgdOptions | keyof RmspropOptions | keyof AdamOptions, 'learningRate'>

const CHECKS: Readonly<Record<Setting, (name: string, value: unknown) => number | boolean>> = {
  momentum: (name, value) => checkNumber(name, value, 0),
  dampening: (name, value) => checkNumber(name, value),
  nesterov: checkBoolean,
  alpha: (name, value) => checkNumber(name, value, 0, 1),
  beta1: (name, value) => checkNumber(name, value, 0, 1),
  beta2: (name, value) => checkNumber(name, value, 0, 1),
  epsilon: (name, value) => checkNumber(name, value, 0),
  weightDecay: (name, value) => checkNumber(name, value, 0),
}

/**
 * Stochastic gradient descent: `v = momentum v + (1 - dampening) g`, `p -= learningRate v`;
 * PyTorch's `SGD`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  return optimizer('sgd', options)
}

/**
 * `s = alpha s + (1 - alpha) g²`, `p -= learningRate g / (√s + epsilon)`; PyTorch's `RMSprop`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  return optimizer('rmsprop', options)
}

/**
 * `s += g²`, `p -= learningRate g / (√s + epsilon)`; PyTorch's `Adagrad`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  return optimizer('adagrad', options)
}

/**
 * `m = β₁ m + (1 - β₁) g`, `v = β₂ v + (1 - β₂) g²`, `p -= learningRate m̂ / (√v̂ + epsilon)` with
 * both means corrected for their start; PyTorch's `Adam`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return optimizer('adam', options)
}

/**
 * {@link adam} with weight decay outside the gradient: `p -= learningRate weightDecay p`;
 * PyTorch's `AdamW`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  return optimizer('adamw', options)
}

/**
 * Refuses settings of an optimizer that stand beside it, as other libraries have them, under their names
 * here or there.
 */
export function refuseSettings(where: string, options: object): void {
  const rules = Object.entries(DEFAULTS).sort(
    ([a], [b]) => Number(b === 'adam') - Number(a === 'adam'),
  )
  for (const key of Object.keys(options)) {
    for (const [rule, settings] of rules) {
      const setting = sameName(key, Object.keys(settings))
      if (setting === undefined) continue
      const advice = `a setting of the optimizer: optimizer: ${rule}({ ${setting} })`
      throw new UnrolledError(
        'ERR_UNROLLED_ARGUMENT',
        `${where}: unknown option ${show(key)}; ${advice}`,
      )
    }
  }
}

/** Gives an optimizer for itself or for its name. */
export function resolveOptimizer(value: Optimizer | OptimizerName): Optimizer {
  if (typeof value === 'string') {
    if (Object.hasOwn(DEFAULTS, value)) return optimizer(value, {})
    throw unknownName('fit', 'optimizer', value, Object.keys(DEFAULTS))
  }
  if (!isObject(value) || typeof value.rule !== 'object') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit optimizer', 'an optimizer or its name', value)
  }
  checkOptions('fit optimizer', value, ['learningRate', 'rule'])
  const names = Object.keys(DEFAULTS)
  const [name, settings] = checkKind('fit optimizer rule', value.rule, names)
  const learningRate = checkNumber('fit optimizer learningRate', value.learningRate, 0)
  const { learningRate: _, ...usual } = DEFAULTS[name as OptimizerName]
  checkOptions(`fit optimizer rule ${name}`, settings, Object.keys(usual))
  return { learningRate, rule: optimizer(name as OptimizerName, settings).rule }
}

function optimizer(
  name: OptimizerName,
  options: SgdOptions | RmspropOptions | AdagradOptions | AdamOptions,
): Optimizer {
  const { learningRate, ...settings } = DEFAULTS[name]
  checkOptions(name, options, Object.keys(DEFAULTS[name]))
  const checked = Object.entries(settings).map(([key, usual]) => {
    const setting = key as keyof typeof settings
    return [setting, CHECKS[setting](`${name} ${setting}`, Reflect.get(options, setting) ?? usual)]
  })
  return Object.freeze({
    learningRate: checkPositive(`${name} learningRate`, options.learningRate ?? learningRate),
    rule: { [name]: Object.fromEntries(checked) },
  })
}
