/** `Scan` as a scan of a cell, whose step is the body in the file. */
import {
  type Cell,
  cell,
  type Numeric,
  repeat,
  type Sequence,
  scan,
  type Vector,
} from '../../index.js'
import { spread } from './broadcast.js'
import { shared } from './build.js'
import { type Call, inputAt, intOf, intsOf, type Operator } from './call.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  axesOf,
  axisAt,
  describe,
  type Flow,
  featureDims,
  flow,
  type Held,
  hasRole,
} from './held.js'

/** A state of the loop: what it is within the body, and its first value. */
interface State {
  readonly name: string
  readonly axes: readonly Axis[]
  readonly size: number
  readonly first: Vector | undefined
}

/** A sequence that the loop runs along. */
interface Along {
  readonly name: string
  readonly axes: readonly Axis[]
  /** None for the mask of the steps that rows have. */
  readonly value: Sequence | undefined
  readonly time: Axis
  /** The value within the body. */
  inside(value: Numeric | undefined): Held
}

const ROW: Axis = { roles: ['batch'] }
const TIME: Axis = { roles: ['time'] }

export const scanned: Operator = (call) => {
  const count = intOf(call, 'num_scan_inputs', 0)
  const inputs = call.node.input.map((_, i) => inputAt(call, i))
  const own = inputs.length - count
  if (call.opset < 9 || count < 1 || own < 1) {
    throw new NodeFault(
      'a scan of opset 9 or later, with states and inputs',
      `${own} states and ${count} inputs`,
    )
  }
  const along = inputs.slice(own).map((held, i) => alongOf(call, held, i))
  const states = inputs.slice(0, own).map((held, i) => stateOf(call, held, i, along))
  const reverse = directionOf(call)
  const shown = call.node.output.length - own
  const name = call.build.unique(call.node.name || 'scan')
  const axes: (readonly Axis[])[] = []
  const sizes = Object.fromEntries(states.map((state) => [state.name, state.size]))
  const step = cell(sizes, (given, x) => {
    const outputs = call.build.within(name, () =>
      stepOf(call, states, along, given as never, x as never),
    )
    axes.push(...outputs.map((output) => output.axes))
    const values = outputs.map(({ value }) => value as Vector)
    const next = Object.fromEntries(states.map((state, i) => [state.name, values[i]]))
    const trace = Object.fromEntries(values.slice(own).map((value, i) => [`y${i}`, value]))
    return { ...next, output: values[own] ?? values[0], trace } as never
  }) as unknown as Cell
  const first = states.flatMap((state) =>
    state.first === undefined ? [] : [[state.name, state.first]],
  )
  const fed = along.filter(({ value }) => value !== undefined)
  const [only] = fed
  const given =
    fed.length === 1 ? only?.value : Object.fromEntries(fed.map((it) => [it.name, it.value]))
  const run = scan(step, { name, reverse })(given as Sequence, {
    initial: Object.fromEntries(first),
  })
  const state = run.state as unknown as Readonly<Record<string, Vector>>
  const trace = run.trace as unknown as Readonly<Record<string, Sequence>>
  const places = intsOf(call, 'scan_output_axes')
  const sequences = Array.from({ length: shown }, (_, i): Held => {
    const inside = axes[own + i] ?? []
    const at = axisAt(inside.length + 1, places?.[i] ?? 0)
    return flow(
      [...inside.slice(0, at), only?.time ?? 1, ...inside.slice(at)],
      trace[`y${i}`] as Sequence,
    )
  })
  return [...states.map((it) => flow(it.axes, state[it.name] as Vector)), ...sequences]
}

function alongOf(call: Call, given: Held, index: number): Along {
  const held = given.kind === 'flow' ? call.build.stepped(given) : given
  const axes = axesOf(held)
  const at = axisAt(axes.length, intsOf(call, 'scan_input_axes')?.[index] ?? 0)
  const time = axes[at]
  const name = `x${index}`
  const inside = axes.filter((_, i) => i !== at)
  if (hasRole(time, 'time') && time !== undefined) {
    if (held.kind === 'flow' && held.value.kind === 'sequence') {
      return {
        name,
        axes: inside,
        value: held.value,
        time,
        inside: (value) => flow(inside, value as Numeric),
      }
    }
    if (held.kind === 'lengths') {
      return {
        name,
        axes: inside,
        value: undefined,
        time,
        inside: () => ({ ...held, axes: inside }),
      }
    }
  }
  if (held.kind === 'constant') {
    // So many steps of the same numbers.
    const tensor = shared(
      held.tensor,
      axes.map((axis, i) => (i === at ? TIME : axis)),
    )
    const count = held.tensor.dims[at] ?? 1
    const value = repeat(call.build.vector(call.node.name ?? '', { tensor }), count)
    const time: Axis = { roles: ['time'], axis: value.axis, size: count }
    return { name, axes: inside, value, time, inside: (step) => flow(inside, step as Numeric) }
  }
  throw new NodeFault(`the time on axis ${at} of each input`, describe(held))
}

/** A state, by its first value: of a constant the first axis is the batch where that of the inputs is. */
function stateOf(call: Call, held: Held, index: number, [x]: readonly Along[]): State {
  const given = axesOf(held)
  const rowed = held.kind === 'constant' && given.length > 1 && hasRole(x?.axes[0], 'batch')
  const axes = rowed ? [ROW, ...given.slice(1)] : given
  const size = featureDims(axes).reduce((product, dim) => product * dim, 1)
  const zeros = held.kind === 'constant' && Array.from(held.tensor.data).every((item) => item === 0)
  const first = zeros || held.kind === 'absent' ? undefined : (spread(call, held, axes) as Vector)
  return { name: `s${index}`, axes, size, first }
}

function directionOf(call: Call): boolean {
  const all = [
    ...(intsOf(call, 'scan_input_directions') ?? []),
    ...(intsOf(call, 'scan_output_directions') ?? []),
  ]
  const reverse = all[0] === 1
  if (all.every((it) => (it === 1) === reverse)) return reverse
  throw new NodeFault('one direction of all inputs and outputs', all.join(', '))
}

/** Reads the body with the values of a step. */
function stepOf(
  call: Call,
  states: readonly State[],
  along: readonly Along[],
  given: Readonly<Record<string, Vector>>,
  x: Vector & Readonly<Record<string, Vector>>,
): readonly Flow[] {
  const single = along.filter(({ value }) => value !== undefined).length === 1
  const inputs = [
    ...states.map((state) => flow(state.axes, given[state.name] as Numeric)),
    ...along.map((it) => it.inside(single ? x : x[it.name])),
  ]
  return call.body('body', inputs).map((held, i) => {
    const axes = states[i]?.axes ?? axesOf(held)
    const value = spread(call, held, axes)
    return flow(axes, value)
  })
}

export const LOOPS: readonly (readonly [string, Operator])[] = [['Scan', scanned]]
