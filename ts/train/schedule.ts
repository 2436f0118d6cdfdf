import { checkCount, checkNumber, checkOptions, checkPositive } from '../options.js'

/** How the learning rate changes from one optimizer step to the next: a factor on the rate. */
export type Schedule = Readonly<Record<string, Readonly<Record<string, number>>>>

/** `factor = gamma ^ ⌊step / size⌋`; PyTorch's `StepLR`, counted in optimizer steps. */
export function stepRate(options: { readonly size: number; readonly gamma: number }): Schedule {
  checkOptions('stepRate', options, ['size', 'gamma'])
  const size = checkCount('stepRate size', options.size)
  return { step: { size, gamma: checkPositive('stepRate gamma', options.gamma) } }
}

/** `factor = gamma ^ step`; PyTorch's `ExponentialLR`, counted in optimizer steps. */
export function exponentialRate(options: { readonly gamma: number }): Schedule {
  checkOptions('exponentialRate', options, ['gamma'])
  return { exponential: { gamma: checkPositive('exponentialRate gamma', options.gamma) } }
}

/** From 1 down to `minimum` (0 by default) along half a cosine of `steps` optimizer steps. */
export function cosineRate(options: {
  readonly steps: number
  readonly minimum?: number
}): Schedule {
  checkOptions('cosineRate', options, ['steps', 'minimum'])
  const steps = checkCount('cosineRate steps', options.steps)
  return { cosine: { steps, minimum: checkNumber('cosineRate minimum', options.minimum ?? 0, 0) } }
}

/**
 * Up to 1 along `warmup` optimizer steps (0 by default), then down to `minimum` (0 by default) at
 * step `steps`, both in a straight line.
 */
export function linearRate(options: {
  readonly steps: number
  readonly warmup?: number
  readonly minimum?: number
}): Schedule {
  checkOptions('linearRate', options, ['steps', 'warmup', 'minimum'])
  const steps = checkCount('linearRate steps', options.steps)
  const warmup = checkCount('linearRate warmup', options.warmup ?? 0, 0)
  const minimum = checkNumber('linearRate minimum', options.minimum ?? 0, 0)
  return { linear: { warmup, steps, minimum } }
}
