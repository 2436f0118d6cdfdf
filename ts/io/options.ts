import { type ErrorCode, Model, UnrolledError } from '../index.js'

// The rule of the main entry for options, which subpaths cannot import: the same refusals in the same words.

/** An error in the form of every message: `where: expected this, received that; advice`. */
export function mismatch(
  where: string,
  expected: string,
  received: string,
  { code = 'ERR_UNROLLED_ARGUMENT', advice, cause }: Particulars = {},
): UnrolledError {
  const sentence = `${where}: expected ${expected}, received ${received}`
  const text = advice === undefined ? sentence : `${sentence}; ${advice}`
  return new UnrolledError(code, text, cause === undefined ? undefined : { cause })
}

/** The error for a file that is damaged or foreign. */
export function malformed(
  where: string,
  expected: string,
  received: string,
  cause?: unknown,
): UnrolledError {
  return mismatch(where, expected, received, { code: 'ERR_UNROLLED_FORMAT', cause })
}

/** Gives the refusals of a function of the main entry, which begin with its name, that of the one that calls it. */
export async function renamed<R>(where: string, name: string, run: () => Promise<R>): Promise<R> {
  try {
    return await run()
  } catch (cause) {
    const own = cause instanceof UnrolledError && /^\w+/.exec(cause.message)?.[0] === name
    if (!own) throw cause
    throw new UnrolledError(cause.code, where + cause.message.slice(name.length), { cause })
  }
}

export interface Particulars {
  readonly code?: ErrorCode
  readonly advice?: string | undefined
  readonly cause?: unknown
}

/** The most characters of a text, name or number in a message. */
const LONGEST = 60

/** Describes a value in a few words: `"x"`, `null`, `an object of Date`. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(brief(value))
  if (typeof value === 'bigint') return `${brief(String(value))}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return brief(String(value))
  try {
    if (Array.isArray(value)) return `an array of ${value.length}`
    const name = Object.prototype.toString.call(value).slice(8, -1)
    return name === 'Object' ? 'an object' : `an object of ${brief(name)}`
  } catch {
    // A proxy that is revoked, or whose handler throws.
    return 'a revoked proxy'
  }
}

/** Cuts a text after so many characters; a pair of surrogates stays whole. */
export function brief(text: string): string {
  if (text.length <= LONGEST) return text
  return `${text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Tells if a value is an object with keys of its own making: no array, map, date, promise and the like. */
export function isRecord(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['an object', 'an object of Module'].includes(shown(value))
  )
}

/** Tells if a value is an array. */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** Tells if a value is a model. */
export function isModel(value: unknown): value is Model {
  try {
    return value instanceof Model
  } catch {
    return false
  }
}

/** Tells if a value is a `Uint8Array` of any realm, such as a `Buffer`. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && shown(value) === 'an object of Uint8Array'
}

/** Reads the keys of an object once, own ones alone: what comes back is plain, and runs no code of the caller's. */
export function readRecord(
  where: string,
  given: unknown,
  expected: string,
): Record<string, unknown> {
  if (!isRecord(given)) throw mismatch(where, expected, shown(given))
  try {
    return Object.fromEntries(Object.entries(given))
  } catch (cause) {
    throw mismatch(where, expected, 'an object whose keys cannot be read', { cause })
  }
}

/** Reads options; refuses unknown ones, and null, which is no default. */
export function readOptions<K extends string>(
  where: string,
  options: unknown,
  known: readonly K[],
): { readonly [key in K]?: unknown } {
  const read = readRecord(where, options, 'an object of options')
  for (const [key, value] of Object.entries(read)) {
    checkKey(where, 'option', key, known)
    if (value === null) {
      throw mismatch(`${where} ${key}`, 'a value, or undefined for the default', 'null')
    }
  }
  return read as { readonly [key in K]?: unknown }
}

/** Refuses all but known keys. */
export function checkKey(where: string, what: string, key: string, known: readonly string[]): void {
  if (known.includes(key)) return
  const message = `${where}: unknown ${what} ${shown(key)}; known: ${known.join(', ')}`
  throw new UnrolledError('ERR_UNROLLED_ARGUMENT', message)
}

/** Refuses all but `true` and `false`. */
export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw mismatch(where, 'true or false', shown(value))
}
