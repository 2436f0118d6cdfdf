/** The meaning of a name of the file while its graph is read: a constant, or a value of ours with its axes. */
import {
  concat,
  lastStep,
  type Numeric,
  type Sequence,
  slice,
  type Token,
  type Tokens,
} from '../../index.js'
import { NodeFault } from './fault.js'
import { type Move, runsOf } from './move.js'
import { type Item, type Role, type Tensor, wordsOf } from './tensor.js'

/** The batch or the time, or both as one axis, one after the other; `size` where the file fixes one. */
export interface RoleAxis {
  readonly roles: readonly Role[]
  /** The name of a time, where a file has several; of a batch the lengths that its rows are sorted by. */
  readonly axis?: string | undefined
  readonly size?: number | undefined
  /** The batch and time of an axis that holds both. */
  readonly parts?: readonly RoleAxis[] | undefined
}

/** An axis of a value: a number of features, or the batch or time. */
export type Axis = number | RoleAxis

/** How the steps of a row become one. */
export type Pool = 'last' | 'mean' | 'max' | 'sum'

/** Numbers that a run makes: the features of each step or row, flat in the order of the axes. */
export interface Flow {
  readonly kind: 'flow'
  readonly axes: readonly Axis[]
  readonly value: Numeric
  /** Of a value times a number: both. */
  readonly scaled?: { readonly x: Numeric; readonly by: number } | undefined
  /** Of a sequence's steps as one: the sequence. */
  readonly pooled?: { readonly how: Pool; readonly x: Sequence } | undefined
  /** Each number is 0 or 1: it tells how others compare. */
  readonly truth?: boolean
}

/** An id that is the same as a fixed one, or not. */
export interface Same {
  readonly kind: 'same'
  readonly axes: readonly Axis[]
  readonly ids: Ids
  readonly id: number
}

/** The erf of `x / √2`, or 1 and that, times a number: a part of a GELU. */
export interface Erf {
  readonly kind: 'erf'
  readonly axes: readonly Axis[]
  readonly x: Numeric
  readonly whole: boolean
  readonly by: number
}

/** All but the last step of a sequence. */
export interface Before {
  readonly kind: 'before'
  readonly axes: readonly Axis[]
  readonly of: Flow | Ids
}

/** Ids, which become an input when a table says how many there are. */
export interface Ids {
  readonly kind: 'ids'
  readonly name: string
  readonly axes: readonly Axis[]
  /** The numbers whose largest names the ids. */
  readonly scores?: Numeric
  declare(vocabularySize: number): Token | Tokens
}

/** Numbers that the file holds; `name` is that of the tensor, if they are a whole one. */
export interface Constant {
  readonly kind: 'constant'
  readonly tensor: Tensor
  readonly name?: string
}

/** An input that is not fed: a state that the model begins with and keeps by itself. */
export interface Absent {
  readonly kind: 'absent'
  readonly name: string
  readonly axes: readonly Axis[]
}

/** Something that a file computes of the lengths of the rows. */
export interface Lengths {
  readonly kind: 'lengths'
  /**
   * The place of the last step, the steps but at least 1, the place of each step; rows with steps, steps with a value;
   * the place of each row, and the rows in another order.
   */
  readonly of: 'last' | 'divisor' | 'places' | 'any' | 'valid' | 'rows' | 'order'
  readonly axes: readonly Axis[]
  /** Of an order: the batch that it puts in order. */
  readonly before?: RoleAxis | undefined
}

export type Held = Flow | Ids | Constant | Absent | Lengths | Erf | Before | Same

export const isFeature = (axis: Axis | undefined): axis is number => typeof axis === 'number'

/** Tells if an axis holds a role, alone or with another. */
export function hasRole(axis: Axis | undefined, role: Role): boolean {
  return axis !== undefined && !isFeature(axis) && axis.roles.includes(role)
}

/** Tells if an axis is the time alone. */
export function isTime(axis: Axis | undefined): axis is RoleAxis {
  return axis !== undefined && !isFeature(axis) && axis.roles.join() === 'time'
}

/** The shape of the features alone, with 1 in place of batch and time. */
export function featureDims(axes: readonly Axis[]): number[] {
  return axes.map((axis) => (isFeature(axis) ? axis : 1))
}

/** The size of an axis, fixed or to be known in a run. */
export function sizeOf(axis: Axis): Item {
  if (isFeature(axis)) return axis
  return axis.size ?? { factor: 1, roles: axis.roles, axis: axis.axis }
}

/** The axes of anything held. */
export function axesOf(held: Held): readonly Axis[] {
  return held.kind === 'constant' ? held.tensor.dims : held.axes
}

/** Says what is held in a few words. */
export function describe(held: Held | undefined): string {
  if (held === undefined) return 'none'
  const axes = axesOf(held).map((axis) =>
    isFeature(axis) ? String(axis) : wordsOf({ factor: 1, roles: axis.roles }),
  )
  const kinds = {
    flow: 'values',
    ids: 'ids',
    constant: 'a constant',
    absent: 'an input left out',
    lengths: 'lengths of rows',
    same: 'equal ids',
    erf: 'an erf',
    before: 'steps but the last',
  }
  return `${kinds[held.kind]} [${axes.join(', ')}]`
}

export function flow(axes: readonly Axis[], value: Numeric): Flow {
  return { kind: 'flow', axes, value }
}

export function constantOf(tensor: Tensor): Constant {
  return { kind: 'constant', tensor }
}

/** The most pieces that features are cut into to be put in another order. */
const MOST_PIECES = 256

/** Puts the features of a value in another order. */
export function arranged(value: Numeric, from: ArrayLike<number>): Numeric {
  const runs = runsOf(from)
  const [only] = runs
  if (runs.length === 1 && only?.[0] === 0 && only[1] === value.size) return value
  if (runs.length > MOST_PIECES || runs.length === 0) {
    throw new NodeFault(
      `features that keep their order, or fall into at most ${MOST_PIECES} pieces`,
      `${runs.length} pieces`,
    )
  }
  const pieces = runs.map(([start, size]) => slice({ start, size })(value))
  const [piece] = pieces
  return pieces.length === 1 && piece !== undefined ? piece : concat(...pieces)
}

/** Applies a move to a constant or to the features of a value; `axes` are those of the result. */
export function moved(held: Held, { dims, from }: Move, axes: readonly Axis[] = dims): Held {
  if (held.kind === 'flow') return flow(axes, arranged(held.value, from))
  if (held.kind !== 'constant') return { ...held, axes }
  const { data, float } = held.tensor
  const item = (place: number): Item => data[place] ?? 0
  const items =
    data instanceof Float32Array
      ? Float32Array.from(from, item as (place: number) => number)
      : Array.from(from, item)
  return constantOf({ dims, data: items, float })
}

/** Gives the axes another shape that keeps the order of the numbers. */
export function reshaped(held: Held, axes: readonly Axis[]): Held {
  if (held.kind === 'constant') {
    return { ...held, tensor: { ...held.tensor, dims: featureDims(axes) } }
  }
  return { ...held, axes }
}

/** The place of an axis, counted from the end where it is negative. */
export function axisAt(rank: number, axis: number): number {
  const at = axis < 0 ? axis + rank : axis
  if (Number.isInteger(at) && at >= 0 && at < rank) return at
  throw new NodeFault(`an axis of ${rank}`, String(axis))
}

/** The size of several axes together. */
export function productOf(axes: readonly Axis[]): Item {
  const sizes = axes.map(sizeOf)
  const factor = sizes.reduce<number>(
    (all, it) => all * (typeof it === 'number' ? it : it.factor),
    1,
  )
  const roles = sizes.flatMap((it) => (typeof it === 'number' ? [] : it.roles))
  return roles.length === 0 ? factor : { factor, roles }
}

/** The last step of a value that has steps. */
export function finalStep(value: Numeric): Numeric {
  return value.kind === 'sequence' ? lastStep()(value) : value
}
