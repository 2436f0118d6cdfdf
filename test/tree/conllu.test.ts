import { childrenOf, drawTree, parseConllu } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { refusal } from '../support/refusal.js'

const line = (id: string, form: string, upos: string, head: string, relation: string) =>
  [id, form, form.toLowerCase(), upos, '_', '_', head, relation, '_', '_'].join('\t')

const CAT = [
  line('1', 'The', 'DET', '2', 'det'),
  line('2', 'cat', 'NOUN', '3', 'nsubj'),
  line('3', 'sat', 'VERB', '0', 'root'),
]

describe('CoNLL-U is read', () => {
  test('heads are parents, words stay in order', () => {
    const [tree, ...others] = parseConllu(`# text = The cat sat\n${CAT.join('\n')}\n\n`)
    expect(others).toEqual([])
    expect(tree).toEqual({
      parents: Int32Array.of(1, 2, -1),
      words: ['The', 'cat', 'sat'],
      labels: ['DET', 'NOUN', 'VERB'],
      relations: ['det', 'nsubj', 'root'],
    })
    for (const part of [tree, tree?.words, tree?.labels, tree?.relations]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  test('comments, ranges and empty nodes are passed over', () => {
    const text = [
      '\ufeff# sent_id = 1',
      '1-2\tau\t_\t_\t_\t_\t_\t_\t_\t_',
      line('1', 'à', 'ADP', '3', 'case'),
      line('2', 'le', 'DET', '3', 'det'),
      '# within',
      line('3', 'chat noir', 'NOUN', '0', 'root'),
      '3.1\tva\taller\tVERB\t_\t_\t_\t_\t0:root\t_',
      '',
      ' ',
      '# only a comment',
      '',
      line('1', '_', '_', '0', '_'),
    ].join('\r\n')
    const trees = parseConllu(text)
    expect(trees.map(({ words }) => words)).toEqual([['à', 'le', 'chat noir'], ['_']])
    expect(trees[0]?.parents).toEqual(Int32Array.of(2, 2, -1))
    expect([trees[1]?.labels, trees[1]?.relations]).toEqual([[undefined], [undefined]])
  })

  test('no sentences of nothing', () => {
    expect(parseConllu('')).toEqual([])
    expect(parseConllu('\n# x\n\n')).toEqual([])
  })

  test('branches that cross', () => {
    const heads = ['3', '4', '0', '3']
    const text = heads.map((head, i) => line(String(i + 1), 'x', 'X', head, 'dep')).join('\n')
    expect(childrenOf(parseConllu(text)[0] ?? { parents: [] })).toEqual([[], [], [0, 3], [1]])
  })

  test('and drawn with its relations', () => {
    const [tree] = parseConllu(CAT.join('\n'))
    expect(tree && drawTree(tree)).toBe('root: VERB sat\n└── nsubj: NOUN cat\n    └── det: DET The')
  })

  test('100,000 words in a chain, and 30,000 sentences', () => {
    const count = 100_000
    const words = Array.from({ length: count }, (_, i) =>
      line(String(i + 1), 'x', 'X', String(i), 'dep'),
    )
    expect(parseConllu(words.join('\n'))[0]?.parents).toHaveLength(count)
    expect(parseConllu(`${CAT.join('\n')}\n\n`.repeat(30_000))).toHaveLength(30_000)
  })
})

describe('CoNLL-U is refused with the line', () => {
  const [the, cat, sat] = CAT as [string, string, string]
  test.each<[string, string[], string]>([
    [
      'spaces for tabs',
      [the, cat, sat.replaceAll('\t', ' ')],
      'line 3: expected 10 fields with tabs between, received 1',
    ],
    [
      'a field too few',
      [the.slice(0, -2)],
      'line 1: expected 10 fields with tabs between, received 9',
    ],
    ['an id missing', [the, sat], 'line 2: expected the id 2, received "3"'],
    ['an id twice', [the, the], 'line 2: expected the id 2, received "1"'],
    [
      'an id of letters',
      [line('a', 'x', 'X', '0', 'root')],
      'line 1: expected the id 1, received "a"',
    ],
    ['no form', [line('1', '', 'X', '0', 'root')], 'line 1: expected a form, received ""'],
    [
      'no head',
      [line('1', 'x', 'X', '_', 'root')],
      'line 1: expected the id of a head, or 0 for the root, received "_"',
    ],
    [
      'a head below 0',
      [line('1', 'x', 'X', '-1', 'root')],
      'line 1: expected the id of a head, or 0 for the root, received "-1"',
    ],
    [
      'a head out of range',
      [the, cat, line('3', 'sat', 'VERB', '4', 'root')],
      'line 3: expected a head from 0 to 3, received 4',
    ],
    [
      'two roots',
      ['# a', the, line('2', 'cat', 'NOUN', '0', 'root'), sat],
      'line 4: expected one root, received a root beside that of line 3',
    ],
    [
      'no root',
      ['# a', line('1', 'x', 'X', '2', 'dep'), line('2', 'x', 'X', '1', 'dep')],
      'line 2: expected a sentence with a root, received none',
    ],
    [
      'a cycle',
      [
        line('1', 'x', 'X', '0', 'root'),
        line('2', 'x', 'X', '3', 'dep'),
        line('3', 'x', 'X', '2', 'dep'),
      ],
      'line 2: expected heads up to the root, received a cycle',
    ],
    [
      'a word on itself',
      [line('1', 'x', 'X', '0', 'root'), line('2', 'x', 'X', '2', 'dep')],
      'line 2: expected heads up to the root, received a cycle',
    ],
  ])('%s', async (_, lines, message) => {
    const text = lines.join('\n')
    expect(await refusal(() => parseConllu(text))).toBe(`parseConllu ${message}`)
    expect(() => parseConllu(text)).toThrow(
      expect.objectContaining({ code: 'ERR_UNROLLED_FORMAT' }),
    )
    const second = `${CAT.join('\n')}\n\n${text}`
    const moved = message.replace(/line (\d+)/g, (_, at) => `line ${Number(at) + 4}`)
    expect(await refusal(() => parseConllu(second))).toBe(`parseConllu ${moved}`)
  })

  test('what is no text', async () => {
    expect(await refusal(() => parseConllu(3 as never))).toBe(
      'parseConllu: expected a text, received 3',
    )
  })
})
