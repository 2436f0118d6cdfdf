import { Described } from '../errors.js'
import { checkBoolean, checkOptions } from '../options.js'
import { Growing } from './growing.js'
import { checkText, END_OF_TEXT, isSpace, misread, placeOf, startOf } from './text.js'
import type { Tree } from './tree.js'

/** The form of a tree in brackets. */
export interface ParseTreeOptions {
  /**
   * Reads the first word in a bracket as the label of its node; `true` by default. With `false` every word
   * is a leaf and every bracket a node above, as in the binary parses of SNLI and ListOps:
   * `( ( The cat ) sat )`.
   */
  readonly labels?: boolean
}

export const PARSE_TREE_OPTIONS = ['labels'] as const satisfies readonly (keyof ParseTreeOptions)[]

/**
 * Reads a tree in the brackets of the Stanford Sentiment Treebank, `(3 (2 The) (2 Rock))`, or of the Penn
 * Treebank, `( (S (NP (DT the) (NN cat)) (VP sat)))`.
 *
 * A bracket is a node: a label, then its word, or its children. A word among children is a leaf without a
 * label. A bracket without a label around one child is left out, as the Penn Treebank has one around each
 * tree. `-LRB-` and `-RRB-` in words stand for brackets, and become them. Any depth is read. Children come
 * before their parents, the root last.
 *
 * Marcus, Santorini and Marcinkiewicz (1993), Building a Large Annotated Corpus of English; Socher et al.
 * (2013), Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank.
 *
 * @throws UnrolledError `ERR_UNROLLED_FORMAT` with line and column: a bracket that does not close or closes
 * nothing, a node without label or word, no tree, or text after the tree. `ERR_UNROLLED_ARGUMENT`: no text.
 */
export function parseTree(text: string, options: ParseTreeOptions = {}): Tree {
  const reading = readingOf('parseTree', text, options)
  const tree = next(reading)
  if (tree === undefined) {
    throw misread('parseTree', reading.text, reading.at, 'a tree', END_OF_TEXT)
  }
  skipSpace(reading)
  if (reading.at < reading.text.length) {
    const received = closing(reading) ? CLOSING : new Described('text after the tree')
    throw misread('parseTree', reading.text, reading.at, 'the end of the text', received)
  }
  return tree
}

/**
 * Reads all trees of a text, such as a file with one a line; none of an empty one. See {@link parseTree}.
 *
 * @throws UnrolledError as {@link parseTree} does.
 */
export function parseTrees(text: string, options: ParseTreeOptions = {}): Tree[] {
  const reading = readingOf('parseTrees', text, options)
  const trees: Tree[] = []
  for (let tree = next(reading); tree !== undefined; tree = next(reading)) trees.push(tree)
  return trees
}

/** A text that is read, as far as an offset. */
interface Reading {
  readonly where: string
  readonly text: string
  readonly labeled: boolean
  at: number
}

function readingOf(where: string, text: unknown, options: ParseTreeOptions): Reading {
  checkOptions(where, options, PARSE_TREE_OPTIONS)
  const labeled = checkBoolean(`${where} labels`, options.labels ?? true)
  const whole = checkText(where, text)
  return { where, text: whole, labeled, at: startOf(whole) }
}

/** A bracket that is not closed yet. */
interface Open {
  readonly at: number
  /** The nodes without a parent before it. */
  readonly before: number
  label: string | undefined
}

const CLOSING = new Described('a bracket that closes nothing')

/** Reads one tree; nothing at the end of the text. */
function next(reading: Reading): Tree | undefined {
  const { where, text, labeled } = reading
  const nodes = new Growing(where)
  const open: Open[] = []
  for (;;) {
    skipSpace(reading)
    const start = reading.at
    const code = text.charCodeAt(start)
    const inner = open.at(-1)
    if (Number.isNaN(code)) {
      if (inner === undefined) return undefined
      const expected = `a bracket that closes the one at ${placeOf(text, inner.at)}`
      throw misread(where, text, start, expected, END_OF_TEXT)
    }
    if (code === OPEN) {
      open.push({ at: start, before: nodes.pending, label: undefined })
      reading.at++
    } else if (code === CLOSE) {
      if (inner === undefined) throw misread(where, text, start, 'a tree', CLOSING)
      close(reading, nodes, inner)
      open.pop()
      reading.at++
    } else {
      const word = wordOf(reading)
      if (inner === undefined && labeled) throw misread(where, text, start, 'a bracket', word)
      if (inner && labeled && isFirst(inner, nodes)) inner.label = word
      else nodes.leaf(undefined, unescaped(word))
    }
    if (open.length === 0) return nodes.tree()
  }
}

function isFirst(open: Open, nodes: Growing): boolean {
  return open.label === undefined && nodes.pending === open.before
}

/** Ends a bracket: a label with a word is a leaf, all else a node above what the bracket holds. */
function close({ where, text, at, labeled }: Reading, nodes: Growing, open: Open): void {
  const count = nodes.pending - open.before
  if (count === 0) {
    const expected = open.label === undefined && labeled ? 'a label' : 'a word or a child'
    throw misread(where, text, at, expected, new Described('a bracket that closes'))
  }
  if (labeled && count === 1 && open.label === undefined) return
  if (open.label !== undefined && count === 1 && nodes.isWord()) nodes.name(open.label)
  else nodes.above(count, open.label)
}

const OPEN = '('.charCodeAt(0)
const CLOSE = ')'.charCodeAt(0)

function closing({ text, at }: Reading): boolean {
  return text.charCodeAt(at) === CLOSE
}

function skipSpace(reading: Reading): void {
  while (isSpace(reading.text.charCodeAt(reading.at))) reading.at++
}

function wordOf(reading: Reading): string {
  const start = reading.at
  for (;;) {
    const code = reading.text.charCodeAt(reading.at)
    if (Number.isNaN(code) || isSpace(code) || code === OPEN || code === CLOSE) break
    reading.at++
  }
  return reading.text.slice(start, reading.at)
}

function unescaped(word: string): string {
  return word.includes('RB-') ? word.replaceAll('-LRB-', '(').replaceAll('-RRB-', ')') : word
}
