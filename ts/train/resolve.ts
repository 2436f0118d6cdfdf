import { isList, isObject } from '../brand.js'
import type { Port } from '../data/kind.js'
import { isInMemory } from '../data/source.js'
import { mismatch } from '../errors.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import { type CheckpointOptions, checkAverage, checkCheckpoint, checkResume } from './checkpoint.js'
import { resolveFrozen } from './frozen.js'
import { checkClip, checkTruncate } from './limits.js'
import { type OutputLoss, resolveLosses } from './losses.js'
import { type Metrics, resolveMetrics } from './metric.js'
import { refuseSettings, resolveOptimizer } from './optimizer.js'
import { TRAIN_OPTIONS, type TrainOptions } from './options.js'
import { resolveSchedule, type Schedule } from './schedule.js'
import { checkSignal, type Signal } from './signal.js'

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
      // Ready-made batches are not cut: a size is that of the validation, which only measures.
      ...(isInMemory(data) && { batchSize, shuffle }),
      accumulate,
      carry,
      truncate: update.truncate,
      // The same parameters in another order.
      frozen: frozen.toSorted(),
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
