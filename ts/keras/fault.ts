import { type ErrorCode, UnrolledError } from '../index.js'
import { shown as describe, mismatch } from '../io/options.js'

/** The function that all messages name. */
export const WHERE = 'importKeras'

/** An error in the form of every message: `importKeras: where: expected this, received that; advice`. */
export function fault(
  where: string,
  expected: string,
  received: string,
  advice?: string,
  code: ErrorCode = 'ERR_UNROLLED_FORMAT',
  cause?: unknown,
): UnrolledError {
  return mismatch(`${WHERE}: ${where}`, expected, received, { code, advice, cause })
}

/** The error for a file that asks for more than can be meant. */
export function excess(where: string, expected: string, received = 'more'): UnrolledError {
  return fault(where, expected, received, undefined, 'ERR_UNROLLED_SIZE')
}

/** Describes a value of a file in a few words. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : describe(value)
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
