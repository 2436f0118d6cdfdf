import { isList, isObject } from '../brand.js'
import type { Data } from '../data/data.js'
import type { Port } from '../data/kind.js'
import { isInMemory } from '../data/source.js'
import { mismatch } from '../errors.js'
import type { AnyValues, Values } from '../graph/value.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import {
  type AverageOptions,
  type CheckpointOptions,
  checkAverage,
  checkCheckpoint,
  checkResume,
} from './checkpoint.js'
import type { EarlyStoppingOptions } from './early-stopping.js'
import { resolveFrozen } from './frozen.js'
import { type ClipOptions, checkClip, checkTruncate, type TruncateOptions } from './limits.js'
import type { Losses } from './loss.js'
import { type OutputLoss, resolveLosses } from './losses.js'
import { type MetricLike, type Metrics, resolveMetrics } from './metric.js'
import {
  type Optimizer,
  type OptimizerName,
  refuseSettings,
  resolveOptimizer,
} from './optimizer.js'
import { resolveSchedule, type Schedule } from './schedule.js'
import { checkSignal, type Signal } from './signal.js'

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
   * data, dropout, early stopping and history are those of the run that never stopped; `epochs`,
   * `learningRate`, `schedule`, `clip` and what only measures may be others. A damaged file is refused with
   * `ERR_UNROLLED_FORMAT`, which names the one before it; other options with `ERR_UNROLLED_ARGUMENT`.
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

/** Options of a training run, checked and filled in. */
export interface ResolvedOptions
  extends Required<
    Pick<
      TrainOptions,
      'epochs' | 'batchSize' | 'accumulate' | 'shuffle' | 'carry' | 'progress' | 'seed'
    >
  > {
  readonly losses: readonly OutputLoss[]
  readonly metrics: Metrics
  readonly signal: Signal | undefined
  readonly checkpoint: Required<CheckpointOptions> | undefined
  readonly resume: string | undefined
  /** The decay of the weights' average. */
  readonly average: number | undefined
  /** The options that decide the bits of the steps to come. */
  readonly decisive: Readonly<Record<string, unknown>>
  /** The options that the core reads, as JSON. */
  readonly config: string
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

/** Checks the options of a training run and fills in the defaults. */
export function resolveOptions(
  options: TrainOptions,
  data: unknown,
  outputs: readonly Port[],
  parameters: readonly string[],
): ResolvedOptions {
  if (isList(options)) {
    const advice = 'examples are one argument: fit({ x, y }, options)'
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit', 'an object of options', options, advice)
  }
  if (isObject(options)) refuseSettings('fit', options)
  checkOptions('fit', options, TRAIN_OPTIONS)
  const { carry = false, signal } = options
  checkBoolean('fit carry', carry)
  if (signal !== undefined) checkSignal('fit signal', signal)
  const accumulate = checkCount('fit accumulate', options.accumulate ?? 1)
  if (carry && accumulate > 1) {
    const expected = '1 with carry, which goes on from batch to batch'
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit accumulate', expected, accumulate)
  }
  checkCutting(options, data)
  const losses = resolveLosses('fit loss', options.loss, outputs)
  const seed = checkCount('fit seed', options.seed ?? 0, 0)
  const frozen = options.frozen === undefined ? [] : resolveFrozen(options.frozen, parameters)
  const metrics = resolveMetrics('fit metrics', options.metrics ?? [])
  const update = updateConfig(options)
  const average = options.average === undefined ? undefined : checkAverage(options.average)
  const { checkpoint, resume } = options
  const epochs = checkCount('fit epochs', options.epochs ?? 1)
  const batchSize = checkCount('fit batchSize', options.batchSize ?? 32)
  const shuffle = checkBoolean('fit shuffle', options.shuffle ?? !carry)
  const config = {
    ...lossConfig(losses),
    ...update,
    frozen,
    seed,
    ...(average !== undefined && { average }),
  }
  return {
    losses,
    metrics,
    epochs,
    batchSize,
    accumulate,
    shuffle,
    carry,
    progress: checkBoolean('fit progress', options.progress ?? false),
    seed,
    signal,
    checkpoint: checkpoint === undefined ? undefined : checkCheckpoint(checkpoint),
    resume: resume === undefined ? undefined : checkResume(resume, checkpoint),
    average,
    decisive: {
      optimizer: update.optimizer,
      loss: lossConfig(losses).losses,
      seed,
      batchSize,
      shuffle,
      accumulate,
      carry,
      frozen,
      average,
      metrics: { ...metrics, custom: metrics.custom.map(({ name }) => name) },
    },
    config: JSON.stringify(config),
  }
}

/** Gives the losses in the core's form. */
export function lossConfig(losses: readonly OutputLoss[]) {
  return {
    losses: losses.map(({ output, loss }) => ({
      output: output.name,
      loss: loss.kind,
      reduction: loss.reduction,
      weight: loss.weight,
    })),
  }
}

function updateConfig(options: TrainOptions) {
  const { learningRate, rule } = resolveOptimizer(options.optimizer ?? 'adam')
  const { clip, schedule, truncate, memory } = options
  const words = ['error', 'skip'] as const
  return {
    optimizer: rule,
    learningRate,
    ...(clip !== undefined && { clip: checkClip(clip) }),
    ...(schedule !== undefined && { schedule: checkSchedule(schedule) }),
    ...(truncate !== undefined && { truncate: checkTruncate(truncate) }),
    ...(memory !== undefined && { memory: checkMemory(memory) }),
    onNonFinite: checkWord('fit onNonFinite', options.onNonFinite ?? 'error', words),
  }
}

/** Refuses `batchSize` and `shuffle` for ready-made batches, which have a size and an order. */
function checkCutting(options: TrainOptions, data: unknown): void {
  if (isInMemory(data)) return
  for (const name of ['batchSize', 'shuffle'] as const) {
    if (
      options[name] !== undefined &&
      !(name === 'batchSize' && options.validation !== undefined)
    ) {
      const advice = 'the option is for examples in memory'
      const expected = 'none with ready-made batches'
      throw mismatch('ERR_UNROLLED_ARGUMENT', `fit ${name}`, expected, options[name], advice)
    }
  }
}

function checkSchedule(schedule: Schedule): Schedule {
  if (!isObject(schedule)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit schedule', 'a schedule', schedule)
  }
  return resolveSchedule(schedule)
}

function checkMemory(memory: 'sqrt' | number): 'sqrt' | number {
  if (memory === 'sqrt') return memory
  if (typeof memory === 'number') return checkCount('fit memory', memory)
  throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit memory', '"sqrt" or a number of bytes', memory)
}
