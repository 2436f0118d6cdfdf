import { mismatch } from '../errors.js'
import { checkCount, checkOptions } from '../options.js'
import type { Parts } from './parts.js'
import { portOf } from './roles.js'

/** The output and input of a predicted length. */
export interface LengthOptions {
  /** The output that scores the lengths 0, 1, ...; known before the first step. */
  readonly output: string
  /**
   * The input of one number a step that takes the number of items still to come, the next one included:
   * `n, n - 1, ..., 1`.
   */
  readonly remaining: string
}

export const LENGTH_OPTIONS = [
  'output',
  'remaining',
] as const satisfies readonly (keyof LengthOptions)[]

/**
 * The end of a sequence, in one of three ways; without any, sequences end after `maxSteps` (Goodfellow,
 * Bengio, Courville: Deep Learning, section 10.2.3).
 */
export interface StopOptions {
  /** Ends a sequence of tokens; it is the last of them. */
  readonly endToken?: number
  /**
   * The output of one number a step that ends a sequence there: the logit of the probability, or the
   * probability itself of an output that ends in `sigmoid`. Drawn where the search draws, else at 0.5.
   */
  readonly stop?: string
  /** A length that is predicted first, and kept. */
  readonly length?: LengthOptions
}

/** The end of a sequence, in the core's form. */
export type StopJson =
  | 'never'
  | { readonly endToken: number }
  | { readonly output: string }
  | { readonly length: { readonly length: string; readonly remaining: string } }

/** Resolves the way to stop. */
export function resolveStop(where: string, parts: Parts, options: StopOptions): StopJson {
  const { endToken, stop, length } = options
  const given = [endToken, stop, length].filter((way) => way !== undefined)
  if (given.length > 1) {
    throw mismatch(
      'ERR_UNROLLED_ARGUMENT',
      where,
      'one of the options endToken, stop and length',
      given.length,
    )
  }
  if (endToken !== undefined) {
    return { endToken: checkCount(`${where} endToken`, endToken, 0, 0xffff_ffff) }
  }
  if (stop !== undefined) {
    return { output: portOf(`${where} stop`, 'output', parts.outputs, stop).name }
  }
  if (length === undefined) return 'never'
  checkOptions(`${where} length`, length, LENGTH_OPTIONS)
  const output = portOf(`${where} length output`, 'output', parts.outputs, length.output)
  const remaining = portOf(`${where} length remaining`, 'input', parts.inputs, length.remaining)
  return { length: { length: output.name, remaining: remaining.name } }
}
