import { setImmediate } from 'node:timers/promises'

/** Makes a call that rejects after a turn of the event loop at the earliest: a loop of refused calls starves nobody. */
export async function inTurn<R>(call: () => Promise<R>): Promise<R> {
  try {
    return await call()
  } catch (error) {
    await setImmediate()
    throw error
  }
}
