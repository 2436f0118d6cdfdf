import { mismatch } from '../errors.js'
import { checkCount, checkKind, checkNumber, checkOptions, checkPositive } from '../options.js'

/** A factor on the learning rate for each optimizer step. */
export type Schedule = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Options of {@link stepDecay}. */
export interface StepDecayOptions {
  /** Steps at one rate. */
  readonly size: number
  /** The factor from one rate to the next. */
  readonly gamma: number
}

export const STEP_DECAY_OPTIONS = [
  'size',
  'gamma',
] as const satisfies readonly (keyof StepDecayOptions)[]

/** `factor = gamma ^ ⌊step / size⌋`; PyTorch's `StepLR`, counted in optimizer steps. */
export function stepDecay(options: StepDecayOptions): Schedule {
  checkOptions('stepDecay', options, STEP_DECAY_OPTIONS)
  const size = checkCount('stepDecay size', options.size)
  return { step: { size, gamma: checkPositive('stepDecay gamma', options.gamma) } }
}

/** Options of {@link exponentialDecay}. */
export interface ExponentialDecayOptions {
  /** The factor of each step. */
  readonly gamma: number
}

export const EXPONENTIAL_DECAY_OPTIONS = [
  'gamma',
] as const satisfies readonly (keyof ExponentialDecayOptions)[]

/** `factor = gamma ^ step`; PyTorch's `ExponentialLR`, counted in optimizer steps. */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  checkOptions('exponentialDecay', options, EXPONENTIAL_DECAY_OPTIONS)
  return { exponential: { gamma: checkPositive('exponentialDecay gamma', options.gamma) } }
}

/** Options of {@link cosineDecay}. */
export interface CosineDecayOptions {
  /** Steps until the factor is `minimum`. */
  readonly steps: number
  /** The last factor; 0 by default. */
  readonly minimum?: number
}

export const COSINE_DECAY_OPTIONS = [
  'steps',
  'minimum',
] as const satisfies readonly (keyof CosineDecayOptions)[]

/** From 1 down to `minimum` (0 by default) along half a cosine of `steps` optimizer steps. */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  checkOptions('cosineDecay', options, COSINE_DECAY_OPTIONS)
  const steps = checkCount('cosineDecay steps', options.steps)
  return { cosine: { steps, minimum: checkNumber('cosineDecay minimum', options.minimum ?? 0, 0) } }
}

/** Options of {@link linearDecay}. */
export interface LinearDecayOptions {
  /** The step at which the factor is `minimum`; above `warmup`. */
  readonly steps: number
  /** Steps until the factor is 1; 0 by default. */
  readonly warmup?: number
  /** The last factor; 0 by default. */
  readonly minimum?: number
}

export const LINEAR_DECAY_OPTIONS = [
  'steps',
  'warmup',
  'minimum',
] as const satisfies readonly (keyof LinearDecayOptions)[]

/**
 * Up to 1 along `warmup` optimizer steps (0 by default), then down to `minimum` (0 by default) at
 * step `steps`, both in a straight line.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, and for no step after the warmup.
 */
export function linearDecay(options: LinearDecayOptions): Schedule {
  checkOptions('linearDecay', options, LINEAR_DECAY_OPTIONS)
  const steps = checkCount('linearDecay steps', options.steps)
  const warmup = checkCount('linearDecay warmup', options.warmup ?? 0, 0)
  if (steps <= warmup) {
    const expected = `more than the ${warmup} of warmup`
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'linearDecay steps', expected, steps)
  }
  const minimum = checkNumber('linearDecay minimum', options.minimum ?? 0, 0)
  return { linear: { warmup, steps, minimum } }
}

/** Makes a schedule again from its settings, so that one by hand passes the checks of all others. */
export function resolveSchedule(schedule: Schedule): Schedule {
  const known: Readonly<Record<string, (options: never) => Schedule>> = {
    step: stepDecay,
    exponential: exponentialDecay,
    cosine: cosineDecay,
    linear: linearDecay,
  }
  const [name, settings] = checkKind('fit schedule', schedule, Object.keys(known))
  return known[name]?.(settings as never) ?? schedule
}
