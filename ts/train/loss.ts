import { isFloats, isList, isObject } from '../brand.js'
import type { Port, RowKind } from '../data/kind.js'
import { Described, mismatch } from '../errors.js'
import {
  checkKind,
  checkNumber,
  checkOptions,
  checkPositive,
  checkWord,
  unknownName,
} from '../options.js'

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

/** A loss for each output that has one. */
export interface OutputLoss {
  readonly output: Port
  readonly loss: Loss
}

/** Tells if a loss has targets that are predicted or not, so that they have an accuracy. */
export function predictsClasses({ kind }: Loss): boolean {
  return Object.hasOwn(kind, 'crossEntropy') || Object.hasOwn(kind, 'binaryCrossEntropy')
}

/** Resolves the losses of a model's outputs: of the only one, or by name. */
export function resolveLosses(
  where: string,
  losses: unknown,
  outputs: readonly Port[],
): OutputLoss[] {
  const [only] = outputs
  if (typeof losses === 'string' || isLoss(losses)) {
    if (outputs.length !== 1 || only === undefined) {
      const names = outputs.map((output) => output.name).join(', ')
      throw mismatch('ERR_UNROLLED_ARGUMENT', where, `a loss by output name (${names})`, losses)
    }
    return [lossOfOutput(where, only, losses)]
  }
  if (!isObject(losses)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a loss or its name', losses)
  }
  const names = outputs.map((output) => output.name)
  checkOptions(where, losses, names, 'output')
  const given = new Map<string, unknown>(Object.entries(losses))
  const resolved = outputs.flatMap((output) => {
    const loss = given.get(output.name)
    return loss === undefined ? [] : [lossOfOutput(`${where}.${output.name}`, output, loss)]
  })
  if (resolved.length === 0) throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a loss', losses)
  return resolved
}

/** The losses of logits, each with the function that it applies itself. */
const TAKE_LOGITS = [
  ['crossEntropy', 'softmax'],
  ['binaryCrossEntropy', 'sigmoid'],
] as const

function lossOfOutput(where: string, output: Port, value: unknown): OutputLoss {
  const loss = resolveLoss(where, value)
  for (const [name, last] of TAKE_LOGITS) {
    if (output.last !== last || !Object.hasOwn(loss.kind, name)) continue
    const expected = `a loss of probabilities, since the output ends in ${last}`
    const advice = `leave ${last} out: ${name} takes logits and applies it itself`
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, new Described(name), advice)
  }
  return { output, loss }
}

/** The targets of an output's loss: ids for cross-entropy, else numbers of the output's shape. */
export function targetPort({ output, loss }: OutputLoss): Port {
  if (!Object.hasOwn(loss.kind, 'crossEntropy')) return output
  const rows: RowKind = { kind: output.rows.kind === 'sequence' ? 'tokens' : 'token' }
  const { name, axis } = output
  const { crossEntropy: settings } = loss.kind
  const { ignore: ignored } = settings ?? {}
  const ids = 'size' in output.rows ? output.rows.size : undefined
  return { name, rows, axis, ids, ignored: typeof ignored === 'number' ? ignored : undefined }
}

function resolveLoss(where: string, value: unknown): Loss {
  const known: Readonly<Record<LossName, (options?: object) => Loss>> = {
    crossEntropy,
    binaryCrossEntropy,
    meanSquared,
    meanAbsolute,
    huber,
    poisson,
  }
  if (isLoss(value)) {
    checkOptions(where, value, ['kind', 'reduction', 'weight'])
    const [name, settings] = checkKind(`${where} kind`, value.kind, Object.keys(known))
    const { reduction, weight } = value
    const given = Object.entries(settings).filter(([, setting]) => setting !== null)
    // Made again from its settings, so that a loss by hand passes the checks of all others.
    return known[name as LossName]({
      ...Object.fromEntries(given),
      reduction,
      weight: checkNumber(`${where} weight`, weight, 0),
    })
  }
  if (typeof value !== 'string') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a loss or its name', value)
  }
  if (!Object.hasOwn(known, value)) throw unknownName(where, 'loss', value, Object.keys(known))
  return known[value as LossName]()
}

function isLoss(value: unknown): value is Loss {
  return (
    isObject(value) &&
    'kind' in value &&
    isObject(value.kind) &&
    'reduction' in value &&
    typeof value.reduction === 'string'
  )
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
