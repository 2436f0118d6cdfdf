import type { GraphJson, KindJson, NodeJson } from '../graph/json.js'
import type { Description } from '../native/description.js'

/** Draws a table of a graph's nodes: name, kind, result, number of parameters. */
export function summarize(graph: GraphJson, { wires }: Pick<Description, 'wires'>): string {
  const kinds = new Map(wires.map(({ name, kind }) => [name, kind]))
  const sizes = new Map(
    graph.parameters.map(({ name, shape }) => [name, shape.reduce((n, part) => n * part, 1)]),
  )
  const counted = new Set<string>()
  const rows = graph.nodes.map((node) => {
    const kind = kinds.get(node.name) ?? kinds.get(`${node.name}:output`)
    let count = 0
    for (const name of parametersOf(node)) {
      if (!counted.has(name)) count += sizes.get(name) ?? 0
      counted.add(name)
    }
    return [
      node.name,
      kindOf(node),
      kind === undefined ? '' : kindWords(kind),
      count === 0 ? '' : thousands(count),
    ]
  })
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const outputs = graph.outputs.map(({ name, from }) =>
    name === from ? name : `${name} = ${from}`,
  )
  const lines = table([['name', 'kind', 'gives', 'parameters'], ...rows])
  return [...lines, `outputs: ${outputs.join(', ')}`, `parameters: ${thousands(total)}`].join('\n')
}

/** Describes a kind: `sequence [128]`. */
function kindWords(kind: KindJson): string {
  if ('vector' in kind) return `vector [${kind.vector.size}]`
  if ('sequence' in kind) return `sequence [${kind.sequence.size}]`
  if ('tokens' in kind) return `tokens [${kind.tokens.vocabulary}]`
  if ('forest' in kind) return `forest [${kind.forest.axis}]`
  if ('alignment' in kind) return `alignment [${kind.alignment.memory}]`
  return `token [${kind.token.vocabulary}]`
}

function kindOf({ op }: NodeJson): string {
  if (typeof op === 'string') return op
  if ('activation' in op) return op.activation
  if ('scan' in op) return op.scan.reverse ? 'scan, reverse' : 'scan'
  return Object.keys(op)[0] ?? ''
}

function parametersOf({ op }: NodeJson): readonly string[] {
  if (typeof op === 'string') return []
  if ('linear' in op) return [op.linear.weight, op.linear.bias ?? []].flat()
  if ('embedding' in op) return [op.embedding.weight]
  if ('attention' in op) {
    return 'additive' in op.attention.score ? [op.attention.score.additive.weight] : []
  }
  if ('gumbelTree' in op) {
    return [op.gumbelTree.weight, op.gumbelTree.bias ?? [], op.gumbelTree.query].flat()
  }
  if ('parameter' in op) return [op.parameter.weight]
  if ('layerNorm' in op) return [op.layerNorm.gain, op.layerNorm.bias]
  if ('fold' in op) return op.fold.body.nodes.flatMap(parametersOf)
  return 'scan' in op ? op.scan.body.nodes.flatMap(parametersOf) : []
}

/** Pads columns to their widest cell; the last column to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number): number =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0)
  const widths = [0, 1, 2, 3].map(width)
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
