import type { NativeTensor } from '../native/contract.js'
import { reserve } from '../native/memory.js'
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

  /** Makes the first batch of the first epoch. */
  async begin(epoch: number): Promise<void> {
    this.#batches = this.#source.epoch(epoch)
    const { value } = await this.#batches.next()
    if (value === undefined) return
    const fault = value.fault()
    if (fault !== undefined) throw fault
    this.#first = kept(value)
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

/** A batch on memory of its own: its maker may fill the same arrays with the next one. */
function kept({ native, fault }: Batch): Batch {
  const copy = <A extends Float32Array | Int32Array>(array: A): A =>
    reserve('validation', array.length, () => array.slice() as A)
  const copies = (tensors: readonly NativeTensor[]): NativeTensor[] =>
    tensors.map(({ values, ids, lengths, weights, ...rest }) => ({
      ...rest,
      ...(values && { values: copy(values) }),
      ...(ids && { ids: copy(ids) }),
      ...(lengths && { lengths: copy(lengths) }),
      ...(weights && { weights: copy(weights) }),
    }))
  return { native: { inputs: copies(native.inputs), targets: copies(native.targets) }, fault }
}
