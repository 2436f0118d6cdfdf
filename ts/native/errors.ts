import { type ErrorCode, UnrolledError } from '../errors.js'

/** Calls into the addon and turns its errors into the library's class. */
export function guard<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw typed(error)
  }
}

/** Does the same as {@link guard} for a promise of the addon. */
export async function guardAsync<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw typed(error)
  }
}

function typed(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const { code } = error
  if (typeof code !== 'string' || !code.startsWith('ERR_UNROLLED_')) return error
  // The system's error, where the addon gives it: `cause.code` is then ENOENT and so on.
  return new UnrolledError(code as ErrorCode, error.message, { cause: error.cause ?? error })
}
