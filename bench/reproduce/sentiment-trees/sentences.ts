import { parseTree, type Tree } from 'unrolled'
import { seedOf, shuffled, uniform } from '../random.js'
import {
  ADJECTIVES,
  type Connective,
  formOf,
  type Part,
  type Phrase,
  sentenceOf,
  sentimentOf,
} from './phrases.js'

/** A sentence with its binary parse. */
export interface Sentence {
  /** Labels at every node: 0 negative, 1 neither, 2 positive; words at the leaves. */
  readonly tree: Tree
  /** 1 for a positive sentence, 0 for a negative one. */
  readonly positive: 0 | 1
}

/** Two sentences of the same words: the first is negative, the second positive. */
export type SentencePair = readonly [negative: Sentence, positive: Sentence]

/** Pairs for training and for testing; no form of a phrase is in both. */
export interface SentenceSplit {
  readonly train: readonly SentencePair[]
  readonly test: readonly SentencePair[]
}

const SUBJECTS = ['movie', 'film', 'plot', 'story']
const VERBS = ['was', 'is', 'seems']

/** Adjectives of a sentence. */
const FEWEST = 2
const MOST = 5

/**
 * Draws pairs of sentences that differ in the order of their words alone, one negative and one positive, no
 * sentence twice: a bag of words tells half of them right, whatever its weights. One form of phrases in five
 * is for the test part alone, but for those of two adjectives, which show each word's meaning.
 */
export function drawSentences(train: number, test: number, seed: number): SentenceSplit {
  const random = uniform(seed)
  const parts = { train: [] as SentencePair[], test: [] as SentencePair[] }
  const seen = new Set<string>()
  while (parts.train.length < train || parts.test.length < test) {
    const name = parts.train.length * test <= parts.test.length * train ? 'train' : 'test'
    const pair = drawPair(random, (form) => isTest(form, seed) === (name === 'test'), seen)
    if (pair !== undefined) parts[name].push(pair)
  }
  return parts
}

/** All words that sentences are made of, in the order of their ids. */
export const WORDS: readonly string[] = [
  ...['the', ...SUBJECTS, ...VERBS, 'not', 'both', 'and', 'either', 'or', 'but'],
  ...ADJECTIVES.keys(),
]

function isTest(form: string, seed: number): boolean {
  if (form.split('_').length - 1 <= FEWEST) return false
  let hash = seed
  for (const character of form) hash = seedOf(hash, character.charCodeAt(0))
  return uniform(hash)() < 0.2
}

/** The words of a phrase, in no order. */
interface Bag {
  readonly adjectives: readonly string[]
  readonly connectives: readonly Connective[]
  readonly nots: number
}

/** Orders of the same words that are tried for a negative and a positive phrase. */
const TRIES = 40

function drawPair(
  random: () => number,
  taken: (form: string) => boolean,
  seen: Set<string>,
): SentencePair | undefined {
  const bag = drawBag(random)
  const subject = pick(SUBJECTS, random)
  const verb = pick(VERBS, random)
  const found = new Map<number, string>()
  for (let tries = 0; tries < TRIES && found.size < 2; tries++) {
    const phrase = arrange(bag, random)
    const text = bracketsOf(sentenceOf(subject, verb, phrase))
    if (taken(formOf(phrase)) && !seen.has(text)) found.set(sentimentOf(phrase), text)
  }
  const [negative, positive] = [found.get(-1), found.get(1)]
  if (negative === undefined || positive === undefined) return undefined
  for (const text of [negative, positive]) seen.add(text)
  return [
    { tree: parseTree(negative), positive: 0 },
    { tree: parseTree(positive), positive: 1 },
  ]
}

function drawBag(random: () => number): Bag {
  const count = FEWEST + Math.floor(random() * (MOST - FEWEST + 1))
  const adjectives = shuffled([...ADJECTIVES.keys()], random).slice(0, count)
  const but = random() < 0.5 ? ['but' as const] : []
  const others = Array.from({ length: count - 1 - but.length }, () =>
    pick(['and', 'or'] as const, random),
  )
  // About a quarter of the phrases are turned round.
  return { adjectives, connectives: [...others, ...but], nots: Math.floor(random() * (count + 1)) }
}

/** Puts the words of a bag in an order of chance; `but` joins what is whole without it. */
function arrange({ adjectives, connectives, nots }: Bag, random: () => number): Phrase {
  const units = 2 * adjectives.length - 1 - (connectives.at(-1) === 'but' ? 1 : 0)
  const turned = new Set(
    shuffled(
      Array.from({ length: units }, (_, unit) => unit),
      random,
    ).slice(0, nots),
  )
  let unit = 0
  const made = (phrase: Phrase): Phrase => (turned.has(unit++) ? { not: phrase } : phrase)
  const phrases = shuffled(adjectives, random).map((adjective) => made({ adjective }))
  const joints = [
    ...shuffled(
      connectives.filter((word) => word !== 'but'),
      random,
    ),
    ...connectives.filter((word) => word === 'but'),
  ]
  for (const connective of joints) {
    const at = Math.floor(random() * (phrases.length - 1))
    const [left, right] = phrases.slice(at, at + 2)
    if (left === undefined || right === undefined) continue
    const phrase: Phrase = { connective, left, right }
    phrases.splice(at, 2, connective === 'but' ? phrase : made(phrase))
  }
  return phrases[0] ?? { adjective: '' }
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T
}

/** A part in brackets, as the Stanford Sentiment Treebank writes it. */
function bracketsOf(part: Part): string {
  const label = part.sentiment + 1
  if ('word' in part) return `(${label} ${part.word})`
  return `(${label} ${bracketsOf(part.left)} ${bracketsOf(part.right)})`
}
