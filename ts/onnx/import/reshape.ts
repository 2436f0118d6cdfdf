/** `Reshape`: which places of a new shape hold the batch and the time. */
import { NodeFault } from './fault.js'
import {
  type Axis,
  axesOf,
  describe,
  type Held,
  hasRole,
  isFeature,
  type RoleAxis,
  reshaped,
  sizeOf,
} from './held.js'
import { type Item, type Role, wordsOf } from './tensor.js'

/** Axes taken apart: the batch and time in their order, and the number of features before, between and after them. */
interface Parts {
  readonly singles: readonly RoleAxis[]
  readonly features: readonly number[]
}

function partsOf(axes: readonly Axis[]): Parts {
  const singles: RoleAxis[] = []
  const features = [1]
  for (const axis of axes) {
    if (isFeature(axis)) {
      features.push((features.pop() ?? 1) * axis)
      continue
    }
    for (const single of axis.parts ?? [axis]) {
      singles.push(single)
      features.push(1)
    }
  }
  return { singles, features }
}

/** Gives an axis list the shape that a file asks for: with 0 for a size that stays, and -1 for what remains. */
export function reshape(held: Held, shape: readonly Item[], zeros: boolean): Held {
  const axes = axesOf(held)
  if (shape.length > 32) throw new NodeFault('at most 32 axes', String(shape.length))
  const items = shape.map((item, i): Item => {
    const own = axes[i]
    return item === 0 && !zeros && own !== undefined ? sizeOf(own) : item
  })
  const kept = shape.map((item, i) => (item === 0 && !zeros ? axes[i] : undefined))
  const parts = partsOf(axes)
  const found = search(parts, items, kept)
  if (found === undefined) {
    const wanted = shape.map(wordsOf).join(', ')
    throw new NodeFault(
      `a shape that keeps the batch and time of ${describe(held)} apart from the features`,
      `[${wanted}]`,
    )
  }
  return reshaped(held, found)
}

/** Tries the places that the batch and time may take in a new shape, the surest first. */
function search(
  { singles, features }: Parts,
  items: readonly Item[],
  kept: readonly (Axis | undefined)[],
): Axis[] | undefined {
  const choices = [...placings(singles, items, kept)].sort((a, b) => b.score - a.score)
  for (const { places } of choices) {
    const axes = fill(singles, features, items, places)
    if (axes !== undefined) return axes
  }
  return undefined
}

interface Placing {
  /** For each batch or time its place in the new shape; -1 for one of size 1 that goes. */
  readonly places: readonly number[]
  readonly score: number
}

function placings(
  singles: readonly RoleAxis[],
  items: readonly Item[],
  kept: readonly (Axis | undefined)[],
): Placing[] {
  let partial: Placing[] = [{ places: [], score: 0 }]
  for (const single of singles) {
    partial = partial.flatMap(({ places, score }) => {
      const from = Math.max(0, ...places)
      const next: Placing[] =
        single.size === 1 ? [{ places: [...places, -1], score: score - 1 }] : []
      for (let at = from; at < items.length; at++) {
        const gain = scoreOf(single, items[at] as Item, kept[at])
        if (gain > 0) next.push({ places: [...places, at], score: score + gain })
      }
      return next
    })
  }
  return partial
}

/** How surely an item of a shape is a batch or time; 0 if it cannot be. */
function scoreOf({ roles: [role], size }: RoleAxis, item: Item, kept: Axis | undefined): number {
  if (typeof item !== 'number') return item.roles.some((it) => it === role) ? 4 : 0
  if (kept !== undefined && hasRole(kept, role as Role)) return 4
  if (item === -1) return 1
  if (item === size) return 3
  return size !== undefined && item % size === 0 ? 0.5 : 0
}

/** Fills the features in around the batch and time; nothing where the numbers do not come out. */
function fill(
  singles: readonly RoleAxis[],
  features: readonly number[],
  items: readonly Item[],
  places: readonly number[],
): Axis[] | undefined {
  const axes: Axis[] = []
  let at = 0
  let open = features[0] ?? 1
  for (let i = 0; i < singles.length; ) {
    const place = places[i] ?? -1
    if (place < 0) {
      // A batch or time of 1 that goes: the features on its sides come together.
      i++
      open *= features[i] ?? 1
      continue
    }
    const before = featuresOf(items.slice(at, place), open)
    if (before === undefined) return undefined
    const group: RoleAxis[] = []
    for (; i < singles.length && places[i] === place; i++) {
      if (group.length > 0 && features[i] !== 1) return undefined
      group.push(singles[i] as RoleAxis)
    }
    if (!agrees(group, items[place] as Item)) return undefined
    axes.push(...before, roleAxis(group))
    at = place + 1
    open = features[i] ?? 1
  }
  const after = featuresOf(items.slice(at), open)
  return after === undefined ? undefined : [...axes, ...after]
}

function roleAxis(group: readonly RoleAxis[]): RoleAxis {
  const [only] = group
  if (group.length === 1 && only !== undefined) return only
  const size = group.reduce<number | undefined>(
    (all, it) => (all === undefined || it.size === undefined ? undefined : all * it.size),
    1,
  )
  return { roles: group.flatMap(({ roles }) => roles), size, parts: group }
}

/** Tells if an item of the shape can be the size of a group. */
function agrees(group: readonly RoleAxis[], item: Item): boolean {
  if (item === -1) return true
  const { size } = roleAxis(group)
  if (typeof item === 'number') return size === undefined ? group.length === 1 : item === size
  return (
    item.factor === 1 &&
    [...item.roles].sort().join() ===
      group
        .flatMap(({ roles }) => roles)
        .sort()
        .join()
  )
}

/** The sizes of features, with -1 filled in; nothing where they have not as many numbers. */
function featuresOf(items: readonly Item[], count: number): number[] | undefined {
  const sizes: number[] = []
  for (const item of items) {
    if (typeof item !== 'number') return undefined
    sizes.push(item)
  }
  const known = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1)
  const filled = sizes.map((size) => (size === -1 ? count / known : size))
  const whole = filled.every((size) => Number.isInteger(size) && size > 0)
  return whole && filled.reduce((product, size) => product * size, 1) === count ? filled : undefined
}
