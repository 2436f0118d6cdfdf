import type { Data } from '../data/data.js'
import type { AnyValues, Values } from '../graph/value.js'
import type { AverageOptions, CheckpointOptions } from './checkpoint.js'
import type { EarlyStoppingOptions } from './early-stopping.js'
import type { ClipOptions, TruncateOptions } from './limits.js'
import type { Losses } from './loss.js'
import type { MetricLike } from './metric.js'
import type { Optimizer, OptimizerName } from './optimizer.js'
import type { Schedule } from './schedule.js'
import type { Signal } from './signal.js'

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** The loss of the only output, or of outputs by name. */
  readonly loss: Losses
  /** Metrics to measure; none by default. */
  readonly metrics?: readonly MetricLike[]
  /** Rows in a batch, for examples in memory; 32 by default. */
  readonly batchSize?: number
}

/** Options of `fit` and `train`. */
export interface TrainOptions<I extends Values = AnyValues, O extends Values = AnyValues>
  extends EvaluateOptions {
  /** The update rule; `'adam'` by default. */
  readonly optimizer?: Optimizer | OptimizerName
  /** Passes over the data; 1 by default. */
  readonly epochs?: number
  /**
   * Batches that make one update, for batches larger than memory holds; 1 by default. The loss and
   * the gradient are those of one batch with all their rows, the tape holds one batch at a time; the
   * last update of an epoch may have fewer. Where `batchSize` is a multiple of 16 and no two nodes
   * share a weight, the bits are those of the one large batch. Not with `carry`.
   */
  readonly accumulate?: number
  /** A new order of rows in every epoch, for examples in memory; `true` unless `carry`. */
  readonly shuffle?: boolean
  /** Data that are measured after every epoch; their first batch is looked at before the first step. */
  readonly validation?: Data<I, O>
  /**
   * Parameters that the run leaves as they are, by their own names (`'dense.bias'`) or by those of their
   * layers: `'encoder'` stands for all names that begin with `encoder.` or `encoder/`. None by default.
   * Keras's `layer.trainable = False`, PyTorch's `requires_grad = False`.
   *
   * A frozen parameter has no gradient: neither weight decay nor momentum moves it, `clip` and the
   * `norm` of the events are those of the others, and the backward pass stops where nothing below learns. One
   * that layers share is frozen in all of them. Dropout of frozen layers stays on, as in PyTorch. At
   * least one parameter must be left to train.
   *
   * To fine-tune, train the head first and then everything, each run with an optimizer of its own:
   *
   * ```ts
   * await model.fit(data, { loss, frozen: ['embedding', 'encoder'] })
   * await model.fit(data, { loss, optimizer: adam({ learningRate: 1e-4 }) })
   * ```
   */
  readonly frozen?: string | readonly string[]
  /** A limit on the gradient; none by default. */
  readonly clip?: ClipOptions
  /** The learning rate's course; constant by default. */
  readonly schedule?: Schedule
  /** Stops the run, which rejects with the signal's reason and keeps the last whole step's weights. */
  readonly signal?: Signal
  /** Draws a live line on stderr, if stderr is a terminal; `false` by default. */
  readonly progress?: boolean
  /** Stops when a measure no longer improves; never by default. */
  readonly earlyStopping?: EarlyStoppingOptions
  /**
   * Truncated BPTT: every `k1` steps of time, the gradients of their losses go back through the last
   * `k2` steps. A batch still makes one update. For an update every `k1` steps, give batches of `k1`
   * steps and `carry: true`.
   */
  readonly truncate?: TruncateOptions
  /**
   * Begins each batch with the final states of the batch before; all batches then have the same
   * number of rows. `false` by default.
   */
  readonly carry?: boolean
  /**
   * Gradient checkpointing, for long sequences: time is cut into segments of a multiple of 16 steps,
   * only the states between segments are kept, and the backward pass recomputes each segment but the
   * last, to the same bits. Off by default: everything is kept.
   *
   * - `'sqrt'`: the least memory.
   * - A number: the most bytes that the tape may take (`memory.tape` of the events). The run has as
   *   few segments as fit; `ERR_UNROLLED_SIZE` names the bytes needed if no number of segments fits.
   *
   * Each thread needs a little more. Operations on a whole sequence (a pool, a shift, the other
   * direction of a bidirectional layer) keep their inputs whole, and every 16 rows keep a partial sum
   * of the gradient.
   */
  readonly memory?: 'sqrt' | number
  /**
   * Response to a loss, a gradient or a parameter after the update that is not finite: an error
   * (default), or skip the step.
   */
  readonly onNonFinite?: 'error' | 'skip'
  /** Seed of shuffling and dropout; 0 by default. */
  readonly seed?: number
  /**
   * Writes the state of the run to files, whole or not at all, so that a run that was stopped anywhere goes
   * on to the same bits with `resume`; none by default. A checkpoint waits for the running step. A file that
   * cannot be written rejects the run with `ERR_UNROLLED_IO`; the checkpoint before stays whole.
   */
  readonly checkpoint?: CheckpointOptions
  /**
   * The checkpoint to go on from: a file, or `'latest'` for the newest in the folder of `checkpoint`, where
   * there may be none yet. The events begin with the epochs before. Weights, optimizer, order of the
   * data, dropout, early stopping and history are those of the run that never stopped; `epochs` (no fewer than
   * the run has begun), `learningRate`, `schedule`, `clip`, `onNonFinite`, `validation` and `earlyStopping` may be
   * others, and change what comes after. A damaged file is refused with `ERR_UNROLLED_FORMAT`, which names the one before it; other
   * options, and a model of another graph or `precision`, with `ERR_UNROLLED_ARGUMENT`. A model of `'bf16'` goes on
   * to the same bits on the same instruction set alone.
   *
   * With `checkpoint`, a file is one of that folder, or the folder has no checkpoints yet: `ERR_UNROLLED_STATE`
   * else. The run that goes on from an earlier file of its folder removes the later ones when it writes its first.
   *
   * Ready-made batches are passed over up to those not yet taken; a function that reads `step` of its
   * argument gives the batches from there itself.
   *
   * ```ts
   * await model.fit(data, { loss, checkpoint: { path: 'run' }, resume: 'latest' })
   * ```
   */
  readonly resume?: string
  /**
   * Averages the weights over the steps (Polyak and Juditsky, 1992; Keras's `use_ema`, PyTorch's
   * `AveragedModel`): after the first update `a = p`, after each further one
   * `a = decay a + (1 - decay) p`. Validation and early stopping measure the average, and the model
   * has it at the end; within an epoch, and after a run that is stopped, it has the weights of the training. None by
   * default.
   */
  readonly average?: AverageOptions
}

/** The names of `evaluate`'s options. */
export const EVALUATE_OPTIONS = [
  'loss',
  'metrics',
  'batchSize',
] as const satisfies readonly (keyof EvaluateOptions)[]

/** The names of `fit`'s options. */
export const TRAIN_OPTIONS = [
  ...EVALUATE_OPTIONS,
  'optimizer',
  'epochs',
  'accumulate',
  'shuffle',
  'validation',
  'frozen',
  'clip',
  'schedule',
  'signal',
  'progress',
  'earlyStopping',
  'truncate',
  'carry',
  'memory',
  'onNonFinite',
  'seed',
  'checkpoint',
  'resume',
  'average',
] as const satisfies readonly (keyof TrainOptions)[]
