import { type NodeJson, UnrolledError } from '../../index.js'
import { mismatch } from '../../io/options.js'
import { attention } from './attention.js'
import type { Context } from './context.js'
import { type Held, type Ports, port } from './held.js'
import { gates, operation } from './operations.js'
import { scanned } from './scan.js'
import { overTime } from './time.js'

/**
 * Adds nodes in an order in which each reads results alone, and gives what finds the value at the end of a wire. Inputs and
 * states are bound; `outputs` are wires that are read besides.
 */
export function walk(
  context: Context,
  nodes: readonly NodeJson[],
  bound: ReadonlyMap<string, Ports>,
  prefix = '',
  outputs: readonly string[] = [],
): (wire: string) => Held {
  const known = new Map(bound)
  const find = (wire: string): Held => {
    const [node, own = ''] = split(wire)
    const held = known.get(node)?.get(own)
    if (held !== undefined) return held
    throw new UnrolledError(
      'ERR_UNROLLED_INTERNAL',
      `exportOnnx: expected a value at the end of the wire ${JSON.stringify(wire)}, received none`,
    )
  }
  const wires = [...nodes.flatMap(({ inputs }) => inputs), ...outputs]
  for (const node of ordered(nodes)) {
    // Inputs and states are bound, but for forests, which no wire leads from.
    if (known.has(node.name) || (typeof node.op === 'object' && 'input' in node.op)) continue
    known.set(node.name, results(context, node, node.inputs.map(find), prefix, wires))
  }
  return find
}

/** A wire's node and, if it names one, port. */
function split(wire: string): readonly [string, string?] {
  const at = wire.lastIndexOf(':')
  return at < 0 ? [wire] : [wire.slice(0, at), wire.slice(at + 1)]
}

function ordered(nodes: readonly NodeJson[]): readonly NodeJson[] {
  const named = new Map(nodes.map((node) => [node.name, node]))
  const done = new Set<NodeJson>()
  const waiting = [...nodes].reverse()
  for (let node = waiting.at(-1); node !== undefined; node = waiting.at(-1)) {
    const before = node.inputs.flatMap((wire) => named.get(split(wire)[0]) ?? [])
    const missing = done.has(node) ? [] : before.filter((it) => !done.has(it))
    if (missing.length === 0) done.add(node)
    if (missing.length === 0) waiting.pop()
    else waiting.push(...missing)
  }
  return [...done]
}

function results(
  context: Context,
  node: NodeJson,
  inputs: readonly Held[],
  prefix: string,
  wires: readonly string[],
): Ports {
  const { name, op } = node
  const made = (): Ports | undefined => {
    if (typeof op === 'object' && 'scan' in op) return scan(context, node, op.scan, inputs, wires)
    if (typeof op === 'object' && 'attention' in op) {
      return attention(context, name, op.attention.score, inputs)
    }
    const held = operation(context, node, inputs) ?? overTime(context, node, inputs)
    return held === undefined ? gates(context, node, inputs) : port(held)
  }
  const ports = made()
  if (ports !== undefined) return ports
  throw unsayable(`${prefix}${name}`, op)
}

/** Adds a scan; a wire without a port takes its first output that is no state, or its first state. */
function scan(
  context: Context,
  { name }: NodeJson,
  scan: Parameters<typeof scanned>[1]['scan'],
  inputs: readonly Held[],
  wires: readonly string[],
): Ports {
  const { nodes, outputs } = scan.body
  const states = nodes.flatMap((node) =>
    typeof node.op === 'object' && ('state' in node.op || 'tokenState' in node.op)
      ? [node.name]
      : [],
  )
  const names = [...outputs.map((it) => it.name).filter((it) => !states.includes(it)), ...states]
  const [first = ''] = names
  const read = wires.map(split).flatMap(([node, own]) => (node === name ? [own ?? first] : []))
  const made = scanned(context, { name, scan, inputs, read: new Set(read) }, walk)
  const shown = made.get(first)
  return shown === undefined ? made : new Map([...made, ['', shown]])
}

/** The error for a node that ONNX has no operators for. */
function unsayable(name: string, op: NodeJson['op']): UnrolledError {
  const [kind] = typeof op === 'string' ? [op] : Object.keys(op)
  const expected = 'a node that operators of ONNX can say'
  return mismatch(`exportOnnx: node ${JSON.stringify(name)}`, expected, kind ?? 'none', {
    advice: 'export a model without the node',
  })
}
