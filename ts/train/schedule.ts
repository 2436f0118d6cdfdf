import { checkCount, checkNumber, checkOptions, checkPositive } from '../options.js'

/** How the learning rate changes from one optimizer step to the next: a factor on the rate. */
export type Schedule = Readonly<Record<string, Readonly<Record<string, number>>>>

/** `factor = gamma ^ ⌊step / size⌋`; PyTorch's `StepLR`, counted in optimizer steps. */
export function stepDecay(options: { readonly size: number; readonly gamma: number }): Schedule {
  checkOptions('stepDecay', options, ['size', 'gamma'])
  const size = checkCount('stepDecay size', options.size)
  return { step: { size, gamma: checkPositive('stepDecay gamma', options.gamma) } }
}

/** `factor = gamma ^ step`; PyTorch's `ExponentialLR`, counted in optimizer steps. */
export function exponentialDecay(options: { readonly gamma: number }): Schedule {
  checkOptions('exponentialDecay', options, ['gamma'])
  return { exponential: { gamma: checkPositive('exponentialDecay gamma', options.gamma) } }
}

/** From 1 down to `minimum` (0 by default) along half a cosine of `steps` optimizer steps. */
export function cosineDecay(options: {
  readonly steps: number
  readonly minimum?: number
}): Schedule {
  checkOptions('cosineDecay', options, ['steps', 'minimum'])
  const steps = checkCount('cosineDecay steps', options.steps)
  return { cosine: { steps, minimum: checkNumber('cosineDecay minimum', options.minimum ?? 0, 0) } }
}

/**
 * Up to 1 along `warmup` optimizer steps (0 by default), then down to `minimum` (0 by default) at
 * step `steps`, both in a straight line.
 */
export function linearDecay(options: {
  readonly steps: number
  readonly warmup?: number
  readonly minimum?: number
}): Schedule {
  checkOptions('linearDecay', options, ['steps', 'warmup', 'minimum'])
  const steps = checkCount('linearDecay steps', options.steps)
  const warmup = checkCount('linearDecay warmup', options.warmup ?? 0, 0)
  const minimum = checkNumber('linearDecay minimum', options.minimum ?? 0, 0)
  return { linear: { warmup, steps, minimum } }
}
