/// <reference lib="esnext.disposable" />
/** `size` numbers a row. */
interface Vector<F extends number = number> {
    readonly kind: 'vector';
    readonly size: F;
}
/** A row holds its own number of steps, `size` numbers a step. */
interface Sequence<F extends number = number> {
    readonly kind: 'sequence';
    readonly size: F;
    /** Values of one axis have the same lengths; `time` unless declared otherwise. */
    readonly axis: string;
}
/** A row holds its own number of steps, one id below `vocabularySize` a step. */
interface Tokens<V extends number = number> {
    readonly kind: 'tokens';
    readonly vocabularySize: V;
    /** Values of one axis have the same lengths; `time` unless declared otherwise. */
    readonly axis: string;
}
/** One id below `vocabularySize` a row. */
interface Token<V extends number = number> {
    readonly kind: 'token';
    readonly vocabularySize: V;
}
/** Anything that holds numbers. */
type Numeric<F extends number = number> = Vector<F> | Sequence<F>;
/** A value in a graph, typed by kind and size: what a layer takes and gives. */
type Value = Vector | Sequence | Tokens | Token;
/** The same kind as `X`, with `S` numbers. */
type Resize<X, S extends number> = X extends Sequence ? Sequence<S> : X extends Vector ? Vector<S> : never;
/** The value's size as a literal, or `number`. */
type SizeOf<X> = X extends {
    readonly size: infer F extends number;
} ? F : never;

/** The states of a cell: a vector for each name. */
type States<S extends Readonly<Record<string, number>>> = {
    readonly [K in keyof S]: Vector<S[K]>;
};
/** What one step returns: the next states, and `output` if it is not the state itself. */
type Step<S extends Readonly<Record<string, number>>> = States<S> & {
    readonly output?: Vector;
};
/** One step of a recurrence, to be unrolled by {@link scan}. */
interface Cell<S extends Readonly<Record<string, number>> = Readonly<Record<string, number>>, R extends Step<S> = Step<S>> {
    /** The size of each state. */
    readonly sizes: S;
    /** Builds one step from the states at the step before and the step's input. */
    step(state: States<S>, x: Vector): R;
}
/** The size of what a cell gives at each step. */
type OutputSize<S, R> = R extends {
    readonly output: Vector<infer O>;
} ? O : S extends {
    readonly h: infer H extends number;
} ? H : Extract<S[keyof S], number>;
/**
 * A cell of your own: its states by name and size, and one step, written with the same functions as
 * any graph. The step returns the next states, and `output` beside them where that is not `h` (or
 * the only state).
 *
 * A vector from outside the cell may be used inside; it is the same at every step.
 *
 * ```ts
 * const leaky = cell({ h: 64 }, ({ h }, x) => ({ h: mix(h, tanh(linear(64)(concat(h, x))), 0.1) }))
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad name or size.
 */
declare function cell<const S extends Readonly<Record<string, number>>, R extends Step<S> = Step<S>>(sizes: S, step: (state: States<S>, x: Vector) => R): Cell<S, R>;

/**
 * The graph as plain data: the only description of a model. The native core checks and compiles
 * it, and a saved file carries it.
 */
interface GraphJson {
    readonly version: 1;
    readonly parameters: readonly ParameterJson[];
    readonly nodes: readonly NodeJson[];
    readonly outputs: readonly OutputJson[];
}
/** A learned array: its name is PyTorch's, its shape row-major. */
interface ParameterJson {
    readonly name: string;
    readonly shape: readonly number[];
    readonly init: InitJson;
}
/** How a parameter starts. */
type InitJson = 'zeros' | 'glorotUniform' | {
    readonly constant: {
        readonly value: number;
    };
} | {
    readonly blocks: {
        readonly values: readonly number[];
    };
} | {
    readonly uniform: {
        readonly bound: number;
    };
} | {
    readonly normal: {
        readonly std: number;
    };
} | {
    readonly orthogonal: {
        readonly blocks: number;
    };
};
/** One operation; `inputs` are wires: `node`, or `node:port` for a node with several results. */
interface NodeJson {
    readonly name: string;
    readonly op: OpJson;
    readonly inputs: readonly string[];
}
/** A named result: of the graph, or of a scan's body. */
interface OutputJson {
    readonly name: string;
    readonly from: string;
}
/** What one row of an input holds. */
type KindJson = {
    readonly vector: {
        readonly size: number;
    };
} | {
    readonly sequence: {
        readonly size: number;
        readonly axis: string;
    };
} | {
    readonly tokens: {
        readonly vocabulary: number;
        readonly axis: string;
    };
} | {
    readonly token: {
        readonly vocabulary: number;
    };
};
/** What happens at each step of a scan. */
interface BodyJson {
    readonly nodes: readonly NodeJson[];
    readonly outputs: readonly OutputJson[];
}
/** The functions that an `activation` node applies. */
type ActivationName = 'tanh' | 'sigmoid' | 'relu' | 'softmax';
/** The operations of the core. */
type OpJson = {
    readonly input: KindJson;
} | {
    readonly state: {
        readonly size: number;
    };
} | {
    readonly embedding: {
        readonly weight: string;
        readonly padding: number | null;
    };
} | {
    readonly linear: {
        readonly weight: string;
        readonly bias: string | null;
        readonly rows: readonly [number, number] | null;
    };
} | {
    readonly scan: {
        readonly reverse: boolean;
        readonly initial: readonly string[];
        readonly body: BodyJson;
    };
} | 'last' | 'mean' | 'max' | 'concat' | {
    readonly slice: {
        readonly start: number;
        readonly size: number;
    };
} | 'add' | 'multiply' | {
    readonly affine: {
        readonly scale: number;
        readonly shift: number;
    };
} | {
    readonly activation: ActivationName;
} | {
    readonly layerNorm: {
        readonly gain: string;
        readonly bias: string;
        readonly epsilon: number;
    };
} | {
    readonly dropout: {
        readonly rate: number;
        readonly fixed: boolean;
    };
} | {
    readonly shift: {
        readonly start?: number;
    };
} | 'lstmGates' | 'gruGates';

/** A function on types, from `input` to `output`; see {@link Apply}. */
interface Mapping {
    readonly input: unknown;
    readonly output: unknown;
}
/** What the mapping `M` gives for `X`. */
type Apply<M extends Mapping, X> = (M & {
    readonly input: X;
})['output'];
/** The mapping that leaves its input's type alone. */
interface Same extends Mapping {
    readonly output: this['input'];
}
/** What the types of a layer say about it. */
interface Signature<In extends Value, M extends Mapping, First> {
    /** The values it takes. */
    readonly accepts: In;
    /** What it gives for each. */
    readonly mapping: M;
    /** The input of a model that begins with it; `never` if it cannot begin one. */
    readonly first: First;
}
declare const signature: unique symbol;
/** Carries a {@link Signature} in the types alone; nothing exists at run time. */
interface Signed<S> {
    readonly [signature]: S;
}
/** A layer: a plain function on typed values. Called twice, it shares its parameters. */
interface Layer<In extends Value, M extends Mapping, First = never> extends Signed<Signature<In, M, First>> {
    <X extends In>(x: X): Apply<M, X>;
}

/** Options of {@link scan}. */
interface ScanOptions {
    /** Runs from each row's last valid step to its first; outputs keep the original order. */
    readonly reverse?: boolean;
    /** Names the layer and its parameters; `scan` by default. */
    readonly name?: string;
}
/** What a recurrent layer gives: the output at every step, and the state after the last. */
interface Recurrence<F extends number, S> {
    readonly output: Sequence<F>;
    readonly state: S;
}
/** Options of a recurrent layer's call. */
interface Start<S> {
    /** Where the states start; those left out start at zero, or at a run's `state`. */
    readonly initial?: Partial<S>;
}
/** A sequence becomes a {@link Recurrence}. */
interface ScanMapping<F extends number, S> extends Mapping {
    readonly output: Recurrence<F, S>;
}
/** The layer that {@link scan} makes. */
interface Scan<F extends number, S> extends Signed<Signature<Sequence, ScanMapping<F, S>, never>> {
    (x: Sequence, options?: Start<S>): Recurrence<F, S>;
}
/**
 * Unrolls a cell along a sequence: `state, output[t] = step(state, x[t])` over each row's valid
 * steps, parameters shared by all of them. A call gives `{ output, state }`; in `sequential` the
 * output goes on. The parameters of layers inside the cell are named under the scan's name:
 * `scan.linear.weight`.
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` when the step leaves out a state,
 * `ERR_UNROLLED_SHAPE` when a state has another size.
 */
declare function scan<const S extends Readonly<Record<string, number>>, R extends Step<S>>(cell: Cell<S, R>, options?: ScanOptions): Scan<OutputSize<S, R>, States<S>>;

/** The results of a graph, by name. */
type Outputs = Readonly<Record<string, Numeric>>;

/** A flat array with its shape, row-major, padded to one length where rows have steps. */
interface Packed<A extends Float32Array | Int32Array> {
    readonly values: A;
    /** `[rows, time, size]`, `[rows, size]`, `[rows, time]` or `[rows]`, as the kind demands. */
    readonly shape: readonly number[];
    /** The valid steps of each row; all of them by default. Padding is never read. */
    readonly lengths?: ArrayLike<number>;
}
/** Numbers of one step, or of a row without steps. */
type Numbers = readonly number[] | Float32Array;
/**
 * Rows of a sequence: nested arrays `[row][step][number]`, rows of any length; flat rows as
 * `Float32Array`; for one number a step also `[row][step]`; or {@link Packed}.
 */
type SequenceData = readonly (readonly Numbers[] | readonly number[] | Float32Array)[] | Packed<Float32Array>;
/** Rows of a vector: nested arrays `[row][number]`, rows as `Float32Array`, or {@link Packed}. */
type VectorData = readonly Numbers[] | Packed<Float32Array>;
/** Rows of ids: nested arrays `[row][step]` of any length, rows as `Int32Array`, or {@link Packed}. */
type TokensData = readonly (readonly number[] | Int32Array)[] | Packed<Int32Array>;
/** One id a row: an array, an `Int32Array`, or {@link Packed}. */
type TokenData = readonly number[] | Int32Array | Packed<Int32Array>;
/** The data that a value of the kind `X` takes. */
type DataOf<X extends Value> = X extends Sequence ? SequenceData : X extends Vector ? VectorData : X extends Tokens ? TokensData : X extends Token ? TokenData : never;
/** The data of every value of a record by name; of a record with one value also as it is. */
type Feed<R extends Readonly<Record<string, Value>>> = {
    readonly [K in keyof R]: DataOf<R[K]>;
} | (IsOne<keyof R> extends true ? DataOf<R[keyof R]> : never);
/** Targets for an output of the kind `X`: numbers of its shape, or an id for each class to hit. */
type TargetOf<X extends Value> = X extends Sequence ? SequenceData | TokensData : X extends Vector ? VectorData | TokenData : never;
/** The targets of every output by name; of a single output also as they are. */
type Targets<R extends Readonly<Record<string, Value>>> = {
    readonly [K in keyof R]?: TargetOf<R[K]>;
} | (IsOne<keyof R> extends true ? TargetOf<R[keyof R]> : never);
/** Inputs with their targets: a whole data set in memory, or one batch. */
interface Examples<I extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>, O extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>> {
    readonly x: Feed<I>;
    readonly y: Targets<O>;
}
/** Batches one after the other. */
type Batches<B> = Iterable<B> | AsyncIterable<B>;
/**
 * What a model learns from or is measured on: examples in memory, which are shuffled and cut into
 * batches; or batches ready made, as an iterable or async iterable, or as a function that returns a
 * fresh one for every epoch.
 */
type Data<I extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>, O extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>> = Examples<I, O> | Batches<Examples<I, O>> | (() => Batches<Examples<I, O>>);
type IsOne<K, All = K> = [K] extends [never] ? false : K extends unknown ? string extends K ? true : [All] extends [K] ? true : false : never;

/** Nested arrays of a result: `[row][number]`, or `[row][step][number]` without the padding. */
type Nested<X extends Numeric> = X extends Sequence ? number[][][] : X extends Vector ? number[][] : never;
/** The values of an output or state, row-major. */
declare class Result<X extends Numeric = Numeric> {
    #private;
    /** All rows one after the other; steps beyond a row's length are zeros. */
    readonly values: Float32Array;
    /** `[rows, time, size]` of a sequence, `[rows, size]` of a vector. */
    readonly shape: readonly number[];
    /** The valid steps of each row, where rows differ. */
    readonly lengths: Int32Array | undefined;
    /** As nested arrays, each row cut to its length. */
    toNested(): Nested<X>;
}

/** The stable codes of every error that this library raises. */
type ErrorCode = 'ERR_UNROLLED_SHAPE' | 'ERR_UNROLLED_KIND' | 'ERR_UNROLLED_VALUE' | 'ERR_UNROLLED_GRAPH' | 'ERR_UNROLLED_FORMAT' | 'ERR_UNROLLED_STATE' | 'ERR_UNROLLED_ARGUMENT' | 'ERR_UNROLLED_NON_FINITE' | 'ERR_UNROLLED_SIZE' | 'ERR_UNROLLED_CANCELLED' | 'ERR_UNROLLED_INTERNAL';
/**
 * The one error class of the library.
 *
 * `code` is stable and meant for programs; `message` names the argument or the node, what was
 * expected and what came, and is meant for people.
 */
declare class UnrolledError extends Error {
    readonly name = "UnrolledError";
    /** What kind of thing was wrong. */
    readonly code: ErrorCode;
    constructor(code: ErrorCode, message: string, options?: ErrorOptions);
}

/**
 * What the operands of matrix products are rounded to.
 *
 * - `'f32'`: nothing. The same bits on every instruction set.
 * - `'bf16'`: the nearest number of 8 significant bits, for up to 1.8 times the speed of training in
 *   large layers (AVX-512-BF16, measured in `bench/README.md`) and half the room of the weights'
 *   packed copies where the CPU multiplies such numbers itself (AMX on Linux, AVX-512-BF16), for no
 *   gain elsewhere. Rounded are weights, activations and their gradients where a
 *   matrix product reads them. The weights that are trained and saved, sums, states, biases, activation
 *   functions, losses and the optimizer stay `'f32'`. A number beyond
 *   about 3.39e38 becomes an infinity. The same bits for any number of threads and any batch, not from one
 *   instruction set to another.
 */
type Precision = 'f32' | 'bf16';

/** A measure of how far an output is from its target, made by {@link crossEntropy} and others. */
interface Loss {
    /** The measure and its settings, as the core takes them. */
    readonly measure: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    /** The mean over the valid targets, or their sum. */
    readonly reduction: 'mean' | 'sum';
    /** What it counts for beside the losses of other outputs. */
    readonly weight: number;
}
/** The names of the losses, each with its default settings. */
type LossName = 'crossEntropy' | 'binaryCrossEntropy' | 'meanSquared' | 'meanAbsolute' | 'huber';
/** A loss, or its name. */
type LossLike = Loss | LossName;
/** The loss of the only output, or of outputs by name. */
type Losses = LossLike | Readonly<Record<string, LossLike>>;
/** Options that every loss has. */
interface LossOptions {
    /** `'mean'` over the valid targets (default), or `'sum'`. */
    readonly reduction?: 'mean' | 'sum';
    /** What it counts for beside the losses of other outputs; 1 by default. */
    readonly weight?: number;
}
/** Options of {@link crossEntropy}. */
interface CrossEntropyOptions extends LossOptions {
    /** The part of each target that is spread over all classes; 0 by default. */
    readonly labelSmoothing?: number;
    /** What each class counts for; 1 each by default. */
    readonly classWeights?: readonly number[];
    /** A target id that does not count, which may be negative or no class; none by default. */
    readonly ignore?: number;
}
/**
 * `-ln softmax(output)[target]` from logits; targets are ids, one a step or one a row.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function crossEntropy(options?: CrossEntropyOptions): Loss;
/** `-t ln σ(output) - (1 - t) ln(1 - σ(output))` from logits; targets `t` of the output's shape. */
declare function binaryCrossEntropy(options?: LossOptions): Loss;
/** `(output - target)²`; targets of the output's shape. */
declare function meanSquared(options?: LossOptions): Loss;
/** `|output - target|`; targets of the output's shape. */
declare function meanAbsolute(options?: LossOptions): Loss;
/**
 * `d² / 2` where `d = |output - target|` is at most `delta` (1 by default), else
 * `delta (d - delta / 2)`; targets of the output's shape.
 */
declare function huber(options?: LossOptions & {
    readonly delta?: number;
}): Loss;

/** What a {@link Metric} sees: a batch's outputs and targets by name. */
interface MetricBatch {
    readonly outputs: Readonly<Record<string, Result>>;
    readonly targets: Readonly<Record<string, MetricTargets>>;
}
/** The targets of one output, padded to one length. */
interface MetricTargets {
    readonly values: Float32Array | Int32Array;
    readonly shape: readonly number[];
    /** The valid steps of each row, where rows differ. */
    readonly lengths: Int32Array | undefined;
}
/** A measure of your own, taken over whole batches and weighted by their valid targets. */
interface Metric {
    /** The key that it has in the results; not a name the library uses itself. */
    readonly name: string;
    compute(batch: MetricBatch): number | Promise<number>;
}
/**
 * `'accuracy'`: the part of the valid targets that are hit, of outputs with cross-entropy: by the
 * largest output, or of binary cross-entropy by the likelier side.
 * `'perplexity'`: `exp(loss)`.
 */
type MetricLike = 'accuracy' | 'perplexity' | Metric;

/** What a model scores: `loss`, and each metric that was asked for under its name. */
interface Scores {
    /** The losses over all valid targets, reduced and weighted as they say; NaN without any. */
    readonly loss: number;
    /** The part of the valid targets hit, of outputs with cross-entropy (binary too); NaN without any. */
    readonly accuracy?: number;
    /** `exp(loss)`. */
    readonly perplexity?: number;
    /** Metrics of your own, by name. */
    readonly [metric: string]: number | undefined;
}

/** Bytes that a training run holds from step to step, for the largest batch so far. */
interface TrainMemory {
    /** What a step keeps on its way forward and back: values, their gradients, lists of places. */
    readonly tape: number;
    /** The gradients of the parameters. */
    readonly gradients: number;
    /** What the optimizer remembers of them. */
    readonly optimizer: number;
    /** The parameters, and their copies in the order of the products. */
    readonly weights: number;
}
/** One step of the optimizer. */
interface StepEvent {
    readonly type: 'step';
    /** The epoch, counted from 1. */
    readonly epoch: number;
    /** The step within the epoch, counted from 1. */
    readonly step: number;
    /** Steps that the epoch has, where that is known beforehand. */
    readonly steps: number | undefined;
    /** The loss of the batch, before the update; NaN of a skipped step. */
    readonly loss: number;
    /** The learning rate of the update. */
    readonly rate: number;
    /** The gradient's norm before clipping; NaN of a skipped step. */
    readonly norm: number;
    /** Whether the update was left out because it was not finite. */
    readonly skipped: boolean;
    /** What the run holds, in bytes. */
    readonly memory: TrainMemory;
}
/** What an epoch came to. */
interface EpochRecord {
    /** Counted from 1. */
    readonly epoch: number;
    /**
     * The losses over the targets of all steps that counted, each measured before its update; NaN if
     * none did.
     */
    readonly loss: number;
    /** The validation's loss after the epoch. */
    readonly validationLoss?: number;
    /** How long the epoch took, validation included. */
    readonly seconds: number;
    /** Each metric under its name, the validation's as `validationAccuracy` and so on. */
    readonly [metric: string]: number | undefined;
}
/** Why a run ended before its last epoch. */
type StopReason = 'earlyStopping';
/** The end of an epoch. */
interface EpochEvent {
    readonly type: 'epoch';
    readonly record: EpochRecord;
    /** Set on the last event of a run that ends early. */
    readonly stopped: StopReason | undefined;
    /** What the run holds, in bytes; nothing before its first step. */
    readonly memory: TrainMemory | undefined;
}
/** What `train` yields. */
type TrainEvent = StepEvent | EpochEvent;
/** What `fit` resolves to. */
interface History {
    /** One record an epoch. */
    readonly epochs: readonly EpochRecord[];
    /** Why the run ended before its last epoch, if it did. */
    readonly stopped?: StopReason;
    /** What the run held in the end, in bytes; absent if it had no step. */
    readonly memory?: TrainMemory;
}

/** When to stop before the last epoch, and which weights to keep. */
interface EarlyStoppingOptions {
    /** The key of the epoch's record to watch; `'validationLoss'`, or `'loss'` without validation. */
    readonly monitor?: string;
    /** Epochs in a row without a better value after which the run stops; 1 by default. */
    readonly patience?: number;
    /** A value is better when it beats the best by more than this; 0 by default. */
    readonly minDelta?: number;
    /** Which way is better; `'max'` for accuracies, else `'min'`, by default. */
    readonly mode?: 'min' | 'max';
    /** Ends with the weights of the best epoch; `true` by default. */
    readonly restoreBest?: boolean;
}

/** An update rule with its settings, made by {@link sgd}, {@link adam} and the others. */
interface Optimizer {
    /** The learning rate, before the schedule's factor. */
    readonly rate: number;
    /** The rule and its settings, as the core takes them. */
    readonly rule: Readonly<Record<string, Readonly<Record<string, number | boolean>>>>;
}
/** The names of the update rules, each with its default settings. */
type OptimizerName = 'sgd' | 'rmsprop' | 'adagrad' | 'adam' | 'adamw';
/** Options of {@link sgd}. */
interface SgdOptions {
    /** Learning rate; 0.01 by default. */
    readonly rate?: number;
    /** The part of the last step that is kept; 0 by default. */
    readonly momentum?: number;
    /** How much less the gradient counts beside momentum; 0 by default. */
    readonly dampening?: number;
    /** Nesterov's momentum; `false` by default. */
    readonly nesterov?: boolean;
    /** L2 penalty added to the gradient; 0 by default. */
    readonly weightDecay?: number;
}
/**
 * Stochastic gradient descent: `v = momentum v + (1 - dampening) g`, `p -= rate v`; PyTorch's `SGD`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function sgd(options?: SgdOptions): Optimizer;
/** Options of {@link rmsprop}. */
interface RmspropOptions {
    /** Learning rate; 0.001 by default. */
    readonly rate?: number;
    /** How much of the running mean of squares is kept; 0.99 by default. */
    readonly alpha?: number;
    /** Added to the root; 1e-8 by default. */
    readonly epsilon?: number;
    /** The part of the last step that is kept; 0 by default. */
    readonly momentum?: number;
    /** L2 penalty added to the gradient; 0 by default. */
    readonly weightDecay?: number;
}
/**
 * `s = alpha s + (1 - alpha) g²`, `p -= rate g / (√s + epsilon)`; PyTorch's `RMSprop`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function rmsprop(options?: RmspropOptions): Optimizer;
/** Options of {@link adagrad}. */
interface AdagradOptions {
    /** Learning rate; 0.01 by default. */
    readonly rate?: number;
    /** Added to the root; 1e-10 by default. */
    readonly epsilon?: number;
    /** L2 penalty added to the gradient; 0 by default. */
    readonly weightDecay?: number;
}
/**
 * `s += g²`, `p -= rate g / (√s + epsilon)`; PyTorch's `Adagrad`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function adagrad(options?: AdagradOptions): Optimizer;
/** Options of {@link adam} and {@link adamw}. */
interface AdamOptions {
    /** Learning rate; 0.001 by default. */
    readonly rate?: number;
    /** How much of the running mean is kept; 0.9 by default. */
    readonly beta1?: number;
    /** How much of the running mean of squares is kept; 0.999 by default. */
    readonly beta2?: number;
    /** Added to the root; 1e-8 by default. */
    readonly epsilon?: number;
    /** `adam`: L2 penalty added to the gradient, 0 by default; `adamw`: decoupled decay, 0.01. */
    readonly weightDecay?: number;
}
/**
 * `m = β₁ m + (1 - β₁) g`, `v = β₂ v + (1 - β₂) g²`, `p -= rate m̂ / (√v̂ + epsilon)` with both means
 * corrected for their start; PyTorch's `Adam`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function adam(options?: AdamOptions): Optimizer;
/**
 * {@link adam} with the weights' decay apart from the gradient: `p -= rate weightDecay p`;
 * PyTorch's `AdamW`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function adamw(options?: AdamOptions): Optimizer;

/** How the learning rate changes from one optimizer step to the next: a factor on the rate. */
type Schedule = Readonly<Record<string, Readonly<Record<string, number>>>>;
/** `factor = gamma ^ ⌊step / size⌋`; PyTorch's `StepLR`, counted in optimizer steps. */
declare function stepRate(options: {
    readonly size: number;
    readonly gamma: number;
}): Schedule;
/** `factor = gamma ^ step`; PyTorch's `ExponentialLR`, counted in optimizer steps. */
declare function exponentialRate(options: {
    readonly gamma: number;
}): Schedule;
/** From 1 down to `minimum` (0 by default) along half a cosine of `steps` optimizer steps. */
declare function cosineRate(options: {
    readonly steps: number;
    readonly minimum?: number;
}): Schedule;
/**
 * Up to 1 along `warmup` optimizer steps (0 by default), then down to `minimum` (0 by default) at
 * step `steps`, both in a straight line.
 */
declare function linearRate(options: {
    readonly steps: number;
    readonly warmup?: number;
    readonly minimum?: number;
}): Schedule;

type Values$1 = Readonly<Record<string, Value>>;
/** Options of `evaluate`. */
interface EvaluateOptions {
    /** The loss of the only output, or of outputs by name. */
    readonly loss: Losses;
    /** What else to measure; nothing by default. */
    readonly metrics?: readonly MetricLike[];
    /** Rows a batch, for examples in memory; 32 by default. It changes the speed alone. */
    readonly batchSize?: number;
}
/** Options of `fit` and `train`. */
interface TrainOptions<I extends Values$1 = Values$1, O extends Values$1 = Values$1> extends EvaluateOptions {
    /** The update rule; `'adam'` by default. */
    readonly optimizer?: Optimizer | OptimizerName;
    /** Passes over the data; 1 by default. */
    readonly epochs?: number;
    /** A new order of the rows in every epoch, for examples in memory; `true` unless `carry`. */
    readonly shuffle?: boolean;
    /** Measured after every epoch. */
    readonly validation?: Data<I, O>;
    /** Limits the gradient: its norm, or each of its numbers. */
    readonly clip?: {
        readonly norm: number;
    } | {
        readonly value: number;
    };
    /** How the learning rate changes; not at all by default. */
    readonly schedule?: Schedule;
    /** Stops the run: it rejects with the signal's reason, weights those of the last whole step. */
    readonly signal?: AbortSignal;
    /** A live line on stderr, if that is a terminal; `false` by default. */
    readonly progress?: boolean;
    /** Stops when a measure no longer improves. */
    readonly earlyStopping?: EarlyStoppingOptions;
    /**
     * Truncated BPTT: every `k1` steps of time, their losses' gradients go back through the last `k2`
     * steps. The gradients of a whole batch still make one update; for an update every `k1` steps
     * give batches of `k1` steps and `carry: true`.
     */
    readonly truncate?: {
        readonly k1: number;
        readonly k2: number;
    };
    /**
     * Each batch begins with the states that the one before ended with, and so has as many rows;
     * `false` by default.
     */
    readonly carry?: boolean;
    /**
     * How much of a step is kept for going back; everything by default. With less, time runs in windows
     * of a multiple of 16 steps: only the states between them are kept, and each window but the last is
     * computed once more, to the same bits. It pays for long sequences: every 16 rows hold a sum of
     * the gradient of their own. `'sqrt'` takes as many windows as need the least memory, or keeps
     * everything if that needs less; a number is the most bytes that the tape (`memory.tape` of the
     * events) may take, with as few windows as fit, none where everything does, and
     * `ERR_UNROLLED_SIZE` says what a batch needs that does not; threads take a little each. What looks
     * at a whole sequence (a pool, a shift, the other direction of a bidirectional layer) keeps its
     * inputs whole.
     */
    readonly memory?: 'sqrt' | number;
    /** A loss or gradient that is not finite: an error (default), or a step left out. */
    readonly onNonFinite?: 'error' | 'skip';
    /** Of the shuffling and of dropout; 0 by default. */
    readonly seed?: number;
}

/** A parameter's numbers, row-major. */
interface Parameter {
    readonly values: Float32Array;
    readonly shape: readonly number[];
}
/** Parameters under PyTorch's names: `lstm.weight_ih_l0`. */
type Parameters = Readonly<Record<string, Parameter>>;
/** Parameters to set: flat, or as `parameters()` gives them. */
type ParameterData = Readonly<Record<string, {
    readonly values: Float32Array;
} | Float32Array>>;

/** A model's states by name (`lstm.l0:h`), one row for each row of the batch. */
type State = Readonly<Record<string, Result<Vector>>>;
/** States as a model takes them: what a call returned, or data; those left out are zeros. */
type StateData = Readonly<Record<string, VectorData | Result<Vector>>>;

/** One step of an input: its numbers (or its number, if it has one), or an id. */
type StepOf<X extends Value> = X extends Sequence | Vector ? readonly number[] | Float32Array | number : X extends Tokens | Token ? number : never;
/** One step of every input by name; of a single input also as it is. */
type StepFeed<I extends Readonly<Record<string, Value>>> = {
    readonly [K in keyof I]: StepOf<I[K]>;
} | StepOf<I[keyof I]>;
/** The numbers of every output at one step. */
type StepOutputs<O extends Readonly<Record<string, Value>>> = {
    readonly [K in keyof O]: Float32Array;
};
/**
 * A model step by step, one row, in microseconds and on the calling thread. It keeps its own state,
 * which can be read, set and copied; the model's weights are shared.
 */
declare class Stream<I extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>, O extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>> {
    #private;
    /**
     * Takes one step and gives the outputs at it by name.
     *
     * @throws UnrolledError `ERR_UNROLLED_SHAPE`, `ERR_UNROLLED_VALUE` for a bad step,
     * `ERR_UNROLLED_NON_FINITE` for a NaN or infinity in it or in the state that it would leave, and
     * `ERR_UNROLLED_STATE` after `dispose`. The state is then as before.
     */
    push(x: StepFeed<I>): StepOutputs<O>;
    /** The state after the last step, as values: it can be kept and set again. */
    get state(): State;
    set state(state: StateData);
    /** Back to the state before the first step. */
    reset(): void;
    /** A second stream that goes on from the same state. */
    fork(): Stream<I, O>;
    /** Frees the stream; it cannot be used afterwards. Doing it again does nothing. */
    dispose(): void;
    [Symbol.dispose](): void;
}

type Values = Readonly<Record<string, Value>>;
/** What `predict` gives: every output under its name, and the state after the last step. */
type Prediction<O extends Outputs> = {
    readonly [K in keyof O]: Result<O[K]>;
} & {
    readonly state: State;
};
/**
 * A network that can learn, made by `sequential`, `graph` or `load`.
 *
 * Training and prediction run off the main thread, but for predictions of about half a millisecond. A
 * model that is no longer needed can be given back at once with `dispose`; otherwise the garbage
 * collector does it.
 */
declare class Model<I extends Values = Values, O extends Outputs = Outputs> {
    #private;
    /** The model as plain data. */
    readonly graph: GraphJson;
    /** How many numbers the model learns. */
    get parameterCount(): number;
    /**
     * Trains on `data` and resolves to what each epoch came to. Batches are prepared while others
     * run; the optimizer starts anew at each call.
     *
     * Rejects with an `UnrolledError` for bad options or data, `ERR_UNROLLED_NON_FINITE` for a loss
     * that is not finite, `ERR_UNROLLED_STATE` while another run of this model is under way; with the
     * signal's reason when it is aborted; with the error of an iterator that throws. The model stays
     * usable, with the weights of the last whole step.
     */
    fit(data: Data<I, O>, options: TrainOptions<I, O>): Promise<History>;
    /**
     * As `fit`, one event a step and an epoch; what `fit` rejects with, the next event throws. `break`
     * stops the run: a step already sent is finished and the iterator of the data is closed.
     */
    train(data: Data<I, O>, options: TrainOptions<I, O>): AsyncGenerator<TrainEvent, void, void>;
    /**
     * The loss and metrics over all of `data`, however it is cut into batches; dropout is off.
     *
     * Rejects with an `UnrolledError` for bad options or data.
     */
    evaluate(data: Data<I, O>, options: EvaluateOptions): Promise<Scores>;
    /**
     * The outputs for `x`, and the state after each row's last step. `state` continues an earlier
     * call: a sequence in two pieces gives the same bits as whole if the states are all that goes on: a
     * `shift`, a pool over time or an `initial` state of the graph begins anew with each call. A model
     * that reads backwards in time refuses a state.
     *
     * Rejects with an `UnrolledError` for bad data. Where weights and data are so large that numbers
     * overflow, outputs and states hold infinities or NaN; such a state is refused when it is given.
     */
    predict(x: Feed<I>, options?: {
        readonly state?: StateData;
    }): Promise<Prediction<O>>;
    /** The model step by step, with a state of its own. */
    stream(): Stream<I, O>;
    /** A copy of every parameter under its name. */
    parameters(): Parameters;
    /**
     * Sets the parameters that are given and leaves the others.
     *
     * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name, `ERR_UNROLLED_SHAPE` for
     * another number of values, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity among them,
     * `ERR_UNROLLED_STATE` during training.
     */
    setParameters(parameters: ParameterData): void;
    /** A table of the nodes: name, kind, what each gives, and how many parameters it has. */
    summary(): string;
    /** Writes the model to a safetensors file: parameters, and the graph in the metadata. */
    save(path: string): Promise<void>;
    /** The bytes that `save` writes. */
    toBytes(): Uint8Array;
    /** Frees the model; it cannot be used afterwards. Doing it again does nothing. */
    dispose(): void;
    [Symbol.dispose](): void;
}

/** What a layer in the wrong place shows as. */
interface WrongLayer<Reason extends string, Received> {
    readonly 'unrolled: this layer does not fit here': Reason;
    readonly received: Received;
}
/** What goes on from a layer's result: the output of a recurrent one. */
type Onward<R> = R extends {
    readonly output: infer O;
} ? O : R;
/** What the layer `L` passes on for `X`; an error where it does not take `X`. */
type Through<L, X> = L extends Signed<infer S> ? S extends Signature<infer In, infer M, unknown> ? X extends In ? Onward<Apply<M, X>> : WrongLayer<'it takes another kind of value', X> : never : L extends (x: infer In) => infer R ? X extends In ? Onward<R> : WrongLayer<'it takes another kind of value', X> : WrongLayer<'it is no layer', X>;
/** The input that the layer `L` fixes when it comes first. */
type FirstOf<L> = L extends Signed<{
    readonly first: infer F;
}> ? F : never;
/** What a chain of layers passes on for `X`, or the error of the first that does not fit. */
type ChainOutput<L extends readonly unknown[], X> = L extends readonly [
    infer Head,
    ...infer Rest
] ? ChainOutput<Rest, Through<Head, X>> : X;
/** The layers with those that do not fit turned into errors. */
type CheckChain<L extends readonly unknown[], X> = L extends readonly [
    infer Head,
    ...infer Rest
] ? Through<Head, X> extends infer Y ? Y extends Value ? readonly [Head, ...CheckChain<Rest, Y>] : readonly [Y, ...Rest] : never : readonly [];
/** The layers of `sequential`, each that does not fit made an error. */
type CheckSequential<L extends readonly unknown[]> = {
    readonly [K in keyof L]: At<CheckFirst<L>, K>;
};
type CheckFirst<L extends readonly unknown[]> = L extends readonly [infer Head, ...infer Rest] ? [FirstOf<Head>] extends [never] ? readonly [WrongLayer<'the first layer needs inputSize or vocabularySize', Head>, ...Rest] : CheckChain<L, FirstOf<Head>> : L;
type At<T, K> = K extends keyof T ? T[K] : unknown;
/** What a model of these layers gives. */
type SequentialOutput<L extends readonly unknown[]> = L extends readonly [
    infer Head,
    ...unknown[]
] ? Extract<ChainOutput<L, FirstOf<Head>>, Numeric> : never;
/** The inputs of a model of these layers. */
type SequentialInputs<L extends readonly unknown[]> = L extends readonly [
    infer Head,
    ...unknown[]
] ? FirstOf<Head> extends infer F extends Value ? F extends {
    readonly kind: 'tokens';
} ? {
    readonly tokens: F;
} : {
    readonly input: F;
} : never : never;

/** Options of {@link sequential} and {@link graph}. */
interface ModelOptions {
    /** Decides the first weights; 0 by default. */
    readonly seed?: number;
    /** What the operands of matrix products are rounded to; `'f32'`, nothing, by default. */
    readonly precision?: Precision;
}
/**
 * A model of layers, each on the result of the one before (of recurrent ones, their `output`).
 *
 * The first layer fixes the input: `embedding` with `vocabularySize` takes tokens, the others with
 * `inputSize` take sequences. The last result is the output `output`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a first layer without its size, and what the
 * layers throw for values that do not fit.
 */
declare function sequential<const L extends readonly [unknown, ...unknown[]] & CheckSequential<L>>(layers: L, options?: ModelOptions): Model<SequentialInputs<L>, {
    readonly output: SequentialOutput<L>;
}>;

/** Declares the inputs of a graph. */
interface Inputs {
    /** One vector of `size` numbers a row. */
    vector<const F extends number>(name: string, options: {
        readonly size: F;
    }): Vector<F>;
    /** `size` numbers a step; inputs of one `axis` (`time` by default) have the same lengths. */
    sequence<const F extends number>(name: string, options: {
        readonly size: F;
        readonly axis?: string;
    }): Sequence<F>;
    /** An id a step; inputs of one `axis` (`time` by default) have the same lengths. */
    tokens<const V extends number>(name: string, options: {
        readonly vocabularySize: V;
        readonly axis?: string;
    }): Tokens<V>;
    /** One id a row. */
    token<const V extends number>(name: string, options: {
        readonly vocabularySize: V;
    }): Token<V>;
}
/** What a declaration is given. */
interface GraphContext {
    readonly input: Inputs;
}
/**
 * A model of any shape: `declare` makes inputs, puts layers on them and returns the outputs by name.
 *
 * ```ts
 * const tagger = graph(({ input }) => {
 *   const words = input.tokens('words', { vocabularySize: 1000 })
 *   const { output } = lstm({ hiddenSize: 64, bidirectional: true })(embedding({ size: 32 })(words))
 *   return { tags: dense({ size: 12 })(output) }
 * })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` for a graph that contradicts itself, and what the
 * layers throw for values that do not fit.
 */
declare function graph<O extends Outputs>(declare: (context: GraphContext) => O, options?: ModelOptions): Model<Readonly<Record<string, Value>>, O>;

/** Options of {@link load} and {@link fromBytes}. */
interface LoadOptions {
    /**
     * What the operands of matrix products are rounded to; `'f32'`, nothing, by default. A file holds the
     * weights in full, and not the precision of the model that wrote it.
     */
    readonly precision?: Precision;
}
/**
 * Reads a model that `save` wrote. `load<typeof model>(path)` gives it the types of a model at hand.
 *
 * Rejects with an `UnrolledError`: `ERR_UNROLLED_FORMAT` for a file that is truncated, corrupted or
 * foreign.
 */
declare function load<M extends Pick<Model, 'graph'> = Model>(path: string, options?: LoadOptions): Promise<M>;
/**
 * As {@link load}, from the bytes that `toBytes` gave.
 *
 * @throws UnrolledError as {@link load}.
 */
declare function fromBytes<M extends Pick<Model, 'graph'> = Model>(bytes: Uint8Array, options?: LoadOptions): M;

/** A function of each number, or of each step's numbers (softmax). */
type Activation = Layer<Numeric, Same>;
/**
 * A layer that applies `name` to every number: `activation('relu')` in `sequential` is the same as
 * {@link relu} itself.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name.
 */
declare function activation(name: ActivationName): Activation;
/** `y = tanh x`. */
declare const tanh: Activation;
/** `y = 1 / (1 + exp(-x))`. */
declare const sigmoid: Activation;
/** `y = max(x, 0)`. */
declare const relu: Activation;
/**
 * `y = exp(x) / Σ exp(x)` over the numbers of a step. The losses take logits: a model that is
 * trained with `crossEntropy` ends without it.
 */
declare const softmax: Activation;

/** What a wrong size shows as where a value was expected. */
interface SizesDiffer<Expected extends number, Received extends number> {
    readonly 'unrolled: sizes differ': readonly [expected: Expected, received: Received];
}
/** The values with each that is known to differ in size from the first made an error. */
type SameSizes<V extends readonly Numeric[]> = {
    readonly [K in keyof V]: Fits<SizeOf<V[0]>, SizeOf<V[K]>> extends true ? V[K] : SizesDiffer<SizeOf<V[0]>, SizeOf<V[K]>>;
};
/** A sequence if any value is one, else a vector, of size `S`. */
type Joined<V extends readonly Numeric[], S extends number> = Extract<V[number], Sequence> extends never ? Vector<S> : Sequence<S>;
type Fits<A, B> = number extends A ? true : number extends B ? true : A extends B ? true : false;
/**
 * The sum, number by number: `y = a + b + …`. All of one size; a vector beside a sequence is added
 * at every step.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function add<const V extends readonly [Numeric, Numeric, ...Numeric[]]>(...values: V & SameSizes<V>): Joined<V, SizeOf<V[0]>>;
/**
 * The product, number by number: `y = a b …`. All of one size; a vector beside a sequence counts
 * at every step.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function multiply<const V extends readonly [Numeric, Numeric, ...Numeric[]]>(...values: V & SameSizes<V>): Joined<V, SizeOf<V[0]>>;
/**
 * The values' numbers one after the other: `y = [a, b, …]`. The sizes add up; a vector beside a
 * sequence is repeated at every step.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for tokens.
 */
declare function concat<const V extends readonly [Numeric, ...Numeric[]]>(...values: V): Joined<V, number>;

/** Options of {@link affine}. */
interface AffineOptions {
    /** Multiplies every number; 1 by default. */
    readonly scale?: number;
    /** Is added to every number; 0 by default. */
    readonly shift?: number;
}
/**
 * `y = scale x + shift`, with two fixed numbers; nothing is learned.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a number that is not finite.
 */
declare function affine<X extends Numeric>(x: X, options: AffineOptions): X;
/**
 * Between two values: `y = (1 - alpha) a + alpha b`, with a fixed `alpha` or one that is a value
 * itself, such as a gate. Leaky units are `mix(h, tanh(…), 0.1)`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes.
 */
declare function mix<A extends Numeric, B extends Numeric>(a: A, b: B & SameSizes<readonly [A, B]>[1], alpha: number | Numeric): Joined<readonly [A, B], SizeOf<A>>;

/**
 * How weights start. `'glorot'` (default): Glorot uniform for inputs, orthogonal per gate for
 * recurrence, zero biases. `'pytorch'`: everything uniform in ±1/√n, as `torch.nn` does.
 */
type Initialiser = 'glorot' | 'pytorch';

/** Options of {@link linear}. */
interface LinearOptions {
    /** Whether to add a learned bias; `true` by default. */
    readonly bias?: boolean;
    /** How the weights start; `'glorot'` by default. */
    readonly initialiser?: Initialiser;
    /** Names the layer and its parameters; `linear` by default. */
    readonly name?: string;
}
/** Options of {@link dense}. */
interface DenseOptions<S extends number, I extends number | undefined> {
    /** Numbers it gives. */
    readonly size: S;
    /** Numbers a step of the input has; needed only when the layer begins a model. */
    readonly inputSize?: I;
    /** Whether to add a learned bias; `true` by default. */
    readonly bias?: boolean;
    /** A function applied to the result; none by default. */
    readonly activation?: ActivationName;
    /** How the weights start; `'glorot'` by default. */
    readonly initialiser?: Initialiser;
    /** Names the layer and its parameters; `dense` by default. */
    readonly name?: string;
}
/** The kind stays, the size becomes `S`. */
interface SizeMapping<S extends number> extends Mapping {
    readonly output: Resize<this['input'], S>;
}
/**
 * A learned linear map of each step: `y = activation(x Wᵀ + b)`.
 *
 * sequence `[I]` → sequence `[size]`, vector `[I]` → vector `[size]`. Parameters `weight`
 * `[size, I]` and `bias` `[size]`. First in `sequential` it takes sequences of `inputSize`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for tokens.
 */
declare function dense<S extends number, I extends number | undefined = undefined>(options: DenseOptions<S, I>): Layer<Numeric, SizeMapping<S>, I extends number ? Sequence<I> : never>;
/**
 * {@link dense} in short, for the bodies of cells: `linear(64)(x)` is `y = x Wᵀ + b`.
 *
 * @throws UnrolledError as {@link dense}.
 */
declare function linear<S extends number>(size: S, options?: LinearOptions): Layer<Numeric, SizeMapping<S>>;

/** Options of {@link dropout}. */
interface DropoutOptions {
    /** The part of the numbers that is dropped, from 0 to below 1. */
    readonly rate: number;
    /** One mask a row for all its steps, instead of one a step; `false` by default. */
    readonly fixed?: boolean;
    /** Names the layer; `dropout` by default. */
    readonly name?: string;
}
/**
 * While training, sets each number to zero with probability `rate` and divides the others by
 * `1 - rate`; otherwise does nothing.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function dropout(options: DropoutOptions): Layer<Numeric, Same>;

/** Options of {@link embedding}. */
interface EmbeddingOptions<S extends number, V extends number | undefined> {
    /** Numbers an id becomes. */
    readonly size: S;
    /** How many ids there are; needed when the layer begins a model, else taken from the tokens. */
    readonly vocabularySize?: V;
    /** An id that becomes zeros and learns nothing; none by default. */
    readonly padding?: number;
    /** `'glorot'`: uniform in ±0.05 (default); `'pytorch'`: normal with deviation 1. */
    readonly initialiser?: Initialiser;
    /** Names the layer and its parameters; `embedding` by default. */
    readonly name?: string;
}
/** Tokens become sequences, a token a vector. */
interface EmbeddingMapping<S extends number> extends Mapping {
    readonly output: this['input'] extends Tokens ? Sequence<S> : this['input'] extends Token ? Vector<S> : never;
}
/**
 * Looks up a learned vector for each id: `y = weight[id]`.
 *
 * tokens → sequence `[size]`, token → vector `[size]`. Parameter `weight` `[vocabularySize, size]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_SHAPE` for tokens of
 * another vocabulary.
 */
declare function embedding<S extends number, V extends number | undefined = undefined>(options: EmbeddingOptions<S, V>): Layer<Tokens | Token, EmbeddingMapping<S>, V extends number ? Tokens<V> : never>;

/** Options that `rnn`, `lstm` and `gru` share. */
interface RecurrentOptions<H extends number, I extends number | undefined, B extends boolean> {
    /** Numbers in the hidden state. */
    readonly hiddenSize: H;
    /** Numbers a step of the input has; needed only when the layer begins a model. */
    readonly inputSize?: I;
    /** Layers stacked, each on the output of the one below; 1 by default. */
    readonly numLayers?: number;
    /** Whether to learn biases; `true` by default (`gru`: the same as `resetAfter`). */
    readonly bias?: boolean;
    /** Dropout between the stacked layers, from 0 (default) to below 1. */
    readonly dropout?: number;
    /** Runs from each row's last valid step to its first; outputs keep the original order. */
    readonly reverse?: boolean;
    /** Runs both ways and joins the two, forward first: outputs and states have 2 `hiddenSize`. */
    readonly bidirectional?: B;
    /** How the weights start; `'glorot'` by default. */
    readonly initialiser?: Initialiser;
    /** Names the layer and its parameters; the kind by default. */
    readonly name?: string;
}
/** The size of what a layer of `H` units gives: not known to the types when it runs both ways. */
type Directed<H extends number, B extends boolean> = B extends true ? number : H;
/** What a stacked recurrent layer gives. */
interface Stacked<F extends number, S> {
    /** The top layer's hidden state at every step. */
    readonly output: Sequence<F>;
    /** The top layer's state after the last step. */
    readonly state: S;
    /** Every layer's state after the last step, from the bottom up. */
    readonly layers: readonly S[];
}
/** A sequence becomes a {@link Stacked}. */
interface StackedMapping<F extends number, S> extends Mapping {
    readonly output: Stacked<F, S>;
}
/** A layer of `rnn`, `lstm` or `gru`. */
interface RecurrentLayer<F extends number, S, I extends number | undefined> extends Signed<Signature<Sequence, StackedMapping<F, S>, I extends number ? Sequence<I> : never>> {
    /** `initial`: the state before the first step; for stacked layers one each, bottom up. */
    (x: Sequence, options?: {
        readonly initial?: Start<S>['initial'] | readonly Start<S>['initial'][];
    }): Stacked<F, S>;
}

/** Options of {@link gru}. */
interface GruOptions<H extends number, I extends number | undefined, B extends boolean> extends RecurrentOptions<H, I, B> {
    /**
     * Where the reset gate acts: on the recurrent product (`true`, the default and PyTorch's, Keras's
     * and cuDNN's), or on the state before it (`false`, the original equations).
     */
    readonly resetAfter?: boolean;
}
/** The state of a {@link gru} layer. */
interface GruState<H extends number> {
    readonly h: Vector<H>;
}
/**
 * The gated recurrent unit: `r, z = σ(W x + b + U h + b')`, `h' = (1 - z) n + z h`, where
 * `n = tanh(W x + b + r (U h + b'))`, or with `resetAfter: false` `n = tanh(W x + b + U (r h) + b')`.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h } }`. Parameters, PyTorch's, gates in the
 * order r, z, n: `weight_ih_l0` `[3H, I]`, `weight_hh_l0` `[3H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[3H]`, and so on for every layer and, with `_reverse`, the other direction. Biases are left out
 * by default when `resetAfter` is `false`, as in the original equations.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
declare function gru<H extends number, I extends number | undefined = undefined, B extends boolean = false>(options: GruOptions<H, I, B>): RecurrentLayer<Directed<H, B>, GruState<Directed<H, B>>, I>;

/** Options of {@link layerNorm}. */
interface LayerNormOptions {
    /** Added to the variance; 1e-5 by default. */
    readonly epsilon?: number;
    /** Names the layer and its parameters; `layerNorm` by default. */
    readonly name?: string;
}
/**
 * Normalises the numbers of each step: `y = weight (x - mean) / √(variance + epsilon) + bias`.
 *
 * Keeps kind and size. Parameters `weight` (ones) and `bias` (zeros), both `[F]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function layerNorm(options?: LayerNormOptions): Layer<Numeric, Same>;

/** Options of {@link lstm}. */
interface LstmOptions<H extends number, I extends number | undefined, B extends boolean> extends RecurrentOptions<H, I, B> {
    /** What the forget gate's `bias_ih` starts at, unless the initialiser is PyTorch's; 1. */
    readonly forgetBias?: number;
}
/** The state of an {@link lstm} layer. */
interface LstmState<H extends number> {
    readonly h: Vector<H>;
    readonly c: Vector<H>;
}
/**
 * Long short-term memory: with gates `i, f, g, o = W_ih x + b_ih + W_hh h + b_hh`,
 * `c' = σ(f) c + σ(i) tanh(g)` and `h' = σ(o) tanh(c')`.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h, c } }`. Parameters, PyTorch's, gates in the
 * order i, f, g, o: `weight_ih_l0` `[4H, I]`, `weight_hh_l0` `[4H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[4H]`, and so on for every layer and, with `_reverse`, the other direction.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
declare function lstm<H extends number, I extends number | undefined = undefined, B extends boolean = false>(options: LstmOptions<H, I, B>): RecurrentLayer<Directed<H, B>, LstmState<Directed<H, B>>, I>;

/** How {@link pool} makes one vector of many steps. */
type Pooling = 'last' | 'mean' | 'max';
/** A sequence becomes a vector of its size. */
interface PoolMapping extends Mapping {
    readonly output: Vector<SizeOf<this['input']>>;
}
/**
 * One vector from all valid steps of a row: sequence `[F]` → vector `[F]`. Padding has no part in
 * it; a row of length 0 gives zeros.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown way, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
declare function pool(how: Pooling): Layer<Sequence, PoolMapping>;
/** The last valid step: `pool('last')`. */
declare function last(): Layer<Sequence, PoolMapping>;
/** The mean over the valid steps: `pool('mean')`. */
declare function mean(): Layer<Sequence, PoolMapping>;
/** The largest of each number over the valid steps: `pool('max')`. */
declare function max(): Layer<Sequence, PoolMapping>;

/** Options of {@link rnn}. */
interface RnnOptions<H extends number, I extends number | undefined, B extends boolean> extends RecurrentOptions<H, I, B> {
    /** `'tanh'` by default. */
    readonly activation?: 'tanh' | 'relu';
}
/** The state of an {@link rnn} layer. */
interface RnnState<H extends number> {
    readonly h: Vector<H>;
}
/**
 * The plain recurrent layer: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h } }`. Parameters, PyTorch's:
 * `weight_ih_l0` `[H, I]`, `weight_hh_l0` `[H, H]`, `bias_ih_l0`, `bias_hh_l0` `[H]`, and so on for
 * every layer and, with `_reverse`, the other direction.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
declare function rnn<H extends number, I extends number | undefined = undefined, B extends boolean = false>(options: RnnOptions<H, I, B>): RecurrentLayer<Directed<H, B>, RnnState<Directed<H, B>>, I>;

/** Options of {@link shift}. */
interface ShiftOptions {
    /** The id that tokens begin with; needed for tokens alone. */
    readonly start?: number;
    /** Names the layer; `shift` by default. */
    readonly name?: string;
}
/** The layer that {@link shift} makes. */
interface Shift extends Layer<Tokens | Sequence, Same> {
    /** `initial`: what a sequence begins with; zeros by default. */
    <X extends Tokens | Sequence>(x: X, options?: {
        readonly initial?: X extends Sequence<infer F> ? Vector<F> : never;
    }): X;
}
/**
 * Delays by one step, for teacher forcing: `y[0] = start`, `y[t] = x[t - 1]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` when tokens have no `start`, or sequences have one.
 */
declare function shift(options?: ShiftOptions): Shift;

/** Options of {@link slice}. */
interface SliceOptions<S extends number> {
    /** The first number taken, from 0. */
    readonly start: number;
    /** How many are taken. */
    readonly size: S;
}
/**
 * Takes `size` numbers of each step from `start` on: `y = x[start .. start + size]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` when the value has fewer numbers.
 */
declare function slice<S extends number>(options: SliceOptions<S>): Layer<Numeric, SizeMapping<S>>;

/** The version of the native library. */
declare const version: string;

export { Model, Result, Stream, UnrolledError, activation, adagrad, adam, adamw, add, affine, binaryCrossEntropy, cell, concat, cosineRate, crossEntropy, dense, dropout, embedding, exponentialRate, fromBytes, graph, gru, huber, last, layerNorm, linear, linearRate, load, lstm, max, mean, meanAbsolute, meanSquared, mix, multiply, pool, relu, rmsprop, rnn, scan, sequential, sgd, shift, sigmoid, slice, softmax, stepRate, tanh, version };
export type { AdagradOptions, AdamOptions, AffineOptions, Batches, Cell, CrossEntropyOptions, Data, DenseOptions, DropoutOptions, EarlyStoppingOptions, EmbeddingOptions, EpochEvent, EpochRecord, ErrorCode, EvaluateOptions, Examples, GraphContext, GraphJson, GruOptions, GruState, History, InitJson, Initialiser, Inputs, KindJson, Layer, LayerNormOptions, LinearOptions, LoadOptions, Loss, LossLike, LossName, LossOptions, Losses, LstmOptions, LstmState, Metric, MetricBatch, MetricLike, MetricTargets, ModelOptions, Nested, NodeJson, Numeric, OpJson, Optimizer, OptimizerName, OutputSize, Outputs, Packed, Parameter, ParameterData, ParameterJson, Parameters, Pooling, Precision, Prediction, Recurrence, RecurrentLayer, RecurrentOptions, RmspropOptions, RnnOptions, RnnState, Scan, ScanOptions, Schedule, Scores, Sequence, SequenceData, SgdOptions, Shift, ShiftOptions, SliceOptions, Stacked, Start, State, StateData, States, Step, StepEvent, StepFeed, StepOutputs, StopReason, Token, TokenData, Tokens, TokensData, TrainEvent, TrainMemory, TrainOptions, Value, Vector, VectorData };
