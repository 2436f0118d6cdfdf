import type { Beforehand } from '../data/beforehand.js'
import { type Batch, located } from '../data/fault.js'
import type { Source } from '../data/source.js'
import type { NativeModel, NativeTensor, NativeTrainer } from '../native/contract.js'
import { guard, guardAsync } from '../native/errors.js'
import { Checkpoints, type Kept } from './checkpoints.js'
import { evaluateBatches, measureOf, type Scores } from './evaluate.js'
import type { EpochEvent, EpochRecord, StepEvent, TrainEvent, TrainMemory } from './event.js'
import { type Measured, measureBatch } from './measure.js'
import { validationName } from './metric.js'
import { Progress } from './progress.js'
import { RunState } from './run-state.js'
import { onAbort, throwIfAborted, untilAborted } from './signal.js'

/** Everything that a training run needs. */
export interface Run extends Kept {
  readonly model: NativeModel
  readonly source: Source
  readonly validation: Beforehand | undefined
}

/** A run under way. */
interface Running {
  readonly run: Run
  readonly trainer: NativeTrainer
  readonly state: RunState
  readonly checkpoints: Checkpoints
}

/**
 * The training loop of `fit` and `train`. `hold` gets what ends the run: a generator that is dropped
 * between two events never comes to its `finally`.
 */
export async function* train(
  run: Run,
  hold: (release: () => void) => void,
): AsyncGenerator<TrainEvent, void, void> {
  const { model, options } = run
  const { signal } = options
  throwIfAborted(signal)
  const trainer = guard(() => model.trainer(options.config))
  const cancel = (): void => trainer.cancel()
  const leave = signal && onAbort(signal, cancel)
  const release = (): void => {
    leave?.()
    guard(() => trainer.close())
  }
  hold(release)
  const state = new RunState(options.losses)
  const checkpoints = new Checkpoints(trainer, run, state)
  const progress = new Progress(options.epochs, process.stderr)
  let failed = false
  try {
    await untilAborted(checkpoints.begin(), signal)
    await untilAborted(run.validation?.begin(state.place.epoch) ?? Promise.resolve(), signal)
    for await (const event of epochs({ run, trainer, state, checkpoints })) {
      if (options.progress) progress.update(event)
      yield event
    }
  } catch (error) {
    failed = signal?.aborted !== true
    throw error
  } finally {
    try {
      // The error that ended the run comes before one of its last checkpoint.
      await (failed ? checkpoints.save().catch(() => undefined) : checkpoints.save())
    } finally {
      release()
      const closed = run.validation?.close()
      // After an abort do not wait for the iterator: it may never return.
      if (signal?.aborted !== true) await closed
      else closed?.catch(() => undefined)
    }
  }
}

async function* epochs(running: Running): AsyncGenerator<TrainEvent, void, void> {
  const { run, state, checkpoints } = running
  const { options, earlyStopping } = run
  let memory: TrainMemory | undefined
  const ended = (): boolean => earlyStopping?.isSpent === true || state.place.epoch > options.epochs
  const event = (record: EpochRecord, last: boolean): EpochEvent => {
    const stopped = last && earlyStopping?.isSpent === true ? 'earlyStopping' : undefined
    return { type: 'epoch', record, stopped, memory }
  }
  const before = state.history
  for (const [index, record] of before.entries()) {
    const last = index === before.length - 1 && ended()
    if (last) await finish(running)
    yield event(record, last)
  }
  while (!ended()) {
    for await (const event of steps(running)) {
      memory = event.memory
      yield event
    }
    const record = await averaged(running, () => recorded(running))
    state.endEpoch(record)
    if (ended() || checkpoints.dueAfterEpoch(state.place.total)) await checkpoints.save()
    if (ended()) await finish(running)
    yield event(record, ended())
  }
}

/** The record of an epoch, which the rule to stop has taken. */
async function recorded({ run, state }: Running): Promise<EpochRecord> {
  const { model, options, earlyStopping } = run
  const scores = state.tally.scores(options.metrics)
  const validation = await validated(run, state.place.epoch)
  const { epoch, seconds } = state.place
  const record = epochRecord(epoch, scores, validation, seconds)
  earlyStopping?.update(record, () => guard(() => model.parameters()))
  return record
}

/** Calls `measure` while the model has the average of its weights, if the run keeps one. */
async function averaged<T>({ run, trainer }: Running, measure: () => Promise<T>): Promise<T> {
  if (run.options.average === undefined) return measure()
  await guardAsync(() => trainer.exchangeAverage())
  try {
    return await measure()
  } finally {
    await guardAsync(() => trainer.exchangeAverage())
  }
}

/** Gives the model the weights to end with. */
async function finish({ run, trainer }: Running): Promise<void> {
  const { model, options, earlyStopping } = run
  if (options.average !== undefined) await guardAsync(() => trainer.exchangeAverage())
  const best = earlyStopping?.best
  if (best !== undefined) guard(() => model.setParameters(best))
}

/** The scores of the validation's data after an epoch; none without such data. */
function validated({ model, options, validation }: Run, epoch: number) {
  if (validation === undefined) return undefined
  return untilAborted(evaluateBatches(model, validation.epoch(epoch), options), options.signal)
}

/**
 * The steps of one epoch that are left, two deep: batches are prepared and sent while the step before runs. A
 * checkpoint that is due waits for that step.
 */
async function* steps(running: Running): AsyncGenerator<StepEvent, void, void> {
  const { run, trainer, state, checkpoints } = running
  const { source, options } = run
  const { signal } = options
  const { epoch, step, batches: taken } = state.place
  const batches = source.epoch(epoch, taken)
  let under: Promise<StepEvent> | undefined
  let sent: Promise<StepEvent> | undefined
  let {
    states,
    place: { total },
  } = state
  const custom = options.metrics.custom.length > 0
  // A run begins at zero; carrying from its first step on, a model that cannot is refused before it is trained.
  let carry = options.carry && (epoch === 1 || step > 0)
  let whole = false
  try {
    for (;;) {
      const next = await untilAborted(take(batches, options.accumulate), signal)
      if (under !== undefined && checkpoints.due(total)) {
        const event = await untilAborted(under, signal)
        under = sent = undefined
        await checkpoints.save()
        yield event
      }
      // A measurement sees the weights that there are at its call: those after the step before, not yet its own.
      if (custom && under !== undefined) await untilAborted(under, signal)
      const measured = measureAll(run, next, states)
      sent = next.length === 0 ? undefined : send(running, next, carry, measured)
      total += 1
      if (options.carry && custom) {
        states = (await untilAborted(measured, signal)).at(-1)?.states ?? []
      }
      carry = options.carry
      if (under !== undefined) yield await untilAborted(under, signal)
      under = sent
      if (under === undefined) break
    }
    whole = true
  } catch (error) {
    trainer.cancel()
    throw error
  } finally {
    // Wait for the running step, so that the weights are at rest. After an abort do not wait for the
    // iterator: it may never return.
    await Promise.allSettled([under, sent])
    const returned = whole ? undefined : batches.return()
    if (signal?.aborted !== true) await returned
    else returned?.catch(() => undefined)
  }
}

/** The next `count` batches, or as many as are left. */
async function take(batches: AsyncGenerator<Batch, void, void>, count: number): Promise<Batch[]> {
  const taken: Batch[] = []
  while (taken.length < count) {
    const { done, value } = await batches.next()
    if (done) break
    taken.push(value)
  }
  return taken
}

/** Measures batches for the metrics of the user's, if there are any. */
function measureAll(
  { model, options }: Run,
  batches: readonly Batch[],
  states: NativeTensor[],
): Promise<readonly Measured[]> {
  if (options.metrics.custom.length === 0) return Promise.resolve([])
  // A checkpoint counts the steps that were sent, after an abort too.
  const signal = options.checkpoint === undefined ? options.signal : undefined
  const measure = measureOf({ ...options, signal })
  const measured = Promise.all(batches.map((batch) => measureBatch(model, batch, measure, states)))
  // Awaited one step later: mark a rejection as handled until then.
  measured.catch(() => undefined)
  return measured
}

function send(
  { run: { source, options }, trainer, state }: Running,
  batches: readonly Batch[],
  carry: boolean,
  measured: Promise<readonly Measured[]>,
): Promise<StepEvent> {
  const given = batches.map(({ native }) => native)
  const report = guardAsync(() => trainer.step(given, { carry })).catch((error: unknown) =>
    Promise.reject(located(error, batches)),
  )
  const steps =
    source.steps === undefined ? undefined : Math.ceil(source.steps / options.accumulate)
  const sent = report.then(async (report) => {
    const before = await measured.catch((error: unknown) => {
      state.torn = true
      throw error
    })
    return state.count(report, before, batches.length, steps)
  })
  sent.catch(() => undefined)
  return sent
}

function epochRecord(
  epoch: number,
  scores: Scores,
  validation: Scores | undefined,
  seconds: number,
): EpochRecord {
  const prefixed = Object.entries(validation ?? {}).map(([name, value]) => [
    validationName(name),
    value,
  ])
  return { epoch, ...scores, ...Object.fromEntries(prefixed), seconds }
}
