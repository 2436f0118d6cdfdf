import { shuffled, uniform } from '../random.js'

/** Keras's characters: digits, the sign, and the space that fills up. */
export const CHARACTERS = '0123456789+ '

/** Sums as ids of characters, each row of one length. */
export interface Sums {
  readonly questions: readonly number[][]
  readonly answers: readonly number[][]
}

/**
 * Pairs of numbers of up to so many digits, no pair twice, whichever comes first; shuffled, since the few pairs of short
 * numbers are all drawn early.
 */
export function drawPairs(count: number, digits: number, seed: number): [number, number][] {
  const random = uniform(seed)
  const below = (end: number): number => Math.floor(random() * end)
  // The number of digits is drawn first, so that short numbers are as many as long ones; a zero in front is none.
  const number = (): number => below(10 ** (1 + below(digits)))
  const seen = new Set<string>()
  const pairs: [number, number][] = []
  while (pairs.length < count) {
    const pair: [number, number] = [number(), number()]
    const key = [...pair].sort((a, b) => a - b).join('+')
    if (seen.has(key)) continue
    seen.add(key)
    pairs.push(pair)
  }
  return shuffled(pairs, random)
}

/** Questions back to front, as Sutskever et al. (2014) reversed sources, and their answers; both filled up. */
export function sumsOf(pairs: readonly (readonly [number, number])[], digits: number): Sums {
  const length = 2 * digits + 1
  return {
    questions: pairs.map(([a, b]) => idsOf(`${a}+${b}`.padEnd(length)).reverse()),
    answers: pairs.map(([a, b]) => idsOf(String(a + b).padEnd(digits + 1))),
  }
}

function idsOf(text: string): number[] {
  return [...text].map((character) => CHARACTERS.indexOf(character))
}
