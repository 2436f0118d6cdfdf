import { mismatch } from '../errors.js'
import { type Layer, layer, type Same } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Numeric } from '../graph/value.js'
import { checkBoolean, checkNumber, checkOptions } from '../options.js'

/** Options of {@link dropout}. */
export interface DropoutOptions {
  /** The part of the numbers that is dropped, from 0 to below 1. */
  readonly rate: number
  /** One mask a row for all its steps, instead of one a step; `false` by default. */
  readonly fixed?: boolean
  /** Names the layer; `dropout` by default. */
  readonly name?: string
}

export const DROPOUT_OPTIONS = [
  'rate',
  'fixed',
  'name',
] as const satisfies readonly (keyof DropoutOptions)[]

/**
 * While training, sets each number to zero with probability `rate` and divides the others by
 * `1 - rate`; otherwise does nothing.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function dropout(options: DropoutOptions): Layer<Numeric, Same> {
  checkOptions('dropout', options, DROPOUT_OPTIONS)
  const where = nameOf('dropout', options.name)
  const rate = checkRate(`${where} rate`, options.rate)
  const fixed = checkBoolean(`${where} fixed`, options.fixed ?? false)
  return layer({
    kind: 'dropout',
    name: options.name,
    accepts: ['vector', 'sequence'],
    build: ({ scope, label }, x) =>
      scope.value(x, scope.node(label, { dropout: { rate, fixed } }, [x])),
  })
}

/** A dropout rate: from 0 to below 1. */
export function checkRate(name: string, value: unknown): number {
  const rate = checkNumber(name, value, 0, 1)
  if (rate === 1) throw mismatch('ERR_UNROLLED_ARGUMENT', name, 'a number below 1', value)
  return rate
}
