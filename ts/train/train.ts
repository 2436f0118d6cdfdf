import type { Beforehand } from '../data/beforehand.js'
import { type Batch, located } from '../data/fault.js'
import type { Source } from '../data/source.js'
import type { NativeModel, NativeReport, NativeTensor, NativeTrainer } from '../native/contract.js'
import { guard, guardAsync } from '../native/errors.js'
import type { EarlyStopping } from './early-stopping.js'
import { evaluateBatches, measureOf, type Scores, Tally } from './evaluate.js'
import type { EpochRecord, StepEvent, TrainEvent, TrainMemory } from './event.js'
import { type Measured, measureBatch } from './measure.js'
import { validationName } from './metric.js'
import type { ResolvedOptions } from './options.js'
import { Progress } from './progress.js'
import { onAbort, throwIfAborted, untilAborted } from './signal.js'

/** Everything that a training run needs. */
export interface Run {
  readonly model: NativeModel
  readonly source: Source
  readonly options: ResolvedOptions
  readonly validation: Beforehand | undefined
  readonly earlyStopping: EarlyStopping | undefined
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
  const progress = new Progress(options.epochs, process.stderr)
  try {
    await untilAborted(run.validation?.begin() ?? Promise.resolve(), signal)
    for await (const event of epochs(run, trainer)) {
      if (options.progress) progress.update(event)
      yield event
    }
  } finally {
    release()
    const closed = run.validation?.close()
    // After an abort do not wait for the iterator: it may never return.
    if (signal?.aborted !== true) await closed
    else closed?.catch(() => undefined)
  }
}

async function* epochs(run: Run, trainer: NativeTrainer): AsyncGenerator<TrainEvent, void, void> {
  const { model, options, earlyStopping } = run
  const { steps: batches } = run.source
  const updates = batches === undefined ? undefined : Math.ceil(batches / options.accumulate)
  let memory: TrainMemory | undefined
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const started = performance.now()
    const tally = new Tally(options.losses)
    let step = 0
    for await (const { report, measured } of steps(run, trainer, epoch)) {
      tally.add(report)
      if (!report.skipped) for (const batch of measured) tally.addCustom(batch)
      step += 1
      const event = stepEvent(epoch, step, updates, report)
      memory = event.memory
      yield event
    }
    const scores = tally.scores(options.metrics)
    const validation = await validated(run, epoch)
    const record = epochRecord(epoch, scores, validation, (performance.now() - started) / 1000)
    const stop = earlyStopping?.update(record, () => guard(() => model.parameters())) ?? false
    if (stop || epoch === options.epochs) restoreBest(run)
    yield { type: 'epoch', record, stopped: stop ? 'earlyStopping' : undefined, memory }
    if (stop) return
  }
}

/** The scores of the validation's data after an epoch; none without such data. */
function validated({ model, options, validation }: Run, epoch: number) {
  if (validation === undefined) return undefined
  return untilAborted(evaluateBatches(model, validation.epoch(epoch), options), options.signal)
}

/** A step's report, and its batches measured before its update for the metrics of the user's. */
interface Stepped {
  readonly report: NativeReport
  readonly measured: readonly Measured[]
}

/** The steps of one epoch, two deep: batches are prepared and sent while the step before runs. */
async function* steps(
  run: Run,
  trainer: NativeTrainer,
  epoch: number,
): AsyncGenerator<Stepped, void, void> {
  const { source, options } = run
  const { signal } = options
  const batches = source.epoch(epoch)
  let running: Promise<Stepped> | undefined
  let sent: Promise<Stepped> | undefined
  let states: NativeTensor[] = []
  const custom = options.metrics.custom.length > 0
  // A run begins at zero; carrying from its first step on, a model that cannot is refused before it is trained.
  let carry = options.carry && epoch === 1
  let whole = false
  try {
    for (;;) {
      const next = await untilAborted(take(batches, options.accumulate), signal)
      // A measurement sees the weights that there are at its call: those after the step before, not yet its own.
      if (custom && running !== undefined) await untilAborted(running, signal)
      const measured = measureAll(run, next, states)
      sent = next.length === 0 ? undefined : send(trainer, next, carry, measured)
      if (options.carry && custom) {
        states = (await untilAborted(measured, signal)).at(-1)?.states ?? []
      }
      carry = options.carry
      if (running !== undefined) yield await untilAborted(running, signal)
      running = sent
      if (running === undefined) break
    }
    whole = true
  } catch (error) {
    trainer.cancel()
    throw error
  } finally {
    // Wait for the running step, so that the weights are at rest. After an abort do not wait for the
    // iterator: it may never return.
    await Promise.allSettled([running, sent])
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
  const measure = measureOf(options)
  const measured = Promise.all(batches.map((batch) => measureBatch(model, batch, measure, states)))
  // Awaited one step later: mark a rejection as handled until then.
  measured.catch(() => undefined)
  return measured
}

function send(
  trainer: NativeTrainer,
  batches: readonly Batch[],
  carry: boolean,
  measured: Promise<readonly Measured[]>,
): Promise<Stepped> {
  const given = batches.map(({ native }) => native)
  const report = guardAsync(() => trainer.step(given, { carry })).catch((error: unknown) =>
    Promise.reject(located(error, batches)),
  )
  const sent = Promise.all([report, measured]).then(([report, measured]) => ({ report, measured }))
  sent.catch(() => undefined)
  return sent
}

function stepEvent(
  epoch: number,
  step: number,
  steps: number | undefined,
  { loss, learningRate, norm, skipped, memory }: NativeReport,
): StepEvent {
  return { type: 'step', epoch, step, steps, loss, learningRate, norm, skipped, memory }
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

function restoreBest({ model, earlyStopping }: Run): void {
  const best = earlyStopping?.best
  if (best !== undefined) guard(() => model.setParameters(best))
}
