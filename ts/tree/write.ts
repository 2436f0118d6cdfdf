import { Described, mismatch } from '../errors.js'
import { type Lists, listsOf } from './lists.js'
import type { Tree } from './tree.js'
import { childAt, countOf } from './walk.js'

/**
 * Writes a tree in brackets, as {@link parseTree} reads it, a forest with a line for each root:
 * `(3 (2 The) (2 Rock))`. Brackets in words become `-LRB-` and `-RRB-`. A tree without any label is written
 * without: `((The cat) sat)`, to be read with `{ labels: false }`. Reading gives back an equal tree, its
 * nodes renumbered so that children come before their parents.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does, and `ERR_UNROLLED_VALUE` with the number of
 * a node that brackets cannot hold: a leaf without a word, a word above children, a blank or bracket in a
 * label or word, or a node without a label beside others that have one, where it would be read as another.
 * `ERR_UNROLLED_SHAPE`: lists of another length.
 */
export function bracketsOf(tree: Tree): string {
  const lists = listsOf('bracketsOf', tree)
  const labeled = lists.labels.some((label) => label !== undefined)
  for (const node of lists.parents.keys()) checkNode(lists, labeled, node)
  const lines: string[] = []
  for (const [node, parent] of lists.parents.entries()) {
    if (parent === -1) lines.push(lineOf(lists, node))
  }
  return lines.join('\n')
}

/** Marks the place where the bracket of a node closes. */
const CLOSE = -1

function lineOf({ children, labels, words }: Lists, root: number): string {
  const parts: string[] = []
  const stack = [root]
  let spaced = false
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === CLOSE) {
      parts.push(')')
      spaced = true
      continue
    }
    const count = countOf(children, node)
    const label = labels[node]
    if (spaced) parts.push(' ')
    spaced = count === 0 || label !== undefined
    if (count === 0) {
      const word = escaped(words[node] ?? '')
      parts.push(label === undefined ? word : `(${label} ${word})`)
    } else {
      parts.push(`(${label ?? ''}`)
      stack.push(CLOSE)
      for (let place = count - 1; place >= 0; place--) stack.push(childAt(children, node, place))
    }
  }
  return parts.join('')
}

function escaped(word: string): string {
  return word.replaceAll('(', '-LRB-').replaceAll(')', '-RRB-')
}

/** Refuses a node that would be read as another. */
function checkNode(lists: Lists, labeled: boolean, node: number): void {
  const expected = needOf(lists, labeled, node)
  if (expected === undefined) return
  const { labels, words } = lists
  const [label, word] = [labels[node], words[node]]
  const parts = [
    label === undefined ? 'no label' : `the label ${JSON.stringify(label)}`,
    word === undefined ? 'no word' : `the word ${JSON.stringify(word)}`,
  ]
  const received = new Described(parts.join(' and '))
  throw mismatch('ERR_UNROLLED_VALUE', `bracketsOf node ${node}`, expected, received)
}

/** The need of a node that cannot be written as it is; nothing of one that can. */
function needOf(lists: Lists, labeled: boolean, node: number): string | undefined {
  const { children, labels, parents, words } = lists
  const [label, word] = [labels[node], words[node]]
  const held = countOf(children, node)
  if (held > 0 && word !== undefined) return 'no word above children'
  if (held === 0 && word === undefined) return 'a leaf with a word'
  if (word !== undefined && !/^[^ \t-\r]+$/.test(word)) return 'a word without blanks'
  if (word !== undefined && /-[LR]RB-/.test(word)) return 'a word without -LRB- and -RRB-'
  if (label !== undefined && !/^[^ \t-\r()]+$/.test(label))
    return 'a label without blanks and brackets'
  if (!labeled || label !== undefined) return undefined
  if (held === 1) return 'a label above one child'
  if (held > 1) return undefined
  const parent = parents[node] ?? -1
  if (parent < 0 || countOf(children, parent) === 1) return 'a label of a root or only child'
  const first = childAt(children, parent, 0) === node && labels[parent] === undefined
  return first ? 'a label of the first child below a node without one' : undefined
}
