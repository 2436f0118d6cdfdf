import type { NodeJson } from '../../index.js'
import { type AttributeProto, DataType, type GraphProto } from '../proto.js'
import { attribute, tensorInfo } from './build.js'
import { cellOf, type Scan } from './cells.js'
import { type Context, declared, whole } from './context.js'
import { type Held, type Ports, port } from './held.js'
import { recurrent } from './recurrent.js'

/**
 * Walks the nodes of a body, whose inputs and states are bound, and gives what finds the value at the end of a wire.
 * `prefix` stands before their names in messages.
 */
export type Walk = (
  context: Context,
  nodes: readonly NodeJson[],
  bound: ReadonlyMap<string, Ports>,
  prefix: string,
) => (wire: string) => Held

/** A scan to add. */
export interface Looped {
  readonly name: string
  readonly scan: Scan
  readonly inputs: readonly Held[]
  /** The ports that something reads. */
  readonly read: ReadonlySet<string>
}

/** A value that enters a body, and the value in it. */
interface Entering {
  readonly name: string
  readonly outside: Held
  readonly inside: Held
  /** One step at a time. */
  readonly stepwise: boolean
}

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

/** A state of a body: in it, and before the first step. */
interface State {
  readonly name: string
  readonly inside: Held
  readonly first: string
}

function statesOf(
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

/** Adds a loop; beyond a row's last step its states stay. */
function loop(
  context: Context,
  looped: Looped,
  entering: readonly Entering[],
  initial: ReadonlyMap<string, Held>,
  walk: Walk,
): Ports {
  const { writer, axes } = context
  const { name, scan, read } = looped
  const steps = entering.filter(({ stepwise }) => stepwise)
  const axis = steps[0]?.outside.axis ?? ''
  const states = statesOf(context, looped, initial)
  const valid = axes.valid(axis)
  const mask = valid && writer.free(`${name}.valid`)
  const names = states.map((state) => state.name)
  const shown = scan.body.outputs.filter((it) => !names.includes(it.name) && read.has(it.name))
  const results: Held[] = []
  const inputs = [
    ...[...states, ...steps].map(({ inside }) => declared(context, inside)),
    ...(mask === undefined ? [] : [tensorInfo(mask, DataType.BOOL, [axes.batch])]),
  ]
  const body = writer.body(`${name}.body`, inputs, () => {
    const bound = [...entering, ...states].map((it) => [it.name, port(it.inside)] as const)
    const find = walk(context, scan.body.nodes, new Map(bound), `${name}.`)
    const next = states.map(({ name: own, inside }) => {
      const from = scan.body.outputs.find((it) => it.name === own)?.from ?? own
      return kept(context, inside, whole(context, find(from)), mask)
    })
    for (const { from } of shown) {
      const held = whole(context, find(from))
      const output = writer.free(`${held.name}.step`)
      writer.addHere('Identity', [held.name], output)
      results.push({ ...held, name: output })
    }
    return [...next, ...results].map((held) => declared(context, held))
  })
  const ends = states.map(
    ({ name: own, inside }) => [own, { ...inside, name: writer.free(`${name}.${own}_n`) }] as const,
  )
  const outputs = shown.map(({ name: own }, i) => {
    const held: Held = results[i] ?? { name: '', of: 'numbers', size: 0 }
    return [own, { ...held, axis, name: writer.free(`${name}.${own}`) }] as const
  })
  const sequences = [
    ...steps.map(({ outside }) => outside.name),
    ...(valid === undefined ? [] : [valid]),
  ]
  writer.add(
    'Scan',
    [...states.map(({ first }) => first), ...sequences],
    [...ends, ...outputs].map(([, held]) => held.name),
    directions(body, sequences.length, outputs.length, scan.reverse),
  )
  return new Map([...outputs, ...ends])
}

/** Gives the next value of a state the name of an output: the old one at a step that its row does not have. */
function kept({ writer }: Context, old: Held, next: Held, mask: string | undefined): Held {
  const name = writer.free(`${old.name}_next`)
  if (mask === undefined) writer.addHere('Identity', [next.name], name)
  else {
    const condition =
      old.of === 'ids' ? mask : writer.one('Unsqueeze', `${mask}.column`, [mask, writer.ints([1])])
    writer.addHere('Where', [condition, next.name, old.name], name)
  }
  return { ...old, name }
}

/** The attributes of a loop: steps are the second dimension of all sequences. */
function directions(
  body: GraphProto,
  inputs: number,
  outputs: number,
  reverse: boolean,
): readonly AttributeProto[] {
  const each = (count: number, value: number): readonly number[] => Array<number>(count).fill(value)
  return [
    attribute('body', body),
    attribute('num_scan_inputs', inputs),
    attribute('scan_input_axes', each(inputs, 1)),
    attribute('scan_output_axes', each(outputs, 1)),
    ...(reverse
      ? [
          attribute('scan_input_directions', each(inputs, 1)),
          attribute('scan_output_directions', each(outputs, 1)),
        ]
      : []),
  ]
}
