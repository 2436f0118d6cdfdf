import { mismatch } from '../errors.js'
import {
  checkCount,
  checkKind,
  checkNumber,
  checkOptions,
  checkPositive,
  unknownName,
} from '../options.js'

/** The choice of each token, made by {@link sample} or {@link beam}. */
export interface Search {
  /** The kind of search and its settings, in the core's form. */
  readonly kind: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** The names of the searches, each with its default settings. */
export type SearchName = 'greedy' | 'sample' | 'beam'

/** A search, or its name. */
export type SearchLike = Search | SearchName

/** Options of {@link sample}. */
export interface SampleOptions {
  /** The divisor of the logits; 1 by default. Below 1 the likely becomes likelier. */
  readonly temperature?: number
  /** Draws among so many of the likeliest tokens (Fan, Lewis and Dauphin, 2018); all by default. */
  readonly topK?: number
  /**
   * Draws among the fewest tokens that have this probability together, the nucleus (Holtzman and
   * others, 2020); 1 by default, all of them. Counted after `temperature` and among `topK`.
   */
  readonly topP?: number
  /** Decides the draws, with the row and the step; 0 by default. */
  readonly seed?: number
}

/** Options of {@link beam}. */
export interface BeamOptions {
  /** The number of sequences that are kept at each step; 4 by default. */
  readonly width?: number
  /**
   * The exponent `α`: sequences of `n` tokens compare by `score / ((5 + n) / 6)^α` (Wu and others, 2016,
   * section 7). 0 by default, the score itself, which favors short ones.
   */
  readonly lengthPenalty?: number
  /**
   * The factor `β` of `Σᵢ ln min(Σₜ aₜᵢ, 1)` over the steps `i` that an attention reads with the weights
   * `a` (the same section), which is added; 0 by default.
   */
  readonly coveragePenalty?: number
  /** The number of sequences in a row's `nBest`; 1 by default, at most `width`. */
  readonly nBest?: number
}

export const SAMPLE_OPTIONS = [
  'temperature',
  'topK',
  'topP',
  'seed',
] as const satisfies readonly (keyof SampleOptions)[]

export const BEAM_OPTIONS = [
  'width',
  'lengthPenalty',
  'coveragePenalty',
  'nBest',
] as const satisfies readonly (keyof BeamOptions)[]

/**
 * Draws each token by its probability given those before (ancestral sampling). The draws of a row depend on
 * the seed, the number of the row and the step alone: not on other rows or threads.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function sample(options: SampleOptions = {}): Search {
  checkOptions('sample', options, SAMPLE_OPTIONS)
  const { temperature = 1, topK, topP = 1, seed = 0 } = options
  const share = checkPositive('sample topP', checkNumber('sample topP', topP, 0, 1))
  return searchOf('sample', {
    temperature: checkPositive('sample temperature', temperature),
    topK: topK === undefined ? null : checkCount('sample topK', topK),
    topP: share,
    seed: checkCount('sample seed', seed, 0),
  })
}

/**
 * Keeps the `width` likeliest sequences at each step. A sequence that ends is put aside if it is among the
 * best `width`, and the search ends with `width` of these, or when no other can become better. A width of 1
 * is the greedy search, a width of all sequences finds the best.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function beam(options: BeamOptions = {}): Search {
  checkOptions('beam', options, BEAM_OPTIONS)
  const { width = 4, lengthPenalty = 0, coveragePenalty = 0, nBest = 1 } = options
  return searchOf('beam', {
    width: checkCount('beam width', width, 1, 65_536),
    lengthPenalty: checkNumber('beam lengthPenalty', lengthPenalty, 0),
    coveragePenalty: checkNumber('beam coveragePenalty', coveragePenalty, 0),
    nBest: checkCount('beam nBest', nBest, 1, width),
  })
}

function searchOf(name: SearchName, settings: Readonly<Record<string, unknown>>): Search {
  return Object.freeze({ kind: { [name]: settings } })
}

/** Resolves a search or its name to the core's form. */
export function resolveSearch(where: string, value: unknown): Search['kind'] {
  const known: Readonly<Record<SearchName, (options: object) => Search>> = {
    greedy: (options) => {
      checkOptions(where, options, [])
      return searchOf('greedy', {})
    },
    sample,
    beam,
  }
  const names = Object.keys(known)
  if (typeof value === 'string') {
    if (!Object.hasOwn(known, value)) throw unknownName(where, 'search', value, names)
    return known[value as SearchName]({}).kind
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a search or its name', value)
  }
  checkOptions(where, value, ['kind'])
  const [name, settings] = checkKind(`${where} kind`, value.kind, names)
  const given = Object.entries(settings).filter(([, setting]) => setting !== null)
  // Made again from its settings, so that a search by hand passes the checks of all others.
  return known[name as SearchName](Object.fromEntries(given)).kind
}
