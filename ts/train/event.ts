/** Bytes that a training run holds from step to step, for the largest batch so far. */
export interface TrainMemory {
  /** What a step keeps on its way forward and back: values, their gradients, lists of places. */
  readonly tape: number
  /** The gradients of the parameters. */
  readonly gradients: number
  /** What the optimizer remembers of them. */
  readonly optimizer: number
  /** The parameters, and their copies in the order of the products. */
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
  /** Whether the update was left out because it was not finite. */
  readonly skipped: boolean
  /** What the run holds, in bytes. */
  readonly memory: TrainMemory
}

/** What an epoch came to. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number
  /**
   * The losses over the targets of all steps that counted, each measured before its update; NaN if
   * none did.
   */
  readonly loss: number
  /** The validation's loss after the epoch. */
  readonly validationLoss?: number
  /** How long the epoch took, validation included. */
  readonly seconds: number
  /** Each metric under its name, the validation's as `validationAccuracy` and so on. */
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
  /** What the run holds, in bytes; nothing before its first step. */
  readonly memory: TrainMemory | undefined
}

/** What `train` yields. */
export type TrainEvent = StepEvent | EpochEvent

/** What `fit` resolves to. */
export interface History {
  /** One record an epoch. */
  readonly epochs: readonly EpochRecord[]
  /** Why the run ended before its last epoch, if it did. */
  readonly stopped?: StopReason
  /** What the run held in the end, in bytes; absent if it had no step. */
  readonly memory?: TrainMemory
}
