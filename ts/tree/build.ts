import { isList } from '../brand.js'
import { mismatch } from '../errors.js'
import { reserve } from '../native/memory.js'
import { checkCount } from '../options.js'
import { mix, STRIDE } from '../random.js'
import { blank, MOST_NODES, type Tree, treeOf } from './tree.js'

/** The leaves of a tree that is built: their number, or their words. */
export type Leaves = number | readonly string[]

/** Gives the leaves to the left of so many. */
type Split = (size: number) => number

/**
 * A binary tree over n leaves whose halves are as large as each other, or the left larger by one leaf. Its
 * depth is ⌈log2 n⌉: 10 over 1,024 leaves. It has 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT`: no number from 1 to 2^23, or no list of so many words.
 */
export function balancedTree(leaves: Leaves): Tree {
  return binaryTree('balancedTree', leaves, (size) => Math.ceil(size / 2))
}

/**
 * The binary tree over n leaves that branches to the left, `(((a b) c) d)`: what a sequence is read as. Its
 * depth is n - 1. It has 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError as {@link balancedTree} does.
 */
export function leftTree(leaves: Leaves): Tree {
  return binaryTree('leftTree', leaves, (size) => size - 1)
}

/**
 * The binary tree over n leaves that branches to the right, `(a (b (c d)))`. Its depth is n - 1. It has
 * 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError as {@link balancedTree} does.
 */
export function rightTree(leaves: Leaves): Tree {
  return binaryTree('rightTree', leaves, () => 1)
}

/**
 * A binary tree over n leaves by chance, the same for the same seed: each node above s leaves has 1 to
 * s - 1 of them at its left, each number as likely. It has 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError as {@link balancedTree} does, and `ERR_UNROLLED_ARGUMENT` for a seed that is no whole
 * number from 0.
 */
export function randomTree(leaves: Leaves, seed: number): Tree {
  let state = Math.imul(checkCount('randomTree seed', seed, 0) | 0, STRIDE)
  return binaryTree('randomTree', leaves, (size) => {
    state = (state + STRIDE) | 0
    return 1 + Math.floor((mix(state) / 2 ** 32) * (size - 1))
  })
}

/**
 * A chain of n nodes, each the only child of the next: node i hangs on node i + 1, the last is the root. Its
 * depth is n - 1. Words are those of the nodes, one for each.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT`: no number from 1 to 2^24, or no list of so many words.
 */
export function chainTree(nodes: Leaves): Tree {
  const [count, words] = givenLeaves('chainTree', nodes, MOST_NODES)
  const parents = reserve('chainTree', SPACE * count, () => new Int32Array(count))
  for (let node = 0; node < count; node++) parents[node] = node + 1 < count ? node + 1 : -1
  return treeOf(parents, blank(count), words === undefined ? blank(count) : [...words])
}

/** Numbers of 4 bytes that a node takes: its parent, and two places in lists. */
const SPACE = 5

/** Stands for two nodes that are ready to be joined. */
const JOIN = 0

function binaryTree(where: string, leaves: Leaves, split: Split): Tree {
  const [count, words] = givenLeaves(where, leaves, MOST_NODES / 2)
  const size = 2 * count - 1
  const parents = reserve(where, SPACE * size, () => new Int32Array(size).fill(-1))
  const placed = blank(size)
  const tops: number[] = []
  // Sizes of the parts to be built, the next one last.
  const parts = [count]
  let leaf = 0
  for (let node = 0; node < size; ) {
    const part = parts.pop() ?? JOIN
    if (part > 1) {
      const left = split(part)
      parts.push(JOIN, part - left, left)
      continue
    }
    if (part === 1) placed[node] = words?.[leaf++]
    else for (const child of tops.splice(-2)) parents[child] = node
    tops.push(node++)
  }
  return treeOf(parents, blank(size), placed)
}

function givenLeaves(
  where: string,
  leaves: unknown,
  most: number,
): [count: number, words: readonly string[] | undefined] {
  if (!isList(leaves)) return [checkCount(where, leaves, 1, most), undefined]
  const count = checkCount(`${where} words`, leaves.length, 1, most)
  for (const [index, word] of leaves.entries()) {
    if (typeof word === 'string') continue
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} words[${index}]`, 'a text', word)
  }
  return [count, leaves as readonly string[]]
}
