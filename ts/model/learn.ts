import { Beforehand } from '../data/beforehand.js'
import type { Data } from '../data/data.js'
import { openSource } from '../data/source.js'
import { Described, mismatch, type UnrolledError } from '../errors.js'
import type { Outputs } from '../graph/outputs.js'
import type { Values } from '../graph/value.js'
import { guardAsync, refuse } from '../native/errors.js'
import type { Held } from '../train/dropped.js'
import { EarlyStopping } from '../train/early-stopping.js'
import type { EpochRecord, History, StopReason, TrainEvent, TrainMemory } from '../train/event.js'
import { recordNames } from '../train/metric.js'
import type { TrainOptions } from '../train/options.js'
import { type ResolvedOptions, resolveOptions } from '../train/resolve.js'
import type { Run } from '../train/steps.js'
import { train } from '../train/train.js'
import { type Parts, portsWith } from './parts.js'

/** The records of a run, and what its last event says. */
export async function historyOf(events: AsyncIterable<TrainEvent>): Promise<History> {
  const epochs: EpochRecord[] = []
  let stopped: StopReason | undefined
  let memory: TrainMemory | undefined
  for await (const event of events) {
    if (event.type !== 'epoch') continue
    epochs.push(event.record)
    stopped = event.stopped
    memory = event.memory
  }
  return { epochs, ...(stopped && { stopped }), ...(memory && { memory }) }
}

/** The events of a run; `check` refuses a model that is no longer in use. */
export async function* eventsOf<I extends Values, O extends Outputs>(
  parts: Parts,
  check: () => void,
  data: Data<I, O>,
  options: TrainOptions<I, O>,
  held: Held,
): AsyncGenerator<TrainEvent, void, void> {
  let mine = false
  try {
    check()
    const run = runOf(parts, data, options)
    // Checked last: a getter of the options or data may have begun another run.
    if (parts.training) throw inTraining('fit')
    parts.training = mine = true
    await guardAsync(() => parts.native.ready())
    const hold = (release: () => void): void => {
      held.release = () => {
        release()
        parts.training = false
      }
    }
    for await (const event of train(run, hold)) {
      check()
      yield event
    }
  } catch (error) {
    await refuse(parts.native, error)
  } finally {
    if (mine) parts.training = false
    delete held.release
  }
}

function runOf(parts: Parts, data: unknown, options: TrainOptions): Run {
  const names = parts.description.parameters.map(({ name }) => name)
  const resolved = resolveOptions(options, data, parts.outputs, names)
  checkCarry(parts, resolved)
  const ports = portsWith(parts, resolved.losses)
  const { validation, earlyStopping } = options
  const whole = { ...resolved, shuffle: false, carry: false }
  const measured =
    validation === undefined
      ? undefined
      : new Beforehand(openSource('fit validation', ports, validation, whole))
  const measures = recordNames(resolved.metrics, resolved.losses, measured !== undefined)
  const source = openSource('fit data', ports, data, resolved)
  return {
    model: parts.native,
    source,
    decisive: { rows: source.rows, precision: parts.description.precision, ...resolved.decisive },
    saved: (file) => {
      parts.checkpoint = file
    },
    options: resolved,
    validation: measured,
    earlyStopping:
      earlyStopping === undefined ? undefined : new EarlyStopping(earlyStopping, measures),
  }
}

/**
 * Refuses metrics of the user's of a model that cannot be cut in time: they see all outputs, of batches that
 * begin with the states of the batch before. The core asks no more than that the losses can go on.
 */
function checkCarry({ description }: Parts, { carry, metrics }: ResolvedOptions): void {
  if (!carry || metrics.custom.length === 0 || description.indivisible === null) return
  const expected = `false with a metric that sees every output, since ${description.indivisible}`
  throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit carry', expected, carry)
}

/** The error of a call that would change a model in training. */
export function inTraining(where: string): UnrolledError {
  const received = new Described('one in training')
  const advice = 'wait for that run, or stop it'
  return mismatch('ERR_UNROLLED_STATE', where, 'a model at rest', received, advice)
}
