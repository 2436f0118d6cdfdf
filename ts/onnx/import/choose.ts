/** Ids that a run chooses, and ids as features of 0 and 1. */
import { choose, type Numeric, oneHot, type Token, type Tokens } from '../../index.js'
import { commonAxes } from './broadcast.js'
import { flowAt, inputAt, intOf, numbersAt, type Operator } from './call.js'
import { NodeFault } from './fault.js'
import { axisAt, describe, flow, type Ids, isFeature } from './held.js'

/** The id of the largest number of the last axis. */
const argMax: Operator = (call) => {
  const x = flowAt(call, 0)
  const at = axisAt(x.axes.length, intOf(call, 'axis', 0))
  const size = x.axes[at]
  const plain = intOf(call, 'keepdims', 1) === 0 && intOf(call, 'select_last_index', 0) === 0
  if (!plain || at !== x.axes.length - 1 || size !== x.value.size) {
    throw new NodeFault('the place of the largest feature, without its axis', describe(x))
  }
  const axes = x.axes.slice(0, at)
  let made: Token | Tokens | undefined
  const declare = (): Token | Tokens => {
    made ??= choose(x.value) as Token | Tokens
    return made
  }
  return { kind: 'ids', name: call.node.name ?? '', axes, scores: x.value, declare }
}

/** The ids of a teacher where a condition holds, else those of the largest scores. */
export function taught(condition: Numeric, teacher: Ids, own: Ids): Ids {
  const { scores } = own
  if (scores === undefined) throw new NodeFault('ids of the largest numbers', describe(own))
  let made: Token | Tokens | undefined
  const axes = commonAxes(teacher.axes, own.axes)
  return {
    ...own,
    axes,
    declare() {
      made ??= choose(scores, { teacher: teacher.declare(scores.size), ratio: condition })
      return made
    },
  }
}

const oneOf: Operator = (call) => {
  const ids = inputAt(call, 0)
  const [depth, values] = [numbersAt(call, 1)?.[0], Array.from(numbersAt(call, 2) ?? [])]
  const last = [-1, ids.kind === 'constant' ? -1 : ids.axes.length].includes(
    intOf(call, 'axis', -1),
  )
  if (ids.kind !== 'ids' || depth === undefined || !last || values.join() !== '0,1') {
    throw new NodeFault('ids, as 0 and 1 on the last axis', describe(ids))
  }
  if (!ids.axes.every((axis) => !isFeature(axis) || axis === 1))
    throw new NodeFault('one id of each row or step', describe(ids))
  return flow([...ids.axes, depth], oneHot(ids.declare(depth) as Tokens))
}

export const CHOICES: readonly (readonly [string, Operator])[] = [
  ['ArgMax', argMax],
  ['OneHot', oneOf],
]
