import type { Beforehand } from '../data/beforehand.js'
import { type Batch, located } from '../data/fault.js'
import type { Source } from '../data/source.js'
import type { NativeModel, NativeTensor, NativeTrainer } from '../native/contract.js'
import { guardAsync } from '../native/errors.js'
import type { Checkpoints, Kept } from './checkpoints.js'
import { measureOf } from './evaluate.js'
import type { StepEvent } from './event.js'
import { type Measured, measureBatch } from './measure.js'
import type { RunState } from './run-state.js'
import { untilAborted } from './signal.js'

/** Everything that a training run needs. */
export interface Run extends Kept {
  readonly model: NativeModel
  readonly source: Source
  readonly validation: Beforehand | undefined
}

/** A run under way. */
export interface Running {
  readonly run: Run
  readonly trainer: NativeTrainer
  readonly state: RunState
  readonly checkpoints: Checkpoints
}

/**
 * The steps of one epoch that are left, two deep: batches are prepared and sent while the step before runs. A
 * checkpoint that is due waits for that step.
 */
export async function* steps(running: Running): AsyncGenerator<StepEvent, void, void> {
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
