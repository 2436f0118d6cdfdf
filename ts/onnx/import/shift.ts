/** A sequence one step later: all but its last step, behind a first one. */
import { type Sequence, shift, type Token, type Tokens, type Vector } from '../../index.js'
import { spread } from './broadcast.js'
import type { Call } from './call.js'
import { NodeFault } from './fault.js'
import { type Axis, axesOf, type Before, describe, flow, type Held, isTime } from './held.js'
import { numberOf } from './lengths.js'

/** Joins a first step and the steps before the last. */
export function shifted(call: Call, first: Held, { of, axes }: Before, at: number): Held {
  const own = axesOf(first)
  if (own.length !== axes.length || own[at] !== 1 || !isTime(axes[at]))
    throw new NodeFault('one step in front of the others', describe(first))
  const name = call.build.unique(call.node.name || 'shift')
  if (of.kind === 'ids') {
    const start = numberOf(first)
    if (start === undefined) throw new NodeFault('one fixed id as the first', describe(first))
    let made: Token | Tokens | undefined
    return {
      ...of,
      declare(vocabularySize) {
        made ??= shift({ start, name })(of.declare(vocabularySize) as Tokens)
        return made
      },
    }
  }
  const zeros = first.kind === 'constant' && Array.from(first.tensor.data).every((it) => it === 0)
  const layer = shift({ name })
  if (zeros) return flow(axes, layer(of.value as Sequence))
  const row = axes.map((axis, i): Axis => (i === at ? 1 : axis))
  return flow(axes, layer(of.value as Sequence, { initial: spread(call, first, row) as Vector }))
}
