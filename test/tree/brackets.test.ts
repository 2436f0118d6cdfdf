import { bracketsOf, parseTree, parseTrees, type Tree } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { refusal } from '../support/refusal.js'

const lists = ({ parents, labels, words }: Tree) => ({ parents: [...parents], labels, words })
const none = undefined

describe('brackets are read', () => {
  test('of the Stanford Sentiment Treebank', () => {
    expect(lists(parseTree('(3 (2 The) (2 Rock))'))).toEqual({
      parents: [2, 2, -1],
      labels: ['2', '2', '3'],
      words: ['The', 'Rock', none],
    })
  })

  test('of the Penn Treebank, with brackets around the whole', () => {
    const expected = {
      parents: [2, 2, 4, 4, -1],
      labels: ['DT', 'NN', 'NP', 'VP', 'S'],
      words: ['the', 'cat', none, 'sat', none],
    }
    for (const text of [
      '(S (NP (DT the) (NN cat)) (VP sat))',
      '( (S (NP (DT the) (NN cat)) (VP sat)) )',
      '\ufeff\r\n(((S\n\t(NP (DT\nthe)(NN cat))\r\n(VP\f sat))))\n',
    ]) {
      expect(lists(parseTree(text))).toEqual(expected)
    }
  })

  test.each<[string, Tree['labels'], Tree['words'], number[]]>([
    ['(NN x)', ['NN'], ['x'], [-1]],
    ['(X a b)', [none, none, 'X'], ['a', 'b', none], [2, 2, -1]],
    ['(X (Y a) b)', ['Y', none, 'X'], ['a', 'b', none], [2, 2, -1]],
    ['(A (B (C c)))', ['C', 'B', 'A'], ['c', none, none], [1, 2, -1]],
    ['((A a) (B b))', ['A', 'B', none], ['a', 'b', none], [2, 2, -1]],
    ['(-LRB- -LRB-)', ['-LRB-'], ['('], [-1]],
    ['(: :-RRB-)', [':'], [':)'], [-1]],
    ['(ÄÖ 日本\u00a0語)', ['ÄÖ'], ['日本\u00a0語'], [-1]],
  ])('%s', (text, labels, words, parents) => {
    expect(lists(parseTree(text))).toEqual({ labels, words, parents })
  })

  test('without labels', () => {
    const options = { labels: false }
    expect(lists(parseTree('( ( The cat ) sat )', options))).toEqual({
      parents: [2, 2, 4, 4, -1],
      labels: [none, none, none, none, none],
      words: ['The', 'cat', none, 'sat', none],
    })
    expect(lists(parseTree('7', options))).toEqual({ parents: [-1], labels: [none], words: ['7'] })
    expect(parseTrees('7 (a) b', options).map((tree) => tree.words)).toEqual([
      ['7'],
      ['a', none],
      ['b'],
    ])
  })

  test('several trees of a text', () => {
    expect(parseTrees(' \n')).toEqual([])
    expect(parseTrees('(1 a)\n(2 b)(3 c)').map(({ labels }) => labels)).toEqual([
      ['1'],
      ['2'],
      ['3'],
    ])
  })

  test('a tree is frozen, its parents are ints', () => {
    const tree = parseTree('(3 (2 The) (2 Rock))')
    expect(tree.parents).toBeInstanceOf(Int32Array)
    for (const part of [tree, tree.labels, tree.words]) expect(Object.isFrozen(part)).toBe(true)
  })
})

describe('brackets are refused with line and column', () => {
  test.each([
    ['', 'line 1, column 1: expected a tree, received the end of the text'],
    ['\n ', 'line 2, column 2: expected a tree, received the end of the text'],
    [
      '(S\n  (NP (DT the)\n',
      'line 3, column 1: expected a bracket that closes the one at line 2, column 3, received the end of the text',
    ],
    [')', 'line 1, column 1: expected a tree, received a bracket that closes nothing'],
    [
      '(A a))',
      'line 1, column 6: expected the end of the text, received a bracket that closes nothing',
    ],
    [
      '(A a)\r\n(B b)',
      'line 2, column 1: expected the end of the text, received text after the tree',
    ],
    ['(A a) b', 'line 1, column 7: expected the end of the text, received text after the tree'],
    ['()', 'line 1, column 2: expected a label, received a bracket that closes'],
    ['(A 😀 ())', 'line 1, column 7: expected a label, received a bracket that closes'],
    ['(A)', 'line 1, column 3: expected a word or a child, received a bracket that closes'],
    ['(A (B ))', 'line 1, column 7: expected a word or a child, received a bracket that closes'],
    ['word', 'line 1, column 1: expected a bracket, received "word"'],
  ])('%j', async (text, message) => {
    expect(await refusal(() => parseTree(text))).toBe(`parseTree ${message}`)
  })

  test('with the code of a foreign file', () => {
    expect(() => parseTree('(')).toThrow(expect.objectContaining({ code: 'ERR_UNROLLED_FORMAT' }))
    expect(() => parseTrees('(A a)\n(')).toThrow('parseTrees line 2, column 2: expected a bracket')
  })

  test('what is no text, and an unknown option', async () => {
    expect(await refusal(() => parseTree(3 as never))).toBe(
      'parseTree: expected a text, received 3',
    )
    expect(await refusal(() => parseTrees('', { label: false } as never))).toContain(
      'unknown option "label"; did you mean labels?',
    )
    expect(await refusal(() => parseTree('', { labels: 1 } as never))).toContain('true or false')
    expect(await refusal(() => parseTree('()', { labels: false }))).toBe(
      'parseTree line 1, column 2: expected a word or a child, received a bracket that closes',
    )
  })
})

describe('brackets are written', () => {
  test.each([
    '(3 (2 The) (2 Rock))',
    '(S (NP (DT the) (NN cat)) (VP sat))',
    '(X a b)',
    '(X (Y a) b)',
    '((A a) (B b))',
    '(A ((B b) c) (D d))',
    '(-LRB- -LRB-)',
    '(ÄÖ 日本\u00a0語)',
  ])('%s, as it was read', (text) => {
    const tree = parseTree(text)
    expect(bracketsOf(tree)).toBe(text)
    expect(lists(parseTree(bracketsOf(tree)))).toEqual(lists(tree))
  })

  test.each(['a', '(a)', '((a))', '((The cat) sat)', '(a (b c) (d) e)'])(
    '%s, without labels',
    (text) => {
      const tree = parseTree(text, { labels: false })
      expect(bracketsOf(tree)).toBe(text)
      expect(lists(parseTree(bracketsOf(tree), { labels: false }))).toEqual(lists(tree))
    },
  )

  test('of nodes in any order, and of a forest', () => {
    const tree = {
      parents: Int32Array.of(-1, 3, -1, 0, 0),
      labels: ['S', 'N', 'T', 'P', 'V'],
      words: [none, 'n', 't', none, 'v'],
    }
    expect(bracketsOf(tree)).toBe('(S (P (N n)) (V v))\n(T t)')
  })

  test.each<[string, Partial<Tree>, string]>([
    [
      'no word',
      { words: ['a', none, none] },
      'node 1: expected a leaf with a word, received the label "B" and no word',
    ],
    ['a word above', { words: ['a', 'b', 'c'] }, 'node 2: expected no word above children'],
    ['a blank', { words: ['a b', 'b', none] }, 'node 0: expected a word without blanks'],
    ['an empty word', { words: ['', 'b', none] }, 'node 0: expected a word without blanks'],
    ['an escape', { words: ['x-LRB-', 'b', none] }, 'node 0: expected a word without -LRB-'],
    [
      'a bracket',
      { labels: ['(', 'B', 'S'] },
      'node 0: expected a label without blanks and brackets',
    ],
    ['a first child', { labels: [none, 'B', none] }, 'node 0: expected a label of the first child'],
    [
      'other lengths',
      { words: ['a'] },
      'words: expected one for each of 3 nodes, received an array of 1',
    ],
    [
      'no text',
      { labels: [3 as never, 'B', 'S'] },
      'labels of node 0: expected a text or undefined',
    ],
    ['a cycle', { parents: Int32Array.of(2, 2, 1) }, 'node 2: expected parents up to a root'],
  ])('but not %s', async (_, change, message) => {
    const tree = {
      parents: Int32Array.of(2, 2, -1),
      labels: ['A', 'B', 'S'],
      words: ['a', 'b', none],
      ...change,
    }
    expect(await refusal(() => bracketsOf(tree))).toContain(`bracketsOf ${message}`)
  })

  test('but not one child that would be read as its parent', async () => {
    const above = (labels: Tree['labels']) => ({
      parents: Int32Array.of(1, 2, -1),
      labels,
      words: ['a', none, none],
    })
    const write = (labels: Tree['labels']) => refusal(() => bracketsOf(above(labels)))
    expect(await write([none, 'B', 'C'])).toContain('node 0: expected a label of a root or only')
    expect(await write(['A', none, 'C'])).toContain('node 1: expected a label above one child')
    expect(await write(['A', 'B', none])).toContain('node 2: expected a label above one child')
  })
})

describe('trees of any size', () => {
  test('100,000 levels deep', () => {
    const depth = 100_000
    const text = `${'(X '.repeat(depth)}x${')'.repeat(depth)}`
    const tree = parseTree(text)
    expect(tree.parents.length).toBe(depth)
    expect(bracketsOf(tree)).toBe(text)
    expect(parseTree(`${'('.repeat(depth)}X x${')'.repeat(depth)}`).words).toEqual(['x'])
    expect(
      parseTree(`${'('.repeat(depth)}x${')'.repeat(depth)}`, { labels: false }).parents,
    ).toHaveLength(depth + 1)
    expect(() => parseTree('('.repeat(depth))).toThrow('line 1, column 100001')
    expect(() => parseTree(')'.repeat(depth))).toThrow('line 1, column 1:')
  })

  test('of a million nodes', () => {
    const leaves = 500_000
    const text = `${'(S (A a) '.repeat(leaves - 1)}(A a)${')'.repeat(leaves - 1)}`
    expect(parseTree(text).parents.length).toBe(2 * leaves - 1)
  })

  test('with 100,000 children', () => {
    const text = `(S${' (A a)'.repeat(100_000)})`
    const tree = parseTree(text)
    expect(tree.parents[0]).toBe(100_000)
    expect(bracketsOf(tree) === text).toBe(true)
  })
})
