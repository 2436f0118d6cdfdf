/** Memory of a training run in bytes, for the largest batch so far. */
export interface TrainMemory {
  /** Values, gradients of values and index lists that a step keeps for its backward pass. */
  readonly tape: number
  /** The gradients of the parameters. */
  readonly gradients: number
  /** The optimizer's running means. */
  readonly optimizer: number
  /** The parameters, and their copies packed for matrix products. */
  readonly weights: number
}

/** One step of the optimizer. */
export interface StepEvent {
  readonly type: 'step'
  /** The epoch, counted from 1. */
  readonly epoch: number
  /** The step within the epoch, counted from 1. */
  readonly step: number
  /** Steps that the epoch has, where that is known beforehand. */
  readonly steps: number | undefined
  /** The loss of the batch, before the update; NaN of a skipped step. */
  readonly loss: number
  /** The learning rate of the update. */
  readonly learningRate: number
  /** The gradient's norm before clipping; NaN of a skipped step. */
  readonly norm: number
  /**
   * `true` if the step changed no parameter: no target of its batch counts, or its loss, gradient or a
   * parameter after the update is not finite and `onNonFinite` is `'skip'`.
   */
  readonly skipped: boolean
  /** Memory of the run. */
  readonly memory: TrainMemory
}

/** Scores of one epoch. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number
  /**
   * The loss over the targets of all steps that were not skipped, each measured before its update;
   * NaN without any.
   */
  readonly loss: number
  /** The validation's loss after the epoch. */
  readonly validationLoss?: number
  /** Duration of the epoch, validation included. */
  readonly seconds: number
  /**
   * Each metric under its name, the validation's as `validationAccuracy` and so on; with losses of several
   * outputs also `NAME.loss`, `NAME.accuracy`, `NAME.validationLoss` and so on of each. A custom metric is
   * measured before each update, without dropout.
   */
  readonly [metric: string]: number | undefined
}

/** Why a run ended before its last epoch. */
export type StopReason = 'earlyStopping'

/** The end of an epoch. */
export interface EpochEvent {
  readonly type: 'epoch'
  readonly record: EpochRecord
  /** Set on the last event of a run that ends early. */
  readonly stopped: StopReason | undefined
  /** Memory of the run; `undefined` before the first step. */
  readonly memory: TrainMemory | undefined
}

/** An event of `train`. */
export type TrainEvent = StepEvent | EpochEvent

/** Result of `fit`. */
export interface History {
  /** One record an epoch. */
  readonly epochs: readonly EpochRecord[]
  /** Why the run ended before its last epoch, if it did. */
  readonly stopped?: StopReason
  /** Memory of the run at its end; absent if the run had no step. */
  readonly memory?: TrainMemory
}
