import { brandOf, isList, isRevoked, lengthOf } from './brand.js'

/**
 * The stable codes of every error that this library raises, one for each kind of mistake:
 *
 * - `SHAPE`: a rank, size or number of rows does not fit.
 * - `KIND`: a value or array of the wrong kind, such as tokens for numbers, or another axis.
 * - `VALUE`: data out of their range, such as an id beyond the vocabulary.
 * - `GRAPH`: a graph that contradicts itself, a node with too few inputs, a name that is taken or
 *   cannot be written.
 * - `FORMAT`: a file that is truncated, corrupted or foreign.
 * - `IO`: a file that cannot be read or written; `cause` is the system's error, with its code.
 * - `STATE`: something disposed, in use, or transferred away.
 * - `ARGUMENT`: an option or argument that is unknown, missing, out of its range or without sense.
 * - `NON_FINITE`: a NaN or infinity.
 * - `SIZE`: more than memory holds or the library can address.
 * - `CANCELLED`: stopped on request.
 * - `INTERNAL`: a fault of the library itself.
 */
export type ErrorCode =
  | 'ERR_UNROLLED_SHAPE'
  | 'ERR_UNROLLED_KIND'
  | 'ERR_UNROLLED_VALUE'
  | 'ERR_UNROLLED_GRAPH'
  | 'ERR_UNROLLED_FORMAT'
  | 'ERR_UNROLLED_IO'
  | 'ERR_UNROLLED_STATE'
  | 'ERR_UNROLLED_ARGUMENT'
  | 'ERR_UNROLLED_NON_FINITE'
  | 'ERR_UNROLLED_SIZE'
  | 'ERR_UNROLLED_CANCELLED'
  | 'ERR_UNROLLED_INTERNAL'

/**
 * The one error class of the library.
 *
 * `code` is stable and meant for programs; `message` is meant for people and names the argument or the
 * node, what was expected and what was received.
 */
export class UnrolledError extends Error {
  override readonly name = 'UnrolledError'

  /** The kind of mistake. */
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** An error in the form of every message: `where: expected this, received that; advice`. */
export function mismatch(
  code: ErrorCode,
  where: string,
  expected: string,
  received: unknown,
  advice?: string,
): UnrolledError {
  const sentence = `${where}: expected ${expected}, received ${show(received)}`
  return new UnrolledError(code, advice === undefined ? sentence : `${sentence}; ${advice}`)
}

/** The error for a class that a user constructs: the classes are there for types and `instanceof`. */
export function madeOnlyBy(name: string, expected: string, received: unknown): UnrolledError {
  return mismatch('ERR_UNROLLED_ARGUMENT', name, expected, received)
}

/** The most characters of a text, name or number in a message. */
const LONGEST = 40

/** Describes a value in a few words: `"x"`, `NaN`, `Float32Array(3)`. */
export function show(value: unknown): string {
  // As JSON, so that line ends and halves of surrogate pairs are seen, and a message stays whole text.
  if (typeof value === 'string') return JSON.stringify(brief(value))
  if (isRevoked(value)) return 'a revoked proxy'
  if (typeof value === 'bigint') return `${brief(String(value))}n`
  if (typeof value === 'symbol') return brief(String(value))
  if (value === null || typeof value !== 'object') {
    return typeof value === 'function' ? 'a function' : String(value)
  }
  if (isList(value)) return `an array of ${show(value.length)}`
  if (value instanceof Described) return value.text
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  if (ArrayBuffer.isView(value)) return `${brandOf(value) ?? 'DataView'}(${sizeOf(value)})`
  if (name === 'Object' || typeof name !== 'string') return 'an object'
  return `an object of ${brief(name)}`
}

/** Words that {@link show} gives unchanged. */
export class Described {
  constructor(readonly text: string) {}
}

function sizeOf(view: ArrayBufferView): number {
  return brandOf(view) === undefined ? view.byteLength : lengthOf(view as Uint8Array)
}

/** Cuts a text after so many characters; a pair of surrogates stays whole. */
function brief(text: string): string {
  if (text.length <= LONGEST) return text
  return `${text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…`
}
