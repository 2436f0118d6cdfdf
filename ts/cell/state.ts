import { isRecord } from '../brand.js'
import { mismatch } from '../errors.js'
import type { OpJson } from '../graph/json.js'
import { checkName } from '../graph/names.js'
import { isValue } from '../graph/scope.js'
import type { Fits, SizesDiffer } from '../graph/sizes.js'
import { checkKind, checkSize, type SizeOf, type Token, type Vector } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'

/** A state that holds an id below `vocabularySize`. */
export interface TokenStateOptions<V extends number = number> {
  /** The number of ids. */
  readonly vocabularySize: V
  /** The id before the first step; 0 by default. */
  readonly start?: number
}

export const TOKEN_STATE_OPTIONS = [
  'vocabularySize',
  'start',
] as const satisfies readonly (keyof TokenStateOptions)[]

/** The states of a cell by name: the size of a vector, or the ids of a token. */
export type StateSizes = Readonly<Record<string, number | TokenStateOptions>>

/** The value of a state. */
export type StateOf<D> = D extends number
  ? Vector<D>
  : D extends TokenStateOptions<infer V>
    ? Token<V>
    : never

/** The states of a cell: a vector or a token for each name. */
export type States<S extends StateSizes> = {
  readonly [K in keyof S]: StateOf<S[K]>
}

/** The next value of a state; one known to have another size is a type error. */
export type CheckNext<D, R> = D extends number
  ? Fits<D, SizeOf<R>> extends true
    ? R
    : SizesDiffer<D, SizeOf<R>>
  : R extends Token
    ? R
    : StateOf<D>

/** Checks the names of a cell's states and the declaration of each, and copies them. */
export function checkSizes<D>(
  where: string,
  sizes: unknown,
  check: (where: string, given: unknown) => D,
): Readonly<Record<string, D>> {
  if (!isRecord(sizes)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} states`, 'an object of sizes', sizes)
  }
  const checked: Record<string, D> = Object.create(null)
  for (const [name, size] of Object.entries(sizes)) {
    checkName(`${where} state`, name)
    checked[name] = check(`${where} state ${name}`, size)
    if (name === 'output' || name === 'x' || name === 'trace') {
      throw mismatch('ERR_UNROLLED_GRAPH', `${where} state`, 'a name that is not reserved', name)
    }
  }
  return Object.freeze({ ...checked })
}

/** Checks the declaration of a state. */
export function checkStateSize(where: string, given: unknown): number | TokenStateOptions {
  if (!isRecord(given)) return checkCount(where, given)
  checkOptions(where, given, TOKEN_STATE_OPTIONS)
  const { vocabularySize, start = 0 } = given as unknown as TokenStateOptions
  const most = checkCount(`${where} vocabularySize`, vocabularySize) - 1
  return Object.freeze({ vocabularySize, start: checkCount(`${where} start`, start, 0, most) })
}

/** Gives the operation and the value of a state. */
export function stateNode(size: number | TokenStateOptions): {
  readonly op: OpJson
  readonly value: Vector | Token
} {
  if (typeof size === 'number') {
    return { op: { state: { size } }, value: { kind: 'vector', size } }
  }
  const { vocabularySize, start = 0 } = size
  return {
    op: { tokenState: { vocabulary: vocabularySize, start } },
    value: { kind: 'token', vocabularySize },
  }
}

/** Refuses all but a value of a state's kind and size. */
export function checkStateValue(
  where: string,
  value: unknown,
  size: number | TokenStateOptions,
): Vector | Token {
  if (typeof size === 'number') return checkState(where, value, size)
  const { vocabularySize } = size
  const expected = `a token of vocabulary ${vocabularySize}`
  if (!isValue(value)) throw mismatch('ERR_UNROLLED_KIND', where, expected, value)
  checkKind(where, value, ['token'])
  if (value.vocabularySize !== vocabularySize) {
    throw mismatch('ERR_UNROLLED_SHAPE', where, expected, value.vocabularySize)
  }
  return value
}

/** Refuses all but a vector of a state's size. */
export function checkState(where: string, value: unknown, size: number): Vector {
  if (!isValue(value)) {
    throw mismatch('ERR_UNROLLED_KIND', where, `a vector of size ${size}`, value)
  }
  checkKind(where, value, ['vector'])
  checkSize(where, value, size)
  return value
}
