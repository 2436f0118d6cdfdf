import { cellOf } from './cells.js'
import type { Context } from './context.js'
import type { Held, Ports } from './held.js'
import { loop, type Walk } from './loop.js'
import { recurrent } from './recurrent.js'
import type { Entering, Looped } from './states.js'

/** Adds a scan: as an operator of ONNX if there is one for its arithmetic, else as a loop with a body. */
export function scanned(context: Context, looped: Looped, walk: Walk): Ports {
  const { scan, inputs, name } = looped
  const count = inputs.length - scan.initial.length
  const entering = enter(context, looped, inputs.slice(0, count))
  const initial = new Map(
    scan.initial.flatMap((state, i) => {
      const held = inputs[count + i]
      return held === undefined ? [] : [[state, held] as const]
    }),
  )
  const [only, ...others] = entering
  const alone = only?.stepwise === true && only.inside.of === 'numbers' && others.length === 0
  const cell = alone ? cellOf(scan, looped.read) : undefined
  if (cell === undefined || only === undefined)
    return loop(context, looped, entering, initial, walk)
  return recurrent(context, name, cell, { x: only.outside, reverse: scan.reverse, initial })
}

/** Binds what enters a body: sequences step by step, all else as it is. */
function enter(
  { writer }: Context,
  { name, scan }: Looped,
  given: readonly Held[],
): readonly Entering[] {
  const inputs = scan.body.nodes.flatMap((node) =>
    typeof node.op === 'object' && 'input' in node.op
      ? [{ name: node.name, kind: node.op.input }]
      : [],
  )
  return inputs.flatMap(({ name: own, kind }, i) => {
    const outside = given[i]
    if (outside === undefined) return []
    const { of, size } = outside
    const stepwise = outside.axis !== undefined && !('sequence' in kind || 'tokens' in kind)
    const inside = stepwise ? { of, size, name: writer.free(`${name}.${own}`) } : outside
    return [{ name: own, outside, inside, stepwise }]
  })
}
