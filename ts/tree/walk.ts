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
  const counts = countsOf('leavesOf', shapeOf('leavesOf', tree))
  const leaves: number[] = []
  for (const [node, count] of counts.entries()) if (count === 0) leaves.push(node)
  return leaves
}

/**
 * By node: its children in rising order, empty for a leaf.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does.
 */
export function childrenOf(tree: TreeShape): number[][] {
  return childrenIn(shapeOf('childrenOf', tree))
}

/** By node: its children, of a shape that was checked. */
export function childrenIn({ parents }: Shape): number[][] {
  const children = Array.from(parents, (): number[] => [])
  for (const [node, parent] of parents.entries()) children[parent]?.push(node)
  return children
}

/** By node: the number of its children. */
function countsOf(where: string, { parents }: Shape): Int32Array {
  const counts = reserve(where, parents.length, () => new Int32Array(parents.length))
  for (const parent of parents) if (parent >= 0) counts[parent] = (counts[parent] ?? 0) + 1
  return counts
}
