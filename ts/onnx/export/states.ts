import type { Scan } from './cells.js'
import { type Carried, type Context, whole } from './context.js'
import type { Held } from './held.js'

/** A scan to add. */
export interface Looped {
  readonly name: string
  readonly scan: Scan
  readonly inputs: readonly Held[]
  /** The ports that something reads. */
  readonly read: ReadonlySet<string>
}

/** A value that enters a body, and the value in it. */
export interface Entering {
  readonly name: string
  readonly outside: Held
  readonly inside: Held
  /** One step at a time. */
  readonly stepwise: boolean
}

/** A state of a body: in it, and before the first step. */
export interface State {
  readonly name: string
  readonly inside: Held
  readonly first: string
}

export function statesOf(
  context: Context,
  { name, scan }: Looped,
  initial: ReadonlyMap<string, Held>,
): readonly State[] {
  const { writer, axes } = context
  const first = (state: string, zero: string, tail: readonly number[]): string => {
    const given = initial.get(state)
    if (given !== undefined) return whole(context, given).name
    return writer.one('Expand', `${name}.${state}_0`, [zero, axes.shape(tail)])
  }
  return scan.body.nodes.flatMap(({ name: own, op }): State[] => {
    if (typeof op === 'string') return []
    const value = { name: writer.free(`${name}.${own}`) }
    if ('state' in op) {
      const { size } = op.state
      const inside = { ...value, of: 'numbers', size } as const
      return [{ name: own, inside, first: first(own, writer.floats(0), [size]) }]
    }
    if (!('tokenState' in op)) return []
    const { vocabulary: size, start } = op.tokenState
    const inside = { ...value, of: 'ids', size } as const
    return [{ name: own, inside, first: first(own, writer.ints(start), []) }]
  })
}

/** A state that a node has, and its value after the step. */
export interface CarriedState extends State {
  readonly next: () => string
}

/** Adds a state that a node has, zeros at first. */
export function carry(
  { writer, axes }: Context,
  carried: CarriedState[],
  hint: string,
  memory: string,
): Carried {
  const inside: Held = { name: writer.enter(writer.free(hint)), of: 'weights', size: 0, memory }
  const first = writer.one('Expand', `${hint}_0`, [writer.floats(0), axes.shape([], memory)])
  let after = inside.name
  carried.push({ name: hint, inside, first, next: () => after })
  return {
    inside,
    next(name) {
      after = name
    },
  }
}

/** Gives the next value of a state the name of an output: the old one at a step that its row does not have. */
export function kept({ writer }: Context, old: Held, next: Held, mask: string | undefined): Held {
  const name = writer.free(`${old.name}_next`)
  if (mask === undefined) writer.addHere('Identity', [next.name], name)
  else {
    const condition =
      old.of === 'ids' ? mask : writer.one('Unsqueeze', `${mask}.column`, [mask, writer.ints([1])])
    writer.addHere('Where', [condition, next.name, old.name], name)
  }
  return { ...old, name }
}
