import { cut, seedOf, shuffled, uniform } from '../random.js'
import type { Word } from './words.js'

export const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** The phones of CMUdict. */
const PHONES = [
  ...['AA', 'AE', 'AH', 'AO', 'AW', 'AY', 'B', 'CH', 'D', 'DH', 'EH', 'ER', 'EY', 'F', 'G', 'HH'],
  ...['IH', 'IY', 'JH', 'K', 'L', 'M', 'N', 'NG', 'OW', 'OY', 'P', 'R', 'S', 'SH', 'T', 'TH', 'UH'],
  ...['UW', 'V', 'W', 'Y', 'Z', 'ZH'],
]

/** The id before the first phone and after the last. */
export const END = 0

/** Ids of the decoder: the end, then the phones. */
export const PHONE_COUNT = PHONES.length + 1

const PLACES = new Map(PHONES.map((phone, place) => [phone, place + 1]))

/** Ids of a word's letters. */
export function letterIds(letters: string): number[] {
  return [...letters].map((letter) => LETTERS.indexOf(letter))
}

/** Ids of phones, with the end. */
export function phoneIds(phones: readonly string[]): number[] {
  return [...phones.map(placeOf), END]
}

/** The phones up to the end. */
export function phonesOf(ids: readonly number[]): string[] {
  const end = ids.indexOf(END)
  return ids.slice(0, end < 0 ? ids.length : end).map((id) => PHONES[id - 1] ?? '?')
}

function placeOf(phone: string): number {
  const place = PLACES.get(phone)
  if (place === undefined) throw new Error(`g2p: expected a phone of CMUdict, received ${phone}`)
  return place
}

/** A word with one of its pronunciations. */
export interface Pair {
  readonly source: number[]
  readonly target: number[]
}

/** Every pronunciation of every word. */
export function pairsOf(words: readonly Word[]): Pair[] {
  return words.flatMap(({ letters, pronunciations }) =>
    pronunciations.map((phones) => ({ source: letterIds(letters), target: phoneIds(phones) })),
  )
}

/** Pairs as a batch: the target is input and label at once. */
export function batchOf(pairs: readonly Pair[]) {
  const target = pairs.map((pair) => pair.target)
  return { x: { source: pairs.map((pair) => pair.source), target }, y: { scores: target } }
}

/**
 * The batches of an epoch: an order of chance, sorted by length within pools of 32 batches, so that the rows of a batch
 * end together; then the batches in an order of chance.
 */
export function batchesOf(pairs: readonly Pair[], size: number, seed: number, epoch: number) {
  const random = uniform(seedOf(seed, epoch))
  const pools = cut(shuffled(pairs, random), 32 * size).map((pool) =>
    pool.sort((a, b) => a.source.length - b.source.length || a.target.length - b.target.length),
  )
  return shuffled(
    pools.flatMap((pool) => cut(pool, size)),
    random,
  ).map(batchOf)
}
