import { isObject, own } from '../brand.js'
import { Beforehand } from '../data/beforehand.js'
import type { Data, Examples, Feed } from '../data/data.js'
import { ExampleRows, emptyData, type Ports, rowsByPort } from '../data/feed.js'
import { type Port, portsOf } from '../data/kind.js'
import { openSource } from '../data/source.js'
import { Disposable } from '../disposable.js'
import { Described, madeOnlyBy, mismatch, type UnrolledError } from '../errors.js'
import type { GraphJson } from '../graph/json.js'
import { endsInSoftmax, type Outputs } from '../graph/outputs.js'
import type { AnyValues, Values } from '../graph/value.js'
import type { Description, NativeModel, NativeTensor } from '../native/contract.js'
import { guard, guardAsync, refuse } from '../native/errors.js'
import { checkCount, checkOptions } from '../options.js'
import { dropped, type Held } from '../train/dropped.js'
import { EarlyStopping } from '../train/early-stopping.js'
import { evaluateBatches, type Scores } from '../train/evaluate.js'
import type { EpochRecord, History, StopReason, TrainEvent, TrainMemory } from '../train/event.js'
import { type OutputLoss, resolveLosses, targetPort } from '../train/loss.js'
import { recordNames, resolveMetrics } from '../train/metric.js'
import {
  EVALUATE_OPTIONS,
  type EvaluateOptions,
  lossConfig,
  resolveOptions,
  type TrainOptions,
} from '../train/options.js'
import { type Run, train } from '../train/train.js'
import { GRADIENT_OPTIONS, type GradientOptions, type Gradients, gradientsOf } from './gradients.js'
import {
  getParameters,
  type ParameterData,
  type Parameters,
  readParameters,
  setParameters,
} from './parameters.js'
import {
  PREDICT_OPTIONS,
  type Prediction,
  type PredictOptions,
  predictionOf,
} from './prediction.js'
import { continuedStates, initialStates } from './state.js'
import { Stream } from './stream.js'
import { summarize } from './summary.js'

/**
 * A network that can learn, made by `sequential`, `graph` or `load`.
 *
 * Training and prediction run off the main thread; predictions of less than about half a millisecond
 * run on it. So does the drawing of first weights that takes more than about 10 ms: asynchronous methods
 * wait for the weights without blocking, `parameters`, `setParameters`, `stream` and `toBytes` block. No
 * memory for the weights is an `ERR_UNROLLED_SIZE` of each of these calls. `dispose` frees the model's memory at once, the garbage collector some time later.
 */
export class Model<I extends Values = AnyValues, O extends Outputs = AnyValues> extends Disposable {
  /** The model as plain data. */
  readonly graph: GraphJson

  readonly #native: NativeModel
  readonly #description: Description
  readonly #inputs: readonly Port[]
  readonly #outputs: readonly Port[]
  #training = false

  /** @internal */
  constructor(native: NativeModel) {
    super('model', () => native.dispose())
    if (!isObject(native) || typeof native.graph !== 'function') {
      throw madeOnlyBy('Model', 'a model by sequential, graph or load', native)
    }
    this.#native = native
    this.graph = JSON.parse(guard(() => native.graph()))
    this.#description = JSON.parse(guard(() => native.describe()))
    this.#inputs = portsOf('input', this.#description.inputs)
    this.#outputs = portsOf('output', this.#description.outputs).map((port) => ({
      ...port,
      softmax: endsInSoftmax(this.graph, port.name),
    }))
  }

  /** The number of values that the model learns. */
  get parameterCount(): number {
    return this.#description.count
  }

  /**
   * Trains on `data` and resolves to a record of each epoch. Batches are prepared while others run.
   * The optimizer starts anew at each call.
   *
   * Rejects with an `UnrolledError` for bad options or data, `ERR_UNROLLED_NON_FINITE` for a loss,
   * gradient or updated parameter that is not finite, `ERR_UNROLLED_STATE` during another run of this
   * model; with the signal's reason after an abort; with the error of an iterator that throws. The model
   * stays usable, with the weights of the last whole step.
   */
  async fit(data: Data<I, O>, options: TrainOptions<I, O>): Promise<History> {
    const epochs: EpochRecord[] = []
    let stopped: StopReason | undefined
    let memory: TrainMemory | undefined
    for await (const event of this.train(data, options)) {
      if (event.type !== 'epoch') continue
      epochs.push(event.record)
      stopped = event.stopped
      memory = event.memory
    }
    return { epochs, ...(stopped && { stopped }), ...(memory && { memory }) }
  }

  /**
   * Trains like `fit` and yields an event for each step and each epoch; an error that `fit` rejects
   * with is thrown in place of the next event. `break` stops the run: the model finishes a step
   * already sent, and the iterator of the data is closed. An iterator that is dropped before its end
   * stops the run when it is collected.
   */
  train(data: Data<I, O>, options: TrainOptions<I, O>): AsyncGenerator<TrainEvent, void, void> {
    const held: Held = {}
    const events = this.#events(data, options, held)
    dropped.register(events, held)
    return events
  }

  async *#events(
    data: Data<I, O>,
    options: TrainOptions<I, O>,
    held: Held,
  ): AsyncGenerator<TrainEvent, void, void> {
    let mine = false
    try {
      this.checkUsable()
      const run = this.#run(data, options)
      // Checked last: a getter of the options or data may have begun another run.
      if (this.#training) {
        throw inTraining('fit')
      }
      this.#training = mine = true
      await guardAsync(() => this.#native.ready())
      const hold = (release: () => void): void => {
        held.release = () => {
          release()
          this.#training = false
        }
      }
      for await (const event of train(run, hold)) {
        this.checkUsable()
        yield event
      }
    } catch (error) {
      await refuse(this.#native, error)
    } finally {
      if (mine) this.#training = false
      delete held.release
    }
  }

  /**
   * Measures the loss and metrics over all of `data`. Batches of any size give the same scores;
   * dropout is off.
   *
   * Rejects with an `UnrolledError` for bad options or data.
   */
  async evaluate(data: Data<I, O>, options: EvaluateOptions): Promise<Scores> {
    try {
      this.checkUsable()
      checkOptions('evaluate', options, EVALUATE_OPTIONS)
      const losses = resolveLosses('evaluate loss', options.loss, this.#outputs)
      const metrics = resolveMetrics('evaluate metrics', options.metrics ?? [])
      const batchSize = checkCount('evaluate batchSize', options.batchSize ?? 32)
      const cutting = { batchSize, shuffle: false, carry: false, seed: 0 }
      const source = openSource('evaluate data', this.#ports(losses), data, cutting)
      return await evaluateBatches(this.#native, source.epoch(1), { losses, metrics })
    } catch (error) {
      return refuse(this.#native, error)
    }
  }

  /**
   * Computes the outputs for `x`, and the state after each row's last step. With the `state` of an
   * earlier call, a sequence in two pieces gives the same bits as in one: each step's outputs, and
   * with the last piece the outputs that have no steps (the last step, a layer's last state). A model
   * that needs more than its states refuses one: it reads backwards in time, has a `mean` or `max`
   * over time, an `initial` state or first step from the graph, a `shift` of tokens, or reads at each
   * step what the last step decides.
   *
   * Rejects with an `UnrolledError` for bad data. Weights and data so large that numbers overflow
   * give infinities or NaN in outputs and states; `predict` refuses such a state.
   */
  async predict(x: Feed<I>, options: PredictOptions = {}): Promise<Prediction<O>> {
    let running: ReturnType<NativeModel['predict']>
    try {
      this.checkUsable()
      checkOptions('predict', options, PREDICT_OPTIONS)
      const inputs = rowsByPort('predict x', this.#inputs, x).map((rows) => rows.all())
      const states = continuedStates('predict state', this.#description, options.state)
      running = guard(() => this.#native.predict(inputs, states))
    } catch (error) {
      return refuse(this.#native, error)
    }
    return predictionOf<O>(await guardAsync(() => running))
  }

  /**
   * Computes the loss of some examples and its gradients with respect to parameters, inputs, initial
   * states, and states and gates at each step, with dropout off. The examples are one batch, kept
   * whole in memory. The model does not change.
   *
   * Rejects with an `UnrolledError` for bad options or data.
   */
  async gradients(examples: Examples<I, O>, options: GradientOptions): Promise<Gradients<I, O>> {
    let inputs: NativeTensor[]
    let running: ReturnType<NativeModel['gradients']>
    try {
      this.checkUsable()
      checkOptions('gradients', options, GRADIENT_OPTIONS)
      const losses = resolveLosses('gradients loss', options.loss, this.#outputs)
      const rows = new ExampleRows('gradients examples', this.#ports(losses), examples)
      if (rows.count === 0) throw emptyData('gradients examples')
      const batch = rows.whole()
      inputs = batch.inputs
      const states = initialStates('gradients state', this.#description, options.state)
      const config = JSON.stringify(lossConfig(losses))
      running = guard(() => this.#native.gradients(config, inputs, batch.targets, states))
    } catch (error) {
      return refuse(this.#native, error)
    }
    return gradientsOf(this.#description, inputs, await guardAsync(() => running))
  }

  /**
   * Opens the model as a stream: step by step, with a separate state. An output over time is that of
   * the step; an output without steps (the last step, a layer's last state) is that of the steps so
   * far. Waits for the first weights.
   *
   * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a model that refuses a state in `predict`, and
   * for one with two axes of time, naming the node.
   */
  stream(): Stream<I, O> {
    this.checkUsable()
    return new Stream(this.#native, this.#description)
  }

  /** Copies every parameter, under its name. Waits for the first weights. */
  parameters(): Parameters {
    this.checkUsable()
    return getParameters(this.#native, this.#description)
  }

  /**
   * Sets the given parameters and leaves the others. Waits for the first weights.
   *
   * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name, `ERR_UNROLLED_SHAPE` for
   * another number of values, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity among them,
   * `ERR_UNROLLED_STATE` during training.
   */
  setParameters(parameters: ParameterData): void {
    this.checkUsable()
    const given = readParameters(this.#description, parameters)
    if (this.#training) {
      throw inTraining('setParameters')
    }
    setParameters(this.#native, given)
  }

  /** @internal The summary, in place of the graph, where Node prints the model. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.summary()
  }

  /** Draws a table of the nodes: name, kind, result, and number of parameters. */
  summary(): string {
    return summarize(this.graph, this.#description)
  }

  /** Writes the model to a safetensors file: parameters, and the graph in the metadata. */
  async save(path: string): Promise<void> {
    this.checkUsable()
    if (typeof path !== 'string') {
      throw mismatch('ERR_UNROLLED_ARGUMENT', 'save', 'a path', path)
    }
    await guardAsync(() => this.#native.save(path))
  }

  /** Gives the bytes that `save` writes. Waits for the first weights. */
  toBytes(): Uint8Array {
    this.checkUsable()
    return own(guard(() => this.#native.toBytes()))
  }

  #run(data: unknown, options: TrainOptions<I, O>): Run {
    const resolved = resolveOptions(options, data, this.#outputs)
    const ports = this.#ports(resolved.losses)
    const { validation, earlyStopping } = options
    const whole = { ...resolved, shuffle: false, carry: false }
    const held =
      validation === undefined
        ? undefined
        : new Beforehand(openSource('fit validation', ports, validation, whole))
    const names = recordNames(resolved.metrics, resolved.losses, held !== undefined)
    return {
      model: this.#native,
      source: openSource('fit data', ports, data, resolved),
      options: resolved,
      validation: held,
      earlyStopping:
        earlyStopping === undefined ? undefined : new EarlyStopping(earlyStopping, names),
    }
  }

  #ports(losses: readonly OutputLoss[]): Ports {
    return { inputs: this.#inputs, targets: losses.map(targetPort) }
  }
}

function inTraining(where: string): UnrolledError {
  const received = new Described('one in training')
  const advice = 'wait for that run, or stop it'
  return mismatch('ERR_UNROLLED_STATE', where, 'a model at rest', received, advice)
}
