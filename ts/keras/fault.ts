import { type ErrorCode, UnrolledError } from '../index.js'

/** The most characters of a value in a message. */
const LONGEST = 60

/** An error in the form of every message: `importKeras: where: expected this, received that; advice`. */
export function fault(
  where: string,
  expected: string,
  received: string,
  advice?: string,
  code: ErrorCode = 'ERR_UNROLLED_FORMAT',
  cause?: unknown,
): UnrolledError {
  const sentence = `importKeras: ${where}: expected ${expected}, received ${received}`
  const text = advice === undefined ? sentence : `${sentence}; ${advice}`
  return new UnrolledError(code, text, cause === undefined ? undefined : { cause })
}

/** Describes a value of a file in a few words. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? typeof value)
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}

/** Writes a shape: `[3, 4]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

/** Makes the refusals of this library's layers, which a file has set, those of the file; but for those of some codes. */
export function ofFile<R>(make: () => R, others: readonly ErrorCode[] = []): R {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof UnrolledError) || error.message.startsWith('importKeras')) throw error
    if (others.includes(error.code)) throw error
    throw new UnrolledError('ERR_UNROLLED_FORMAT', `importKeras: ${error.message}`, {
      cause: error,
    })
  }
}
