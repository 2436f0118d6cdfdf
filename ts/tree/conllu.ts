import { Described, mismatch } from '../errors.js'
import { reserve } from '../native/memory.js'
import { levelsOf } from './levels.js'
import { checkText, startOf } from './text.js'
import { type Tree, treeOf } from './tree.js'

/** The dependencies of a sentence: a node for each word, in the order of the sentence. */
export interface DependencyTree extends Tree {
  /** By node: the universal part of speech (UPOS), such as `VERB`. */
  readonly labels: readonly (string | undefined)[]
  /** By node: the relation to the parent (DEPREL), such as `nsubj`. */
  readonly relations: readonly (string | undefined)[]
}

/**
 * Reads the sentences of a text in CoNLL-U: forms as words, HEAD as parents, UPOS as labels, DEPREL as
 * relations; `_` in the last two is nothing. Comments, ranges of several words (`3-4`) and empty nodes
 * (`5.1`) are passed over. A blank line ends a sentence.
 *
 * Nivre et al. (2020), Universal Dependencies v2; https://universaldependencies.org/format.html
 *
 * @throws UnrolledError `ERR_UNROLLED_FORMAT` with the line: other than ten fields, ids that do not count
 * up from 1, a head out of range, no root or a second one, or a cycle. `ERR_UNROLLED_ARGUMENT`: no text.
 */
export function parseConllu(text: string): DependencyTree[] {
  const whole = checkText('parseConllu', text)
  const trees: DependencyTree[] = []
  let words: Word[] = []
  const lines = whole.slice(startOf(whole)).split(/\r\n|\n|\r/)
  for (const [index, line] of [...lines, ''].entries()) {
    if (line.trim() === '') {
      if (words.length > 0) trees.push(treeOfWords(words))
      words = []
    } else if (!line.startsWith('#')) {
      const word = wordOf(line, index + 1, words.length + 1)
      if (word !== undefined) words.push(word)
    }
  }
  return trees
}

/** A word of a sentence, and the line that it stands in. */
interface Word {
  readonly line: number
  readonly form: string
  readonly label: string | undefined
  readonly head: number
  readonly relation: string | undefined
}

const FIELDS = 10

/** Reads a line; nothing from a range or an empty node. */
function wordOf(text: string, line: number, expected: number): Word | undefined {
  const fields = text.split('\t')
  const [id = '', form = '', , label, , , head = '', relation] = fields
  if (fields.length !== FIELDS) {
    throw badLine(line, `${FIELDS} fields with tabs between`, new Described(`${fields.length}`))
  }
  if (/^\d+[-.]\d+$/.test(id)) return undefined
  if (id !== String(expected)) throw badLine(line, `the id ${expected}`, id)
  if (form === '') throw badLine(line, 'a form', form)
  if (!/^\d{1,9}$/.test(head)) throw badLine(line, 'the id of a head, or 0 for the root', head)
  return { line, form, label: fieldOf(label), head: Number(head), relation: fieldOf(relation) }
}

function fieldOf(field: string | undefined): string | undefined {
  return field === '_' || field === '' ? undefined : field
}

function treeOfWords(words: readonly Word[]): DependencyTree {
  const { length } = words
  const parents = reserve('parseConllu', length, () => new Int32Array(length))
  let root: Word | undefined
  for (const [node, word] of words.entries()) {
    const { head, line } = word
    if (head > length) throw badLine(line, `a head from 0 to ${length}`, head)
    if (head === 0 && root !== undefined) {
      throw badLine(line, 'one root', new Described(`a root beside that of line ${root.line}`))
    }
    if (head === 0) root = word
    parents[node] = head - 1
  }
  const [first] = words
  if (root === undefined) {
    throw badLine(first?.line ?? 0, 'a sentence with a root', new Described('none'))
  }
  const { turn } = levelsOf('parseConllu', parents)
  if (turn !== undefined) {
    throw badLine(words[turn]?.line ?? 0, 'heads up to the root', new Described('a cycle'))
  }
  const tree = treeOf(
    parents,
    words.map(({ label }) => label),
    words.map(({ form }) => form),
  )
  const relations = Object.freeze(words.map(({ relation }) => relation))
  return Object.freeze({ ...tree, relations })
}

function badLine(line: number, expected: string, received: unknown) {
  return mismatch('ERR_UNROLLED_FORMAT', `parseConllu line ${line}`, expected, received)
}
