import { Described, mismatch } from '../errors.js'

/** The shape of a tree, or of several beside each other: the parent of each node. */
export interface TreeShape {
  /** By node: the node that it hangs on, -1 for a root. The children of a node stand in rising order. */
  readonly parents: Int32Array | readonly number[]
}

/** One row of a tree input: its nodes in any order. */
export interface TreeRow<V> extends TreeShape {
  /** By node: ids, or numbers (nested `[node][number]`, or a flat `Float32Array`). */
  readonly values: V
}

/**
 * A tree as data: three lists by node, of the same length.
 *
 * Trees of brackets, of nested arrays and of the builders have their children before their parents and
 * the root last; a dependency tree has its nodes in the order of the sentence.
 *
 * A row for a model is the shape with an id for each node, from any map of words to ids:
 *
 * ```ts
 * const ids = new Map([['The', 1], ['Rock', 2]])
 * const tree = parseTree('(3 (2 The) (2 Rock))')
 * const values = tree.words.map((word) => (word === undefined ? 0 : (ids.get(word) ?? 0)))
 * const row = { parents: tree.parents, values }
 * const labels = tree.labels.map(Number)
 * ```
 */
export interface Tree extends TreeShape {
  /** By node: the node that it hangs on, -1 for a root. The children of a node stand in rising order. */
  readonly parents: Int32Array
  /** By node: its label, such as a class or a category. */
  readonly labels: readonly (string | undefined)[]
  /** By node: its word. */
  readonly words: readonly (string | undefined)[]
}

/**
 * The most nodes of a tree that is built here, 2^24: V8 ends the process where the lists of a tree outgrow
 * its heap.
 */
export const MOST_NODES = 2 ** 24

/** Makes a tree that nothing adds to. */
export function treeOf(
  parents: Int32Array,
  labels: readonly (string | undefined)[],
  words: readonly (string | undefined)[],
): Tree {
  return Object.freeze({ parents, labels: Object.freeze(labels), words: Object.freeze(words) })
}

/** Nothing for each of so many nodes. */
export function blank(count: number): (string | undefined)[] {
  return new Array<undefined>(count).fill(undefined)
}

/** Refuses no nodes, and more than are built here. */
export function checkNodes(where: string, count: number): void {
  if (count > 0 && count <= MOST_NODES) return
  const code = count > 0 ? 'ERR_UNROLLED_SIZE' : 'ERR_UNROLLED_VALUE'
  const received = new Described(String(count))
  throw mismatch(code, where, `from 1 to ${MOST_NODES} nodes`, received)
}

/** A tree without labels and words. */
export function unnamed(parents: Int32Array): Tree {
  const nothing = blank(parents.length)
  return treeOf(parents, nothing, nothing)
}
