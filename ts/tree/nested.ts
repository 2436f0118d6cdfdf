import { isList } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { reserve } from '../native/memory.js'
import { checkList } from '../options.js'
import { shapeOf } from './check.js'
import { Growing } from './growing.js'
import { checkNodes, type Tree, unnamed } from './tree.js'

/** A tree as nested arrays: a word, or the children of a node. */
export type NestedTree = string | readonly NestedTree[]

/**
 * Makes a tree of nested arrays, such as `[['the', 'cat'], 'sat']`: each text is a leaf with that word, each
 * array a node above. Any depth is read. Children come before their parents, the root last.
 *
 * @throws UnrolledError with the place. `ERR_UNROLLED_VALUE`: an array of nothing, or one that holds itself.
 * `ERR_UNROLLED_ARGUMENT`: something else than texts and arrays. `ERR_UNROLLED_SIZE`: more than 2^24 nodes.
 */
export function nestedTree(nested: NestedTree): Tree {
  const nodes = new Growing('nestedTree')
  const open: OpenArray[] = []
  const held = new Set<unknown>()
  enter(nested)
  for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
    if (inner.at < inner.list.length) enter(inner.list[inner.at++])
    else {
      open.pop()
      held.delete(inner.list)
      nodes.above(inner.list.length, undefined)
    }
  }
  return nodes.tree()

  function enter(item: unknown): void {
    if (typeof item === 'string') nodes.leaf(undefined, item)
    else if (!isList(item)) {
      throw mismatch('ERR_UNROLLED_ARGUMENT', placeOf(open), 'a text or an array', item)
    } else if (item.length === 0 || held.has(item)) {
      const received = new Described(item.length === 0 ? 'an array of 0' : 'one that holds itself')
      throw mismatch('ERR_UNROLLED_VALUE', placeOf(open), 'an array of children', received)
    } else {
      held.add(item)
      open.push({ list: item, at: 0 })
    }
  }
}

/** An array whose children are read. */
interface OpenArray {
  readonly list: readonly unknown[]
  /** The child to be read next. */
  at: number
}

/** The most indices of a place in a message. */
const MOST_SHOWN = 8

function placeOf(open: readonly OpenArray[]): string {
  const indices = open.slice(0, MOST_SHOWN).map(({ at }) => `[${at - 1}]`)
  return `nestedTree${indices.join('')}${open.length > MOST_SHOWN ? '…' : ''}`
}

/**
 * Makes a tree of lists of children: `treeOfChildren([[], [], [0, 1]])` is a node 2 above the leaves 0 and
 * 1. Nodes keep their numbers, without labels and words; nodes that no list names are roots.
 *
 * @throws UnrolledError with the number of the node. `ERR_UNROLLED_VALUE`: a child that is no node or is
 * listed twice, children that do not rise (the children of a node stand in the order of their numbers), a
 * cycle, or no node at all. `ERR_UNROLLED_ARGUMENT`: no lists. `ERR_UNROLLED_SIZE`: more than 2^24 nodes.
 */
export function treeOfChildren(children: readonly (readonly number[])[]): Tree {
  const where = 'treeOfChildren'
  const lists = checkList(where, children)
  const { length } = lists
  checkNodes(where, length)
  const parents = reserve(where, length, () => new Int32Array(length).fill(-1))
  for (let node = 0; node < length; node++) {
    let before = -1
    for (const child of checkList(`${where} node ${node}`, lists[node])) {
      before = checkChild(node, child, before, parents)
      parents[before] = node
    }
  }
  shapeOf(where, { parents })
  return unnamed(parents)
}

function checkChild(node: number, child: unknown, before: number, parents: Int32Array): number {
  const refuse = (expected: string, received: unknown) =>
    mismatch('ERR_UNROLLED_VALUE', `treeOfChildren node ${node}`, expected, received)
  const parent = parents[child as number]
  if (typeof child !== 'number' || parent === undefined) {
    throw refuse(`children from 0 to ${parents.length - 1}`, child)
  }
  if (parent !== -1) {
    const received = new Described(`the child ${child} of node ${parent}`)
    throw refuse('children that are listed once', received)
  }
  if (child < before) {
    throw refuse('children in rising order', new Described(`${child} after ${before}`))
  }
  return child
}
