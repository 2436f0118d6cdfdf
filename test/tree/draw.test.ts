import { chainTree, drawTree, leftTree, parseTree } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { refusal } from '../support/refusal.js'

describe('trees are drawn', () => {
  test('with labels and words', () => {
    const tree = parseTree(
      '(S (NP (DT the) (JJ big) (NN cat)) (VP (V sat) (PP (P on) (NP it))) (. .))',
    )
    expect(drawTree(tree)).toBe(
      [
        'S',
        '├── NP',
        '│   ├── DT the',
        '│   ├── JJ big',
        '│   └── NN cat',
        '├── VP',
        '│   ├── V sat',
        '│   └── PP',
        '│       ├── P on',
        '│       └── NP it',
        '└── . .',
      ].join('\n'),
    )
  })

  test('with numbers of the nodes that have neither', () => {
    expect(drawTree(leftTree(['a', 'b', 'c']))).toBe(
      ['[4]', '├── [2]', '│   ├── a', '│   └── b', '└── c'].join('\n'),
    )
    expect(drawTree(leftTree(1))).toBe('[0]')
  })

  test('one below the other of a forest', () => {
    const tree = {
      parents: Int32Array.of(1, -1, -1),
      labels: ['b', 'a', 'c'],
      words: [undefined, undefined, undefined],
    }
    expect(drawTree(tree)).toBe('a\n└── b\nc')
  })

  test('on one line a node, whatever its word', () => {
    const tree = leftTree(['a\nb', '\u001b[31mred\u2028'])
    expect(drawTree(tree)).toBe('[2]\n├── a\\u000ab\n└── \\u001b[31mred\\u2028')
  })

  test('a line for each of 100,000 leaves', () => {
    const text = drawTree(parseTree(`(S${' (A a)'.repeat(100_000)})`))
    expect(text.split('\n')).toHaveLength(100_001)
  })

  test('but not without end', async () => {
    expect(drawTree(chainTree(2000)).split('\n')).toHaveLength(2000)
    expect(await refusal(() => drawTree(chainTree(100_000)))).toBe(
      'drawTree: expected a drawing of at most 16777216 characters, received a tree of 100000 nodes that takes 20000000000',
    )
  })
})
