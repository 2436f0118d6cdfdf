import { isObject } from '../brand.js'
import { mismatch } from '../errors.js'

/** An `AbortSignal` as far as it is used, so that the types need neither the DOM's nor Node's. */
export interface Signal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** Refuses all but an `AbortSignal`, of whichever realm. */
export function checkSignal(name: string, value: unknown): Signal {
  if (!isObject(value) || !isSignal(value)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, 'an AbortSignal', value)
  }
  return value
}

function isSignal(value: Partial<Signal>): value is Signal {
  try {
    return (
      typeof value.aborted === 'boolean' &&
      typeof value.addEventListener === 'function' &&
      typeof value.removeEventListener === 'function'
    )
  } catch {
    // An object with the prototype of signals alone, or a proxy of a signal: the getter knows no signal there.
    return false
  }
}

/** Throws the signal's reason once it is aborted. */
export function throwIfAborted(signal: Signal | undefined): void {
  if (signal?.aborted) throw signal.reason
}

/** The calls that wait for a signal, and the one listener that makes them. */
interface Waiting {
  readonly calls: Set<() => void>
  readonly listener: () => void
}

const waiting = new WeakMap<Signal, Waiting>()

/**
 * Calls `call` once the signal is aborted, unless the returned function was called before. All runs of
 * a signal share one listener: Node warns of a leak where a signal has many.
 */
export function onAbort(signal: Signal, call: () => void): () => void {
  const { calls, listener } = waiting.get(signal) ?? listen(signal)
  // A function of its own for each wait: the same `call` may wait twice.
  const own = (): void => call()
  calls.add(own)
  return () => {
    if (!calls.delete(own) || calls.size > 0) return
    signal.removeEventListener('abort', listener)
    waiting.delete(signal)
  }
}

function listen(signal: Signal): Waiting {
  const calls = new Set<() => void>()
  const listener = (): void => {
    for (const call of calls) call()
  }
  const made = { calls, listener }
  signal.addEventListener('abort', listener)
  waiting.set(signal, made)
  return made
}

/** Waits for a promise, and rejects with the signal's reason as soon as the signal is aborted. */
export function untilAborted<T>(promise: Promise<T>, signal: Signal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    const leave = onAbort(signal, abort)
    promise.then(resolve, reject).finally(leave)
  })
}
