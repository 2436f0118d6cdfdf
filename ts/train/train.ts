import { guard, guardAsync } from '../native/errors.js'
import { Checkpoints } from './checkpoints.js'
import { evaluateBatches, type Scores } from './evaluate.js'
import type { EpochEvent, EpochRecord, TrainEvent, TrainMemory } from './event.js'
import { validationName } from './metric.js'
import { Progress } from './progress.js'
import { RunState } from './run-state.js'
import { onAbort, throwIfAborted, untilAborted } from './signal.js'
import { type Run, type Running, steps } from './steps.js'

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
  const release = async (): Promise<void> => {
    leave?.()
    await guardAsync(async () => trainer.close())
  }
  hold(() => {
    release().catch(() => undefined)
  })
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
      // The folder of the checkpoints is free before the run settles.
      await release()
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
