import { isInts, isList, isRecord, own } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { reserve } from '../native/memory.js'
import { checkBoolean, checkList, checkOptions } from '../options.js'
import { levelsOf } from './levels.js'
import type { TreeShape } from './tree.js'

/** Settings of the check of a tree. */
export interface CheckTreeOptions {
  /** Takes several roots; `false` by default, where exactly one node is a root. */
  readonly forest?: boolean
}

export const CHECK_TREE_OPTIONS = ['forest'] as const satisfies readonly (keyof CheckTreeOptions)[]

/**
 * Refuses what is no tree: every node but the root hangs on a node of the tree, and the way up from each
 * node ends at the root.
 *
 * @throws UnrolledError with the number of the node. `ERR_UNROLLED_VALUE`: a parent out of range (an
 * orphan), nodes that hang on each other (a cycle), a second root without `forest`, or no node at all.
 * `ERR_UNROLLED_ARGUMENT`: parents that are no list.
 */
export function checkTree(tree: TreeShape, options: CheckTreeOptions = {}): void {
  checkRow('checkTree', tree, forestOf('checkTree', options))
}

/**
 * Refuses rows of which one is no tree, as {@link checkTree} does; the error names the row too.
 *
 * @throws UnrolledError as {@link checkTree} does.
 */
export function checkTrees(trees: readonly TreeShape[], options: CheckTreeOptions = {}): void {
  const forest = forestOf('checkTrees', options)
  const rows = checkList('checkTrees', trees)
  for (let row = 0; row < rows.length; row++) checkRow(`checkTrees row ${row},`, rows[row], forest)
}

function forestOf(where: string, options: CheckTreeOptions): boolean {
  checkOptions(where, options, CHECK_TREE_OPTIONS)
  return checkBoolean(`${where} forest`, options.forest ?? false)
}

function checkRow(where: string, tree: unknown, forest: boolean): void {
  const { parents, roots } = shapeOf(where, tree)
  if (!forest) checkRoots(where, parents, roots)
}

function checkRoots(where: string, parents: Int32Array, roots: number): void {
  if (roots < 2) return
  const first = parents.indexOf(-1)
  const second = parents.indexOf(-1, first + 1)
  const received = new Described(`a root beside node ${first}`)
  throw mismatch('ERR_UNROLLED_VALUE', `${where} node ${second}`, 'one root', received)
}

/** A shape that was checked. */
export interface Shape {
  readonly parents: Int32Array
  /** By node: the edges up to its root. */
  readonly levels: Int32Array
  readonly roots: number
}

/**
 * Reads the parents of a tree or forest and measures how far below its root each node is.
 *
 * @throws UnrolledError as {@link checkTree} does.
 */
export function shapeOf(where: string, tree: unknown): Shape {
  const given: unknown = isRecord(tree) ? Reflect.get(tree, 'parents') : undefined
  const parents = parentsOf(where, given)
  const count = parents.length
  if (count === 0) {
    throw mismatch('ERR_UNROLLED_VALUE', where, 'one node or more', new Described('none'))
  }
  let roots = 0
  for (let node = 0; node < count; node++) {
    const parent = parents[node] ?? count
    if (parent < -1 || parent >= count) throw orphan(where, node, count, parent)
    if (parent === -1) roots++
  }
  const { levels, turn } = levelsOf(where, parents)
  if (turn !== undefined) throw cycle(where, parents, turn)
  return { parents, levels, roots }
}

/** Reads parents; a number that is no place becomes one out of range, which the caller refuses. */
function parentsOf(where: string, given: unknown): Int32Array {
  if (isInts(given)) return own(given)
  if (!isList(given)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} parents`, 'a list of nodes', given)
  }
  const { length } = given
  const parents = reserve(where, length, () => new Int32Array(length))
  for (let node = 0; node < length; node++) {
    const parent = given[node]
    if (!isPlace(parent)) throw orphan(where, node, length, parent)
    parents[node] = parent
  }
  return parents
}

function isPlace(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value
}

function orphan(where: string, node: number, count: number, parent: unknown) {
  const expected = `a parent from 0 to ${count - 1}, or -1 for a root`
  return mismatch('ERR_UNROLLED_VALUE', `${where} node ${node}`, expected, parent)
}

/** The most nodes of a cycle in a message. */
const MOST_SHOWN = 6

function cycle(where: string, parents: Int32Array, node: number) {
  const way = [node]
  let at = parents[node] ?? node
  for (; at !== node && way.length < MOST_SHOWN; at = parents[at] ?? node) way.push(at)
  const end = at === node ? String(node) : '…'
  const received = new Described(`the cycle ${[...way, end].join(' → ')}`)
  return mismatch('ERR_UNROLLED_VALUE', `${where} node ${node}`, 'parents up to a root', received)
}
