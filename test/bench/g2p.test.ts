import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { alignmentText } from '../../bench/reproduce/g2p/alignment.js'
import { distance, errorsOf } from '../../bench/reproduce/g2p/errors.js'
import { g2p } from '../../bench/reproduce/g2p/g2p.js'
import { batchesOf, letterIds, pairsOf, phoneIds, phonesOf } from '../../bench/reproduce/g2p/ids.js'
import { readDictionary, splitWords, wordsOf } from '../../bench/reproduce/g2p/words.js'

const words = wordsOf(readDictionary())

test('the dictionary has its words, and each pronunciation once without stress', () => {
  // Counted by another program over the same file.
  expect(words).toHaveLength(116_506)
  expect(words.flatMap(({ pronunciations }) => pronunciations)).toHaveLength(124_277)
  expect(new Set(words.flatMap(({ pronunciations }) => pronunciations.flat())).size).toBe(39)
})

test('spellings with other signs are left out, variants are one word', () => {
  const entries = {
    READ: 'R EH1 D',
    'READ(1)': 'R IY1 D',
    "READ'S": 'R IY1 D Z',
    'READ(2)': 'R IY2 D',
    'A.': 'EY1',
    A: 'AH0',
  }
  expect(wordsOf(entries)).toEqual([
    { letters: 'a', pronunciations: [['AH']] },
    {
      letters: 'read',
      pronunciations: [
        ['R', 'EH', 'D'],
        ['R', 'IY', 'D'],
      ],
    },
  ])
})

test('the parts hold every word once, by the seed', () => {
  const { train, valid, test } = splitWords(words, 1)
  expect([train, valid, test].map((part) => part.length)).toEqual([104_856, 5825, 5825])
  const all = [...train, ...valid, ...test].map(({ letters }) => letters)
  expect(new Set(all).size).toBe(words.length)
  expect(splitWords(words, 1).test).toEqual(test)
  expect(splitWords(words, 2).test).not.toEqual(test)
  expect(splitWords(words, 1, 100).test).toHaveLength(5)
})

test('letters and phones go to ids and back', () => {
  expect(letterIds('abz')).toEqual([0, 1, 25])
  expect(phoneIds(['AA', 'ZH'])).toEqual([1, 39, 0])
  expect(phonesOf([39, 1, 0, 5])).toEqual(['ZH', 'AA'])
  expect(phonesOf([39, 1])).toEqual(['ZH', 'AA'])
  expect(() => phoneIds(['AX'])).toThrow('g2p: expected a phone of CMUdict, received AX')
})

test('an epoch has every pair once, in an order of its own, rows of like lengths together', () => {
  const pairs = pairsOf(words.slice(0, 2000))
  const epoch = (number: number, seed = 1) => batchesOf(pairs, 16, seed, number)
  const texts = (batches: ReturnType<typeof epoch>) =>
    batches.flatMap(({ x }) => x.source.map((row, i) => `${row} ${x.target[i]}`))
  const expected = pairs.map(({ source, target }) => `${source} ${target}`)
  expect(texts(epoch(1)).sort()).toEqual(expected.sort())
  expect(epoch(1)).toEqual(epoch(1))
  expect(texts(epoch(2))).not.toEqual(texts(epoch(1)))
  expect(texts(epoch(1, 2))).not.toEqual(texts(epoch(1)))
  const spreads = epoch(1).map(({ x }) => {
    const lengths = x.source.map((row) => row.length)
    return Math.max(...lengths) - Math.min(...lengths)
  })
  expect(spreads.filter((spread) => spread <= 1).length).toBeGreaterThan(spreads.length * 0.8)
})

describe('errors', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abcd', 'acd', 1],
    ['ab', 'ba', 2],
    ['same', 'same', 0],
  ])('from %s to %s are %i', (from, to, errors) => {
    expect(distance([...from], [...to])).toBe(errors)
  })

  test('count against the nearest pronunciation', () => {
    const listed = [[['a', 'b', 'c'], ['x']], [['d', 'e']], [['f']]]
    // Right by the second; one of two phones wrong; two inserted.
    const found = [['x'], ['d', 'x'], ['f', 'g', 'h']]
    const { word, phone } = errorsOf(found, listed)
    expect(word).toBeCloseTo(200 / 3, 10)
    expect(phone).toBeCloseTo((100 * (0 + 1 + 2)) / (1 + 2 + 1), 10)
  })
})

test('an alignment has a row for each step that is written', () => {
  const weights = [
    [0.1, 0.9, 0],
    [0.25, 0.35, 0.4],
    [0, 0, 1],
  ]
  expect(alignmentText(['p', 'h', 'o'], ['F', 'OW'], weights)).toBe(
    ['    p h o', 'F     #', 'OW  . . :'].join('\n'),
  )
})

test('the reduced form learns, measures and draws', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
  const { signal } = new AbortController()
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const { details, figures } = await g2p.run({ reduced: true, seed: 1, folder, signal, say })
  rmSync(folder, { recursive: true })
  type Learned = { curve: { loss: number; measures: { validation: number } }[] }
  const { alignment, attention, fixed, words } = details as {
    alignment: string
    attention: Learned
    fixed: Learned
    words: object
  }
  expect(words).toEqual({ train: 360, valid: 20, test: 20 })
  for (const { curve } of [attention, fixed]) {
    expect(curve).toHaveLength(4)
    expect(curve[3]?.loss).toBeLessThan((curve[0]?.loss ?? 0) * 0.9)
    expect(curve[3]?.measures.validation).toBeLessThan(curve[0]?.measures.validation ?? 0)
  }
  expect(figures.map(({ target }) => target)).toEqual([
    { atMost: 31 },
    { atMost: 8 },
    undefined,
    undefined,
    { atLeast: 0 },
  ])
  for (const { percent } of figures.slice(0, 4)) expect(percent).toBeGreaterThan(0)
  expect(alignment.split('\n').length).toBeGreaterThan(1)
  expect(said).toContain(`\n${alignment}`)
})
