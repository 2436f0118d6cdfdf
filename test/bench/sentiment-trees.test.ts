import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bracketsOf, checkTree, childrenOf, leavesOf, type Tree } from 'unrolled'
import { describe, expect, test } from 'vitest'
import {
  ADJECTIVES,
  formOf,
  type Phrase,
  sentimentOf,
} from '../../bench/reproduce/sentiment-trees/phrases.js'
import {
  drawSentences,
  type SentencePair,
  WORDS,
} from '../../bench/reproduce/sentiment-trees/sentences.js'
import { sentimentTrees } from '../../bench/reproduce/sentiment-trees/sentiment-trees.js'

const split = drawSentences(600, 150, 1)
const wordsOf = (tree: Tree) => leavesOf(tree).map((leaf) => tree.words[leaf] ?? '')

/** Reads the words after the verb from left to right, without any parse, and says if they are positive. */
function judged(words: string[]): boolean {
  const unit = (): boolean => {
    const word = words.shift() ?? ''
    if (word === 'not') return !unit()
    if (word !== 'both' && word !== 'either') return (ADJECTIVES.get(word) ?? 0) > 0
    const left = unit()
    expect(words.shift()).toBe(word === 'both' ? 'and' : 'or')
    const right = unit()
    return word === 'both' ? left && right : left || right
  }
  const first = unit()
  return words.shift() === 'but' ? unit() : first
}

test('phrases mean what they say', () => {
  const [good, bad] = [{ adjective: 'good' }, { adjective: 'bad' }]
  const joint = (connective: 'and' | 'or' | 'but', left: Phrase, right: Phrase): Phrase => ({
    connective,
    left,
    right,
  })
  const cases: [Phrase, number, string][] = [
    [good, 1, '_'],
    [{ not: good }, -1, 'not _'],
    [joint('and', good, bad), -1, 'both _ and _'],
    [{ not: joint('and', good, bad) }, 1, 'not both _ and _'],
    [joint('or', good, bad), 1, 'either _ or _'],
    [{ not: joint('or', bad, bad) }, 1, 'not either _ or _'],
    [joint('but', good, bad), -1, '_ but _'],
    [joint('but', { not: joint('and', bad, bad) }, { not: bad }), 1, 'not both _ and _ but not _'],
  ]
  for (const [phrase, sentiment, form] of cases) {
    expect([sentimentOf(phrase), formOf(phrase)]).toEqual([sentiment, form])
  }
})

describe('pairs of sentences', () => {
  const pairs: readonly SentencePair[] = [...split.train, ...split.test]

  test('have the same words, and other sentiments', () => {
    expect([split.train.length, split.test.length]).toEqual([600, 150])
    for (const [negative, positive] of pairs) {
      expect([negative.positive, positive.positive]).toEqual([0, 1])
      expect(wordsOf(negative.tree).sort()).toEqual(wordsOf(positive.tree).sort())
    }
    expect(new Set(pairs.flat().map(({ tree }) => wordsOf(tree).join(' '))).size).toBe(1500)
    const words = new Set(pairs.flat().flatMap(({ tree }) => wordsOf(tree)))
    expect(words).toEqual(new Set(WORDS))
  })

  test('are judged alike from their words in order', () => {
    for (const { positive, tree } of pairs.flat()) {
      const [the, , , ...phrase] = wordsOf(tree)
      expect(the).toBe('the')
      expect(judged(phrase)).toBe(positive === 1)
      expect(phrase).toEqual([])
    }
  })

  test('have binary parses with a label at every node', () => {
    for (const { positive, tree } of pairs.flat()) {
      checkTree(tree)
      expect(tree.labels.every((label) => /^[012]$/.test(label ?? ''))).toBe(true)
      expect(tree.labels.at(-1)).toBe(positive === 1 ? '2' : '0')
      expect(childrenOf(tree).every(({ length }) => length === 0 || length === 2)).toBe(true)
      for (const leaf of leavesOf(tree)) {
        const sentiment = ADJECTIVES.get(tree.words[leaf] ?? '') ?? 0
        expect(tree.labels[leaf]).toBe(String(sentiment + 1))
      }
    }
  })

  test('have parts that are right by the rules', () => {
    // Of a node: its children's labels, and the word that joins them.
    for (const { tree } of pairs.flat().slice(0, 200)) {
      for (const [node, [left = -1, right = -1]] of childrenOf(tree).entries()) {
        if (left < 0) continue
        const [label, of, by] = [tree.labels[node], tree.labels[right], tree.words[left]]
        if (by === 'not') expect(Number(label) + Number(of)).toBe(2)
        else if (tree.labels[left] === '1') expect(label).toBe(of)
        else {
          const [first = -1] = childrenOf(tree)[right] ?? []
          const sides = [Number(tree.labels[left]), Number(of)]
          const results: Record<string, number | undefined> = {
            and: Math.min(...sides),
            or: Math.max(...sides),
            but: sides[1],
          }
          expect(Number(label)).toBe(results[tree.words[first] ?? ''])
        }
      }
    }
  })

  test('of training have other forms than those of testing', () => {
    const form = (tree: Tree) =>
      wordsOf(tree)
        .slice(3)
        .map((word) => (ADJECTIVES.has(word) ? '_' : word))
        .join(' ')
    const forms = (list: readonly SentencePair[]) =>
      new Set(list.flat().map(({ tree }) => form(tree)))
    const [train, held] = [forms(split.train), forms(split.test)]
    expect([...held].filter((one) => train.has(one))).toEqual([])
    expect(held.size).toBeGreaterThan(30)
    expect([...held].every((one) => one.split('_').length > 3)).toBe(true)
    expect([...train].some((one) => one.split('_').length === 3)).toBe(true)
  })

  test('are the same for the same seed', () => {
    const texts = (seed: number) =>
      drawSentences(20, 5, seed).train.map(([, { tree }]) => bracketsOf(tree))
    expect(texts(3)).toEqual(texts(3))
    expect(texts(3)).not.toEqual(texts(4))
  })
})

test('the reduced form tells trees and sequences from a bag of words', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
  const { signal } = new AbortController()
  const work = { reduced: true, seed: 1, folder, signal, say: () => undefined }
  const { details, figures } = await sentimentTrees.run(work)
  rmSync(folder, { recursive: true })
  expect(details).toMatchObject({ sentences: { train: 300, valid: 40, test: 80 } })
  const [tree = 0, parts = 0, sequence = 0, bag = 0] = figures.map(({ percent }) => percent)
  // The same words have the same class, so one sentence of each pair is right at most.
  expect(bag).toBeLessThanOrEqual(50)
  expect(tree).toBeGreaterThan(90)
  expect(parts).toBeGreaterThan(95)
  expect(sequence).toBeGreaterThan(60)
})
