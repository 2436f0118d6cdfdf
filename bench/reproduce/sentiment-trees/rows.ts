import { childrenOf, type Tree } from 'unrolled'
import { cut, seedOf, shuffled, uniform } from '../random.js'
import { type SentencePair, WORDS } from './sentences.js'

/** Ids of a tree's nodes: the words, and 0 of nodes above them. */
export const ID_COUNT = WORDS.length + 1

const IDS = new Map(WORDS.map((word, place) => [word, place + 1]))

function idOf(word: string | undefined): number {
  return word === undefined ? 0 : (IDS.get(word) ?? 0)
}

/** Classes: negative, neither, positive. */
export const CLASSES = 3

/** A tree as a row, with the class of each node. */
export interface TreeExample {
  readonly row: { readonly parents: Int32Array; readonly values: readonly number[] }
  readonly classes: readonly number[]
}

/** The words under a node, in order, with the node's class. */
export interface Phrase {
  readonly ids: readonly number[]
  readonly class: number
}

/** The sentences of pairs as trees. */
export function treesOf(pairs: readonly SentencePair[]): TreeExample[] {
  return pairs.flat().map(({ tree }) => ({
    row: { parents: tree.parents, values: tree.words.map(idOf) },
    classes: tree.labels.map(Number),
  }))
}

/** The sentences of pairs as words. */
export function sentencesOf(pairs: readonly SentencePair[]): Phrase[] {
  return pairs.flat().flatMap(({ tree }) => phrasesOf(tree).slice(-1))
}

/** What stands under every node, each text once: what a tree says to a model of trees, for a model of sequences. */
export function partsOf(pairs: readonly SentencePair[]): Phrase[] {
  const found = new Map<string, Phrase>()
  for (const { tree } of pairs.flat()) {
    for (const phrase of phrasesOf(tree)) found.set(phrase.ids.join(' '), phrase)
  }
  return [...found.values()]
}

/** By node: the words under it. The children of a node stand before it, the root last. */
function phrasesOf(tree: Tree): Phrase[] {
  const all: number[][] = []
  for (const [node, children] of childrenOf(tree).entries()) {
    const own = children.length > 0 ? children.flatMap((child) => all[child] ?? []) : undefined
    all.push(own ?? [idOf(tree.words[node])])
  }
  return all.map((ids, node) => ({ ids, class: Number(tree.labels[node]) }))
}

/** The batches of an epoch, in an order of its own. */
export function epochOf<T>(list: readonly T[], size: number, seed: number, epoch: number): T[][] {
  return cut(shuffled(list, uniform(seedOf(seed, epoch))), size)
}
