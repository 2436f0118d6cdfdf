import type { KindJson } from '../graph/json.js'
import type { Precision } from '../precision.js'

/** Rows of numbers or ids on their way to or from the core; `shape` begins with rows. */
export interface NativeTensor {
  name: string
  shape: number[]
  values?: Float32Array
  ids?: Int32Array
  lengths?: Int32Array
}

/** What a step or an evaluation of one batch found. */
export interface NativeReport {
  /** The weighted sum of the losses, each reduced over the batch; NaN of a skipped step. */
  loss: number
  /** What each output's loss came to; none of a skipped step. */
  terms: NativeTerm[]
  /** The gradient's norm before clipping; 0 in an evaluation, NaN of a skipped step. */
  norm: number
  rate: number
  step: number
  skipped: boolean
  /** What training holds; zeros in an evaluation. */
  memory: NativeMemory
}

/** Bytes that training holds. */
export interface NativeMemory {
  tape: number
  gradients: number
  optimizer: number
  weights: number
}

/** What the loss of one output came to; terms of batches add up to the term of all their rows. */
export interface NativeTerm {
  output: string
  /** The sum of its targets' losses, neither reduced nor weighted against other outputs. */
  sum: number
  /** What a mean of them is divided by. */
  weight: number
  /** Targets that the output got right; none where the loss is not of classes or of yes and no. */
  correct?: number
  /** Targets that count. */
  valid: number
}

export interface NativeTrainer {
  step(
    inputs: NativeTensor[],
    targets: NativeTensor[],
    options: { carry: boolean },
  ): Promise<NativeReport>
  /** Makes the steps that have not begun reject; the one under way is finished. */
  cancel(): void
  close(): void
}

export interface NativeStream {
  /** A step: the numbers of all inputs one after the other, their ids too; so are the outputs. */
  push(values: Float32Array, ids: Int32Array | undefined): Float32Array
  state(): NativeTensor[]
  /** Goes on from these states, one for each of the model's. */
  setState(states: NativeTensor[]): void
  dispose(): void
}

export interface NativeModel {
  /** The graph as JSON. */
  graph(): string
  /** A {@link Description} as JSON. */
  describe(): string
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
  /** A copy of all parameters, one after the other. */
  parameters(): Float32Array
  setParameters(values: Float32Array): void
  save(path: string): Promise<void>
  toBytes(): Uint8Array
  stream(): NativeStream
  dispose(): void
}

export interface NativeModelClass {
  new (graph: string, seed: number, precision: Precision): NativeModel
  load(path: string, precision: Precision): Promise<NativeModel>
  fromBytes(bytes: Uint8Array, precision: Precision): NativeModel
}

/** What a compiled model takes, gives and keeps. */
export interface Description {
  readonly inputs: readonly { readonly name: string; readonly kind: KindJson }[]
  readonly outputs: readonly { readonly name: string; readonly kind: KindJson }[]
  readonly states: readonly {
    readonly name: string
    readonly size: number
    /** Whether it goes from a sequence's end to its start. */
    readonly reverse: boolean
  }[]
  readonly parameters: readonly {
    readonly name: string
    readonly shape: readonly number[]
    readonly offset: number
  }[]
  readonly count: number
}
