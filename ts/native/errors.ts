import { type ErrorCode, UnrolledError } from '../errors.js'
import type { NativeModel } from './contract.js'

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

/**
 * Refuses a call as the addon does: in the order of the calls, and after a turn of the event loop where
 * results wait for one; without a model always after a turn. A loop of refusals starves nobody then.
 */
export async function refuse(model: NativeModel | undefined, error: unknown): Promise<never> {
  await (model === undefined ? turn() : guardAsync(() => model.pass()))
  throw error
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function typed(error: unknown): unknown {
  // Errors of the addon are of the realm that loaded it, so that `instanceof` may not know them.
  if (typeof error !== 'object' || error === null || error instanceof UnrolledError) return error
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown }
  if (typeof code !== 'string' || !code.startsWith('ERR_UNROLLED_')) return error
  // The system's error, where the addon gives it: `cause.code` is then ENOENT and so on.
  return new UnrolledError(code as ErrorCode, String(message), { cause: cause ?? error })
}
