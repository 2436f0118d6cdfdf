/** RNN, LSTM and GRU as layers of ours: the fused ones where they compute the same, else a scan of a cell. */
import { lastStep, type Numeric, repeat, type Sequence, type Vector } from '../../index.js'
import { shared } from './build.js'
import { type Call, flowAt, numbersAt, type Operator } from './call.js'
import { NodeFault } from './fault.js'
import { type Axis, axesOf, describe, type Flow, flow, hasRole, isFeature } from './held.js'
import { runFused } from './recurrent-fused.js'
import { runScans } from './recurrent-scan.js'
import { type Recurrent, recurrentOf, type States } from './recurrent-weights.js'
import { plain } from './tensor.js'

export const recurrent: Operator = (call) => {
  const node = recurrentOf(call)
  const x = flowAt(call, 0)
  const { time, batch } = axesIn(node, x)
  if (x.value.size !== node.size)
    throw new NodeFault(`${node.size} features of input 0`, describe(x))
  checkLengths(call, time, batch)
  const notes: string[] = []
  const initial = {
    ...initialOf(call, node, 5, 'h', notes),
    ...(node.op === 'LSTM' && initialOf(call, node, 6, 'c', notes)),
  }
  if (call.inputs[4] !== undefined) notes.push('sequence_lens -> the lengths of the rows')
  const steps = x.value.kind === 'sequence' ? x.value : (repeat(x.value, 1) as Sequence)
  const run =
    runFused(call, node, steps, initial, notes) ?? runScans(call, node, steps, initial, notes)
  const all: Numeric = x.value.kind === 'sequence' ? run.output : lastStep()(run.output)
  const { hidden, batchFirst, directions } = node
  const ways = directions.length
  const y: Axis[] = batchFirst ? [batch, time, ways, hidden] : [time, ways, batch, hidden]
  const last: Axis[] = batchFirst ? [batch, ways, hidden] : [ways, batch, hidden]
  const { h, c } = run.state
  return [flow(y, all), flow(last, h), ...(c === undefined ? [] : [flow(last, c)])]
}

/** Finds the time and the batch of the input; either may be a single place. */
function axesIn({ batchFirst }: Recurrent, x: Flow): { time: Axis; batch: Axis } {
  const [first, second] = x.axes
  const [time, batch] = batchFirst ? [second, first] : [first, second]
  const timed = x.value.kind === 'sequence' ? isAlone(time, 'time') : time === 1
  const rowed =
    isAlone(batch, 'batch') || (batch === 1 && !x.axes.some((axis) => hasRole(axis, 'batch')))
  if (x.axes.length !== 3 || !timed || !rowed || time === undefined || batch === undefined) {
    const expected = batchFirst ? '[batch, time, features]' : '[time, batch, features]'
    throw new NodeFault(`input 0 of ${expected}`, describe(x))
  }
  return { time, batch }
}

function isAlone(axis: Axis | undefined, role: 'batch' | 'time'): boolean {
  return axis !== undefined && !isFeature(axis) && axis.roles.join() === role
}

/** Refuses lengths of rows in another order, and those that the file fixes, unless they are of whole rows. */
function checkLengths(call: Call, time: Axis, batch: Axis): void {
  const held = call.inputs[4]
  const [rows] = held?.kind === 'ids' ? held.axes : [batch]
  if (rows !== undefined && !isFeature(rows) && !isFeature(batch) && rows.axis !== batch.axis)
    throw new NodeFault('sequence_lens in the order of the rows', 'lengths or rows that are sorted')
  if (held?.kind !== 'constant') return
  const lengths = Array.from(numbersAt(call, 4) ?? [])
  const size = isFeature(time) ? time : time.size
  if (lengths.some((length) => length !== size)) {
    throw new NodeFault(
      'sequence_lens as an input, or those of whole rows',
      lengths.slice(0, 8).join(', '),
    )
  }
}

/** The first state of an input, as a vector of all directions; none where it is zeros or the model's own. */
function initialOf(
  call: Call,
  node: Recurrent,
  index: number,
  name: 'h' | 'c',
  notes: string[],
): States {
  const held = call.inputs[index]
  if (held === undefined) return {}
  if (held.kind === 'absent') {
    notes.push(`initial_${name} ${held.name} -> the model's own state`)
    return {}
  }
  const ways = node.directions.length
  const [first, second, third] = axesOf(held)
  const [count, batch] = node.batchFirst ? [second, first] : [first, second]
  const rowed = held.kind === 'constant' || batch === 1 || isAlone(batch, 'batch')
  if (
    axesOf(held).length !== 3 ||
    count !== ways ||
    third !== node.hidden ||
    !rowed ||
    (held.kind !== 'flow' && held.kind !== 'constant')
  ) {
    const expected = node.batchFirst
      ? `[batch, ${ways}, ${node.hidden}]`
      : `[${ways}, batch, ${node.hidden}]`
    throw new NodeFault(`initial_${name} of ${expected}`, describe(held))
  }
  if (held.kind === 'flow') return { [name]: held.value as Vector }
  const row: Axis = { roles: ['batch'] }
  const tensor = shared(held.tensor, node.batchFirst ? [row, 1, 1] : [1, row, 1])
  const values = plain(tensor)
  if (Array.from(values).every((value) => value === 0)) return {}
  return { [name]: call.build.vector(call.node.name ?? '', { ...held, tensor }) }
}

export const RECURRENT: readonly (readonly [string, Operator])[] = [
  ['RNN', recurrent],
  ['LSTM', recurrent],
  ['GRU', recurrent],
]
