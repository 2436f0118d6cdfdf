import { UnrolledError } from './errors.js'

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

  /** Frees the memory; every later call but `dispose` fails with `ERR_UNROLLED_STATE`. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#free()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** @internal */
  protected checkUsable(): void {
    if (this.#disposed) {
      throw new UnrolledError('ERR_UNROLLED_STATE', `the ${this.#noun} has been disposed`)
    }
  }
}
