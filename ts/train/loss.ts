import { isFloats, isList } from '../brand.js'
import { mismatch } from '../errors.js'
import { checkNumber, checkOptions, checkPositive, checkWord } from '../options.js'

/** A loss with its settings, made by {@link crossEntropy} and others. */
export interface Loss {
  /** The kind of loss and its settings, in the core's form. */
  readonly kind: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** The mean over the valid targets, or their sum. */
  readonly reduction: 'mean' | 'sum'
  /** The loss's factor in the sum over outputs. */
  readonly weight: number
}

/** The names of the losses, each with its default settings. */
export type LossName =
  | 'crossEntropy'
  | 'binaryCrossEntropy'
  | 'meanSquared'
  | 'meanAbsolute'
  | 'huber'
  | 'poisson'

/** A loss, or its name. */
export type LossLike = Loss | LossName

/** The loss of the only output, or of outputs by name. */
export type Losses = LossLike | Readonly<Record<string, LossLike>>

/** Options that every loss has. */
export interface LossOptions {
  /** `'mean'` over the valid targets (default), or `'sum'`. */
  readonly reduction?: 'mean' | 'sum'
  /** The loss's factor in the sum over outputs; 1 by default. */
  readonly weight?: number
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends LossOptions {
  /** The part of each target that is spread over all classes; 0 by default. */
  readonly labelSmoothing?: number
  /** The weight of each class; 1 by default. */
  readonly classWeights?: readonly number[]
  /** A target id to ignore, even a negative one or one that is no class; none by default. */
  readonly ignore?: number
}

/** Options of {@link huber}. */
export interface HuberOptions extends LossOptions {
  /** The distance at which the loss turns from a square to a line; 1 by default. */
  readonly delta?: number
}

export const LOSS_OPTIONS = [
  'reduction',
  'weight',
] as const satisfies readonly (keyof LossOptions)[]

export const CROSS_ENTROPY_OPTIONS = [
  ...LOSS_OPTIONS,
  'labelSmoothing',
  'classWeights',
  'ignore',
] as const satisfies readonly (keyof CrossEntropyOptions)[]

export const HUBER_OPTIONS = [
  ...LOSS_OPTIONS,
  'delta',
] as const satisfies readonly (keyof HuberOptions)[]

/**
 * `-ln softmax(output)[target]` from logits; targets are ids, one a step or one a row.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  checkOptions('crossEntropy', options, CROSS_ENTROPY_OPTIONS)
  const { classWeights, ignore, labelSmoothing = 0 } = options
  return lossOf('crossEntropy', options, {
    labelSmoothing: checkNumber('crossEntropy labelSmoothing', labelSmoothing, 0, 1),
    classWeights: classWeights === undefined ? null : checkWeights(classWeights),
    ignore: ignore === undefined ? null : checkId('crossEntropy ignore', ignore),
  })
}

/** `-t ln σ(output) - (1 - t) ln(1 - σ(output))` from logits; targets `t` of the output's shape. */
export function binaryCrossEntropy(options: LossOptions = {}): Loss {
  checkOptions('binaryCrossEntropy', options, LOSS_OPTIONS)
  return lossOf('binaryCrossEntropy', options, {})
}

/** `(output - target)²`; targets of the output's shape. */
export function meanSquared(options: LossOptions = {}): Loss {
  checkOptions('meanSquared', options, LOSS_OPTIONS)
  return lossOf('meanSquared', options, {})
}

/** `|output - target|`; targets of the output's shape. */
export function meanAbsolute(options: LossOptions = {}): Loss {
  checkOptions('meanAbsolute', options, LOSS_OPTIONS)
  return lossOf('meanAbsolute', options, {})
}

/**
 * `d² / 2` where `d = |output - target|` is at most `delta` (1 by default), else
 * `delta (d - delta / 2)`; targets of the output's shape.
 */
export function huber(options: HuberOptions = {}): Loss {
  checkOptions('huber', options, HUBER_OPTIONS)
  return lossOf('huber', options, { delta: checkPositive('huber delta', options.delta ?? 1) })
}

/**
 * `exp(output) - target output`: the negative log-likelihood of counts, without the terms that no weight
 * changes; outputs are logarithms of rates, targets counts of the output's shape
 * (`torch.nn.PoissonNLLLoss`).
 */
export function poisson(options: LossOptions = {}): Loss {
  checkOptions('poisson', options, LOSS_OPTIONS)
  return lossOf('poisson', options, {})
}

function lossOf(
  name: LossName,
  { reduction = 'mean', weight = 1 }: LossOptions,
  settings: Readonly<Record<string, unknown>>,
): Loss {
  return Object.freeze({
    kind: { [name]: settings },
    reduction: checkWord(`${name} reduction`, reduction, ['mean', 'sum']),
    weight: checkNumber(`${name} weight`, weight, 0),
  })
}

/** A whole number that fits an `Int32Array`. */
function checkId(name: string, value: unknown): number {
  if (typeof value !== 'number' || (value | 0) !== value) {
    const expected = 'a whole number of 32 bits'
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, expected, value)
  }
  return value
}

function checkWeights(weights: unknown): number[] {
  if (!isList(weights) && !isFloats(weights)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'crossEntropy classWeights', 'an array', weights)
  }
  return Array.from<unknown, number>(weights, (weight, index) =>
    checkNumber(`crossEntropy classWeights[${index}]`, weight, 0),
  )
}
