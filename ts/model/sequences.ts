import type { NativeSequence } from '../native/contract.js'

/** The probability of a generated sequence, and its end. */
export interface GeneratedScores {
  /** The logarithm of each item's probability given those before; with `stop`, of its end or going on too. */
  readonly logProbabilities: readonly number[]
  /**
   * The logarithm of the whole's probability: the sum of `logProbabilities`, and of a predicted length. It is
   * that of the model itself, whatever `temperature`, `topK` and `topP` made of the draws.
   */
  readonly score: number
  /** The score as a beam compares it: over the penalty of the length, with that of the coverage. */
  readonly normalizedScore: number
  /** `true` if the sequence ended by itself, `false` if `maxSteps` cut it off. */
  readonly finished: boolean
}

/** A generated sequence of tokens. */
export interface TokenSequence extends GeneratedScores {
  /** The ids, without the prompt, with the end token. */
  readonly tokens: readonly number[]
  /**
   * The weights of the model's attention at each token, `[token][step of the memory]`; empty of a model that
   * gives none out, or several.
   */
  readonly alignment: readonly (readonly number[])[]
}

/** The best sequence of a row, and all that were asked for. */
export interface GeneratedTokens extends TokenSequence {
  /** The best `nBest` sequences of a beam, the best first: those that ended, then those cut off. */
  readonly nBest: readonly TokenSequence[]
}

/** A generated sequence of numbers. */
export interface GeneratedNumbers extends GeneratedScores {
  /** The numbers of each step, without the prompt. */
  readonly steps: readonly (readonly number[])[]
}

/** Gives the sequences of a row. */
export function tokensOf(row: readonly NativeSequence[]): GeneratedTokens {
  const nBest = row.map((one) => ({
    tokens: listed(one.ids, 0, one.ids.length),
    alignment: nested(one.alignments, one.ids.length),
    ...scoresOf(one),
  }))
  const [best = { tokens: [], alignment: [], ...NOTHING }] = nBest
  return { ...best, nBest }
}

/** Gives the sequence of a row, of so many numbers a step. */
export function numbersOf([one]: readonly NativeSequence[], size: number): GeneratedNumbers {
  if (one === undefined) return { steps: [], ...NOTHING }
  return { steps: nested(one.values, one.values.length / size), ...scoresOf(one) }
}

/** Splits numbers into so many parts of the same length; none of no numbers. */
function nested(numbers: Float32Array, parts: number): number[][] {
  if (numbers.length === 0) return []
  const size = numbers.length / parts
  return Array.from({ length: parts }, (_, part) => listed(numbers, part * size, size))
}

/**
 * Copies numbers one by one into a list of that length: the iterator of a typed array takes several times as long, and a list
 * that grows is copied as often as it grows.
 */
function listed(numbers: ArrayLike<number>, first: number, count: number): number[] {
  const list = new Array<number>(count)
  for (let i = 0; i < count; i++) list[i] = numbers[first + i] ?? Number.NaN
  return list
}

const NOTHING: GeneratedScores = {
  logProbabilities: [],
  score: 0,
  normalizedScore: 0,
  finished: false,
}

function scoresOf(one: NativeSequence): GeneratedScores {
  const { score, normalizedScore, finished, logProbabilities: logs } = one
  return { logProbabilities: listed(logs, 0, logs.length), score, normalizedScore, finished }
}
