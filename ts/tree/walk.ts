import { reserve } from '../native/memory.js'
import { type Shape, shapeOf } from './check.js'
import type { TreeShape } from './tree.js'

/**
 * The edges on the longest way from a root down to a leaf: 0 for a single node, 10 for a balanced tree over
 * 1,024 leaves, n - 1 for a chain of n nodes.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does.
 */
export function depthOf(tree: TreeShape): number {
  let depth = 0
  for (const level of shapeOf('depthOf', tree).levels) if (level > depth) depth = level
  return depth
}

/**
 * The nodes that no node hangs on, in rising order; of a tree from brackets, nested arrays or a builder
 * that is the order of the words.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does.
 */
export function leavesOf(tree: TreeShape): number[] {
  const children = childrenIn('leavesOf', shapeOf('leavesOf', tree))
  const leaves: number[] = []
  for (let node = 0; node < children.nodes.length; node++) {
    if (countOf(children, node) === 0) leaves.push(node)
  }
  return leaves
}

/**
 * By node: its children in rising order, empty for a leaf.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does.
 */
export function childrenOf(tree: TreeShape): number[][] {
  const { nodes, starts } = childrenIn('childrenOf', shapeOf('childrenOf', tree))
  return Array.from(nodes, (_, node) => [...nodes.subarray(starts[node], starts[node + 1])])
}

/** The children of all nodes, one node after the other. */
export interface Children {
  /** By node: the place of its first child in `nodes`; one more at the end. */
  readonly starts: Int32Array
  /** As long as the tree: what follows the last child has no sense. */
  readonly nodes: Int32Array
}

/** Gathers the children of all nodes, in rising order (a counting sort by parent). */
export function childrenIn(where: string, { parents }: Shape): Children {
  const count = parents.length
  const starts = reserve(where, count + 2, () => new Int32Array(count + 2))
  // Counted two places on, so that each start moves to its end as the children are laid out.
  for (const parent of parents) if (parent >= 0) starts[parent + 2] = (starts[parent + 2] ?? 0) + 1
  for (let node = 2; node < count + 2; node++) {
    starts[node] = (starts[node] ?? 0) + (starts[node - 1] ?? 0)
  }
  const nodes = reserve(where, count, () => new Int32Array(count))
  for (let node = 0; node < count; node++) {
    const parent = parents[node] ?? -1
    if (parent < 0) continue
    const at = starts[parent + 1] ?? 0
    nodes[at] = node
    starts[parent + 1] = at + 1
  }
  return { starts, nodes }
}

/** The number of a node's children. */
export function countOf({ starts }: Children, node: number): number {
  return (starts[node + 1] ?? 0) - (starts[node] ?? 0)
}

/** A node's child at a place from 0. */
export function childAt({ starts, nodes }: Children, node: number, place: number): number {
  return nodes[(starts[node] ?? 0) + place] ?? -1
}
