import { checkBoolean, checkCount, checkNumber, checkOptions, checkWord } from '../options.js'
import type { EpochRecord } from './event.js'
import { fieldsOf } from './exact.js'

/** Rule to stop before the last epoch, and the weights to keep. */
export interface EarlyStoppingOptions {
  /** The key of the epoch's record to watch; `'validationLoss'`, or `'loss'` without validation. */
  readonly monitor?: string
  /** Epochs in a row without a better value after which the run stops; 1 by default. */
  readonly patience?: number
  /** The least difference by which a better value beats the best; 0 by default. */
  readonly minDelta?: number
  /** The better direction; by default `'max'` for accuracies, `'min'` for all else. */
  readonly mode?: 'min' | 'max'
  /** Ends with the weights of the best epoch; `true` by default. */
  readonly restoreBest?: boolean
}

export const EARLY_STOPPING_OPTIONS = [
  'monitor',
  'patience',
  'minDelta',
  'mode',
  'restoreBest',
] as const satisfies readonly (keyof EarlyStoppingOptions)[]

/** The part of an {@link EarlyStopping} that a checkpoint keeps as JSON. */
export interface EarlyStoppingRecord {
  readonly monitor: string
  readonly mode: 'min' | 'max'
  readonly best: number
  readonly begun: boolean
  readonly since: number
}

/** Tells if JSON is such a record. */
export function isEarlyStoppingRecord(value: unknown): value is EarlyStoppingRecord {
  const { monitor, mode, best, begun, since } = fieldsOf(value)
  return (
    typeof monitor === 'string' &&
    (mode === 'min' || mode === 'max') &&
    typeof best === 'number' &&
    typeof begun === 'boolean' &&
    Number.isSafeInteger(since)
  )
}

/** Watches one measure from epoch to epoch and keeps the weights of the best. */
export class EarlyStopping {
  readonly #monitor: string
  readonly #patience: number
  readonly #minDelta: number
  readonly #mode: 'min' | 'max'
  readonly #restoreBest: boolean
  #best = Number.POSITIVE_INFINITY
  #begun = false
  #since = 0
  #weights: Float32Array | undefined

  /** `names` are the keys of the measures in an epoch's record. */
  constructor(options: EarlyStoppingOptions, names: readonly string[]) {
    checkOptions('fit earlyStopping', options, EARLY_STOPPING_OPTIONS)
    const usual = names.includes('validationLoss') ? 'validationLoss' : 'loss'
    this.#monitor = checkWord('earlyStopping monitor', options.monitor ?? usual, names)
    this.#patience = checkCount('earlyStopping patience', options.patience ?? 1)
    this.#minDelta = checkNumber('earlyStopping minDelta', options.minDelta ?? 0, 0)
    const mode = options.mode ?? (/accuracy$/i.test(this.#monitor) ? 'max' : 'min')
    this.#mode = checkWord('earlyStopping mode', mode, ['min', 'max'])
    this.#restoreBest = checkBoolean('earlyStopping restoreBest', options.restoreBest ?? true)
  }

  /** Takes an epoch's record; `true` means stop. */
  update(record: EpochRecord, weights: () => Float32Array): boolean {
    // The record lacks a custom metric that had nothing to measure.
    const { [this.#monitor]: value = Number.NaN } = record
    // NaN is worse than any number.
    const sign = this.#mode === 'min' ? 1 : -1
    const cost = Number.isNaN(value) ? Number.POSITIVE_INFINITY : value * sign
    const better = cost < this.#best - this.#minDelta
    if (better) {
      this.#best = cost
      if (this.#restoreBest) this.#weights = weights()
    }
    this.#since = better || !this.#begun ? 0 : this.#since + 1
    this.#begun = true
    return this.isSpent
  }

  /** `true` if the run stops here. */
  get isSpent(): boolean {
    return this.#since >= this.#patience
  }

  /** The weights of the best epoch, if they are kept. */
  get weights(): Float32Array | undefined {
    return this.#weights
  }

  get record(): EarlyStoppingRecord {
    const [monitor, mode] = [this.#monitor, this.#mode]
    return { monitor, mode, best: this.#best, begun: this.#begun, since: this.#since }
  }

  /** Goes on from a record of the same measure and mode; another one is left, and the best is looked for anew. */
  restore(record: EarlyStoppingRecord, weights: Float32Array | undefined): void {
    if (record.monitor !== this.#monitor || record.mode !== this.#mode) return
    this.#best = record.best
    this.#begun = record.begun
    this.#since = record.since
    if (this.#restoreBest) this.#weights = weights
  }

  /** The weights to end with; `undefined` if the last ones are the best. */
  get best(): Float32Array | undefined {
    return this.#since > 0 ? this.#weights : undefined
  }
}
