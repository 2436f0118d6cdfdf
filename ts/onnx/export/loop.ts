import type { NodeJson } from '../../index.js'
import { type AttributeProto, DataType, type GraphProto } from '../proto.js'
import { attribute, tensorInfo } from './build.js'
import { type Context, declared, whole } from './context.js'
import { type Held, type Ports, port } from './held.js'
import {
  type CarriedState,
  carry,
  type Entering,
  kept,
  type Looped,
  type State,
  statesOf,
} from './states.js'

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

/** Adds a loop; beyond a row's last step its states stay. */
export function loop(
  context: Context,
  looped: Looped,
  entering: readonly Entering[],
  initial: ReadonlyMap<string, Held>,
  walk: Walk,
): Ports {
  const { writer, axes } = context
  const { name, scan } = looped
  const steps = entering.filter(({ stepwise }) => stepwise)
  const axis = steps[0]?.outside.axis ?? ''
  const valid = axes.valid(axis)
  const states = statesOf(context, looped, initial)
  const { body, carried, outputs } = bodyOf(context, looped, { entering, states, valid }, walk)
  const ends = states.map(
    ({ name: own, inside }) => [own, { ...inside, name: writer.free(`${name}.${own}_n`) }] as const,
  )
  const shown = outputs.map(
    ([own, held]) => [own, { ...held, axis, name: writer.free(`${name}.${own}`) }] as const,
  )
  const first = [...states, ...carried].map((state) => state.first)
  const sequences = [
    ...steps.map(({ outside }) => outside.name),
    ...(valid === undefined ? [] : [valid]),
  ]
  const results = [
    ...ends.map(([, held]) => held.name),
    ...carried.map(({ inside }) => writer.free(`${inside.name}_n`)),
    ...shown.map(([, held]) => held.name),
  ]
  const attributes = directions(body, sequences.length, shown.length, scan.reverse)
  writer.add('Scan', [...first, ...sequences], results, attributes)
  return new Map([...shown, ...ends])
}

/** The body of a loop, states that its nodes add, and its outputs. */
interface Body {
  readonly body: GraphProto
  readonly carried: readonly State[]
  readonly outputs: readonly (readonly [string, Held])[]
}

function bodyOf(
  context: Context,
  { name, scan, read }: Looped,
  {
    entering,
    states,
    valid,
  }: {
    readonly entering: readonly Entering[]
    readonly states: readonly State[]
    readonly valid: string | undefined
  },
  walk: Walk,
): Body {
  const { writer, axes } = context
  const names = states.map((state) => state.name)
  const carried: CarriedState[] = []
  const outputs: (readonly [string, Held])[] = []
  const body = writer.body(`${name}.body`, () => {
    const steps = entering.filter(({ stepwise }) => stepwise)
    for (const { inside } of [...states, ...steps]) writer.enter(inside.name)
    const mask = valid && writer.enter(writer.free(`${name}.valid`))
    const bound = [...entering, ...states].map((it) => [it.name, port(it.inside)] as const)
    const within: Context = {
      ...context,
      carry: (hint, memory) => carry(context, carried, hint, memory),
    }
    const find = walk(within, scan.body.nodes, new Map(bound), `${name}.`)
    const next = states.map(({ name: own, inside }) => {
      const from = scan.body.outputs.find((it) => it.name === own)?.from ?? own
      return kept(context, inside, whole(context, find(from)), mask)
    })
    const more = carried.map(({ inside, next }) =>
      kept(context, inside, { ...inside, name: next() }, mask),
    )
    for (const { name: own, from } of scan.body.outputs) {
      if (names.includes(own) || !read.has(own)) continue
      const held = whole(context, find(from))
      const output = writer.free(`${held.name}.step`)
      writer.addHere('Identity', [held.name], output)
      outputs.push([own, { ...held, name: output }])
    }
    const input = [...states, ...carried, ...steps].map(({ inside }) => declared(context, inside))
    if (mask !== undefined) input.push(tensorInfo(mask, DataType.BOOL, [axes.batch]))
    const all = [...next, ...more, ...outputs.map(([, held]) => held)]
    return { input, output: all.map((held) => declared(context, held)) }
  })
  return { body, carried, outputs }
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
