import { isObject } from './brand.js'
import { mismatch, UnrolledError } from './errors.js'

/** The error of a method that is called without its object: `const { fit } = model; fit()`. */
export function callOn(noun: string, call: string, self: unknown): UnrolledError {
  const advice = `call it as ${noun}.${call}`
  return mismatch('ERR_UNROLLED_ARGUMENT', call, `a call on a ${noun}`, self, advice)
}

/**
 * Something that holds native memory. `dispose` or `using` frees the memory at once; otherwise the
 * garbage collector does.
 */
export abstract class Disposable {
  readonly #noun: string
  readonly #free: () => void
  #disposed = false

  /** @internal */
  constructor(noun: string, free: () => void) {
    this.#noun = noun
    this.#free = free
  }

  /** Frees the memory; every later call of a method but `dispose` fails with `ERR_UNROLLED_STATE`. */
  dispose(): void {
    if (!isObject(this) || !(#disposed in this)) {
      const expected = 'a call on a model or a stream'
      throw mismatch('ERR_UNROLLED_ARGUMENT', 'dispose', expected, this)
    }
    if (this.#disposed) return
    this.#disposed = true
    this.#free()
  }

  [Symbol.dispose](): void {
    Disposable.prototype.dispose.call(this)
  }

  /** @internal */
  protected checkUsable(): void {
    if (this.#disposed) {
      throw new UnrolledError('ERR_UNROLLED_STATE', `the ${this.#noun} has been disposed`)
    }
  }
}
