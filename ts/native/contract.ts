import type { Precision } from '../precision.js'

/**
 * Rows of numbers or ids on their way to or from the core; `shape` begins with rows. On the way to the
 * core, rows with `lengths` have their valid steps alone, one row after the other; on the way back they
 * are padded to the shape.
 */
export interface NativeTensor {
  name: string
  shape: number[]
  values?: Float32Array
  ids?: Int32Array
  lengths?: Int32Array
  /** Of targets: the weight of each row or step. */
  weights?: Float32Array
}

/** One batch for the core. */
export interface NativeBatch {
  inputs: NativeTensor[]
  targets: NativeTensor[]
}

/** Report of a step or of an evaluation of one batch. */
export interface NativeReport {
  /** The weighted sum of the losses, each reduced over the batch; NaN of a skipped step. */
  loss: number
  /** The loss of each output; none of a skipped step. */
  terms: NativeTerm[]
  /** The gradient's norm before clipping; 0 in an evaluation, NaN of a skipped step. */
  norm: number
  learningRate: number
  step: number
  skipped: boolean
  /** Memory of the training run; zeros in an evaluation. */
  memory: NativeMemory
}

/** Memory of a training run in bytes. */
export interface NativeMemory {
  tape: number
  gradients: number
  optimizer: number
  weights: number
}

/** The loss of one output; terms of batches add up to the term of all their rows. */
export interface NativeTerm {
  output: string
  /** The sum of its targets' losses, neither reduced nor weighted against other outputs. */
  sum: number
  /** The divisor of a mean loss. */
  weight: number
  /** Targets that the output predicts; absent for losses without classes. */
  correct?: number
  /** Valid targets. */
  valid: number
}

/** Gradients of a batch's loss, and the loss by row and item. */
export interface NativeGradients {
  report: NativeReport
  losses: NativeItemLosses[]
  /** Of all parameters, one after the other. */
  parameters: Float32Array
  /** Of the inputs of numbers and of the initial states. */
  inputs: NativeTensor[]
  /** Of the states after each step. */
  states: NativeTensor[]
  /** Of the pre-activations of gates at each step, by node. */
  gates: NativeTensor[]
}

/** The losses of one output, each times its weight. */
export interface NativeItemLosses {
  output: string
  /** `[rows, time]` or `[rows]`. */
  shape: number[]
  rows: Float64Array
  items: Float64Array
  lengths?: Int32Array
}

/** A generated sequence. */
export interface NativeSequence {
  ids: Int32Array
  /** `[items, size]`; empty for ids. */
  values: Float32Array
  /** `[items, memory]`; empty without an alignment. */
  alignments: Float32Array
  logProbabilities: Float64Array
  score: number
  normalizedScore: number
  finished: boolean
}

export interface NativeGeneration {
  /** The sequences of each row, the best first. */
  run(): Promise<NativeSequence[][]>
  /** The next id of a single row, null at its end. */
  next(): Promise<number | null>
  /** Ends the work after the step under way. */
  cancel(): void
}

/** Path, text and tensors of the file that a run goes on from. */
export interface NativeSavedRun {
  path: string
  text: string
  tensors: NativeTensor[]
}

export interface NativeTrainer {
  /**
   * Makes the folder, which no other run may use until `close`, and reads the file to resume: the last one
   * of the folder, or `path`. The folder must have no files unless the run is resumed.
   */
  begin(
    folder: string | undefined,
    resume: boolean,
    path: string | undefined,
  ): Promise<NativeSavedRun | null>
  /** Goes on from the file that `begin` has read. */
  restore(): Promise<void>
  /** Writes the state to a file of the folder, named by the step; the folder keeps the newest `keep`. */
  save(
    options: { step: number; keep: number; text: string; carry: boolean },
    tensors: NativeTensor[],
  ): Promise<void>
  /** Gives the model the average of its weights for those of the training; called again, gives them back. */
  exchangeAverage(): Promise<void>
  /** Sums the gradients of the batches as those of one batch, and updates once. */
  step(batches: NativeBatch[], options: { carry: boolean }): Promise<NativeReport>
  /** Rejects the steps that have not begun; the running step is finished. */
  cancel(): void
  /** Takes no more calls; settles when nothing of the run is left, its hold of the folder least of all. */
  close(): Promise<void> | null
}

export interface NativeStream {
  /** Takes the numbers of all inputs one after the other, and the ids likewise; so it gives outputs. */
  push(values: Float32Array, ids: Int32Array | undefined): Float32Array
  state(): NativeTensor[]
  /** The states before the first step. */
  firstState(): NativeTensor[]
  /** Continues from these states, one for each of the model's. */
  setState(states: NativeTensor[]): void
  /** The outputs that no step changes. */
  fixed(): NativeTensor[]
  /** A `StepDescription` as JSON. */
  describe(): string
  fork(): NativeStream
  dispose(): void
}

/** A stream of many rows; a step settles a promise, and the rest is refused during one. */
export interface NativeSession {
  step(values: Float32Array, ids: Int32Array | undefined): Promise<NativeTensor[]>
  rows(): number
  reorder(rows: Int32Array): void
  state(): NativeTensor[]
  firstState(): NativeTensor[]
  setState(states: NativeTensor[]): void
  fixed(): NativeTensor[]
  describe(): string
  dispose(): void
}

export interface NativeModel {
  /** The graph as JSON. */
  graph(): string
  /** A `Description` as JSON. */
  describe(): string
  /** Settles when the first parameters are drawn. */
  ready(): Promise<void>
  /** Settles in the order of the calls, as a prediction does that takes no time; of a disposed model too. */
  pass(): Promise<void>
  predict(
    inputs: NativeTensor[],
    states: NativeTensor[],
  ): Promise<{ outputs: NativeTensor[]; states: NativeTensor[] }>
  trainer(config: string): NativeTrainer
  evaluate(
    config: string,
    inputs: NativeTensor[],
    targets: NativeTensor[],
    states: NativeTensor[],
  ): Promise<NativeReport>
  gradients(
    config: string,
    inputs: NativeTensor[],
    targets: NativeTensor[],
    states: NativeTensor[],
  ): Promise<NativeGradients>
  /** Minus the sum of each row's losses; an output is taken before a function that its loss applies itself. */
  logProbabilities(
    config: string,
    inputs: NativeTensor[],
    targets: NativeTensor[],
  ): Promise<Float64Array>
  /** A generation that begins with its first call, beside what else the model does. */
  generation(config: string, inputs: NativeTensor[]): NativeGeneration
  /** A copy of all parameters, one after the other. */
  parameters(): Float32Array
  setParameters(values: Float32Array): void
  /** The user's own metadata as JSON, of a model that was read. */
  metadata(): string | null
  save(path: string, format: 'safetensors' | 'pytorch', metadata?: string): Promise<void>
  /** Copies a file that a run has written, if it holds the parameters as they are now. */
  copyRun(from: string, path: string): Promise<void>
  toBytes(metadata?: string): Uint8Array
  /** Waits for the first weights. */
  stream(axis?: string, inputs?: NativeTensor[]): NativeStream
  session(
    axis: string | undefined,
    rows: number | undefined,
    inputs: NativeTensor[],
  ): Promise<NativeSession>
  dispose(): void
}

/** A tensor of a file; of whole numbers without values. */
export interface NativeFileTensor {
  readonly name: string
  readonly shape: number[]
  readonly type: string
  readonly values: Float32Array
}

export interface NativeModelClass {
  new (graph: string, seed: number, precision: Precision): NativeModel
  load(path: string, precision: Precision): Promise<NativeModel>
  fromBytes(bytes: Uint8Array, precision: Precision): NativeModel
}
