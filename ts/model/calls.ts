import { isObject, own } from '../brand.js'
import type { Data, Examples, Feed } from '../data/data.js'
import { ExampleRows, emptyData, rowsByPort } from '../data/feed.js'
import { openSource } from '../data/source.js'
import { Described, mismatch } from '../errors.js'
import type { Outputs } from '../graph/outputs.js'
import type { Values } from '../graph/value.js'
import { nativePath } from '../native/binding.js'
import type { NativeSession, NativeStream } from '../native/contract.js'
import { guard, guardAsync, refuse } from '../native/errors.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import { evaluateBatches, type Scores } from '../train/evaluate.js'
import { resolveLosses } from '../train/losses.js'
import { resolveMetrics } from '../train/metric.js'
import { EVALUATE_OPTIONS, type EvaluateOptions } from '../train/options.js'
import { lossConfig } from '../train/resolve.js'
import { contextTensors, STEP_OPTIONS, type StepOptions } from './context.js'
import { GRADIENT_OPTIONS, type GradientOptions, type Gradients, gradientsOf } from './gradients.js'
import { metadataText } from './metadata.js'
import { type Parts, portsWith } from './parts.js'
import {
  PREDICT_OPTIONS,
  type Prediction,
  type PredictOptions,
  predictionOf,
} from './prediction.js'
import {
  BYTES_OPTIONS,
  type BytesOptions,
  checkEnding,
  FORMATS,
  SAVE_OPTIONS,
  type SaveOptions,
} from './save-options.js'
import { continuedStates, initialStates } from './state.js'

// Each function throws what it refuses before the addon is called, and returns the promise of the call.

/** Runs a model forward. */
export function predict<I extends Values, O extends Outputs>(
  { native, description, inputs: ports }: Parts,
  x: Feed<I>,
  options: PredictOptions,
): Promise<Prediction<O>> {
  checkOptions('predict', options, PREDICT_OPTIONS)
  const inputs = rowsByPort('predict x', ports, x).map((rows) => rows.all())
  const states = continuedStates('predict state', description, options.state)
  return guardAsync(() => native.predict(inputs, states)).then((run) => predictionOf<O>(run))
}

/** Measures a model. */
export function evaluate<I extends Values, O extends Outputs>(
  parts: Parts,
  data: Data<I, O>,
  options: EvaluateOptions,
): Promise<Scores> {
  checkOptions('evaluate', options, EVALUATE_OPTIONS)
  const losses = resolveLosses('evaluate loss', options.loss, parts.outputs)
  const metrics = resolveMetrics('evaluate metrics', options.metrics ?? [])
  const batchSize = checkCount('evaluate batchSize', options.batchSize ?? 32)
  const cutting = { batchSize, shuffle: false, carry: false, seed: 0 }
  const source = openSource('evaluate data', portsWith(parts, losses), data, cutting)
  const scores = evaluateBatches(parts.native, source.epoch(1), { losses, metrics })
  return scores.catch((error: unknown) => refuse(parts.native, error))
}

/** Runs a model forward and backward. */
export function gradients<I extends Values, O extends Outputs>(
  parts: Parts,
  examples: Examples<I, O>,
  options: GradientOptions,
): Promise<Gradients<I, O>> {
  checkOptions('gradients', options, GRADIENT_OPTIONS)
  const { native, description } = parts
  const losses = resolveLosses('gradients loss', options.loss, parts.outputs)
  const rows = new ExampleRows('gradients examples', portsWith(parts, losses), examples)
  if (rows.count === 0) throw emptyData('gradients examples')
  const { inputs, targets } = rows.whole()
  const states = initialStates('gradients state', description, options.state)
  const config = JSON.stringify(lossConfig(losses))
  const running = guardAsync(() => native.gradients(config, inputs, targets, states))
  return running.then((found) => gradientsOf<I, O>(description, inputs, found))
}

/** Writes a model to a file. */
export function save(
  { native, checkpoint }: Parts,
  path: string,
  options: SaveOptions,
): Promise<void> {
  if (typeof path !== 'string') throw mismatch('ERR_UNROLLED_ARGUMENT', 'save', 'a path', path)
  checkOptions('save', options, SAVE_OPTIONS)
  const format = checkWord('save format', options.format ?? 'safetensors', FORMATS)
  checkEnding(path, format)
  const metadata = metadataText('save metadata', options.metadata)
  if (checkBoolean('save optimizer', options.optimizer ?? false)) {
    refuseOthers("optimizer: true, which copies the run's checkpoint", options)
    return guardAsync(() => native.copyRun(nativePath(newest(checkpoint)), nativePath(path)))
  }
  if (format === 'pytorch') {
    refuseOthers("format 'pytorch', which holds parameters alone", { metadata: options.metadata })
  }
  return guardAsync(() => native.save(nativePath(path), format, metadata))
}

/** Refuses options of `save` beside one that leaves no room for them. */
function refuseOthers(beside: string, { format, metadata }: SaveOptions): void {
  for (const [name, value] of Object.entries({ format, metadata })) {
    if (value === undefined) continue
    throw mismatch('ERR_UNROLLED_ARGUMENT', `save ${name}`, `none with ${beside}`, value)
  }
}

/** The newest checkpoint of a model's run. */
function newest(checkpoint: string | undefined): string {
  if (checkpoint !== undefined) return checkpoint
  const [expected, received] = ['a run with checkpoints', new Described('none')]
  const advice = 'give the run the option checkpoint'
  throw mismatch('ERR_UNROLLED_STATE', 'save optimizer', expected, received, advice)
}

/** Gives the bytes of a model's file. */
export function toBytes({ native }: Parts, options: BytesOptions): Uint8Array {
  checkOptions('toBytes', options, BYTES_OPTIONS)
  const metadata = metadataText('toBytes metadata', options.metadata)
  return own(guard(() => native.toBytes(metadata)))
}

/** Opens a model step by step, for one row. */
export function openStream(
  { native, inputs }: Parts,
  context: unknown,
  options: StepOptions,
): NativeStream {
  const axis = axisIn('stream', options)
  const tensors = contextTensors('stream context', inputs, context, 'one')
  return guard(() => native.stream(axis, tensors))
}

/** Opens a model step by step, for many rows. */
export function openSession(
  { native, inputs }: Parts,
  contexts: unknown,
  options: StepOptions,
): Promise<NativeSession> {
  const axis = axisIn('session', options)
  if (typeof contexts === 'number') {
    const rows = checkCount('session', contexts)
    return guardAsync(() => native.session(axis, rows, []))
  }
  if (!isObject(contexts)) {
    const expected = 'the number of rows or contexts by name'
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'session', expected, contexts)
  }
  const tensors = contextTensors('session contexts', inputs, contexts, 'many')
  return guardAsync(() => native.session(axis, undefined, tensors))
}

function axisIn(where: string, options: StepOptions): string | undefined {
  checkOptions(where, options, STEP_OPTIONS)
  const { axis } = options
  if (axis !== undefined && typeof axis !== 'string') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} axis`, 'a name', axis)
  }
  return axis
}
