/** The graphs of a file: what makes each name, in the graph of a branch or body and in those around it. */

import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../messages.js'
import { quoted, refused } from './fault.js'
import type { Held } from './held.js'

/** A graph of the file, with what its names have become so far. */
export interface Region {
  readonly graph: GraphProto
  readonly parent: Region | undefined
  /** The nodes and branches that it lies in: `If_0/then_branch/`. */
  readonly path: string
  readonly tensors: ReadonlyMap<string, TensorProto>
  readonly producers: ReadonlyMap<string, NodeProto>
  readonly inputs: ReadonlyMap<string, ValueInfoProto>
  readonly values: Map<string, Held>
  /** The regions of the bodies of its nodes. */
  readonly bodies: Map<GraphProto, Region>
}

export function regionOf(graph: GraphProto, parent?: Region, path = ''): Region {
  return {
    graph,
    parent,
    path,
    tensors: new Map(graph.initializer.map((tensor) => [tensor.name ?? '', tensor])),
    producers: new Map(
      graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)),
    ),
    inputs: new Map(graph.input.map((info) => [info.name ?? '', info])),
    values: new Map(),
    bodies: new Map(),
  }
}

/** The graph in an attribute of a node, as a region within the node's own. */
export function bodyOf(region: Region, node: NodeProto, attribute: string): Region {
  const graph = node.attribute.find(({ name }) => name === attribute)?.g
  if (graph === undefined) throw refused(nodeName(region, node), `a graph "${attribute}"`, 'none')
  const made = region.bodies.get(graph)
  if (made !== undefined) return made
  const body = regionOf(graph, region, `${region.path}${plainName(node)}/${attribute}/`)
  region.bodies.set(graph, body)
  return body
}

/** A node's name, or that of what it makes. */
function plainName(node: NodeProto): string {
  return node.name || node.output.find((name) => name !== '') || 'unnamed'
}

/** A node in messages: its path and name, and its operator. */
export function nodeName(region: Region, node: NodeProto): string {
  return `node ${quoted(region.path + plainName(node))} (${(node.opType ?? '').slice(0, 40)})`
}

/** Finds the region, from here outward, that knows a name. */
export function homeOf(region: Region, name: string): Region | undefined {
  for (let at: Region | undefined = region; at !== undefined; at = at.parent) {
    if (knows(at, name)) return at
  }
  return undefined
}

function knows({ values, tensors, producers, inputs }: Region, name: string): boolean {
  return values.has(name) || tensors.has(name) || producers.has(name) || inputs.has(name)
}

/** Finds the region that makes a name anywhere in the file: of several, one in a branch that is taken. */
export function makerOf(
  root: Region,
  name: string,
  taken: (node: NodeProto) => string | undefined,
): Region | undefined {
  let found: Region | undefined
  const pending = [root]
  for (let region = pending.pop(); region !== undefined; region = pending.pop()) {
    if (knows(region, name)) {
      if (isTaken(region, taken)) return region
      found ??= region
    }
    for (const node of region.graph.node) {
      for (const { name: attribute, g } of node.attribute) {
        if (g !== undefined) pending.push(bodyOf(region, node, attribute ?? ''))
      }
    }
  }
  return found
}

/** Tells if no choice of a branch leads away from a region. */
function isTaken(region: Region, taken: (node: NodeProto) => string | undefined): boolean {
  for (let at = region; at.parent !== undefined; at = at.parent) {
    const graph = at.graph
    const node = at.parent.graph.node.find(({ attribute }) =>
      attribute.some(({ g }) => g === graph),
    )
    const attribute = node?.attribute.find(({ g }) => g === graph)?.name
    const choice = node === undefined ? undefined : taken(node)
    if (choice !== undefined && choice !== attribute) return false
  }
  return true
}
