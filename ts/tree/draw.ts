import { Described, mismatch } from '../errors.js'
import { type Lists, listsOf } from './lists.js'
import type { Tree } from './tree.js'
import { childAt, countOf } from './walk.js'

/** The most characters of a drawing: a chain's grows with the square of its nodes. */
const MOST_CHARACTERS = 2 ** 24

/**
 * Draws a tree as text, a line for each node: its label and word, or its number where it has neither; of a
 * dependency tree the relation before.
 *
 * ```text
 * S
 * ├── NP
 * │   ├── DT the
 * │   └── NN cat
 * └── VP sat
 * ```
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does; `ERR_UNROLLED_SHAPE`: lists of another
 * length; `ERR_UNROLLED_SIZE`: a drawing of more than 2^24 characters.
 */
export function drawTree(tree: Tree): string {
  const lists = listsOf('drawTree', tree)
  checkSize(lists)
  const lines: string[] = []
  for (const [root, parent] of lists.parents.entries()) {
    if (parent === -1) drawBelow(lists, root, lines)
  }
  return lines.join('\n')
}

/** A node to be drawn. */
interface Drawn {
  readonly node: number
  /** The start of its line, and of the lines below it. */
  readonly branch: string
  readonly below: string
}

function drawBelow(lists: Lists, root: number, lines: string[]): void {
  const stack: Drawn[] = [{ node: root, branch: '', below: '' }]
  for (let drawn = stack.pop(); drawn !== undefined; drawn = stack.pop()) {
    const { below, branch, node } = drawn
    lines.push(branch + nameOf(lists, node))
    const count = countOf(lists.children, node)
    for (let place = count - 1; place >= 0; place--) {
      const last = place === count - 1
      stack.push({
        node: childAt(lists.children, node, place),
        branch: below + (last ? '└── ' : '├── '),
        below: below + (last ? '    ' : '│   '),
      })
    }
  }
}

function nameOf({ labels, relations, words }: Lists, node: number): string {
  const parts = [labels[node], words[node]].filter((part) => part !== undefined)
  const name = parts.length > 0 ? parts.map(printed).join(' ') : `[${node}]`
  const relation = relations[node]
  return relation === undefined ? name : `${printed(relation)}: ${name}`
}

/** A text on one line: what controls a terminal is shown by its number. */
function printed(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function checkSize({ labels, levels, words }: Lists): void {
  let size = 0
  for (const [node, level] of levels.entries()) {
    size += 4 * level + 2 + (labels[node]?.length ?? 0) + (words[node]?.length ?? 0)
  }
  if (size <= MOST_CHARACTERS) return
  const received = new Described(`a tree of ${levels.length} nodes that takes ${size}`)
  const expected = `a drawing of at most ${MOST_CHARACTERS} characters`
  throw mismatch('ERR_UNROLLED_SIZE', 'drawTree', expected, received)
}
