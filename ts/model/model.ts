import { isObject } from '../brand.js'
import type { Data, Examples, Feed } from '../data/data.js'
import { callOn, Disposable } from '../disposable.js'
import type { GraphJson } from '../graph/json.js'
import type { Outputs } from '../graph/outputs.js'
import type { AnyValues, Values } from '../graph/value.js'
import type { NativeModel } from '../native/contract.js'
import { refuse } from '../native/errors.js'
import { dropped, type Held } from '../train/dropped.js'
import type { Scores } from '../train/evaluate.js'
import type { History, TrainEvent } from '../train/event.js'
import type { EvaluateOptions, TrainOptions } from '../train/options.js'
import { evaluate, gradients, openSession, openStream, predict, save, toBytes } from './calls.js'
import type { Contexts, RowContext, StepOptions } from './context.js'
import { type ExposureGap, type ExposureOptions, exposureGap } from './exposure-gap.js'
import {
  type FreeRunOptions,
  freeRun,
  type GenerateFeed,
  type GenerateOptions,
  generate,
  tokens,
} from './generate.js'
import type { GradientOptions, Gradients } from './gradients.js'
import { eventsOf, historyOf, inTraining } from './learn.js'
import { loadWeights, type MatchOptions, type WeightsSource } from './load.js'
import {
  type LogProbabilityOptions,
  logProbability,
  type SequenceExamples,
} from './log-probability.js'
import type { Metadata } from './metadata.js'
import {
  getParameters,
  type ParameterData,
  type Parameters,
  readParameters,
  setParameters,
} from './parameters.js'
import { type Parts, partsOf } from './parts.js'
import type { Prediction, PredictOptions } from './prediction.js'
import type { ParityReport } from './report.js'
import type { BytesOptions, SaveOptions } from './save-options.js'
import type { GeneratedNumbers, GeneratedTokens } from './sequences.js'
import { Session } from './session.js'
import { Stream } from './stream.js'
import { summarize } from './summary.js'

/**
 * A network that can learn, made by `sequential`, `graph` or `load`.
 *
 * Training and prediction run off the main thread; predictions of less than about half a millisecond
 * run on it. So does the drawing of first weights that takes more than about 10 ms: asynchronous methods
 * wait for the weights without blocking, `parameters`, `setParameters`, `stream` and `toBytes` block. No
 * memory for the weights is an `ERR_UNROLLED_SIZE` of each of these calls. `dispose` frees the model's memory at once, the garbage collector some time later;
 * then `graph` and `parameterCount` can still be read, and no method called.
 */
export class Model<I extends Values = AnyValues, O extends Outputs = AnyValues> extends Disposable {
  /** The model as plain data. */
  readonly graph: GraphJson

  /** The metadata in the file or bytes that the model was loaded from; empty for any other model. */
  readonly metadata: Metadata

  readonly #parts: Parts

  /** @internal */
  constructor(native: NativeModel) {
    super('model', () => native.dispose())
    this.#parts = partsOf(native)
    this.graph = this.#parts.graph
    this.metadata = this.#parts.metadata
  }

  /** Gives the model that a method is called on. */
  static #of(self: unknown, call: string): Model {
    if (isObject(self) && #parts in self) return self
    throw callOn('model', call, self)
  }

  /** Gives the parts of the model that a method is called on, while it is in use. */
  static #use(self: unknown, call: string): Parts {
    const model = Model.#of(self, call)
    model.checkUsable()
    return model.#parts
  }

  /** Makes an asynchronous call; what is refused settles in the order of the calls. */
  static #call<R>(self: unknown, call: string, run: (parts: Parts) => Promise<R>): Promise<R> {
    try {
      return run(Model.#use(self, call))
    } catch (error) {
      const known = isObject(self) && #parts in self
      return refuse(known ? self.#parts.native : undefined, error)
    }
  }

  /** The number of values that the model learns. */
  get parameterCount(): number {
    return Model.#of(this, 'parameterCount').#parts.description.count
  }

  /**
   * Trains on `data` and resolves to a record of each epoch. Batches are prepared while others run.
   * The optimizer starts anew at each call, unless the call resumes a checkpoint.
   *
   * Rejects with an `UnrolledError` for bad options or data, `ERR_UNROLLED_NON_FINITE` for a loss,
   * gradient or updated parameter that is not finite, `ERR_UNROLLED_STATE` during another run of this
   * model or in the same folder of checkpoints; with the signal's reason after an abort; with the error of an iterator
   * that throws; `ERR_UNROLLED_IO` for a checkpoint that cannot be read or written, `ERR_UNROLLED_FORMAT` for a damaged
   * one. The model stays usable, with the weights of the last whole step.
   */
  fit(data: Data<I, O>, options: TrainOptions<I, O>): Promise<History> {
    return Model.#call(this, 'fit', () => historyOf(this.train(data, options)))
  }

  /**
   * Trains like `fit` and yields an event for each step and each epoch; an error that `fit` rejects
   * with is thrown in place of the next event. `break` stops the run: the model finishes a step
   * already sent, and the iterator of the data is closed. An iterator that is dropped before its end
   * stops the run when it is collected.
   */
  train(data: Data<I, O>, options: TrainOptions<I, O>): AsyncGenerator<TrainEvent, void, void> {
    const model = Model.#of(this, 'train')
    const held: Held = {}
    const events = eventsOf(model.#parts, () => model.checkUsable(), data, options, held)
    dropped.register(events, held)
    return events
  }

  /**
   * Measures the loss and metrics over all of `data`. Batches of any size give the same scores;
   * dropout is off.
   *
   * Rejects with an `UnrolledError` for bad options or data.
   */
  evaluate(data: Data<I, O>, options: EvaluateOptions): Promise<Scores> {
    return Model.#call(this, 'evaluate', (parts) => evaluate(parts, data, options))
  }

  /**
   * Computes the outputs for `x`, and the state after each row's last step. With the `state` of an
   * earlier call, a sequence in two pieces gives the same bits as in one: each step's outputs, and
   * with the last piece the outputs that have no steps (the last step, a layer's last state). A model
   * that needs more than its states refuses one: it reads backwards in time, has a `mean` or `max`
   * over time, an `initial` state or first step from the graph, a learned one as well (a stream or a session
   * begins with it once and goes on), or reads at each step what the last step decides.
   *
   * Rejects with an `UnrolledError` for bad data. Weights and data so large that numbers overflow
   * give infinities or NaN in outputs and states; `predict` refuses such a state.
   */
  predict(x: Feed<I>, options: PredictOptions = {}): Promise<Prediction<O>> {
    return Model.#call(this, 'predict', (parts) => predict<I, O>(parts, x, options))
  }

  /**
   * Computes the loss of some examples and its gradients with respect to parameters, inputs, initial
   * states, and states and gates at each step, with dropout off. The examples are one batch, kept
   * whole in memory. The model does not change.
   *
   * Rejects with an `UnrolledError` for bad options or data.
   */
  gradients(examples: Examples<I, O>, options: GradientOptions): Promise<Gradients<I, O>> {
    return Model.#call(this, 'gradients', (parts) => gradients(parts, examples, options))
  }

  /**
   * Opens the model as a stream: step by step, with a separate state. An output along the axis is that of
   * the step; an output without steps (the last step, a layer's last state) is that of the steps so far.
   * `context` has a row of every input that is not along the axis, by name: what depends on these alone runs
   * once, now. Tokens that the model shifts are pushed one step late: `starts` has the first of them. Waits
   * for the first weights.
   *
   * @throws UnrolledError `ERR_UNROLLED_ARGUMENT`, naming the node, for a model whose steps need those that
   * follow or the whole sequence, and naming the input for a context that is missing or unknown.
   */
  stream<C extends keyof I = never>(
    context?: RowContext<I, C>,
    options: StepOptions = {},
  ): Stream<Omit<I, C>, O> {
    return new Stream(openStream(Model.#use(this, 'stream'), context, options))
  }

  /**
   * Begins a session: the model step by step for many rows. `contexts` has rows of every input that is not
   * along the axis, by name; a model without such inputs takes the number of rows. What depends on these
   * alone runs once, off the main thread, with the weights at that time; the steps take those of their own.
   *
   * Rejects as `stream` throws.
   */
  session<C extends keyof I = never>(
    contexts: Contexts<I, C> | number,
    options: StepOptions = {},
  ): Promise<Session<Omit<I, C>, O>> {
    return Model.#call(this, 'session', (parts) => openSession(parts, contexts, options)).then(
      (native) => new Session<Omit<I, C>, O>(native),
    )
  }

  /**
   * Makes up a sequence of tokens for each row: the model is fed each token that is chosen from its scores
   * for the one before. `x` is the prompts, rows of any length; of a model that takes more, everything it
   * takes by name, where prompts may be left out if the model knows its start (a `shift` of tokens). All
   * rows step together, off the main thread and beside other calls; a row's result does not depend on the
   * others. The scores are logits, or probabilities of an output that ends in `softmax`.
   *
   * Rejects with an `UnrolledError` for bad options or data, for a model without tokens to choose, and for
   * one that cannot be stepped (as in `stream`); with the signal's reason after an abort.
   */
  generate(x: GenerateFeed<I>, options: GenerateOptions): Promise<GeneratedTokens[]> {
    return Model.#call(this, 'generate', (parts) => generate(parts, x, options))
  }

  /**
   * Makes up one sequence like `generate` and yields each token as it is chosen; the model takes a step when
   * one is asked for. `x` has one row. Greedy or by samples: a beam knows its sequence at the end alone.
   */
  generateTokens(x: GenerateFeed<I>, options: GenerateOptions): AsyncGenerator<number, void, void> {
    const model = Model.#of(this, 'generateTokens')
    return tokens(
      () => {
        model.checkUsable()
        return model.#parts
      },
      x,
      options,
    )
  }

  /**
   * Feeds the model its own output, numbers, as the next input, for each row after a prompt of one step or
   * more: `maxSteps` steps, or until the output `stop` or a predicted length ends the row. A model that shifts
   * the numbers itself begins with zeros and needs no prompt.
   *
   * Rejects as `generate` does.
   */
  freeRun(x: GenerateFeed<I>, options: FreeRunOptions): Promise<GeneratedNumbers[]> {
    return Model.#call(this, 'freeRun', (parts) => freeRun(parts, x, options))
  }

  /**
   * Measures `ln P(y | x)` of each row: the sum of `ln softmax(output)[target]` over its steps, each times
   * its weight, with dropout off. The targets include the end token; with `stop`, `ln` of the probabilities
   * of going on at each step but the last and of ending there are added, and with `length` that of the row's
   * length. Targets and inputs that follow from the lengths (`stop`, `length`, `remaining`) may be left out.
   *
   * Rejects with an `UnrolledError` for bad options or data.
   */
  logProbability(
    examples: SequenceExamples<I, O>,
    options: LogProbabilityOptions = {},
  ): Promise<Float64Array> {
    return Model.#call(this, 'logProbability', (parts) => logProbability(parts, examples, options))
  }

  /**
   * Measures how much worse the model predicts the targets after its own tokens than after the true ones, in
   * nats a token (exposure bias: Bengio and others, 2015). Free running feeds each token that the model
   * chooses, beginning like the row; teacher forcing feeds the row's own.
   *
   * Rejects with an `UnrolledError` for bad options or data.
   */
  exposureGap(examples: Examples<I, O>, options: ExposureOptions = {}): Promise<ExposureGap> {
    return Model.#call(this, 'exposureGap', (parts) => exposureGap(parts, examples, options))
  }

  /** Copies every parameter, under its name. Waits for the first weights. */
  parameters(): Parameters {
    const { native, description } = Model.#use(this, 'parameters')
    return getParameters(native, description)
  }

  /**
   * Sets the given parameters and leaves the others. Waits for the first weights.
   *
   * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name, `ERR_UNROLLED_SHAPE` for
   * another number of values, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity among them,
   * `ERR_UNROLLED_STATE` during training.
   */
  setParameters(parameters: ParameterData): void {
    const parts = Model.#use(this, 'setParameters')
    const given = readParameters(parts.description, parameters)
    if (parts.training) throw inTraining('setParameters')
    setParameters(parts.native, given)
  }

  /** @internal The summary, in place of the graph, where Node prints the model; of what is none the class's name. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return #parts in this ? summarize(this.#parts.graph, this.#parts.description) : 'Model'
  }

  /** Draws a table of the nodes: name, kind, result, and number of parameters. */
  summary(): string {
    const { graph, description } = Model.#use(this, 'summary')
    return summarize(graph, description)
  }

  /**
   * Sets the parameters to those of another library: of a safetensors file, by its path or its bytes, or of tensors by
   * name. Names are PyTorch's here as well (`lstm.weight_ih_l0`); `rename` maps others. Numbers of 64 and 16 bits become
   * those of 32, whole numbers are passed over, and so is what a checkpoint of `fit` holds beside its parameters (names such
   * as `optimizer:first`; in a file of another library such names are left over). Either all parameters of the file are set or
   * none.
   *
   * Rejects with an `UnrolledError`: `ERR_UNROLLED_SHAPE` that lists all tensors of other shapes, `ERR_UNROLLED_ARGUMENT`
   * that lists what is missing or left over, `ERR_UNROLLED_FORMAT` for a damaged file, `ERR_UNROLLED_IO` for one that cannot
   * be read, `ERR_UNROLLED_SIZE` for one that does not fit in memory, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity,
   * `ERR_UNROLLED_STATE` during training. A sample rejects as the data of `predict` do.
   */
  load(source: WeightsSource, options: MatchOptions<I, O> = {}): Promise<ParityReport> {
    return Model.#call(this, 'load', (parts) => {
      const loading = loadWeights<I, O>(parts, source, options)
      return loading.catch((error: unknown) => refuse(parts.native, error))
    })
  }

  /**
   * Writes the model to a file, whole or not at all: in safetensors the parameters, and in the metadata the graph and
   * your own.
   *
   * Rejects with an `UnrolledError`: `ERR_UNROLLED_ARGUMENT` for a bad option and for a path that ends as files of another
   * format do, `ERR_UNROLLED_IO` for a file that cannot be written, `ERR_UNROLLED_SIZE` for one beyond its format or memory,
   * `ERR_UNROLLED_STATE` for `optimizer` without a checkpoint of these parameters, `ERR_UNROLLED_FORMAT` for a damaged one.
   * The file that was there before is whole then.
   */
  save(path: string, options: SaveOptions = {}): Promise<void> {
    return Model.#call(this, 'save', (parts) => save(parts, path, options))
  }

  /** Gives the bytes that `save` writes. Waits for the first weights. */
  toBytes(options: BytesOptions = {}): Uint8Array {
    return toBytes(Model.#use(this, 'toBytes'), options)
  }
}
