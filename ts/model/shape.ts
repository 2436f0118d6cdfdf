import type { GraphJson, NodeJson, OpJson } from '../graph/json.js'

/** What a wire carries, for people: its kind, and its size or vocabulary. */
export interface WireShape {
  readonly kind: 'vector' | 'sequence' | 'tokens' | 'token'
  readonly size: number
}

type Shapes = Map<string, WireShape>

const UNKNOWN: WireShape = { kind: 'vector', size: 0 }

/** The shape of every wire of a graph that the core has accepted. */
export function shapesOf(graph: GraphJson): ReadonlyMap<string, WireShape> {
  const parameters = new Map(graph.parameters.map(({ name, shape }) => [name, shape]))
  return nodeShapes(graph.nodes, parameters)
}

function nodeShapes(
  nodes: readonly NodeJson[],
  parameters: ReadonlyMap<string, readonly number[]>,
): Shapes {
  const shapes: Shapes = new Map()
  for (const node of nodes) {
    const inputs = node.inputs.map((wire) => shapes.get(wire) ?? UNKNOWN)
    for (const [port, shape] of ports(node.op, inputs, parameters)) {
      shapes.set(port === '' ? node.name : `${node.name}:${port}`, shape)
    }
  }
  return shapes
}

function ports(
  op: OpJson,
  inputs: readonly WireShape[],
  parameters: ReadonlyMap<string, readonly number[]>,
): readonly (readonly [port: string, shape: WireShape])[] {
  const first = inputs[0] ?? UNKNOWN
  const joined = inputs.some((input) => input.kind === 'sequence') ? 'sequence' : 'vector'
  if (op === 'last' || op === 'mean' || op === 'max') {
    return [['', { kind: 'vector', size: first.size }]]
  }
  if (op === 'concat') {
    return [['', { kind: joined, size: inputs.reduce((sum, { size }) => sum + size, 0) }]]
  }
  if (op === 'add' || op === 'multiply') return [['', { kind: joined, size: first.size }]]
  if (op === 'lstmGates') return ['h', 'c'].map((port) => [port, inputs[1] ?? first])
  if (op === 'gruGates') return [['', inputs[2] ?? first]]
  if ('input' in op) return [['', inputShape(op.input)]]
  if ('state' in op) return [['', { kind: 'vector', size: op.state.size }]]
  if ('slice' in op) return [['', { kind: first.kind, size: op.slice.size }]]
  if ('linear' in op) {
    const [start, end] = op.linear.rows ?? [0, parameters.get(op.linear.weight)?.[0] ?? 0]
    return [['', { kind: first.kind, size: end - start }]]
  }
  if ('embedding' in op) {
    const kind = first.kind === 'tokens' ? 'sequence' : 'vector'
    return [['', { kind, size: parameters.get(op.embedding.weight)?.[1] ?? 0 }]]
  }
  if ('scan' in op) return scanPorts(op.scan.body, parameters)
  return [['', first]]
}

function scanPorts(
  body: { readonly nodes: readonly NodeJson[]; readonly outputs: GraphJson['outputs'] },
  parameters: ReadonlyMap<string, readonly number[]>,
): readonly (readonly [string, WireShape])[] {
  const shapes = nodeShapes(body.nodes, parameters)
  const isState = (name: string): boolean =>
    body.nodes.some(
      (node) => node.name === name && typeof node.op === 'object' && 'state' in node.op,
    )
  return body.outputs.map(({ name, from }) => [
    name,
    { kind: isState(name) ? 'vector' : 'sequence', size: shapes.get(from)?.size ?? 0 },
  ])
}

function inputShape(kind: Extract<OpJson, { readonly input: unknown }>['input']): WireShape {
  if ('vector' in kind) return { kind: 'vector', size: kind.vector.size }
  if ('sequence' in kind) return { kind: 'sequence', size: kind.sequence.size }
  if ('tokens' in kind) return { kind: 'tokens', size: kind.tokens.vocabulary }
  return { kind: 'token', size: kind.token.vocabulary }
}
