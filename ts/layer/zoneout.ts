import { isRecord } from '../brand.js'
import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import { checkOptions } from '../options.js'
import { mix } from './affine.js'
import { checkRate } from './dropout.js'
import { likeFirst, part } from './gates.js'

/** Probabilities with which the units of a state keep their old values in training. */
export interface ZoneoutRates {
  /** Of the hidden state, from 0 (default) to below 1. */
  readonly h?: number
  /** Of the cell, from 0 (default) to below 1. */
  readonly c?: number
}

export const ZONEOUT_OPTIONS = ['h', 'c'] as const satisfies readonly (keyof ZoneoutRates)[]

/** A rate for each state. */
export type Zoneout = Readonly<Record<string, number>>

/** Checks rates by state, or one for all of them. */
export function checkZoneout(where: string, given: unknown, states: readonly string[]): Zoneout {
  if (!isRecord(given)) {
    const rate = checkRate(`${where} zoneout`, given ?? 0)
    return Object.fromEntries(states.map((name) => [name, rate]))
  }
  checkOptions(`${where} zoneout`, given, states)
  const rates = Object.entries(given).filter(([, rate]) => rate !== undefined)
  return Object.fromEntries(
    rates.map(([name, rate]) => [name, checkRate(`${where} zoneout ${name}`, rate)]),
  )
}

/**
 * Adds the zoneout of a state: in training each unit keeps its old value with the state's probability,
 * a mask a step; otherwise the state is the expectation. `pre` is any value of the step's input, at
 * least as wide as the state: the masks need not wait for the state.
 */
export function zonedOut(
  body: Scope,
  zoneout: Zoneout,
  state: string,
  { pre, old, next }: { readonly pre: Vector; readonly old: Vector; readonly next: Vector },
): Vector {
  const { [state]: rate = 0 } = zoneout
  if (rate === 0) return next
  const { size } = old
  const ones = body.node('ones', { constant: { values: Array<number>(size).fill(1) } }, [])
  const one = body.value<Vector>({ kind: 'vector', size }, ones)
  // A mask a step needs a value of each step, and a choice of 1 or 1 is 1 whatever that value is.
  const steps = likeFirst(body, 'steps', 'where', [part(body, 'step', pre, 0, size), one, one])
  const drawn = likeFirst(body, `zoneout_${state}`, { dropout: { rate, fixed: false } }, [steps])
  // The mask is 0 or 1 / (1 - rate) in training and 1 otherwise: times 1 - rate, the part of the new.
  const renewed = likeFirst(body, 'renewed', { affine: { scale: 1 - rate, shift: 0 } }, [drawn])
  return mix(old, next, renewed)
}
