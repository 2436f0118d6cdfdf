import type { Batch } from './fault.js'
import type { Source } from './source.js'

/**
 * A source whose first batch is made and looked at before it is needed, so that data of a wrong form are
 * refused at once. The first epoch gives that batch as its first.
 */
export class Beforehand {
  readonly #source: Source
  #batches: AsyncGenerator<Batch, void, void> | undefined
  #first: Batch | undefined

  constructor(source: Source) {
    this.#source = source
  }

  /** Makes the first batch. */
  async begin(): Promise<void> {
    this.#batches = this.#source.epoch(1)
    const { value } = await this.#batches.next()
    this.#first = value ?? undefined
    const fault = this.#first?.fault()
    if (fault !== undefined) throw fault
  }

  /** The batches of an epoch, counted from 1. */
  async *epoch(epoch: number): AsyncGenerator<Batch, void, void> {
    const [first, batches] = [this.#first, this.#batches ?? this.#source.epoch(epoch)]
    this.#first = this.#batches = undefined
    try {
      if (first !== undefined) yield first
      yield* batches
    } finally {
      await batches.return()
    }
  }

  /** Closes the data, if no epoch has come to them. */
  async close(): Promise<void> {
    await this.#batches?.return()
  }
}
