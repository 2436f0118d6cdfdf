import type { Cell } from '../cell/cell.js'
import { mismatch } from '../errors.js'
import type { SumOfSizes } from '../graph/sizes.js'
import type { Vector } from '../graph/value.js'
import { checkCount, checkList, checkOptions } from '../options.js'
import { activation, checkRecurrentActivation, type RecurrentActivation } from './activation.js'
import { affine } from './affine.js'
import { subtract, where } from './arithmetic.js'
import { add, concat } from './combine.js'
import { linear } from './dense.js'
import { constant } from './given.js'
import { slice } from './slice.js'

/** A group of units of {@link clockwork}. */
export interface ClockworkGroup<S extends number = number> {
  /** Numbers in the state of the group. */
  readonly size: S
  /** The steps from one change of the group to the next. */
  readonly period: number
}

/** Options of {@link clockwork}. */
export interface ClockworkOptions<G extends readonly ClockworkGroup[]> {
  /** The groups, the shortest period first; no two have one period. */
  readonly groups: G
  /** The function of the state, φ; `'tanh'` by default. */
  readonly activation?: RecurrentActivation
}

export const CLOCKWORK_OPTIONS = [
  'groups',
  'activation',
] as const satisfies readonly (keyof ClockworkOptions<readonly ClockworkGroup[]>)[]
export const CLOCKWORK_GROUP_OPTIONS = [
  'size',
  'period',
] as const satisfies readonly (keyof ClockworkGroup)[]

/** Counts up to 2^24 are exact in single precision. */
const LONGEST = 2 ** 24

/**
 * A clockwork cell (Koutník, Greff, Gomez, Schmidhuber 2014): units in groups that change at different rates. At a step t,
 * counted from 0, a group of period p with p | t becomes `φ(W x + b + U [h of this group and the slower ones])`; the others
 * keep their states to the bit. Connections lead from slow groups to fast ones alone.
 *
 * The states are `h`, the groups side by side, and `clock`, for each group the steps since its last change but one period
 * at most; a state that is carried on keeps the time. All groups are computed at every step: periods save no work.
 * Parameters, of {@link linear} layers: `entry` (W `[H, I]` and b), `group_0` (U `[size, H]`, no bias) and so on.
 *
 * ```ts
 * const groups = [{ size: 16, period: 1 }, { size: 16, period: 4 }, { size: 16, period: 16 }] as const
 * const { output } = scan(clockwork({ groups }))(x)
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function clockwork<const G extends readonly ClockworkGroup[]>(
  options: ClockworkOptions<G>,
): Cell<
  { readonly h: SumOfSizes<G>; readonly clock: G['length'] },
  { readonly h: Vector<SumOfSizes<G>>; readonly clock: Vector<G['length']> }
> {
  checkOptions('clockwork', options, CLOCKWORK_OPTIONS)
  const groups = checkGroups(options.groups)
  const apply = activation(checkRecurrentActivation('clockwork', options.activation))
  const total = groups.reduce((sum, { size }) => sum + size, 0)
  const made = {
    sizes: { h: total, clock: groups.length },
    step({ h, clock }: { readonly h: Vector; readonly clock: Vector }, x: Vector) {
      const entry = linear(total, { name: 'entry' })(x)
      const next = groups.map(({ size, start }, i) => {
        const own = slice({ start, size })
        const slower = slice({ start, size: total - start })(h)
        const read = linear(size, { bias: false, name: `group_${i}` })(slower)
        const changed = apply(add(own(entry), read))
        return where(slice({ start: i, size: 1 })(clock), own(h), changed)
      })
      return { h: concat(...next), clock: ticked(clock, groups) }
    },
  }
  // The sizes add up to those of the types.
  return Object.freeze(made) as unknown as ReturnType<typeof clockwork<G>>
}

/** The next counts: one more, from 0 again at the period. */
function ticked(clock: Vector, groups: readonly ClockworkGroup[]): Vector {
  const more = affine(clock, { shift: 1 })
  const periods: Vector = constant(groups.map(({ period }) => period))
  const zeros: Vector = constant(groups.map(() => 0))
  return where(subtract(more, periods), more, zeros)
}

/** A group, and the place of its first number in the state. */
interface Placed extends ClockworkGroup {
  readonly start: number
}

function checkGroups(given: unknown): readonly Placed[] {
  let [start, last] = [0, 0]
  const groups = checkList('clockwork groups', given).map((group, i): Placed => {
    const name = `clockwork groups [${i}]`
    checkOptions(name, group, CLOCKWORK_GROUP_OPTIONS)
    const { size, period } = group as ClockworkGroup
    checkCount(`${name} size`, size)
    checkCount(`${name} period`, period, 1, LONGEST)
    if (period <= last) {
      const expected = `more than the period before, ${last}`
      throw mismatch('ERR_UNROLLED_ARGUMENT', `${name} period`, expected, period)
    }
    const placed = { size, period, start }
    last = period
    start += size
    return placed
  })
  if (groups.length > 0) return groups
  throw mismatch('ERR_UNROLLED_ARGUMENT', 'clockwork groups', 'at least one group', given)
}
