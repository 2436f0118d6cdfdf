/// <reference lib="esnext.disposable" />
/** `size` numbers a row. */
interface Vector<F extends number = number> {
    readonly kind: 'vector';
    readonly size: F;
}
/** Any number of steps in each row, `size` numbers a step. */
interface Sequence<F extends number = number> {
    readonly kind: 'sequence';
    readonly size: F;
    /** Values of one axis have the same lengths; `time` unless declared otherwise. */
    readonly axis: string;
}
/** Any number of steps in each row, one id below `vocabularySize` a step. */
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
/**
 * The weights of an attention: for each query one for each step of the memory, which sum to 1. Can be an
 * output of a model, and enters no layer.
 */
interface Alignment<A extends string | undefined = string | undefined> {
    readonly kind: 'alignment';
    /** The axis of the queries; `undefined` for a single query a row. */
    readonly axis: A;
    /** The axis of the memory. */
    readonly memory: string;
}
/**
 * Values of the nodes of a forest: steps of a sequence or of tokens, on an axis that has parents. Layers that
 * look at one step at a time take them like any other; `fold` goes up, `root` takes the root.
 */
type Nodes<X extends Sequence | Tokens = Sequence | Tokens> = X & {
    readonly forest: true;
};
/** Anything that holds numbers. */
type Numeric<F extends number = number> = Vector<F> | Sequence<F>;
/** A value in a graph, typed by kind and size; layers map values to values. */
type Value = Vector | Sequence | Tokens | Token | Alignment;
/** Values by name. */
type Values = Readonly<Record<string, Value>>;
/**
 * Inputs or outputs that the types do not know: those of `Model`, `Data` and others without arguments,
 * which stand for all of their kind.
 */
type AnyValues = any;
/** The same kind as `X`, with `S` numbers. */
type Resize<X, S extends number> = X extends Sequence ? Sequence<S> : X extends Vector ? Vector<S> : never;
/** The value's size as a literal, or `number`. */
type SizeOf<X> = X extends {
    readonly size: infer F extends number;
} ? F : never;

/**
 * The graph as plain data: the only description of a model. The core checks and compiles the graph;
 * a saved file carries it.
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
/** The initial values of a parameter. */
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
/** The content of one row of an input. */
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
} | {
    readonly forest: {
        readonly axis: string;
    };
} | {
    readonly alignment: {
        readonly axis: string | null;
        readonly memory: string;
    };
};
/** One step of a scan, or one node of a fold. */
interface BodyJson {
    readonly nodes: readonly NodeJson[];
    readonly outputs: readonly OutputJson[];
}
/** The score of a key in an `attention` node. */
type ScoreJson = {
    readonly dot: {
        readonly scale: number;
    };
} | {
    readonly additive: {
        readonly weight: string;
        readonly coverage?: string;
    };
};
/** The functions that an `activation` node applies. */
declare const ACTIVATIONS: readonly ["tanh", "sigmoid", "relu", "softplus", "hardSigmoid", "silu", "gelu", "softmax"];
/** The function of an `activation` node. */
type ActivationJson = (typeof ACTIVATIONS)[number];
/** An axis of as many steps in every row. */
interface StepsJson {
    readonly count: number;
    readonly axis: string;
}
/** The operations of the core. */
type OpJson = {
    readonly input: KindJson;
} | {
    readonly state: {
        readonly size: number;
    };
} | {
    readonly tokenState: {
        readonly vocabulary: number;
        readonly start: number;
    };
} | {
    readonly choose: {
        readonly by: 'argmax' | 'sample';
        readonly ratio: number;
        readonly evaluation: 'free' | 'forced';
    };
} | {
    readonly repeat: {
        readonly steps: StepsJson | null;
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
} | {
    readonly fold: {
        readonly body: BodyJson;
    };
} | 'sumOfChildren' | {
    readonly child: {
        readonly index: number;
    };
} | 'root' | 'last' | 'mean' | 'max' | 'sumOverTime' | 'softmaxOverTime' | 'argmax' | 'oneHot' | 'straightThrough' | 'gumbelNoise' | 'concat' | {
    readonly slice: {
        readonly start: number;
        readonly size: number;
    };
} | 'add' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'where' | 'sum' | {
    readonly matmul: {
        readonly rows: number;
        readonly inner: number;
        readonly columns: number;
        readonly transpose: 'a' | 'b' | null;
    };
} | 'abs' | 'exp' | 'log' | 'sqrt' | {
    readonly elu: {
        readonly alpha: number;
    };
} | {
    readonly leakyRelu: {
        readonly slope: number;
    };
} | {
    readonly parameter: {
        readonly weight: string;
    };
} | {
    readonly constant: {
        readonly values: readonly number[];
    };
} | 'detach' | {
    readonly affine: {
        readonly scale: number;
        readonly shift: number;
    };
} | {
    readonly activation: ActivationJson;
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
} | {
    readonly attention: {
        readonly score: ScoreJson;
    };
} | {
    readonly gumbelTree: {
        readonly weight: string;
        readonly bias: string | null;
        readonly query: string;
        readonly temperature: number;
    };
} | 'lstmGates' | 'gruGates';

/** The type error of a value of the wrong size. */
interface SizesDiffer<Expected extends number, Received extends number> {
    readonly 'unrolled: sizes differ': readonly [expected: Expected, received: Received];
}
/** `true` unless two sizes are known to differ. */
type Fits<A, B> = number extends A ? true : number extends B ? true : A extends B ? true : false;
/** The sum of two sizes; `number` where one is not known to the types. Adds digit by digit, as on paper. */
type Sum<A extends number, B extends number> = number extends A ? number : number extends B ? number : ToNumber<AddReversed<Reverse<`${A}`>, Reverse<`${B}`>>>;
/** The sum of the sizes of some values. */
type SumOfSizes<V extends readonly unknown[]> = V extends readonly [
    infer Head,
    ...infer Rest
] ? Sum<SizeOf<Head>, SumOfSizes<Rest>> : V extends readonly [] ? 0 : number;
/** Each digit as a tuple of that length: tuples are what types can add. */
interface Ones {
    '0': [];
    '1': [0];
    '2': [0, 0];
    '3': [0, 0, 0];
    '4': [0, 0, 0, 0];
    '5': [0, 0, 0, 0, 0];
    '6': [0, 0, 0, 0, 0, 0];
    '7': [0, 0, 0, 0, 0, 0, 0];
    '8': [0, 0, 0, 0, 0, 0, 0, 0];
    '9': [0, 0, 0, 0, 0, 0, 0, 0, 0];
}
type Digit = keyof Ones;
/** The sum of two numbers, the last digit first; `Result` is the part that is done, the first digit first. */
type AddReversed<A extends string, B extends string, Carry extends 0[] = [], Result extends string = ''> = A extends `${infer X extends Digit}${infer P}` ? B extends `${infer Y extends Digit}${infer Q}` ? AddDigit<P, Q, [...Ones[X], ...Ones[Y], ...Carry], Result> : AddDigit<P, '', [...Ones[X], ...Carry], Result> : B extends `${infer Y extends Digit}${infer Q}` ? AddDigit<'', Q, [...Ones[Y], ...Carry], Result> : Carry extends [0] ? `1${Result}` : Result;
type AddDigit<A extends string, B extends string, Total extends 0[], Result extends string> = `${Total['length']}` extends `1${infer D extends Digit}` ? AddReversed<A, B, [0], `${D}${Result}`> : AddReversed<A, B, [], `${Total['length']}${Result}`>;
type Reverse<S extends string, Result extends string = ''> = S extends `${infer Head}${infer Rest}` ? Reverse<Rest, `${Head}${Result}`> : Result;
type ToNumber<S extends string> = S extends `${infer N extends number}` ? N : number;

/** A state that holds an id below `vocabularySize`. */
interface TokenStateOptions<V extends number = number> {
    /** The number of ids. */
    readonly vocabularySize: V;
    /** The id before the first step; 0 by default. */
    readonly start?: number;
}
/** The states of a cell by name: the size of a vector, or the ids of a token. */
type StateSizes = Readonly<Record<string, number | TokenStateOptions>>;
/** The value of a state. */
type StateOf<D> = D extends number ? Vector<D> : D extends TokenStateOptions<infer V> ? Token<V> : never;
/** The states of a cell: a vector or a token for each name. */
type States<S extends StateSizes> = {
    readonly [K in keyof S]: StateOf<S[K]>;
};
/** The next value of a state; one known to have another size is a type error. */
type CheckNext<D, R> = D extends number ? Fits<D, SizeOf<R>> extends true ? R : SizesDiffer<D, SizeOf<R>> : R extends Token ? R : StateOf<D>;

/** Result of one step: the next states, and `output` unless the output is the state. */
type Step<S extends StateSizes> = (string extends keyof S ? unknown : {
    readonly [K in keyof S]: Vector | Token;
}) & {
    readonly output?: Vector;
    /**
     * Values of the step to read at every step, such as gates or the weights of an attention; one that is not read
     * costs nothing.
     */
    readonly trace?: Readonly<Record<string, Vector | Token | Alignment>>;
};
/** Sequences of the values of a step: the next states, and those that the step gives as `trace`. */
type Trace<S, R> = {
    readonly [K in keyof S]: S[K] extends number ? Sequence<S[K]> : S[K] extends TokenStateOptions<infer V> ? Tokens<V> : Sequence;
} & (R extends {
    readonly trace: infer T;
} ? {
    readonly [K in keyof T]: T[K] extends Alignment ? Alignment<string> : T[K] extends Token<infer V> ? Tokens<V> : Sequence<SizeOf<T[K]>>;
} : unknown);
/** The result of a step; a next state known to have another size than its state is a type error. */
type CheckStep<S extends StateSizes, R> = {
    readonly [K in keyof S]: K extends keyof R ? CheckNext<S[K], R[K]> : StateOf<S[K]>;
};
/**
 * The input of a step: a step of the one sequence or of the tokens that the cell runs along, those of several by name, or
 * nothing where it runs for a number of steps.
 */
type StepInput = Vector | Token | Readonly<Record<string, Vector | Token>> | undefined;
/** One step of a recurrence, to be unrolled by {@link scan}. */
interface Cell<S extends StateSizes = StateSizes, R extends Step<S> = Step<S>, X extends StepInput = Vector> {
    /** The size of each state, or the ids of one that holds a token. */
    readonly sizes: S;
    /** Builds one step from the previous states and the step's input. */
    step(state: States<S>, x: X): R;
}
/** Any cell, of whatever states and input. */
interface AnyCell {
    readonly sizes: StateSizes;
    step(state: never, x: never): object;
}
/** The size of a cell's output. */
type OutputSize<S, R> = R extends {
    readonly output: Vector<infer O>;
} ? O : S extends {
    readonly h: infer H extends number;
} ? H : Extract<S[keyof S], number>;
/**
 * Makes a custom cell from the sizes of its states and a function for one step, written with the same
 * functions as any graph. The step returns the next states and, unless the output is `h` or the only
 * state, `output`; `trace` may name more values, such as gates or the
 * weights of an attention, to be read at every step.
 *
 * A state may hold a token, `cell({ h: 64, y: { vocabularySize: 30, start: 0 } }, …)`: an id that
 * {@link choose} gave at the step before, or one of the step's input.
 *
 * The step may use a vector or a token from outside the cell, which is the same at every step, and through
 * `attention` a sequence of another axis.
 *
 * ```ts
 * const leaky = cell({ h: 64 }, ({ h }, x) => ({ h: mix(h, tanh(linear(64)(concat(h, x))), 0.1) }))
 * ```
 *
 * A next state whose size the types do not know is checked when the cell is unrolled. With a type,
 * `(state, x: Vector<3>) => …`, the step's input has its size too, and `scan` takes sequences of it.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad size, `ERR_UNROLLED_GRAPH` for a bad name.
 */
declare function cell<const S extends StateSizes, R extends Step<S> = Step<S>, X extends StepInput = Vector>(sizes: S, step: (state: States<S>, x: X) => R & CheckStep<S, R>): Cell<S, R, X>;

/** The children of a node, as the step of a tree cell sees them. */
interface Children<S extends StateSizes> {
    /**
     * The sum over the children of a value that `of` makes from the states of each, and of values of the node;
     * zeros without children. Children count in the order of their numbers.
     */
    sum<F extends number>(of: (child: States<S>) => Vector<F>): Vector<F>;
    /**
     * The states of the child of this number, from 0 in the order of the nodes; zeros without one. A cell that
     * reads its children by number alone refuses nodes with more.
     */
    at(index: number): States<S>;
}

/** A function on types, from `input` to `output`; see {@link Apply}. */
interface Mapping {
    readonly input: unknown;
    readonly output: unknown;
}
/** The result of the mapping `M` for `X`. */
type Apply<M extends Mapping, X> = (M & {
    readonly input: X;
})['output'];
/** The mapping of each type to itself. */
interface Same extends Mapping {
    readonly output: this['input'];
}
/** The types of a layer. */
interface Signature<In extends Value, M extends Mapping, First> {
    /** The values that the layer takes. */
    readonly accepts: In;
    /** The result for each value. */
    readonly mapping: M;
    /** The input of a model that begins with the layer; `never` if none can. */
    readonly first: First;
}
declare const signature: unique symbol;
/** Carries a {@link Signature} in the types; nothing exists at run time. */
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
/** Result of a recurrent layer: the output at every step, and the state after the last. */
interface Recurrence<F extends number, S, T = unknown> {
    readonly output: Sequence<F>;
    readonly state: S;
    /** Every state at every step, and what the step gives as `trace`; only what is read is kept. */
    readonly trace: T;
}
/** Options of a recurrent layer's call. */
interface Start<S> {
    /** Initial states; a state left out starts at zero, or at the run's `state`. */
    readonly initial?: Partial<S>;
}
/** A sequence becomes a {@link Recurrence}. */
interface ScanMapping<F extends number, S, T> extends Mapping {
    readonly output: Recurrence<F, S, T>;
}
/** What a cell with the step input `X` runs along: the sequences and tokens of its steps, or a number of steps. */
type Along<X> = X extends Vector<infer F> ? Sequence<F> : X extends Token<infer V> ? Tokens<V> : X extends undefined ? number : {
    readonly [K in keyof X]: Along<X[K]>;
};
/** The layer that {@link scan} makes. */
interface Scan<F extends number, S, X = Sequence, T = unknown> extends Signed<Signature<X extends Sequence | Tokens ? X : never, ScanMapping<F, S, T>, never>> {
    (x: X, options?: Start<S>): Recurrence<F, S, T>;
}
/**
 * Unrolls a cell along a sequence: `state, output[t] = step(state, x[t])` over each row's valid
 * steps, parameters shared by all of them. A call gives `{ output, state, trace }`; `sequential` passes on the
 * output. Parameters of layers that the step makes have the scan's name in front, `scan.linear.weight`,
 * and are shared by all calls of the scan, also where the step applies the layer to a vector from
 * outside alone: such a layer runs once a row, before the loop.
 *
 * The step sees one step of what the scan is called with: of a sequence or of tokens, or, by name, of
 * several on one axis, `scan(cell)({ x, ids })`. Called with a number of steps, a cell runs without input,
 * `scan(cell)(10, { initial: { s } })`, on an axis of its own with as many steps in every row.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a tree cell, `ERR_UNROLLED_GRAPH` when the step leaves out a
 * state, `ERR_UNROLLED_SHAPE` when a state has another size, `ERR_UNROLLED_KIND` for sequences of several axes.
 */
declare function scan<const S extends StateSizes, R extends Step<S>, X extends StepInput = Vector>(given: Cell<S, R, X>, options?: ScanOptions): Scan<OutputSize<S, R>, States<S>, Along<X>, Trace<S, R>>;

/** The states of a tree cell by name: the size of each. */
type NodeSizes = Readonly<Record<string, number>>;
/** One node of a recursive network, to be unrolled by {@link fold}. */
interface TreeCell<S extends NodeSizes = NodeSizes, R extends Step<S> = Step<S>, X extends StepInput = Vector> {
    /** The size of each state. */
    readonly sizes: S;
    /** Builds one node from the states of its children and the node's input. */
    step(children: Children<S>, x: X): R;
}
/** Options of {@link fold}. */
interface FoldOptions {
    /** Names the layer and its parameters; `fold` by default. */
    readonly name?: string;
}
/** Result of a fold: values of every node. */
interface Folded<F extends number, T = unknown> {
    readonly output: Sequence<F>;
    /** Every state at every node, and what the step gives as `trace`; only what is read is kept. */
    readonly trace: T;
}
/** Values of nodes become a {@link Folded}. */
interface FoldMapping<F extends number, T> extends Mapping {
    readonly output: Folded<F, T>;
}
/** The layer that {@link fold} makes. */
interface Fold<F extends number, X = Sequence, T = unknown> extends Signed<Signature<X extends Sequence | Tokens ? X : never, FoldMapping<F, T>, never>> {
    (x: X): Folded<F, T>;
}
/**
 * Makes a cell of a recursive network from the sizes of its states and a function for one node. The
 * function sees the states of the node's children and the node's input, and returns the node's own states;
 * unless the output is `h` or the only state, `output` too.
 *
 * ```ts
 * // h = tanh(W x + U Σ h of the children)
 * const node = treeCell({ h: 64 }, (children, x) => ({
 *   h: tanh(add(linear(64)(x), linear(64, { bias: false })(children.sum(({ h }) => h)))),
 * }))
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad size, `ERR_UNROLLED_GRAPH` for a bad name.
 */
declare function treeCell<const S extends NodeSizes, R extends Step<S> = Step<S>, X extends StepInput = Vector>(sizes: S, step: (children: Children<S>, x: X) => R & CheckStep<S, R>): TreeCell<S, R, X>;
/**
 * Unrolls a tree cell up the forest of each row, leaves first: `state[node] = step(states of its children,
 * x[node])`, parameters shared by all nodes (Goodfellow et al., section 10.6). Nodes of one height run
 * together, over all trees of the batch. A call gives the output and the states of every node;
 * {@link root} takes that of the root.
 *
 * The step sees what the fold is called with: values of nodes, `fold(cell)(words)`, or by name several on
 * one axis, `fold(cell)({ x, ids })`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a cell of a sequence, `ERR_UNROLLED_KIND` for values of an
 * axis that is no forest, `ERR_UNROLLED_GRAPH` when the step leaves out a state, `ERR_UNROLLED_SHAPE` when a state
 * has another size.
 */
declare function fold<const S extends NodeSizes, R extends Step<S>, X extends StepInput = Vector>(given: TreeCell<S, R, X>, options?: FoldOptions): Fold<OutputSize<S, R>, Along<X>, Trace<S, R>>;

/** A sequence of one number. */
interface StepIndexMapping extends Mapping {
    readonly output: Sequence<1>;
}
/**
 * Counts the steps of a row: 0, 1, 2, … The next number is a state of the model, `stepIndex:n`, so that pieces and
 * streams go on counting. Exact up to 16,777,216 steps.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value without steps.
 */
declare const stepIndex: Layer<Sequence | Tokens, StepIndexMapping>;

/**
 * Initial weights. `'glorot'` (default): Glorot uniform for inputs, orthogonal per gate for
 * recurrence, zero biases. `'pytorch'`: everything uniform in ±1/√n, as `torch.nn` does.
 */
type Initializer = 'glorot' | 'pytorch';

/** The score of a key in {@link attention}. */
type AttentionScore = 'dot' | 'scaled' | 'general' | 'additive';
/** Options of {@link attention}. */
interface AttentionOptions {
    /** The score of a key; `'additive'` by default. */
    readonly score?: AttentionScore;
    /** Units of the additive score; as many as the query has numbers by default. */
    readonly size?: number;
    /**
     * Lets the additive score see how much each step of the memory has been looked at before; `false` by default. For the
     * step of a cell.
     */
    readonly coverage?: boolean;
    /** Initial weights; `'glorot'` by default. */
    readonly initializer?: Initializer;
    /** Names the layer and its parameters; `attention` by default. */
    readonly name?: string;
}
/** What a query reads: a sequence, or one to find steps by and another to take them from. */
type Memory<V extends number = number> = Sequence<V> | {
    readonly keys: Sequence;
    readonly values: Sequence<V>;
};
/** Result of an attention. */
interface Attended<Q extends Numeric, V extends number> {
    /** The weighted sum of the memory's steps. */
    readonly context: Resize<Q, V>;
    /** The weight of each step of the memory, an output to look at. */
    readonly weights: Alignment<Q extends Sequence ? string : undefined>;
}
/** Result of an attention with coverage. */
interface Covered<Q extends Numeric, V extends number> extends Attended<Q, V> {
    /** `Σⱼ min(wⱼ, cⱼ)`, from 0 to 1: what is looked at again. An output to keep small. */
    readonly coverageLoss: Resize<Q, 1>;
}
/** The layer that {@link attention} makes. Called twice, it shares its parameters. */
type Attention = <Q extends Numeric, V extends number>(query: Q, memory: Memory<V>) => Attended<Q, V>;
/** The layer that {@link attention} makes with `coverage`. */
type CoverageAttention = <Q extends Numeric, V extends number>(query: Q, memory: Memory<V>) => Covered<Q, V>;
/**
 * Looks up what a query asks for in a memory, a sequence of the same row: `context = Σⱼ wⱼ valueⱼ`,
 * `w = softmax(score(query, keyⱼ))` over the memory's valid steps. A memory without steps gives zeros. Keys
 * and values are one sequence unless given as `{ keys, values }`.
 *
 * The score is one of
 * - `'additive'` (Bahdanau et al., 2015): `v · tanh(W_q query + W_k key + b)`; parameters `weight_q`
 *   `[size, Q]`, `weight_k` `[size, K]`, `bias` and `weight_v` `[size]`;
 * - `'dot'` (Luong et al., 2015): `query · key`, of one size;
 * - `'scaled'` (Vaswani et al., 2017): `query · key / √size`;
 * - `'general'` (Luong et al., 2015): `query · W key`; parameter `weight` `[Q, K]`.
 *
 * Outside of a cell each step of a sequence of queries has a context of its own, and a vector has one (attention
 * pooling, with a `parameter` for a query). In a cell's step the query may depend on the state, and the memory is a
 * sequence of another axis from outside:
 *
 * ```ts
 * const look = attention({ size: 64 })
 * const decoder = cell({ h: 64 }, ({ h }, x) => gruCell(64)({ h }, concat(x, look(h, memory).context)))
 * ```
 *
 * With `coverage` (Tu et al., 2016; See et al., 2017) the additive score of a step sees `cⱼ`, the sum of the key's
 * weights at the steps before: `v · tanh(W_q query + W_k key + cⱼ w_c + b)`, with a further parameter `weight_c`
 * `[size]`. Each call remembers its own weights, and a session carries them. The result has `coverageLoss` besides; to
 * train it, make it an output of the model with the loss `meanAbsolute({ weight })` and zeros for targets.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option; of the call, `ERR_UNROLLED_KIND` for a memory that is
 * no sequence or lies on the cell's own axis, `ERR_UNROLLED_SHAPE` for a query and keys of unlike sizes where the score
 * wants one size, `ERR_UNROLLED_GRAPH` for coverage outside of a cell.
 */
declare function attention(options: AttentionOptions & {
    readonly coverage: true;
}): CoverageAttention;
declare function attention(options?: AttentionOptions): Attention;

/** The shape of a tree, or of several beside each other: the parent of each node. */
interface TreeShape {
    /** By node: the node that it hangs on, -1 for a root. The children of a node stand in rising order. */
    readonly parents: Int32Array | readonly number[];
}
/** One row of a tree input: its nodes in any order. */
interface TreeRow<V> extends TreeShape {
    /** By node: ids, or numbers (nested `[node][number]`, or a flat `Float32Array`). */
    readonly values: V;
}
/**
 * A tree as data: three lists by node, of the same length.
 *
 * Trees of brackets, of nested arrays and of the builders have their children before their parents and
 * the root last; a dependency tree has its nodes in the order of the sentence.
 *
 * A row for a model is the shape with an id for each node, from any map of words to ids:
 *
 * ```ts
 * const ids = new Map([['The', 1], ['Rock', 2]])
 * const tree = parseTree('(3 (2 The) (2 Rock))')
 * const values = tree.words.map((word) => (word === undefined ? 0 : (ids.get(word) ?? 0)))
 * const row = { parents: tree.parents, values }
 * const labels = tree.labels.map(Number)
 * ```
 */
interface Tree extends TreeShape {
    /** By node: the node that it hangs on, -1 for a root. The children of a node stand in rising order. */
    readonly parents: Int32Array;
    /** By node: its label, such as a class or a category. */
    readonly labels: readonly (string | undefined)[];
    /** By node: its word. */
    readonly words: readonly (string | undefined)[];
}

/** A flat array with its shape, row-major, padded to one length where rows have steps. */
interface Packed<A extends Float32Array | Int32Array> {
    readonly values: A;
    /** `[rows, time, size]`, `[rows, size]`, `[rows, time]` or `[rows]`, depending on the kind. */
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
/** Rows of trees; a further input of the same trees may give the values alone. */
type TreeData<D> = D extends readonly (infer V)[] ? readonly (TreeRow<V> | V)[] : never;
/** The data that a value of the kind `X` takes. */
type DataOf<X extends Value> = X extends Nodes<Sequence> ? TreeData<SequenceData> : X extends Nodes<Tokens> ? TreeData<TokensData> : X extends Sequence ? SequenceData : X extends Vector ? VectorData : X extends Tokens ? TokensData : X extends Token ? TokenData : never;
/** The data of every value by name; for a single value also without the name. */
type Feed<R extends Values> = {
    readonly [K in keyof R]: DataOf<R[K]>;
} | (IsOne<keyof R> extends true ? DataOf<R[keyof R]> : never);
/** Targets for an output of the kind `X`: numbers of its shape, or the ids of classes. */
type TargetOf<X extends Value> = X extends Sequence ? SequenceData | TokensData : X extends Vector ? VectorData | TokenData : never;
/** The targets of every output by name; for a single output also without the name. */
type Targets<R extends Values> = {
    readonly [K in keyof R]?: TargetOf<R[K]>;
} | (IsOne<keyof R> extends true ? TargetOf<R[keyof R]> : never);
/** The outputs that can have targets: all but the weights of attentions. */
type Aimed<O extends Values> = {
    readonly [K in keyof O as O[K] extends Alignment ? never : K]: O[K];
};
/** Weights of steps: `[row][step]`, rows as `Float32Array`, or {@link Packed} of `[rows, time]`. */
type StepWeights = readonly (readonly number[] | Float32Array)[] | Packed<Float32Array>;
/** Weights of rows: an array, a `Float32Array`, or {@link Packed} of `[rows]`. */
type RowWeights = readonly number[] | Float32Array | Packed<Float32Array>;
/** Weights for the targets of an output of the kind `X`: one a step, or one a row. */
type WeightsOf<X extends Value> = X extends Sequence ? StepWeights : X extends Vector ? RowWeights : never;
/** The weights of outputs by name, 1 where left out; for a single output also without the name. */
type Weights<R extends Values> = {
    readonly [K in keyof R]?: WeightsOf<R[K]>;
} | (IsOne<keyof R> extends true ? WeightsOf<R[keyof R]> : never);
/** Inputs with their targets: a whole data set in memory, or one batch. */
interface Examples<I extends Values = AnyValues, O extends Values = AnyValues> {
    readonly x: Feed<I>;
    readonly y: Targets<Aimed<O>>;
    /**
     * A weight for the target of each step, or of each row where the output has no steps; all 1 by
     * default (Keras: `sample_weight`). A mean loss is `Σ weight · loss / Σ weight`. The weights are
     * finite and not negative. A target of weight 0 does not count, and is never read: NaN or an id
     * that does not exist may stand there. Accuracy counts all others alike.
     */
    readonly weights?: Weights<Aimed<O>>;
}
/** Batches one after the other. */
type Batches<B> = Iterable<B> | AsyncIterable<B>;
/** The place in a run that a function of batches is called for. */
interface Position {
    /** The epoch, counted from 1. */
    readonly epoch: number;
    /**
     * The batches of the epoch that were taken before: 0, except in the first epoch of a run that is resumed. A
     * function that reads it gives the batches from there; for others those before are passed over.
     */
    readonly step: number;
}
/**
 * Data for training or measurement: examples in memory, which are shuffled and cut into batches; or
 * ready-made batches, as an iterable or async iterable, or as a function that returns a fresh one for
 * every epoch.
 */
type Data<I extends Values = AnyValues, O extends Values = AnyValues> = Examples<I, O> | Batches<Examples<I, O>> | ((position: Position) => Batches<Examples<I, O>>);
/** `true` for one name, and for names that are unknown and may be one. */
type IsOne<All, K = All> = [All] extends [never] ? false : string extends All ? true : K extends unknown ? [All] extends [K] ? true : false : never;

/**
 * The stable codes of every error that this library raises, one for each kind of mistake:
 *
 * - `SHAPE`: a rank, size or number of rows does not fit.
 * - `KIND`: a value or array of the wrong kind, such as tokens for numbers, or another axis.
 * - `VALUE`: data out of their range, such as an id beyond the vocabulary.
 * - `GRAPH`: a graph that contradicts itself, a node with too few inputs, a name that is taken or
 *   cannot be written.
 * - `FORMAT`: a file that is truncated, corrupted or foreign.
 * - `IO`: a file that cannot be read or written; `cause` is the system's error, with its code.
 * - `STATE`: something disposed, in use, or transferred away.
 * - `ARGUMENT`: an option or argument that is unknown, missing, out of its range or without sense.
 * - `NON_FINITE`: a NaN or infinity.
 * - `SIZE`: more than memory holds or the library can address.
 * - `CANCELLED`: stopped on request.
 * - `INTERNAL`: a fault of the library itself.
 */
type ErrorCode = 'ERR_UNROLLED_SHAPE' | 'ERR_UNROLLED_KIND' | 'ERR_UNROLLED_VALUE' | 'ERR_UNROLLED_GRAPH' | 'ERR_UNROLLED_FORMAT' | 'ERR_UNROLLED_IO' | 'ERR_UNROLLED_STATE' | 'ERR_UNROLLED_ARGUMENT' | 'ERR_UNROLLED_NON_FINITE' | 'ERR_UNROLLED_SIZE' | 'ERR_UNROLLED_CANCELLED' | 'ERR_UNROLLED_INTERNAL';
/**
 * The one error class of the library.
 *
 * `code` is stable and meant for programs; `message` is meant for people and names the argument or the
 * node, what was expected and what was received.
 */
declare class UnrolledError extends Error {
    readonly name = "UnrolledError";
    /** The kind of mistake. */
    readonly code: ErrorCode;
    constructor(code: ErrorCode, message: string, options?: {
        readonly cause?: unknown;
    });
}

/**
 * Something that holds native memory. `dispose` or `using` frees the memory at once; otherwise the
 * garbage collector does.
 */
declare abstract class Disposable {
    #private;
    /** Frees the memory; every later call of a method but `dispose` fails with `ERR_UNROLLED_STATE`. */
    dispose(): void;
    [Symbol.dispose](): void;
}

/** The results of a graph, by name. */
type Outputs = Readonly<Record<string, Numeric | Alignment>>;

/**
 * Precision of the operands of matrix products.
 *
 * - `'f32'`: no rounding, and the same bits on every instruction set.
 * - `'bf16'`: operands are rounded to 8 significant bits. On a CPU that multiplies such numbers (AMX
 *   on Linux, AVX-512-BF16), large layers train up to 1.8 times as fast (measured in
 *   `bench/README.md`) and the weights' packed copies take half the memory; other CPUs gain nothing.
 *   Weights, activations and gradients are rounded when a matrix product reads them. Trained and saved
 *   weights, sums, states, biases, activation functions, losses and the optimizer stay `'f32'`. A
 *   number beyond about 3.39e38 becomes an infinity. The bits are the same for any number of threads
 *   and any batch, but differ between instruction sets.
 */
type Precision = 'f32' | 'bf16';

/** A loss with its settings, made by {@link crossEntropy} and others. */
interface Loss {
    /** The kind of loss and its settings, in the core's form. */
    readonly kind: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    /** The mean over the valid targets, or their sum. */
    readonly reduction: 'mean' | 'sum';
    /** The loss's factor in the sum over outputs. */
    readonly weight: number;
}
/** The names of the losses, each with its default settings. */
type LossName = 'crossEntropy' | 'binaryCrossEntropy' | 'meanSquared' | 'meanAbsolute' | 'huber' | 'poisson';
/** A loss, or its name. */
type LossLike = Loss | LossName;
/** The loss of the only output, or of outputs by name. */
type Losses = LossLike | Readonly<Record<string, LossLike>>;
/** Options that every loss has. */
interface LossOptions {
    /** `'mean'` over the valid targets (default), or `'sum'`. */
    readonly reduction?: 'mean' | 'sum';
    /** The loss's factor in the sum over outputs; 1 by default. */
    readonly weight?: number;
}
/** Options of {@link crossEntropy}. */
interface CrossEntropyOptions extends LossOptions {
    /** The part of each target that is spread over all classes; 0 by default. */
    readonly labelSmoothing?: number;
    /** The weight of each class; 1 by default. */
    readonly classWeights?: readonly number[];
    /** A target id to ignore, even a negative one or one that is no class; none by default. */
    readonly ignore?: number;
}
/** Options of {@link huber}. */
interface HuberOptions extends LossOptions {
    /** The distance at which the loss turns from a square to a line; 1 by default. */
    readonly delta?: number;
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
declare function huber(options?: HuberOptions): Loss;
/**
 * `exp(output) - target output`: the negative log-likelihood of counts, without the terms that no weight
 * changes; outputs are logarithms of rates, targets counts of the output's shape
 * (`torch.nn.PoissonNLLLoss`).
 */
declare function poisson(options?: LossOptions): Loss;

/** Nested arrays of a result: `[row][number]`, or `[row][step][number]` without the padding. */
type Nested<X extends Numeric | Alignment> = X extends Sequence | Alignment<string> ? number[][][] : X extends Vector | Alignment<undefined> ? number[][] : never;
/** Values of an output or state, row-major. */
declare class Result<X extends Numeric | Alignment = Numeric | Alignment> {
    #private;
    /** All rows one after the other; steps beyond a row's length are zeros. */
    readonly values: Float32Array;
    /**
     * `[rows, time, size]` of a sequence, `[rows, size]` of a vector. Of the weights of an attention, `size` is
     * the most steps of a memory: those beyond a row's own memory are 0.
     */
    readonly shape: readonly number[];
    /** The valid steps of each row, if rows differ. */
    readonly lengths: Int32Array | undefined;
    /** Converts to nested arrays, each row cut to its length. */
    toNested(): Nested<X>;
}

/** Argument of a {@link Metric}: a batch's outputs and targets by name. */
interface MetricBatch {
    readonly outputs: Readonly<Record<string, Result>>;
    readonly targets: Readonly<Record<string, MetricTargets>>;
}
/** The targets of one output, padded to one length. */
interface MetricTargets {
    readonly values: Float32Array | Int32Array;
    readonly shape: readonly number[];
    /** The valid steps of each row, if rows differ. */
    readonly lengths: Int32Array | undefined;
    /** The weight of each row or step, if weights were given. */
    readonly weights: Float32Array | undefined;
}
/**
 * A custom metric, computed for whole batches and averaged by their numbers of valid targets. `fit`
 * computes it for every batch before its update, and again for the validation; this takes two forward
 * passes more for each batch, and batches then wait for each other.
 */
interface Metric {
    /** The metric's key in the results; names of the library's own results are reserved. */
    readonly name: string;
    compute(batch: MetricBatch): number | Promise<number>;
}
/**
 * A metric or its name.
 *
 * - `'accuracy'`: the part of the valid targets that the output predicts, of outputs with
 *   cross-entropy (the class of the largest logit) or binary cross-entropy (the sign of the logit).
 * - `'perplexity'`: `exp(loss)`.
 */
type MetricLike = 'accuracy' | 'perplexity' | Metric;

/** An `AbortSignal` as far as it is used, so that the types need neither the DOM's nor Node's. */
interface Signal {
    readonly aborted: boolean;
    readonly reason: unknown;
    addEventListener(type: 'abort', listener: () => void): void;
    removeEventListener(type: 'abort', listener: () => void): void;
}

/** Scores of a model: `loss`, and each requested metric under its name. */
interface Scores {
    /**
     * The losses over all valid targets, reduced and weighted as they say. A mean over no target has no
     * part in it; NaN without any part.
     */
    readonly loss: number;
    /** Correct part of the valid targets of outputs with (binary) cross-entropy; NaN without any. */
    readonly accuracy?: number;
    /** `exp(loss)`. */
    readonly perplexity?: number;
    /**
     * Custom metrics, by name. With losses of several outputs also `NAME.loss`, `NAME.accuracy` and
     * `NAME.perplexity` of each, where `loss` is the sum of each `NAME.loss` times its weight, and
     * `accuracy` counts the targets of all.
     */
    readonly [metric: string]: number | undefined;
}

/** Memory of a training run in bytes, for the largest batch so far. */
interface TrainMemory {
    /** Values, gradients of values and index lists that a step keeps for its backward pass. */
    readonly tape: number;
    /** The gradients of the parameters. */
    readonly gradients: number;
    /** The optimizer's running means. */
    readonly optimizer: number;
    /** The parameters, and their copies packed for matrix products. */
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
    readonly learningRate: number;
    /** The gradient's norm before clipping; NaN of a skipped step. */
    readonly norm: number;
    /**
     * `true` if the step changed no parameter: no target of its batch counts, or its loss, gradient or a
     * parameter after the update is not finite and `onNonFinite` is `'skip'`.
     */
    readonly skipped: boolean;
    /** Memory of the run. */
    readonly memory: TrainMemory;
}
/** Scores of one epoch. */
interface EpochRecord {
    /** Counted from 1. */
    readonly epoch: number;
    /**
     * The loss over the targets of all steps that were not skipped, each measured before its update;
     * NaN without any.
     */
    readonly loss: number;
    /** The validation's loss after the epoch. */
    readonly validationLoss?: number;
    /** Duration of the epoch, validation included. */
    readonly seconds: number;
    /**
     * Each metric under its name, the validation's as `validationAccuracy` and so on; with losses of several
     * outputs also `NAME.loss`, `NAME.accuracy`, `NAME.validationLoss` and so on of each. A custom metric is
     * measured before each update, without dropout.
     */
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
    /** Memory of the run; `undefined` before the first step. */
    readonly memory: TrainMemory | undefined;
}
/** An event of `train`. */
type TrainEvent = StepEvent | EpochEvent;
/** Result of `fit`. */
interface History {
    /** One record an epoch. */
    readonly epochs: readonly EpochRecord[];
    /** Why the run ended before its last epoch, if it did. */
    readonly stopped?: StopReason;
    /** Memory of the run at its end; absent if the run had no step. */
    readonly memory?: TrainMemory;
}

/** Where and how often a run writes its state to go on from. */
interface CheckpointOptions {
    /**
     * A folder for this run alone, which is made if it is not there. A run holds its folder by a lock on the file
     * `.unrolled.lock`, which stays: another run there, of this or another process, is refused with
     * `ERR_UNROLLED_STATE` until the first has ended or its process is gone. File systems without locks do without.
     * So is a run without `resume` in a folder with checkpoints, and one whose folder was removed and made anew by another run.
     *
     * A checkpoint is the file `checkpoint-STEP.safetensors`, named by the steps of all epochs; `load` reads it
     * as a model, with the weights of the training: those of `average` and the best of `earlyStopping`, which the
     * model ends with, stand beside them.
     */
    readonly path: string;
    /**
     * Steps from one checkpoint to the next; `{ seconds }` from one to the next, at the end of a step; or
     * `'epoch'` (default), after the validation. One is written at the end of every run besides, and when a
     * signal, `break` or an error ends the run early.
     */
    readonly every?: number | 'epoch' | {
        readonly seconds: number;
    };
    /** Checkpoints to keep, the newest ones; 2 by default. */
    readonly keep?: number;
}
/** An average of the weights over the steps of a run. */
interface AverageOptions {
    /** The part of the average that each step keeps, from 0 to 1; 0.999 by default. */
    readonly decay?: number;
}

/** Rule to stop before the last epoch, and the weights to keep. */
interface EarlyStoppingOptions {
    /** The key of the epoch's record to watch; `'validationLoss'`, or `'loss'` without validation. */
    readonly monitor?: string;
    /** Epochs in a row without a better value after which the run stops; 1 by default. */
    readonly patience?: number;
    /** The least difference by which a better value beats the best; 0 by default. */
    readonly minDelta?: number;
    /** The better direction; by default `'max'` for accuracies, `'min'` for all else. */
    readonly mode?: 'min' | 'max';
    /** Ends with the weights of the best epoch; `true` by default. */
    readonly restoreBest?: boolean;
}

/** A limit on the gradient: on its norm, or on the magnitude of each of its numbers. */
type ClipOptions = {
    readonly norm: number;
} | {
    readonly value: number;
};
/** The two distances of truncated BPTT. */
interface TruncateOptions {
    /** Steps from one backward pass to the next. */
    readonly k1: number;
    /** Steps that a backward pass goes through. */
    readonly k2: number;
}

/** An update rule with its settings, made by {@link sgd}, {@link adam} and the others. */
interface Optimizer {
    /** The learning rate, before the schedule's factor. */
    readonly learningRate: number;
    /** The rule and its settings, in the core's form. */
    readonly rule: Readonly<Record<string, Readonly<Record<string, number | boolean>>>>;
}
/** The names of the update rules, each with its default settings. */
type OptimizerName = 'sgd' | 'rmsprop' | 'adagrad' | 'adam' | 'adamw';
/** Options of every update rule. */
interface OptimizerOptions {
    /** 0.001 by default; 0.01 for `sgd` and `adagrad`. */
    readonly learningRate?: number;
    /** L2 penalty added to the gradient, 0 by default; for `adamw` decoupled decay, 0.01. */
    readonly weightDecay?: number;
}
/** Options of {@link sgd}. */
interface SgdOptions extends OptimizerOptions {
    /** The part of the last step that is kept; 0 by default. */
    readonly momentum?: number;
    /** The part of the gradient that momentum leaves out; 0 by default. */
    readonly dampening?: number;
    /** Nesterov's momentum; `false` by default. */
    readonly nesterov?: boolean;
}
/** Options of {@link adagrad}. */
interface AdagradOptions extends OptimizerOptions {
    /** Added to the root; 1e-8 by default, 1e-10 for `adagrad`. */
    readonly epsilon?: number;
}
/** Options of {@link rmsprop}. */
interface RmspropOptions extends AdagradOptions, Pick<SgdOptions, 'momentum'> {
    /** The part of the running mean of squares that is kept; 0.99 by default. */
    readonly alpha?: number;
}
/** Options of {@link adam} and {@link adamw}. */
interface AdamOptions extends AdagradOptions {
    /** The part of the running mean that is kept; 0.9 by default. */
    readonly beta1?: number;
    /** The part of the running mean of squares that is kept; 0.999 by default. */
    readonly beta2?: number;
}
/**
 * Stochastic gradient descent: `v = momentum v + (1 - dampening) g`, `p -= learningRate v`;
 * PyTorch's `SGD`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function sgd(options?: SgdOptions): Optimizer;
/**
 * `s = alpha s + (1 - alpha) g²`, `p -= learningRate g / (√s + epsilon)`; PyTorch's `RMSprop`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function rmsprop(options?: RmspropOptions): Optimizer;
/**
 * `s += g²`, `p -= learningRate g / (√s + epsilon)`; PyTorch's `Adagrad`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function adagrad(options?: AdagradOptions): Optimizer;
/**
 * `m = β₁ m + (1 - β₁) g`, `v = β₂ v + (1 - β₂) g²`, `p -= learningRate m̂ / (√v̂ + epsilon)` with
 * both means corrected for their start; PyTorch's `Adam`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function adam(options?: AdamOptions): Optimizer;
/**
 * {@link adam} with weight decay outside the gradient: `p -= learningRate weightDecay p`;
 * PyTorch's `AdamW`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function adamw(options?: AdamOptions): Optimizer;

/** A factor on the learning rate for each optimizer step. */
type Schedule = Readonly<Record<string, Readonly<Record<string, number>>>>;
/** Options of {@link stepDecay}. */
interface StepDecayOptions {
    /** Steps at one rate. */
    readonly size: number;
    /** The factor from one rate to the next. */
    readonly gamma: number;
}
/** `factor = gamma ^ ⌊step / size⌋`; PyTorch's `StepLR`, counted in optimizer steps. */
declare function stepDecay(options: StepDecayOptions): Schedule;
/** Options of {@link exponentialDecay}. */
interface ExponentialDecayOptions {
    /** The factor of each step. */
    readonly gamma: number;
}
/** `factor = gamma ^ step`; PyTorch's `ExponentialLR`, counted in optimizer steps. */
declare function exponentialDecay(options: ExponentialDecayOptions): Schedule;
/** Options of {@link cosineDecay}. */
interface CosineDecayOptions {
    /** Steps until the factor is `minimum`. */
    readonly steps: number;
    /** The last factor; 0 by default. */
    readonly minimum?: number;
}
/** From 1 down to `minimum` (0 by default) along half a cosine of `steps` optimizer steps. */
declare function cosineDecay(options: CosineDecayOptions): Schedule;
/** Options of {@link linearDecay}. */
interface LinearDecayOptions {
    /** The step at which the factor is `minimum`; above `warmup`. */
    readonly steps: number;
    /** Steps until the factor is 1; 0 by default. */
    readonly warmup?: number;
    /** The last factor; 0 by default. */
    readonly minimum?: number;
}
/**
 * Up to 1 along `warmup` optimizer steps (0 by default), then down to `minimum` (0 by default) at
 * step `steps`, both in a straight line.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, and for no step after the warmup.
 */
declare function linearDecay(options: LinearDecayOptions): Schedule;

/** Options of `evaluate`. */
interface EvaluateOptions {
    /** The loss of the only output, or of outputs by name. */
    readonly loss: Losses;
    /** Metrics to measure; none by default. */
    readonly metrics?: readonly MetricLike[];
    /** Rows in a batch, for examples in memory; 32 by default. */
    readonly batchSize?: number;
}
/** Options of `fit` and `train`. */
interface TrainOptions<I extends Values = AnyValues, O extends Values = AnyValues> extends EvaluateOptions {
    /** The update rule; `'adam'` by default. */
    readonly optimizer?: Optimizer | OptimizerName;
    /** Passes over the data; 1 by default. */
    readonly epochs?: number;
    /**
     * Batches that make one update, for batches larger than memory holds; 1 by default. The loss and
     * the gradient are those of one batch with all their rows, the tape holds one batch at a time; the
     * last update of an epoch may have fewer. Where `batchSize` is a multiple of 16 and no two nodes
     * share a weight, the bits are those of the one large batch. Not with `carry`.
     */
    readonly accumulate?: number;
    /** A new order of rows in every epoch, for examples in memory; `true` unless `carry`. */
    readonly shuffle?: boolean;
    /** Data that are measured after every epoch; their first batch is looked at before the first step. */
    readonly validation?: Data<I, O>;
    /**
     * Parameters that the run leaves as they are, by their own names (`'dense.bias'`) or by those of their
     * layers: `'encoder'` stands for all names that begin with `encoder.` or `encoder/`. None by default.
     * Keras's `layer.trainable = False`, PyTorch's `requires_grad = False`.
     *
     * A frozen parameter has no gradient: neither weight decay nor momentum moves it, `clip` and the
     * `norm` of the events are those of the others, and the backward pass stops where nothing below learns. One
     * that layers share is frozen in all of them. Dropout of frozen layers stays on, as in PyTorch. At
     * least one parameter must be left to train.
     *
     * To fine-tune, train the head first and then everything, each run with an optimizer of its own:
     *
     * ```ts
     * await model.fit(data, { loss, frozen: ['embedding', 'encoder'] })
     * await model.fit(data, { loss, optimizer: adam({ learningRate: 1e-4 }) })
     * ```
     */
    readonly frozen?: string | readonly string[];
    /** A limit on the gradient; none by default. */
    readonly clip?: ClipOptions;
    /** The learning rate's course; constant by default. */
    readonly schedule?: Schedule;
    /** Stops the run, which rejects with the signal's reason and keeps the last whole step's weights. */
    readonly signal?: Signal;
    /** Draws a live line on stderr, if stderr is a terminal; `false` by default. */
    readonly progress?: boolean;
    /** Stops when a measure no longer improves; never by default. */
    readonly earlyStopping?: EarlyStoppingOptions;
    /**
     * Truncated BPTT: every `k1` steps of time, the gradients of their losses go back through the last
     * `k2` steps. A batch still makes one update. For an update every `k1` steps, give batches of `k1`
     * steps and `carry: true`.
     */
    readonly truncate?: TruncateOptions;
    /**
     * Begins each batch with the final states of the batch before; all batches then have the same
     * number of rows. `false` by default.
     */
    readonly carry?: boolean;
    /**
     * Gradient checkpointing, for long sequences: time is cut into segments of a multiple of 16 steps,
     * only the states between segments are kept, and the backward pass recomputes each segment but the
     * last, to the same bits. Off by default: everything is kept.
     *
     * - `'sqrt'`: the least memory.
     * - A number: the most bytes that the tape may take (`memory.tape` of the events). The run has as
     *   few segments as fit; `ERR_UNROLLED_SIZE` names the bytes needed if no number of segments fits.
     *
     * Each thread needs a little more. Operations on a whole sequence (a pool, a shift, the other
     * direction of a bidirectional layer) keep their inputs whole, and every 16 rows keep a partial sum
     * of the gradient.
     */
    readonly memory?: 'sqrt' | number;
    /**
     * Response to a loss, a gradient or a parameter after the update that is not finite: an error
     * (default), or skip the step.
     */
    readonly onNonFinite?: 'error' | 'skip';
    /** Seed of shuffling and dropout; 0 by default. */
    readonly seed?: number;
    /**
     * Writes the state of the run to files, whole or not at all, so that a run that was stopped anywhere goes
     * on to the same bits with `resume`; none by default. A checkpoint waits for the running step. A file that
     * cannot be written rejects the run with `ERR_UNROLLED_IO`; the checkpoint before stays whole.
     */
    readonly checkpoint?: CheckpointOptions;
    /**
     * The checkpoint to go on from: a file, or `'latest'` for the newest in the folder of `checkpoint`, where
     * there may be none yet. The events begin with the epochs before. Weights, optimizer, order of the
     * data, dropout, early stopping and history are those of the run that never stopped; `epochs` (no fewer than
     * the run has begun), `learningRate`, `schedule`, `clip`, `onNonFinite`, `validation` and `earlyStopping` may be
     * others, and change what comes after. A damaged file is refused with `ERR_UNROLLED_FORMAT`, which names the one before it; other
     * options, and a model of another graph or `precision`, with `ERR_UNROLLED_ARGUMENT`. A model of `'bf16'` goes on
     * to the same bits on the same instruction set alone.
     *
     * With `checkpoint`, a file is one of that folder, or the folder has no checkpoints yet: `ERR_UNROLLED_STATE`
     * else. The run that goes on from an earlier file of its folder removes the later ones when it writes its first.
     *
     * Ready-made batches are passed over up to those not yet taken; a function that reads `step` of its
     * argument gives the batches from there itself.
     *
     * ```ts
     * await model.fit(data, { loss, checkpoint: { path: 'run' }, resume: 'latest' })
     * ```
     */
    readonly resume?: string;
    /**
     * Averages the weights over the steps (Polyak and Juditsky, 1992; Keras's `use_ema`, PyTorch's
     * `AveragedModel`): after the first update `a = p`, after each further one
     * `a = decay a + (1 - decay) p`. Validation and early stopping measure the average, and the model
     * has it at the end; within an epoch, and after a run that is stopped, it has the weights of the training. None by
     * default.
     */
    readonly average?: AverageOptions;
}

/** The data of one row of an input, as it stands among the rows of a batch. */
type RowOf<X extends Value> = X extends Nodes ? TreeRow<X extends Nodes<Tokens> ? readonly number[] | Int32Array : readonly (readonly number[] | Float32Array)[] | Float32Array> : X extends Sequence ? readonly (readonly number[] | Float32Array)[] | readonly number[] | Float32Array : X extends Vector ? readonly number[] | Float32Array : X extends Tokens ? readonly number[] | Int32Array : X extends Token ? number : never;
/** One row of each input that a model takes before its first step, by name. */
type RowContext<I extends Values, C extends keyof I> = {
    readonly [K in C]: RowOf<I[K]>;
};
/** Rows of each input that a model takes before its first step, by name. */
type Contexts<I extends Values, C extends keyof I> = {
    readonly [K in C]: DataOf<I[K]>;
};
/** Options of `stream` and `session`. */
interface StepOptions {
    /**
     * The axis to step along. By default that of the outputs; of several, the one along which an input is
     * shifted.
     */
    readonly axis?: string;
}

/** Values of JSON that a user keeps with a model, by name, such as a vocabulary. */
type Metadata = Readonly<Record<string, unknown>>;

/** The choice of each token, made by {@link sample} or {@link beam}. */
interface Search {
    /** The kind of search and its settings, in the core's form. */
    readonly kind: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
/** The names of the searches, each with its default settings. */
type SearchName = 'greedy' | 'sample' | 'beam';
/** A search, or its name. */
type SearchLike = Search | SearchName;
/** Options of {@link sample}. */
interface SampleOptions {
    /** The divisor of the logits; 1 by default. Below 1 the likely becomes likelier. */
    readonly temperature?: number;
    /** Draws among so many of the likeliest tokens (Fan, Lewis and Dauphin, 2018); all by default. */
    readonly topK?: number;
    /**
     * Draws among the fewest tokens that have this probability together, the nucleus (Holtzman and
     * others, 2020); 1 by default, all of them. Counted after `temperature` and among `topK`.
     */
    readonly topP?: number;
    /** Decides the draws, with the row and the step; 0 by default. */
    readonly seed?: number;
}
/** Options of {@link beam}. */
interface BeamOptions {
    /** The number of sequences that are kept at each step; 4 by default. */
    readonly width?: number;
    /**
     * The exponent `α`: sequences of `n` tokens compare by `score / ((5 + n) / 6)^α` (Wu and others, 2016,
     * section 7). 0 by default, the score itself, which favors short ones.
     */
    readonly lengthPenalty?: number;
    /**
     * The factor `β` of `Σᵢ ln min(Σₜ aₜᵢ, 1)` over the steps `i` that an attention reads with the weights
     * `a` (the same section), which is added; 0 by default.
     */
    readonly coveragePenalty?: number;
    /** The number of sequences in a row's `nBest`; 1 by default, at most `width`. */
    readonly nBest?: number;
}
/**
 * Draws each token by its probability given those before (ancestral sampling). The draws of a row depend on
 * the seed, the number of the row and the step alone: not on other rows or threads.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function sample(options?: SampleOptions): Search;
/**
 * Keeps the `width` likeliest sequences at each step. A sequence that ends is put aside if it is among the
 * best `width`, and the search ends with `width` of these, or when no other can become better. A width of 1
 * is the greedy search, a width of all sequences finds the best.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function beam(options?: BeamOptions): Search;

/** Options of `exposureGap`. */
interface ExposureOptions {
    /** The choice of the model's own tokens: `'greedy'` (default), `'sample'`, or one with options; no beam. */
    readonly search?: SearchLike;
    /** The input that takes the tokens; found where the model leaves no choice. */
    readonly input?: string;
    /** The output that scores the tokens; found where the model leaves no choice. */
    readonly output?: string;
}
/** The mean of `-ln P` of the targets, in nats a token. */
interface ExposureGap {
    /** After the true tokens. */
    readonly forced: number;
    /** After the model's own. */
    readonly free: number;
    /** `free - forced`. */
    readonly gap: number;
}

/** The probability of a generated sequence, and its end. */
interface GeneratedScores {
    /** The logarithm of each item's probability given those before; with `stop`, of its end or going on too. */
    readonly logProbabilities: readonly number[];
    /**
     * The logarithm of the whole's probability: the sum of `logProbabilities`, and of a predicted length. It is
     * that of the model itself, whatever `temperature`, `topK` and `topP` made of the draws.
     */
    readonly score: number;
    /** The score as a beam compares it: over the penalty of the length, with that of the coverage. */
    readonly normalizedScore: number;
    /** `true` if the sequence ended by itself, `false` if `maxSteps` cut it off. */
    readonly finished: boolean;
}
/** A generated sequence of tokens. */
interface TokenSequence extends GeneratedScores {
    /** The ids, without the prompt, with the end token. */
    readonly tokens: readonly number[];
    /**
     * The weights of the model's attention at each token, `[token][step of the memory]`; empty of a model that
     * gives none out, or several.
     */
    readonly alignment: readonly (readonly number[])[];
}
/** The best sequence of a row, and all that were asked for. */
interface GeneratedTokens extends TokenSequence {
    /** The best `nBest` sequences of a beam, the best first: those that ended, then those cut off. */
    readonly nBest: readonly TokenSequence[];
}
/** A generated sequence of numbers. */
interface GeneratedNumbers extends GeneratedScores {
    /** The numbers of each step, without the prompt. */
    readonly steps: readonly (readonly number[])[];
}

/** The output and input of a predicted length. */
interface LengthOptions {
    /** The output that scores the lengths 0, 1, ...; known before the first step. */
    readonly output: string;
    /**
     * The input of one number a step that takes the number of items still to come, the next one included:
     * `n, n - 1, ..., 1`.
     */
    readonly remaining: string;
}
/**
 * The end of a sequence, in one of three ways; without any, sequences end after `maxSteps` (Goodfellow,
 * Bengio, Courville: Deep Learning, section 10.2.3).
 */
interface StopOptions {
    /** Ends a sequence of tokens; it is the last of them. */
    readonly endToken?: number;
    /**
     * The output of one number a step that ends a sequence there: the logit of the probability, or the
     * probability itself of an output that ends in `sigmoid`. Drawn where the search draws, else at 0.5.
     */
    readonly stop?: string;
    /** A length that is predicted first, and kept. */
    readonly length?: LengthOptions;
}

/** Options of `generate`, `generateTokens` and `freeRun` alike. */
interface RunOptions extends StopOptions {
    /** The most items of a row. */
    readonly maxSteps: number;
    /** The items before a sequence may end; 0 by default. */
    readonly minSteps?: number;
    /** The input that takes each item; found where the model leaves no choice. */
    readonly input?: string;
    /** The output that decides each item; found where the model leaves no choice. */
    readonly output?: string;
    /**
     * The number of the first row; 0 by default. A draw depends on the seed, the number of the row and the
     * step, so that a batch in pieces draws what the whole draws.
     */
    readonly firstRow?: number;
    /** Stops the work; the promise rejects with the signal's reason. */
    readonly signal?: Signal;
}
/** Options of `generate` and `generateTokens`. */
interface GenerateOptions extends RunOptions {
    /** The choice of each token: `'greedy'` (default), `'sample'`, `'beam'`, or one with options. */
    readonly search?: SearchLike;
    /** The id in front of each prompt; none by default, or that of the model's `shift`. */
    readonly start?: number;
    /** Ids that are never chosen; none by default. */
    readonly forbidden?: readonly number[];
}
/** Options of `freeRun`. */
interface FreeRunOptions extends Omit<RunOptions, 'endToken'> {
    /** `'greedy'` (default), or `'sample'`, which draws the end of a sequence. */
    readonly search?: SearchLike;
}
/**
 * Rows to begin with, by input: prompts for the input that takes the tokens or numbers, each row of any
 * length, and whatever else the model takes. Prompts may be left out where the model knows its start.
 * A single input that is needed stands alone.
 */
type GenerateFeed<I extends Values> = {
    readonly [K in keyof I]?: DataOf<I[K]>;
} | DataOf<I[keyof I]>;

/** A parameter's numbers, row-major. */
interface Parameter {
    readonly values: Float32Array;
    readonly shape: readonly number[];
}
/** Parameters under PyTorch's names: `lstm.weight_ih_l0`. */
type Parameters = Readonly<Record<string, Parameter>>;
/** Parameters to set: flat arrays, or the result of `parameters()`. */
type ParameterData = Readonly<Record<string, {
    readonly values: Float32Array;
} | Float32Array>>;

/** A model's states by name (`lstm.l0:h`), one row for each row of the batch. */
type State = Readonly<Record<string, Result<Vector>>>;
/** States for a model: a call's result, or data. States left out are those before the first step, zeros if the graph gives none. */
type StateData = Readonly<Record<string, VectorData | Result<Vector>>>;

/** Options of `gradients`. */
interface GradientOptions {
    /** The loss of the only output, or of outputs by name. */
    readonly loss: Losses;
    /** The initial states; zeros by default. */
    readonly state?: StateData;
}
/** Losses of one output, each times the weight of its target, before any mean or sum. */
interface ItemLosses {
    /** The loss of each row: the sum over its steps. */
    readonly rows: Float64Array;
    /** The loss of each step, row-major, zero in padding; of an output without steps, of each row. */
    readonly steps: Float64Array;
    /** The shape of `steps`: `[rows, time]`, or `[rows]`. */
    readonly shape: readonly number[];
    /** The valid steps of each row, if rows differ. */
    readonly lengths: Int32Array | undefined;
    /** The weight of all targets: a mean loss is the sum of `rows` over it. */
    readonly weight: number;
}
/**
 * Derivatives of the loss `L` of one batch, as backpropagation through time gives them (Goodfellow,
 * Bengio, Courville: Deep Learning, section 10.2.2). Each has the shape of its value; padding is zero.
 */
interface Gradients<I extends Values = AnyValues, O extends Outputs = AnyValues> {
    /** `L`, reduced and weighted as in training, without dropout. */
    readonly loss: number;
    /** The losses of each row and step, for the outputs that have a loss. */
    readonly losses: {
        readonly [K in keyof O]?: ItemLosses;
    };
    /** `∂L/∂θ` of every parameter. */
    readonly parameters: Parameters;
    /** `∂L/∂x` of the inputs of numbers; ids have no gradient. */
    readonly inputs: {
        readonly [K in keyof I as I[K] extends Tokens | Token ? never : K]: Result<I[K] extends Numeric ? I[K] : Numeric>;
    };
    /** `∂L/∂h₀` of the states that the model begins with. */
    readonly initial: State;
    /**
     * `∂L/∂hₜ` of each state after each step, `[rows, time, size]`: along outputs that read the state
     * at this step and along all later steps, the other states at this step held fixed. States that the
     * loss does not depend on, and states that only delay a value, are left out.
     */
    readonly states: Readonly<Record<string, Result<Sequence>>>;
    /**
     * `∂L/∂aₜ` of the pre-activations `aₜ = W xₜ + U hₜ₋₁ + b` of each fused step by its node, in the
     * order of the weight's rows (of a GRU, `W xₜ + b`). The sum over rows and steps is `∂L/∂b`.
     */
    readonly gates: Readonly<Record<string, Result<Sequence>>>;
}

/** A layer of a file, and the parameters that it became. */
interface MatchedLayer {
    /** The layer's or tensor's name in the file. */
    readonly source: string;
    /** The names of the parameters in the model. */
    readonly parameters: readonly string[];
    /** Conventions that were converted, such as `gates i, o, f, c -> i, f, g, o`. */
    readonly conventions: readonly string[];
}
/** An account of an import: what became of each part of a file, and how closely both sides agree. */
interface ParityReport {
    readonly matched: readonly MatchedLayer[];
    /** Parameters of the model that the file does not have. */
    readonly missing: readonly string[];
    /** Tensors of the file that the model has no place for; of whole numbers, such as counters, always. */
    readonly leftOver: readonly string[];
    /**
     * The largest absolute difference between the outputs of the model and those of the sample; left out without
     * one.
     */
    readonly largestDifference?: number;
}

/**
 * Names of tensors to names of parameters: prefixes and what stands in their place, the longest that fits first
 * (`{ 'encoder.rnn.': 'lstm.' }`; the prefix `''` fits every name), or a function that gives the new name, and nothing to
 * leave the tensor out.
 */
type Rename = Readonly<Record<string, string>> | ((name: string) => string | undefined);
/** A tensor of another library. */
interface ForeignTensor {
    readonly shape: readonly number[];
    /** Numbers, row-major; read where the model has a place for them. */
    readonly values: Float32Array;
    /** The type that they had: `'F32'` by default. Tensors of whole numbers (`'I64'`) are passed over. */
    readonly type?: string;
}
/** Tensors by name: those of a file, or of `parameters()`. */
type ForeignTensors = Readonly<Record<string, ForeignTensor>>;

/** Inputs, and the outputs that the other library computes for them. */
interface Sample<I extends Values = AnyValues, O extends Values = AnyValues> {
    readonly x: Feed<I>;
    readonly y: Feed<Aimed<O>>;
}
/** Options of `model.load`. */
interface MatchOptions<I extends Values = AnyValues, O extends Values = AnyValues> {
    /** Names of the file to names of the model; every name stands by default. */
    readonly rename?: Rename;
    /**
     * Refuses a file that lacks a parameter or has a tensor too many (`true`, the default), or leaves what is missing as it
     * is and reports both (`false`).
     */
    readonly strict?: boolean;
    /** A sample to measure the largest difference of the outputs by; none by default. */
    readonly sample?: Sample<I, O>;
}
/** A safetensors file by its path or its bytes, or tensors by name. */
type WeightsSource = string | Uint8Array | ForeignTensors;

/** Options of `logProbability`. */
interface LogProbabilityOptions {
    /** The output that scores the tokens; found where the model leaves no choice. */
    readonly output?: string;
    /** The output that ends a sequence, as in `generate`. */
    readonly stop?: string;
    /** The output and input of a predicted length, as in `generate`. */
    readonly length?: LengthOptions;
}
/** Sequences, and what the model is fed to give them. */
interface SequenceExamples<I extends Values = AnyValues, O extends Values = AnyValues> {
    /** The inputs, as for `evaluate`. */
    readonly x: GenerateFeed<I>;
    /** The tokens that are scored: alone, or under the output's name. */
    readonly y: Targets<O> | TokensData | TokenData;
    /** Weights of the tokens, 1 by default: alone, or under the output's name. */
    readonly weights?: Weights<O> | StepWeights | RowWeights;
}

/** The result of `predict`: every output under its name, and the state after the last step. */
type Prediction<O extends Outputs> = {
    readonly [K in keyof O]: Result<O[K]>;
} & {
    readonly state: State;
};
/** Options of `predict`. */
interface PredictOptions {
    /** The states that an earlier call gave back; zeros by default. */
    readonly state?: StateData;
}

/** Options of `model.toBytes`. */
interface BytesOptions {
    /**
     * Values of JSON to keep with the model, such as its vocabulary; those that the model was loaded with by default. A loaded
     * model has them as `model.metadata`; -0 is 0 there, as in JSON.
     */
    readonly metadata?: Metadata;
}
declare const FORMATS: readonly ["safetensors", "pytorch"];
/** Options of `model.save`. */
interface SaveOptions extends BytesOptions {
    /**
     * `'safetensors'` (default) holds parameters, graph and metadata; `safetensors.torch.load_file` reads the parameters.
     * `'pytorch'` is a state dict, parameters alone, that `torch.load` reads, by `weights_only=True` as well. Names and shapes
     * are those of `torch.nn`. A path that ends as files of another format do is refused (`.pt` and `.pth` with
     * `'safetensors'`).
     */
    readonly format?: (typeof FORMATS)[number];
    /**
     * Writes the newest checkpoint of the model's last run, or of the one under way, from which
     * `fit(data, { resume: path })` goes on with its optimizer; `false` by default. That run has the option
     * `checkpoint`: without it nothing keeps the optimizer, which is up to twice as large as the model.
     * The checkpoint must hold the model's parameters, to the bit: `ERR_UNROLLED_STATE` after steps since, for a model that
     * ends with its `average` or with the best weights of `earlyStopping`, after `setParameters`, and where another run
     * has written the file since. To go on with that run, copy its checkpoint; to keep the model, leave this option out.
     */
    readonly optimizer?: boolean;
}

/** The outputs that no step changes, by name. */
type FixedOutputs<O extends Outputs> = {
    readonly [K in keyof O]?: Result<O[K]>;
};

/** One step of every row of an input: `[row][number]`, or an id a row. */
type RowsStepOf<X extends Value> = X extends Sequence | Vector ? VectorData : X extends Tokens | Token ? TokenData : never;
/** One step of every row of every input by name; of a single input also as it is. */
type RowsStepFeed<I extends Values> = {
    readonly [K in keyof I]: RowsStepOf<I[K]>;
} | RowsStepOf<I[keyof I]>;
/** Every output along the axis at one step, `[rows, size]`. */
type RowsStepOutputs<O extends Outputs> = {
    readonly [K in keyof O]: Result<Vector>;
};
/**
 * A model step by step, for many rows at once. Everything that no step changes (an encoder, a context, the
 * keys of an attention, states to begin with) has run when the session begins. Steps run off the main thread;
 * one of less than about half a millisecond runs on it. What looks at the rows or their state waits for no
 * step: await the step first.
 */
declare class Session<I extends Values = AnyValues, O extends Outputs = AnyValues> extends Disposable {
    #private;
    /** The number of rows. */
    get rows(): number;
    /**
     * The id to feed at the first step, by the name of each input that the model shifts by one. At a later step
     * the input takes the token of the step before.
     */
    get starts(): Readonly<Record<string, number>>;
    /** The outputs that no step changes, of the rows that the session began with. */
    get fixed(): FixedOutputs<O>;
    /**
     * Takes one step of every row and gives the outputs at it by name, as `[rows, size]`; of the weights of an
     * attention, `size` is the most steps of a memory.
     *
     * Rejects with an `UnrolledError`: `ERR_UNROLLED_SHAPE` for other rows or sizes, `ERR_UNROLLED_VALUE` for an
     * id outside the vocabulary, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity in the step or in the next state.
     * The state is then as before.
     */
    step(x: RowsStepFeed<I>): Promise<RowsStepOutputs<O>>;
    /**
     * Goes on with these rows: row `i` takes the state and the context of row `rows[i]`. A row may go on as
     * several, or as none; rows that keep their context cost no more than their states.
     *
     * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for no rows, `ERR_UNROLLED_VALUE` for a row that does not
     * exist, `ERR_UNROLLED_STATE` during a step. Nothing has changed then.
     */
    reorder(rows: readonly number[] | Int32Array): void;
    /** The state after the last step, as values to keep and set again; `ERR_UNROLLED_STATE` during a step. */
    get state(): State;
    set state(state: StateData);
    /** Returns to the state before the first step. */
    reset(): void;
}

/** One step of an input: its numbers (or its number, if it has one), or an id. */
type StepOf<X extends Value> = X extends Sequence | Vector ? readonly number[] | Float32Array | number : X extends Tokens | Token ? number : never;
/** One step of every input by name; of a single input also as it is. */
type StepFeed<I extends Values> = {
    readonly [K in keyof I]: StepOf<I[K]>;
} | StepOf<I[keyof I]>;
/** The numbers of every output at one step. */
type StepOutputs<O extends Outputs> = {
    readonly [K in keyof O]: Float32Array;
};
/**
 * A model step by step: one row, in microseconds, on the calling thread. Everything that no step changes has
 * run when the stream begins. The state of a stream can be read, set and copied; all streams share the model's
 * weights.
 */
declare class Stream<I extends Values = AnyValues, O extends Outputs = AnyValues> extends Disposable {
    #private;
    /**
     * Takes one step and gives its outputs by name.
     *
     * @throws UnrolledError `ERR_UNROLLED_SHAPE`, `ERR_UNROLLED_VALUE` for a bad step,
     * `ERR_UNROLLED_NON_FINITE` for a NaN or infinity in the step or in the next state, and
     * `ERR_UNROLLED_STATE` after `dispose`. The state is then as before.
     */
    push(x: StepFeed<I>): StepOutputs<O>;
    /**
     * The id to push first, by the name of each input that the model shifts by one. Later the input takes the
     * token of the step before.
     */
    get starts(): Readonly<Record<string, number>>;
    /** The outputs that no step changes. */
    get fixed(): FixedOutputs<O>;
    /** The state after the last step, as values to keep and set again. */
    get state(): State;
    set state(state: StateData);
    /** Returns to the state before the first step. */
    reset(): void;
    /** Opens a second stream that continues from the same state. */
    fork(): Stream<I, O>;
}

/**
 * A network that can learn, made by `sequential`, `graph` or `load`.
 *
 * Training and prediction run off the main thread; predictions of less than about half a millisecond
 * run on it. So does the drawing of first weights that takes more than about 10 ms: asynchronous methods
 * wait for the weights without blocking, `parameters`, `setParameters`, `stream` and `toBytes` block. No
 * memory for the weights is an `ERR_UNROLLED_SIZE` of each of these calls. `dispose` frees the model's memory at once, the garbage collector some time later;
 * then `graph` and `parameterCount` can still be read, and no method called.
 */
declare class Model<I extends Values = AnyValues, O extends Outputs = AnyValues> extends Disposable {
    #private;
    /** The model as plain data. */
    readonly graph: GraphJson;
    /** The metadata in the file or bytes that the model was loaded from; empty for any other model. */
    readonly metadata: Metadata;
    /** The number of values that the model learns. */
    get parameterCount(): number;
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
    fit(data: Data<I, O>, options: TrainOptions<I, O>): Promise<History>;
    /**
     * Trains like `fit` and yields an event for each step and each epoch; an error that `fit` rejects
     * with is thrown in place of the next event. `break` stops the run: the model finishes a step
     * already sent, and the iterator of the data is closed. An iterator that is dropped before its end
     * stops the run when it is collected.
     */
    train(data: Data<I, O>, options: TrainOptions<I, O>): AsyncGenerator<TrainEvent, void, void>;
    /**
     * Measures the loss and metrics over all of `data`. Batches of any size give the same scores;
     * dropout is off.
     *
     * Rejects with an `UnrolledError` for bad options or data.
     */
    evaluate(data: Data<I, O>, options: EvaluateOptions): Promise<Scores>;
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
    predict(x: Feed<I>, options?: PredictOptions): Promise<Prediction<O>>;
    /**
     * Computes the loss of some examples and its gradients with respect to parameters, inputs, initial
     * states, and states and gates at each step, with dropout off. The examples are one batch, kept
     * whole in memory. The model does not change.
     *
     * Rejects with an `UnrolledError` for bad options or data.
     */
    gradients(examples: Examples<I, O>, options: GradientOptions): Promise<Gradients<I, O>>;
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
    stream<C extends keyof I = never>(context?: RowContext<I, C>, options?: StepOptions): Stream<Omit<I, C>, O>;
    /**
     * Begins a session: the model step by step for many rows. `contexts` has rows of every input that is not
     * along the axis, by name; a model without such inputs takes the number of rows. What depends on these
     * alone runs once, off the main thread, with the weights at that time; the steps take those of their own.
     *
     * Rejects as `stream` throws.
     */
    session<C extends keyof I = never>(contexts: Contexts<I, C> | number, options?: StepOptions): Promise<Session<Omit<I, C>, O>>;
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
    generate(x: GenerateFeed<I>, options: GenerateOptions): Promise<GeneratedTokens[]>;
    /**
     * Makes up one sequence like `generate` and yields each token as it is chosen; the model takes a step when
     * one is asked for. `x` has one row. Greedy or by samples: a beam knows its sequence at the end alone.
     */
    generateTokens(x: GenerateFeed<I>, options: GenerateOptions): AsyncGenerator<number, void, void>;
    /**
     * Feeds the model its own output, numbers, as the next input, for each row after a prompt of one step or
     * more: `maxSteps` steps, or until the output `stop` or a predicted length ends the row. A model that shifts
     * the numbers itself begins with zeros and needs no prompt.
     *
     * Rejects as `generate` does.
     */
    freeRun(x: GenerateFeed<I>, options: FreeRunOptions): Promise<GeneratedNumbers[]>;
    /**
     * Measures `ln P(y | x)` of each row: the sum of `ln softmax(output)[target]` over its steps, each times
     * its weight, with dropout off. The targets include the end token; with `stop`, `ln` of the probabilities
     * of going on at each step but the last and of ending there are added, and with `length` that of the row's
     * length. Targets and inputs that follow from the lengths (`stop`, `length`, `remaining`) may be left out.
     *
     * Rejects with an `UnrolledError` for bad options or data.
     */
    logProbability(examples: SequenceExamples<I, O>, options?: LogProbabilityOptions): Promise<Float64Array>;
    /**
     * Measures how much worse the model predicts the targets after its own tokens than after the true ones, in
     * nats a token (exposure bias: Bengio and others, 2015). Free running feeds each token that the model
     * chooses, beginning like the row; teacher forcing feeds the row's own.
     *
     * Rejects with an `UnrolledError` for bad options or data.
     */
    exposureGap(examples: Examples<I, O>, options?: ExposureOptions): Promise<ExposureGap>;
    /** Copies every parameter, under its name. Waits for the first weights. */
    parameters(): Parameters;
    /**
     * Sets the given parameters and leaves the others. Waits for the first weights.
     *
     * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name, `ERR_UNROLLED_SHAPE` for
     * another number of values, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity among them,
     * `ERR_UNROLLED_STATE` during training.
     */
    setParameters(parameters: ParameterData): void;
    /** Draws a table of the nodes: name, kind, result, and number of parameters. */
    summary(): string;
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
    load(source: WeightsSource, options?: MatchOptions<I, O>): Promise<ParityReport>;
    /**
     * Writes the model to a file, whole or not at all: in safetensors the parameters, and in the metadata the graph and
     * your own.
     *
     * Rejects with an `UnrolledError`: `ERR_UNROLLED_ARGUMENT` for a bad option and for a path that ends as files of another
     * format do, `ERR_UNROLLED_IO` for a file that cannot be written, `ERR_UNROLLED_SIZE` for one beyond its format or memory,
     * `ERR_UNROLLED_STATE` for `optimizer` without a checkpoint of these parameters, `ERR_UNROLLED_FORMAT` for a damaged one.
     * The file that was there before is whole then.
     */
    save(path: string, options?: SaveOptions): Promise<void>;
    /** Gives the bytes that `save` writes. Waits for the first weights. */
    toBytes(options?: BytesOptions): Uint8Array;
}

/** Options of an input without steps that holds numbers. */
interface VectorOptions<F extends number = number> {
    /** Numbers in a row, or in a step. */
    readonly size: F;
}
/** Options of an input of ids without steps. */
interface TokenOptions<V extends number = number> {
    /** The number of ids; each is below it. */
    readonly vocabularySize: V;
}
/** Options of an input with steps. */
interface AxisOptions {
    /** Inputs of one axis have the same lengths; `time` by default. */
    readonly axis?: string;
}
/** Options of an input with nodes. */
interface ForestOptions {
    /** Inputs of one axis have the same trees; `tree` by default. */
    readonly axis?: string;
}
/** Declares the inputs of a graph. */
interface Inputs {
    /** `size` numbers a row. */
    vector<const F extends number>(name: string, options: VectorOptions<F>): Vector<F>;
    /** `size` numbers a step. */
    sequence<const F extends number>(name: string, options: VectorOptions<F> & AxisOptions): Sequence<F>;
    /** An id a step. */
    tokens<const V extends number>(name: string, options: TokenOptions<V> & AxisOptions): Tokens<V>;
    /** A forest in each row: `size` numbers a node. */
    tree<const F extends number>(name: string, options: VectorOptions<F> & ForestOptions): Nodes<Sequence<F>>;
    /** A forest in each row: an id a node. */
    tree<const V extends number>(name: string, options: TokenOptions<V> & ForestOptions): Nodes<Tokens<V>>;
    /** An id a row. */
    token<const V extends number>(name: string, options: TokenOptions<V>): Token<V>;
}
/** An input as plain data: its kind with the kind's options, `{ sequence: { size: 3 } }`. */
type InputKind = {
    readonly vector: VectorOptions;
} | {
    readonly sequence: VectorOptions & AxisOptions;
} | {
    readonly tokens: TokenOptions & AxisOptions;
} | {
    readonly tree: VectorOptions & ForestOptions;
} | {
    readonly tree: TokenOptions & ForestOptions;
} | {
    readonly token: TokenOptions;
};
/** The value of an input of the kind `K`. */
type InputValue<K> = K extends {
    readonly vector: VectorOptions<infer F>;
} ? Vector<F> : K extends {
    readonly sequence: VectorOptions<infer F>;
} ? Sequence<F> : K extends {
    readonly tokens: TokenOptions<infer V>;
} ? Tokens<V> : K extends {
    readonly tree: VectorOptions<infer F>;
} ? Nodes<Sequence<F>> : K extends {
    readonly tree: TokenOptions<infer V>;
} ? Nodes<Tokens<V>> : K extends {
    readonly token: TokenOptions<infer V>;
} ? Token<V> : never;
/** The values of inputs by name. */
type InputValues<I> = {
    readonly [N in keyof I]: InputValue<I[N]>;
};

/** The type error of a layer in the wrong place. */
interface WrongLayer<Reason extends string, Received> {
    readonly 'unrolled: this layer does not fit here': Reason;
    readonly received: Received;
}
/** The part of a layer's result that the next layer takes: `output` of a recurrent layer. */
type Onward<R> = R extends {
    readonly output: infer O;
} ? O : R;
/** The value that the layer `L` passes on for `X`; an error if `L` does not take `X`. */
type Through<L, X> = L extends Signed<infer S> ? S extends Signature<infer In, infer M, unknown> ? X extends In ? Onward<Apply<M, X>> : WrongLayer<'it takes another kind of value', X> : never : L extends (x: infer In) => infer R ? X extends In ? Onward<R> : WrongLayer<'it takes another kind of value', X> : WrongLayer<'it is no layer', X>;
/** The input of a model that begins with the layer `L`. */
type FirstOf<L> = L extends Signed<{
    readonly first: infer F;
}> ? F : never;
/** The value that a chain of layers passes on for `X`, or the error of the first misfit. */
type ChainOutput<L extends readonly unknown[], X> = L extends readonly [
    infer Head,
    ...infer Rest
] ? ChainOutput<Rest, Through<Head, X>> : X;
/** The layers with those that do not fit turned into errors. */
type CheckChain<L extends readonly unknown[], X> = L extends readonly [
    infer Head,
    ...infer Rest
] ? Through<Head, X> extends infer Y ? Y extends Value ? readonly [Head, ...CheckChain<Rest, Y>] : readonly [Y, ...Rest] : never : readonly [];
/** The layers of `sequential`, each that does not fit made an error; `K` is the option `input`. */
type CheckSequential<L extends readonly unknown[], K = undefined> = {
    readonly [N in keyof L]: number extends L['length'] ? AnyLayer : At<CheckFirst<L, K>, N>;
};
/** Any function of one value, as far as types go. */
type AnyLayer = (x: never) => unknown;
/** Refuses no layers at all. */
type AtLeastOne$1<L extends readonly unknown[]> = L extends readonly [] ? readonly [WrongLayer<'there are no layers', never>] : unknown;
type CheckFirst<L extends readonly unknown[], K> = K extends InputKind ? CheckChain<L, InputValue<K>> : L extends readonly [infer Head, ...infer Rest] ? [FirstOf<Head>] extends [never] ? readonly [WrongLayer<'the first layer needs inputSize or vocabularySize', Head>, ...Rest] : CheckChain<L, FirstOf<Head>> : L;
type At<T, K> = K extends keyof T ? T[K] : unknown;
/** The value that a model of these layers begins with; any for a list whose first layer is not known. */
type FirstValue<L extends readonly unknown[], K> = K extends InputKind ? InputValue<K> : L extends readonly [infer Head, ...unknown[]] ? FirstOf<Head> : AnyValues;
/** The output of a model of these layers. */
type SequentialOutput<L extends readonly unknown[], K = undefined> = number extends L['length'] ? Numeric : Extract<ChainOutput<L, FirstValue<L, K>>, Numeric>;
/** The inputs of a model of these layers. */
type SequentialInputs<L extends readonly unknown[], K = undefined> = InputNamed<FirstValue<L, K>>;
type InputNamed<F> = 0 extends 1 & F ? AnyValues : F extends {
    readonly kind: 'tokens';
} ? {
    readonly tokens: F;
} : F extends {
    readonly kind: 'token';
} ? {
    readonly token: F;
} : {
    readonly input: Extract<F, Value>;
};

/** Options of {@link sequential} and {@link graph}. */
interface ModelOptions {
    /** Seed of the first weights; 0 by default. */
    readonly seed?: number;
    /** Rounds the operands of matrix products; `'f32'`, no rounding, by default. */
    readonly precision?: Precision;
}
/** Options of {@link sequential}. */
interface SequentialOptions<K extends InputKind | undefined = InputKind | undefined> extends ModelOptions {
    /**
     * The kind of the input, where the first layer does not fix it, such as a `scan`: a sequence,
     * `{ sequence: { size: 2 } }`, a vector, `{ vector: { size: 3 } }`, or one id a row,
     * `{ token: { vocabularySize: 9 } }`. The input is then named `input`, of ids `tokens` or
     * `token`.
     */
    readonly input?: K;
}
/**
 * Makes a model of a chain of layers. A recurrent layer passes on its `output`.
 *
 * The first layer fixes the input: `embedding` with `vocabularySize` takes tokens, the others with
 * `inputSize` take sequences; the option `input` gives any other kind. The last result is the output
 * `output`. The types follow the layers one by one; of a list that is made at run time they know no
 * more than that the output holds numbers.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a first layer without its size; the layers'
 * errors for values that do not fit.
 */
declare function sequential<const L extends readonly unknown[] & CheckSequential<L, K>, const K extends InputKind | undefined = undefined>(layers: L & AtLeastOne$1<L>, options?: SequentialOptions<K>): Model<SequentialInputs<L, K>, {
    readonly output: SequentialOutput<L, K>;
}>;

/** One side of {@link encoderDecoder} that is text: ids below `vocabularySize`. */
interface TokenSide {
    readonly vocabularySize: number;
    /** Of the target: the id that stands before the first token. */
    readonly start?: number;
}
/** One side of {@link encoderDecoder} that is numbers: `size` a step. */
interface NumberSide {
    readonly size: number;
}
/** Options of {@link encoderDecoder}. */
interface EncoderDecoderOptions<S extends TokenSide | NumberSide = TokenSide | NumberSide, T extends TokenSide | NumberSide = TokenSide | NumberSide, A extends AttentionScore | AttentionOptions | undefined = AttentionScore | AttentionOptions | undefined> extends ModelOptions {
    /** The steps that the encoder reads: `{ vocabularySize }` or `{ size }`. */
    readonly source: S;
    /** The steps that the decoder writes: `{ vocabularySize, start }` or `{ size }`. */
    readonly target: T;
    /** Numbers in a state of the decoder. */
    readonly hiddenSize: number;
    /** Numbers in a state of the encoder, of each direction; as in the decoder by default. */
    readonly encoderSize?: number;
    /** Numbers in the vector of a token; `hiddenSize` by default. */
    readonly embeddingSize?: number;
    /** The recurrent layers of both; `'gru'` by default. */
    readonly cell?: 'rnn' | 'lstm' | 'gru';
    /** Layers of each; 1 by default. */
    readonly numLayers?: number;
    /** Runs the encoder both ways; `false` by default. */
    readonly bidirectional?: boolean;
    /**
     * Dropout between stacked layers, from 0 (default) to below 1, as in PyTorch; one layer has no place for it and
     * refuses another rate than 0.
     */
    readonly dropout?: number;
    /**
     * The way of the encoder's last state into the decoder: its first state (`'initial'`, the default), an input of
     * each step, or `'both'`.
     */
    readonly context?: 'initial' | 'input' | 'both';
    /** Learns a map (`tanh` of a linear one for h) where the sizes of states differ; `true` by default. */
    readonly bridge?: boolean;
    /** Attends to the encoder's steps at each step of the decoder; not by default. */
    readonly attention?: A;
    /**
     * Attends after the step instead of before, and feeds the attentional state `tanh(W [context, h])` to the next
     * step (Luong et al., 2015); `false` by default.
     */
    readonly inputFeeding?: boolean;
}
/** The input of a side. */
type SideValue<S> = S extends {
    readonly vocabularySize: number;
} ? Tokens : Sequence;
/** The outputs of a model with or without attention; of options that leave it open, either. */
type EncoderDecoderOutputs<A> = A extends undefined ? {
    readonly scores: Sequence;
} : {
    readonly scores: Sequence;
    readonly weights: Alignment<string>;
} & ([A] extends [
    {
        readonly coverage: true;
    }
] ? {
    readonly coverageLoss: Sequence<1>;
} : unknown);
/**
 * Makes a model from one sequence to another of another length (Cho et al., 2014; Sutskever et al., 2014): the encoder
 * reads `source`, its last state is the context, and the decoder writes `target` step by step. In training the decoder
 * sees the target one step late (teacher forcing).
 *
 * Inputs `source` and `target`, each on an axis of its own name; the target is input and label at once:
 * `fit({ x: { source, target }, y: target }, { loss: 'crossEntropy' })`. Output `scores`: for tokens the logits of each id,
 * for numbers the next step. With `attention` (Bahdanau et al., 2015) the output `weights` has for each step of the target
 * the weight of each step of the source, and takes no targets; with its option `coverage` the output `coverageLoss` has how
 * much of it each step looks at again, and targets and losses go by the outputs' names.
 *
 * ```ts
 * const model = encoderDecoder({
 *   source: { vocabularySize: 30 },
 *   target: { vocabularySize: 40, start: 0 },
 *   hiddenSize: 128,
 *   bidirectional: true,
 *   attention: 'additive',
 * })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_SHAPE` for states of unlike sizes without
 * a bridge.
 */
declare function encoderDecoder<const S extends TokenSide | NumberSide, const T extends TokenSide | NumberSide, const A extends AttentionScore | AttentionOptions | undefined = undefined>(options: EncoderDecoderOptions<S, T, A>): Model<{
    readonly source: SideValue<S>;
    readonly target: SideValue<T>;
}, EncoderDecoderOutputs<A>>;

/**
 * Makes a model of its graph as plain data, such as `model.graph`, and of parameters by name, such as
 * those of `model.parameters()`. Parameters that are left out begin with their first weights.
 *
 * ```ts
 * const copy = fromGraph<typeof model>(model.graph, model.parameters())
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` for a graph that contradicts itself, naming the node;
 * `ERR_UNROLLED_ARGUMENT` for a parameter that the graph does not have, `ERR_UNROLLED_SHAPE` for one of
 * another size, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity.
 */
declare function fromGraph<M extends Pick<Model, 'graph'> = Model>(graph: GraphJson, parameters?: ParameterData, options?: ModelOptions): M;

/** The argument of a declaration. */
interface GraphContext {
    readonly input: Inputs;
}
/**
 * Makes a model of any shape: `declare` applies layers to inputs and returns the outputs by name.
 *
 * ```ts
 * const tagger = graph({ words: { tokens: { vocabularySize: 1000 } } }, ({ words }) => {
 *   const { output } = lstm({ hiddenSize: 64, bidirectional: true })(embedding({ size: 32 })(words))
 *   return { tags: dense({ size: 12 })(output) }
 * })
 * ```
 *
 * Inputs are given by name and kind, so that the types know both: `predict({ wrods: … })` does not
 * compile. Without them `declare` makes its inputs itself, such as a number of them that is known at
 * run time alone: `graph(({ input }) => … input.vector('x', { size: 3 }) …)`; the types then take any.
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` for a graph that contradicts itself; the layers'
 * errors for values that do not fit.
 */
declare function graph<O extends Outputs>(declare: (context: GraphContext) => O, options?: ModelOptions): Model<AnyValues, O>;
declare function graph<const I extends Readonly<Record<string, InputKind>>, O extends Outputs>(inputs: I, declare: (inputs: InputValues<I>) => O, options?: ModelOptions): Model<InputValues<I>, O>;

/** Options of {@link load} and {@link fromBytes}. */
interface LoadOptions {
    /**
     * Rounds the operands of matrix products; `'f32'`, no rounding, by default. A file holds unrounded
     * weights, and does not record a precision.
     */
    readonly precision?: Precision;
}
/**
 * Reads a model that `save` wrote. `load<typeof model>(path)` gives it the types of `model`.
 *
 * Rejects with an `UnrolledError`: `ERR_UNROLLED_FORMAT` for a file that is truncated, corrupted or
 * foreign, `ERR_UNROLLED_IO` for one that cannot be read (`cause` is the system's error), `ERR_UNROLLED_SIZE` for a model
 * that does not fit in memory, `ERR_UNROLLED_ARGUMENT` for a path or option of another kind.
 */
declare function load<M extends Pick<Model, 'graph'> = Model>(path: string, options?: LoadOptions): Promise<M>;
/**
 * Reads a model like {@link load}, from the bytes that `toBytes` gave.
 *
 * @throws UnrolledError as {@link load}.
 */
declare function fromBytes<M extends Pick<Model, 'graph'> = Model>(bytes: Uint8Array, options?: LoadOptions): M;

/** Options of {@link stacked}. */
interface StackedOptions {
    /**
     * Adds the input of each recurrent layer to its output where both have one size (He et al. 2016, Wu et al. 2016);
     * `false` by default.
     */
    readonly residual?: boolean;
}
/** A cell as the scan of it, a layer as it is. */
type AsLayer<C> = C extends Cell<infer S, infer R, infer X> ? Scan<OutputSize<S, R>, States<S>, Sequence<SizeOf<X>>, Trace<S, R>> : C;
/** The result of a layer for `X`. */
type ResultOf<L, X> = L extends Signed<infer S> ? S extends Signature<Value, infer M, unknown> ? Apply<M, X> : unknown : L extends (x: never) => infer R ? R : unknown;
/** The results of layers, each of the output of the one before. */
type Results<L extends readonly unknown[], X> = L extends readonly [infer Head, ...infer Rest] ? readonly [ResultOf<AsLayer<Head>, X>, ...Results<Rest, Through<AsLayer<Head>, X>>] : L extends readonly [] ? readonly [] : readonly unknown[];
type Last<T extends readonly unknown[]> = T extends readonly [...unknown[], infer L] ? L : unknown;
type Member<T, K extends string> = T extends {
    readonly [P in K]: infer V;
} ? V : undefined;
type Members<T extends readonly unknown[], K extends string> = {
    readonly [N in keyof T]: Member<T[N], K>;
};
/** Result of a stack: of layers with results `R`. */
interface StackedLayers<R extends readonly unknown[]> {
    /** The last layer's output. */
    readonly output: Onward<Last<R>>;
    /** The last layer's state after the last step. */
    readonly state: Member<Last<R>, 'state'>;
    /** Every layer's state after the last step, from the bottom up; `undefined` of one that has none. */
    readonly layers: Members<R, 'state'>;
    /** The last layer's values at every step. */
    readonly trace: Member<Last<R>, 'trace'>;
    /** Every layer's values at every step. */
    readonly traces: Members<R, 'trace'>;
}
/** A sequence becomes {@link StackedLayers}. */
interface StackedLayersMapping<L extends readonly unknown[]> extends Mapping {
    readonly output: StackedLayers<Results<L, this['input']>>;
}
/** The layer that {@link stacked} makes. */
interface StackedLayer<L extends readonly unknown[]> extends Signed<Signature<Sequence, StackedLayersMapping<L>, FirstOf<AsLayer<L[0]>>>> {
    /** `initial`: the state of each layer before the first step, bottom up; `undefined` for zeros. */
    <X extends Sequence>(x: X, options?: {
        readonly initial?: readonly (object | undefined)[];
    }): StackedLayers<Results<L, X>>;
}
/** The layers with those that do not fit turned into errors. */
type CheckStack<L extends readonly unknown[]> = CheckChain<{
    readonly [K in keyof L]: AsLayer<L[K]>;
}, Sequence> extends infer C ? {
    readonly [K in keyof L]: K extends keyof C ? C[K] extends (x: never) => unknown ? L[K] : C[K] : L[K];
} : never;
/**
 * Stacks recurrent layers and cells of any kinds, each on the output of the one before, with a state for each (Graves
 * 2013; Pascanu et al. 2014, stacked RNN). Other layers, such as a dropout, may stand between.
 *
 * ```ts
 * const deep = stacked([lstm({ hiddenSize: 64 }), cell({ h: 64 }, …), gru({ hiddenSize: 64 })], { residual: true })
 * const { output, layers } = deep(x)
 * ```
 *
 * sequence → `{ output, state, layers, trace, traces }`. Without residual connections it is piping the layers by hand.
 * Parameters are those of the layers; a cell's have the names of its {@link scan}.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option or something that is no layer, `ERR_UNROLLED_SHAPE` for
 * residual connections where no layer keeps the size of its input; the layers' errors.
 */
declare function stacked<const L extends readonly unknown[]>(layers: L & AtLeastOne$1<L> & CheckStack<L>, options?: StackedOptions): StackedLayer<L>;

/** A function of each number, or of each step's numbers (softmax). */
type Activation = Layer<Numeric, Same>;
/** The names of activation functions. */
declare const ACTIVATION_NAMES: readonly ["tanh", "sigmoid", "relu", "softplus", "hardSigmoid", "silu", "gelu", "softmax", "identity", "elu", "leakyRelu"];
/** The name of an activation function. */
type ActivationName = (typeof ACTIVATION_NAMES)[number];
/** A function of each number: what a recurrent layer may have for tanh. */
type RecurrentActivation = Exclude<ActivationName, 'softmax'>;
/** Options of {@link activation}. */
interface ActivationOptions {
    /** For `elu`: the bound from below, times -1; 1 by default. */
    readonly alpha?: number;
    /** For `leakyRelu`: the slope below 0; 0.01 by default. */
    readonly slope?: number;
}
/**
 * A layer that applies `name` to every number: `activation('relu')` in `sequential` is the same as
 * {@link relu} itself; `activation('leakyRelu', { slope: 0.2 })` has another slope.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown name or option.
 */
declare function activation(name: ActivationName, options?: ActivationOptions): Activation;
/** `y = x`. */
declare const identity: Activation;
/** `y = tanh x`. */
declare const tanh: Activation;
/**
 * `y = 1 / (1 + exp(-x))`. A model that is trained with `binaryCrossEntropy` ends without it: the loss takes
 * logits.
 */
declare const sigmoid: Activation;
/** `y = max(x, 0)`. */
declare const relu: Activation;
/**
 * `y = exp(x) / Σ exp(x)` over the numbers of a step. The losses take logits: a model that is
 * trained with `crossEntropy` ends without it.
 */
declare const softmax: Activation;
/** `y = ln(1 + exp x)`. */
declare const softplus: Activation;
/** `y = min(max((x + 3) / 6, 0), 1)`, as in PyTorch and Keras 3. */
declare const hardSigmoid: Activation;
/** `y = x sigmoid(x)`, also called swish. */
declare const silu: Activation;
/** `y = x Φ(x)`, with the distribution function of the normal distribution. */
declare const gelu: Activation;
/** `y = x` above 0, else `exp(x) - 1`. */
declare const elu: Activation;
/** `y = x` above 0, else `0.01 x`. */
declare const leakyRelu: Activation;

/** The size of values combined number by number: that of the first that has not just one number. */
type CommonSize<V extends readonly unknown[]> = V extends readonly [
    infer Head,
    ...infer Rest
] ? SizeOf<Head> extends 1 ? CommonSize<Rest> : SizeOf<Head> : V extends readonly [] ? 1 : SizeOf<V[number]>;
/** The values; one known to have another size than the common one, and more than one number, becomes a type error. */
type SameSizes<V extends readonly Numeric[]> = {
    readonly [K in keyof V]: SizeOf<V[K]> extends 1 ? V[K] : Fits<CommonSize<V>, SizeOf<V[K]>> extends true ? V[K] : SizesDiffer<CommonSize<V>, SizeOf<V[K]>>;
};
/** A sequence if any value is one, else a vector, of size `S`; either for a list of both. */
type Joined<V extends readonly Numeric[], S extends number> = Extract<V[number], Sequence> extends never ? Vector<S> : number extends V['length'] ? Resize<V[number], S> : Sequence<S>;
/** The type error of too few values. */
interface TooFew<Least extends number> {
    readonly 'unrolled: too few values, expected at least': Least;
}
/** Values as they are; a list whose length the types do not know is checked when it is combined. */
type AtLeastOne<V extends readonly unknown[]> = V extends readonly [] ? readonly [TooFew<1>] : unknown;
/** As {@link AtLeastOne}, for two. */
type AtLeastTwo<V extends readonly unknown[]> = V extends readonly [] | readonly [unknown] ? readonly [TooFew<2>, TooFew<2>] : unknown;
/**
 * Adds values number by number: `y = a + b + …`. All have one size, or one number, which is
 * added to every number of the others; a vector is added to every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function add<X extends Numeric>(first: X, second: NoInfer<X>, ...rest: readonly NoInfer<X>[]): X;
declare function add<const V extends readonly Numeric[]>(...values: V & AtLeastTwo<V> & SameSizes<V>): Joined<V, CommonSize<V>>;
/**
 * Multiplies values number by number: `y = a b …`. All have one size, or one number, which
 * multiplies every number of the others; a vector multiplies every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function multiply<X extends Numeric>(first: X, second: NoInfer<X>, ...rest: readonly NoInfer<X>[]): X;
declare function multiply<const V extends readonly Numeric[]>(...values: V & AtLeastTwo<V> & SameSizes<V>): Joined<V, CommonSize<V>>;
/**
 * Joins the numbers of values: `y = [a, b, …]`. The sizes add up; a vector is repeated at every step
 * of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for tokens.
 */
declare function concat<const V extends readonly Numeric[]>(...values: V & AtLeastOne<V>): Joined<V, SumOfSizes<V>>;

/** Options of {@link affine}. */
interface AffineOptions {
    /** The factor of every number; 1 by default. */
    readonly scale?: number;
    /** The summand of every number; 0 by default. */
    readonly shift?: number;
}
/**
 * Computes `y = scale x + shift` with two fixed numbers; learns nothing.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a number that is not finite.
 */
declare function affine<X extends Numeric>(x: X, options: AffineOptions): X;
/**
 * Mixes two values: `y = (1 - alpha) a + alpha b`, with a fixed number or a value, such as a gate, for
 * `alpha`: exactly `a` at 0 and `b` at 1; one number goes with any size. Leaky units are `mix(h, tanh(…), 0.1)`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes.
 */
declare function mix<X extends Numeric>(a: X, b: NoInfer<X>, alpha: number | NoInfer<X>): X;
declare function mix<A extends Numeric, B extends Numeric>(a: A, b: B & SameSizes<readonly [A, B]>[1], alpha: number): Joined<readonly [A, B], CommonSize<readonly [A, B]>>;
declare function mix<A extends Numeric, B extends Numeric, C extends Numeric>(a: A, b: B & SameSizes<readonly [A, B, C]>[1], alpha: C & SameSizes<readonly [A, B, C]>[2]): Joined<readonly [A, B, C], CommonSize<readonly [A, B, C]>>;

/** The second of two values combined number by number. */
type Partner<A extends Numeric, B extends Numeric> = B & SameSizes<readonly [A, B]>[1];
/** The result for two values: a sequence if one is, of their size; one number goes with any. */
type Paired<A extends Numeric, B extends Numeric> = Joined<readonly [A, B], CommonSize<readonly [A, B]>>;
/**
 * Subtracts number by number: `y = a - b`. Sizes are equal, or one is 1; a vector
 * goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function subtract<X extends Numeric>(a: X, b: NoInfer<X>): X;
declare function subtract<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>;
/**
 * Divides number by number: `y = a / b`. Sizes are equal, or one is 1; a vector
 * goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function divide<X extends Numeric>(a: X, b: NoInfer<X>): X;
declare function divide<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>;
/**
 * Takes the larger of two numbers: `y = max(a, b)`; equal ones share the gradient. Sizes are equal, or one is 1; a
 * vector goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function maximum<X extends Numeric>(a: X, b: NoInfer<X>): X;
declare function maximum<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>;
/**
 * Takes the smaller of two numbers: `y = min(a, b)`; equal ones share the gradient. Sizes are equal, or one is 1; a
 * vector goes with every step of a sequence.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function minimum<X extends Numeric>(a: X, b: NoInfer<X>): X;
declare function minimum<A extends Numeric, B extends Numeric>(a: A, b: Partner<A, B>): Paired<A, B>;
/**
 * Chooses number by number: `y = a` where `condition` is not 0, else `b`. The condition gets no gradient, and
 * nothing of the value that is not chosen enters `y`, NaN and infinity included. Its gradient is 0; a slope before
 * it that is infinite makes NaN of that, as in PyTorch: `where(x, sqrt(maximum(x, constant([1e-6]))), …)`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function where<X extends Numeric>(condition: X, a: NoInfer<X>, b: NoInfer<X>): X;
declare function where<C extends Numeric, A extends Numeric, B extends Numeric>(condition: C, a: A & SameSizes<readonly [C, A, B]>[1], b: B & SameSizes<readonly [C, A, B]>[2]): Joined<readonly [C, A, B], CommonSize<readonly [C, A, B]>>;

/** Joins the outputs of two directions: side by side, or number by number. */
type Merge = 'concat' | 'sum' | 'multiply' | 'average';
/** The size of two outputs of `F` numbers merged by `M`. */
type Merged<F extends number, M extends Merge> = [M] extends ['concat'] ? Sum<F, F> : 'concat' extends M ? number : F;

/** Options that change the step of a recurrent layer or cell. */
interface RecurrentStepOptions {
    /** Learns biases; `true` by default (`gru`: the value of `resetAfter`). */
    readonly bias?: boolean;
    /** Initial weights; `'glorot'` by default. */
    readonly initializer?: Initializer;
    /**
     * Normalizes the pre-activations over the units (Ba, Kiros, Hinton 2016), each kind as in the paper; gains begin at 1.
     * `false` by default.
     */
    readonly layerNorm?: boolean;
    /**
     * Dropout of the state in its products with the weights, from 0 (default) to below 1: one mask a row for all steps
     * (Gal, Ghahramani 2016), one for all gates, as in Keras. What a gate keeps of the state is not dropped.
     */
    readonly recurrentDropout?: number;
}
/** Options that `rnn`, `lstm` and `gru` share. */
interface RecurrentOptions<H extends number, I extends number | undefined, B extends boolean, M extends Merge = Merge> extends RecurrentStepOptions {
    /** Numbers in the hidden state. */
    readonly hiddenSize: H;
    /** Numbers in a step of the input; needed only if the layer begins a model. */
    readonly inputSize?: I;
    /** Layers stacked, each on the output of the one below; 1 by default. */
    readonly numLayers?: number;
    /** Dropout between the stacked layers, from 0 (default) to below 1. */
    readonly dropout?: number;
    /** Runs from each row's last valid step to its first; outputs keep the original order. */
    readonly reverse?: boolean;
    /** Runs both ways and joins the two, forward first: outputs and states have 2 `hiddenSize`. */
    readonly bidirectional?: B;
    /**
     * Joins the outputs of both ways, of every layer: `'concat'` (default) side by side, `'sum'`, `'multiply'` or
     * `'average'` number by number, with `hiddenSize` numbers. States stand side by side. For `bidirectional` alone.
     */
    readonly merge?: M;
    /**
     * The state before the first step of a row: zeros (default), or learned, a parameter for each state, layer and
     * direction: `initial_h_l0` and so on, zeros at first. A call's `initial` goes before it. A learned one begins
     * each call of `predict` and each batch, which therefore refuse a state to go on from; a stream or session goes on.
     */
    readonly initialState?: 'zeros' | 'learned';
    /** Names the layer and its parameters; the kind by default. */
    readonly name?: string;
}
/** The output size of `H` units: twice as many both ways, unless they merge number by number. */
type Directed<H extends number, B extends boolean, M extends Merge = 'concat'> = [
    B
] extends [false] ? H : [B] extends [true] ? Merged<H, M> : number;
/** Result of a stacked recurrent layer. */
interface Stacked<F extends number, S, T = unknown> {
    /** The top layer's hidden state at every step. */
    readonly output: Sequence<F>;
    /** The top layer's state after the last step. */
    readonly state: S;
    /** Every layer's state after the last step, from the bottom up. */
    readonly layers: readonly S[];
    /**
     * The top layer's states and gates at every step, in the order of the input; both ways stand side by side. Only what is
     * read is kept. Reading a gate takes the step apart: it costs the speed of the fused one.
     */
    readonly trace: T;
    /** Every layer's states and gates at every step, from the bottom up. */
    readonly traces: readonly T[];
}
/** A sequence becomes a {@link Stacked}. */
interface StackedMapping<F extends number, S, T> extends Mapping {
    readonly output: Stacked<F, S, T>;
}
/** A layer of `rnn`, `lstm` or `gru`. */
interface RecurrentLayer<F extends number, S, I extends number | undefined, T = unknown> extends Signed<Signature<Sequence, StackedMapping<F, S, T>, I extends number ? Sequence<I> : never>> {
    (x: Sequence, options?: RecurrentCall<S>): Stacked<F, S, T>;
}
/** Options of a recurrent layer's call. */
interface RecurrentCall<S> {
    /** The state before the first step; for stacked layers a list, bottom up. */
    readonly initial?: Start<S>['initial'] | readonly Start<S>['initial'][];
    /**
     * A vector that conditions every step of the bottom layer (Goodfellow et al. 2016, section 10.2.4; of both directions): its product
     * with a matrix of its own, `weight_ch_l0` `[gates H, C]` without a bias, is added to the input's.
     */
    readonly context?: Vector;
}

/** Options of {@link bidirectional}. */
interface BidirectionalOptions<M extends Merge = Merge> {
    /** Joins the outputs of both ways; `'concat'` by default, as in {@link lstm}. */
    readonly merge?: M;
    /** The cell from the last step to the first; the same cell by default. For cells alone. */
    readonly backward?: AnyCell;
    /** Names the layer and its parameters; `bidirectional` by default. For cells alone. */
    readonly name?: string;
}
/** States of both directions, side by side. */
type BothStates<S> = {
    readonly [K in keyof S]: S[K] extends Vector<infer F> ? Vector<Sum<F, F>> : S[K];
};
/** Values of both directions at every step, side by side. */
type BothTraces<T> = {
    readonly [K in keyof T]: T[K] extends Sequence<infer F> ? Sequence<Sum<F, F>> : T[K];
};
/**
 * Runs a recurrent layer, or a cell, along a sequence both ways: from the first step of each row to its last, and from
 * its last valid step to its first, so that the output at a step depends on the whole row (Schuster, Paliwal 1997). Outputs
 * of both ways are merged in the order of the input; states stand side by side, forward first.
 *
 * ```ts
 * const { output } = bidirectional(gru({ hiddenSize: 64 }))(x)
 * const own = bidirectional(cell({ h: 64 }, ({ h }, x) => ({ h: … })), { merge: 'sum' })(x)
 * ```
 *
 * `bidirectional(gru(…))` is `gru({ …, bidirectional: true })`. Each way of a cell has parameters of its own, of the
 * layers that its step makes: `bidirectional.forward.linear.weight`, `bidirectional.backward.linear.weight`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for something that is neither, a layer that has a direction already,
 * or a bad option; `ERR_UNROLLED_SHAPE` for two cells of different sizes.
 */
declare function bidirectional<F extends number, S, I extends number | undefined, T, M extends Merge = 'concat'>(given: RecurrentLayer<F, S, I, T>, options?: BidirectionalOptions<M>): RecurrentLayer<Merged<F, M>, BothStates<S>, I, BothTraces<T>>;
declare function bidirectional<const S extends Readonly<Record<string, number>>, R extends Step<S>, X extends Vector = Vector, M extends Merge = 'concat'>(given: Cell<S, R, X>, options?: BidirectionalOptions<M>): Scan<Merged<OutputSize<S, R>, M>, BothStates<States<S>>, Sequence<SizeOf<X>>, BothTraces<Trace<S, R>>>;

/** Options of the step of a {@link gru} and of {@link gruCell}. */
interface GruStepOptions {
    /**
     * Applies the reset gate to the recurrent product (`true`, the default of PyTorch, Keras and cuDNN
     * too), or to the state before the product (`false`, the original equations).
     */
    readonly resetAfter?: boolean;
    /** The function of the candidate; `'tanh'` by default. */
    readonly activation?: RecurrentActivation;
    /**
     * Keeps units at their old values at random (Krueger et al. 2017): in training, each with this probability; otherwise
     * the state is the expectation, `p old + (1 - p) new`. 0 by default.
     */
    readonly zoneout?: number;
}

/** Options of {@link gru}. */
interface GruOptions<H extends number, I extends number | undefined, B extends boolean, M extends Merge = Merge> extends RecurrentOptions<H, I, B, M>, GruStepOptions {
}
/** The state of a {@link gru} layer. */
interface GruState<H extends number> {
    readonly h: Vector<H>;
}
/** The state and the gates of a {@link gru} layer at every step: r and z from 0 to 1, and the candidate n. */
interface GruTrace<H extends number> {
    readonly h: Sequence<H>;
    readonly r: Sequence<H>;
    readonly z: Sequence<H>;
    readonly n: Sequence<H>;
}
/**
 * The gated recurrent unit: `r, z = σ(W x + b + U h + b')`, `h' = (1 - z) n + z h`, where
 * `n = tanh(W x + b + r (U h + b'))`, or with `resetAfter: false` `n = tanh(W x + b + U (r h) + b')`;
 * `activation` takes the place of tanh.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h }, trace: { h, r, z, n } }`. Parameters, PyTorch's, gates in the
 * order r, z, n: `weight_ih_l0` `[3H, I]`, `weight_hh_l0` `[3H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[3H]`, and so on for every layer and, with `_reverse`, the other direction. Biases are left out
 * by default when `resetAfter` is `false`, as in the original equations.
 *
 * With `layerNorm` four normalizations take the place of the biases, of the products of x and of h, each of the gates
 * r, z together and of the candidate: `gain_ih_rz_l0`, `bias_ih_rz_l0` `[2H]`, `gain_ih_n_l0`, `bias_ih_n_l0` `[H]`, and
 * the same of `hh`.
 *
 * In the types `P` is `H`: the three kinds of layer have one signature, and can take each other's place.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
declare function gru<H extends number, I extends number | undefined = undefined, B extends boolean = false, P extends number = H, M extends Merge = 'concat'>(options: GruOptions<H, I, B, M>): RecurrentLayer<Directed<P, B, M>, GruState<Directed<P, B>>, I, GruTrace<Directed<P, B>>>;

/** Probabilities with which the units of a state keep their old values in training. */
interface ZoneoutRates {
    /** Of the hidden state, from 0 (default) to below 1. */
    readonly h?: number;
    /** Of the cell, from 0 (default) to below 1. */
    readonly c?: number;
}

/** Options of the step of an {@link lstm} and of {@link lstmCell}; `P` is the size of the projection. */
interface LstmStepOptions<P extends number = number> {
    /** Initial value of the forget gate's `bias_ih`; 1 by default. Not for `'pytorch'` weights. */
    readonly forgetBias?: number;
    /**
     * Lets the gates see the cell (Gers, Schmidhuber 2000): i and f see `c`, o sees `c'`, each through a
     * weight a unit: `weight_ci`, `weight_cf`, `weight_co` `[H]`, zeros at first. `false` by default.
     */
    readonly peepholes?: boolean;
    /**
     * Takes in what it forgets: `i = 1 - f` (Greff et al. 2017). There is no gate i: weights have 3H rows, of
     * f, g, o, and no `weight_ci`. `false` by default.
     */
    readonly coupledGates?: boolean;
    /**
     * Numbers in the hidden state, PyTorch's `proj_size` (Sak, Senior, Beaufays 2014): `h' = W_hr σ(o) φ(c')` with
     * `weight_hr` `[P, H]`. `hiddenSize`, without a projection, by default.
     */
    readonly projSize?: P;
    /** The function of the candidate and of the output, φ; `'tanh'` by default. */
    readonly activation?: RecurrentActivation;
    /**
     * Keeps units at their old values at random (Krueger et al. 2017): in training, each with this probability; otherwise
     * the state is the expectation, `p old + (1 - p) new`. One rate for both states, or one each; 0 by default.
     */
    readonly zoneout?: number | ZoneoutRates;
}

/** Options of {@link lstm}. */
interface LstmOptions<H extends number, I extends number | undefined, B extends boolean, P extends number = number, M extends Merge = Merge> extends RecurrentOptions<H, I, B, M>, LstmStepOptions<P> {
}
/** The state of an {@link lstm} layer: `P` numbers in `h`, `H` in `c`. */
interface LstmState<H extends number, P extends number = H> {
    readonly h: Vector<P>;
    readonly c: Vector<H>;
}
/** States and gates of an {@link lstm} layer at every step: i, f, o from 0 to 1, and the candidate g. */
interface LstmTrace<H extends number, P extends number = H> {
    readonly h: Sequence<P>;
    readonly c: Sequence<H>;
    readonly i: Sequence<H>;
    readonly f: Sequence<H>;
    readonly g: Sequence<H>;
    readonly o: Sequence<H>;
}
/**
 * Long short-term memory: with gates `i, f, g, o = W_ih x + b_ih + W_hh h + b_hh`,
 * `c' = σ(f) c + σ(i) φ(g)` and `h' = σ(o) φ(c')`, where φ is tanh unless `activation` says otherwise.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h, c }, trace: { h, c, i, f, g, o } }`. Parameters, PyTorch's, gates in the
 * order i, f, g, o: `weight_ih_l0` `[4H, I]`, `weight_hh_l0` `[4H, H]`, `bias_ih_l0`, `bias_hh_l0`
 * `[4H]`, and so on for every layer and, with `_reverse`, the other direction. With `projSize` output and `h`
 * have P numbers, `weight_hh_l0` is `[4H, P]`, and `weight_hr_l0` `[P, H]` comes after the biases.
 *
 * With `layerNorm` the gates are `LN(W_ih x) + LN(W_hh h)` and `h' = σ(o) φ(LN(c'))`: `bias_ih_l0` and `bias_hh_l0` are the
 * biases of the first two, with `gain_ih_l0`, `gain_hh_l0` `[4H]`; the third has `gain_c_l0`, `bias_c_l0` `[H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
declare function lstm<H extends number, I extends number | undefined = undefined, B extends boolean = false, P extends number = H, M extends Merge = 'concat'>(options: LstmOptions<H, I, B, P, M>): RecurrentLayer<Directed<P, B, M>, LstmState<Directed<H, B>, Directed<P, B>>, I, LstmTrace<Directed<H, B>, Directed<P, B>>>;

/** Options of the step of an {@link rnn} and of {@link rnnCell}. */
interface RnnStepOptions {
    /** The function of the state; `'tanh'` by default. */
    readonly activation?: RecurrentActivation;
    /**
     * Keeps units at their old values at random (Krueger et al. 2017): in training, each with this probability; otherwise
     * the state is the expectation, `p old + (1 - p) new`. 0 by default.
     */
    readonly zoneout?: number;
}

/** Options of {@link rnn}. */
interface RnnOptions<H extends number, I extends number | undefined, B extends boolean, M extends Merge = Merge> extends RecurrentOptions<H, I, B, M>, RnnStepOptions {
}
/** The state of an {@link rnn} layer. */
interface RnnState<H extends number> {
    readonly h: Vector<H>;
}
/** The state of an {@link rnn} layer at every step. */
interface RnnTrace<H extends number> {
    readonly h: Sequence<H>;
}
/**
 * The plain recurrent layer: `h' = φ(W_ih x + b_ih + W_hh h + b_hh)`, where φ is tanh unless `activation` says
 * otherwise.
 *
 * sequence `[I]` → `{ output: sequence [H], state: { h }, trace: { h } }`. Parameters, PyTorch's:
 * `weight_ih_l0` `[H, I]`, `weight_hh_l0` `[H, H]`, `bias_ih_l0`, `bias_hh_l0` `[H]`, and so on for
 * every layer and, with `_reverse`, the other direction. With `layerNorm` `h' = φ(LN(W_ih x + W_hh h))`:
 * `gain_l0` and `bias_l0` `[H]` take the place of the biases.
 *
 * In the types `P` is `H`: the three kinds of layer have one signature, and can take each other's place.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for a value
 * that is no sequence.
 */
declare function rnn<H extends number, I extends number | undefined = undefined, B extends boolean = false, P extends number = H, M extends Merge = 'concat'>(options: RnnOptions<H, I, B, M>): RecurrentLayer<Directed<P, B, M>, RnnState<Directed<P, B>>, I, RnnTrace<Directed<P, B>>>;

/** Options that {@link rnnCell}, {@link lstmCell} and {@link gruCell} share. */
interface CellOptions extends RecurrentStepOptions {
    /** Names the cell and its parameters; the kind by default. */
    readonly name?: string;
}
/** Options of {@link rnnCell}. */
interface RnnCellOptions extends CellOptions, RnnStepOptions {
}
/** Options of {@link lstmCell}; `P` is the size of the projection. */
interface LstmCellOptions<P extends number = number> extends CellOptions, LstmStepOptions<P> {
}
/** Options of {@link gruCell}. */
interface GruCellOptions extends CellOptions, GruStepOptions {
}
/** One step of a recurrent layer: the next state. Called twice, it shares its parameters. */
type StepCell<S> = (state: S, x: Vector) => S;
/**
 * One step of {@link rnn}, for the bodies of cells: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu.
 *
 * Parameters, PyTorch's: `weight_ih` `[H, I]`, `weight_hh` `[H, H]`, `bias_ih`, `bias_hh` `[H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option; of the call, `ERR_UNROLLED_KIND` and
 * `ERR_UNROLLED_SHAPE` for a state or input that does not fit.
 */
declare function rnnCell<H extends number>(hiddenSize: H, options?: RnnCellOptions): StepCell<RnnState<H>>;
/**
 * One step of {@link lstm}, for the bodies of cells, at the speed of the layer:
 *
 * ```ts
 * const decoder = cell({ h: 64, c: 64 }, (state, x) => lstmCell(64)(state, concat(x, context)))
 * ```
 *
 * Parameters, PyTorch's, gates in the order i, f, g, o: `weight_ih` `[4H, I]`, `weight_hh` `[4H, H]`,
 * `bias_ih`, `bias_hh` `[4H]`.
 *
 * @throws UnrolledError as {@link rnnCell}.
 */
declare function lstmCell<H extends number, P extends number = H>(hiddenSize: H, options?: LstmCellOptions<P>): StepCell<LstmState<H, P>>;
/**
 * One step of {@link gru}, for the bodies of cells.
 *
 * Parameters, PyTorch's, gates in the order r, z, n: `weight_ih` `[3H, I]`, `weight_hh` `[3H, H]`,
 * `bias_ih`, `bias_hh` `[3H]`.
 *
 * @throws UnrolledError as {@link rnnCell}.
 */
declare function gruCell<H extends number>(hiddenSize: H, options?: GruCellOptions): StepCell<GruState<H>>;

/** Options of {@link choose}. */
interface ChooseOptions {
    /**
     * The choice among the scores while training: the largest (default), or a sample of `softmax(scores)`. Otherwise it is
     * the largest.
     */
    readonly by?: 'argmax' | 'sample';
    /** The ids of a teacher, such as the targets. */
    readonly teacher?: Token | Tokens;
    /**
     * The probability of the teacher's id, drawn for each row and step while training; 1 by default. A value of one number
     * a row or step counts in training and outside of it, where 0.5 and more takes the teacher's id.
     */
    readonly ratio?: number | Numeric;
    /** The ids outside of training: the model's own, `'free'` (default), or the teacher's, `'forced'`. */
    readonly evaluation?: 'free' | 'forced';
}
/** A token for each step of the scores, or of the teacher. */
type Chosen<X extends Numeric, T> = X extends Sequence ? Tokens<SizeOf<X>> : T extends Tokens ? Tokens<SizeOf<X>> : Token<SizeOf<X>>;
/**
 * Chooses an id for each row or step: the number of the largest score, or an id of a teacher. Of equal scores the
 * first counts. No gradient passes.
 *
 * In the step of a cell whose state holds the token, the next step reads what this one chose: output-to-hidden
 * recurrence that runs freely, with teacher forcing (`ratio: 1`) or with scheduled sampling between the two (Bengio et
 * al., 2015).
 *
 * ```ts
 * const decoder = cell({ h: 64, y: { vocabularySize: 30 } }, ({ h, y }, { next }: { next: Token<30> }) => {
 *   const state = tanh(linear(64)(concat(embedding({ size: 16 })(y), h)))
 *   const output = linear(30)(state)
 *   return { h: state, y: choose(output, { teacher: next, ratio: 0.75 }), output }
 * })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, or one without a teacher; `ERR_UNROLLED_SHAPE` for a
 * teacher of another vocabulary than there are scores; `ERR_UNROLLED_KIND` for a value of another kind or axis.
 */
declare function choose<X extends Numeric, T extends Token | Tokens | undefined = undefined>(scores: X, options?: ChooseOptions & {
    readonly teacher?: T;
}): Chosen<X, T>;

/** A group of units of {@link clockwork}. */
interface ClockworkGroup<S extends number = number> {
    /** Numbers in the state of the group. */
    readonly size: S;
    /** The steps from one change of the group to the next. */
    readonly period: number;
}
/** Options of {@link clockwork}. */
interface ClockworkOptions<G extends readonly ClockworkGroup[]> {
    /** The groups, the shortest period first; no two have one period. */
    readonly groups: G;
    /** The function of the state, φ; `'tanh'` by default. */
    readonly activation?: RecurrentActivation;
}
/**
 * A clockwork cell (Koutník, Greff, Gomez, Schmidhuber 2014): units in groups that change at different rates. At a step t,
 * counted from 0, a group of period p with p | t becomes `φ(W x + b + U [h of this group and the slower ones])`; the others
 * keep their states to the bit. Connections lead from slow groups to fast ones alone.
 *
 * The states are `h`, the groups side by side, and `clock`, for each group the steps since its last change but one period
 * at most; a state that is carried on keeps the time. All groups are computed at every step: periods save no work.
 * Parameters, of {@link linear} layers: `entry` (W `[H, I]` and b), `group_0` (U `[size, H]`, no bias) and so on.
 *
 * ```ts
 * const groups = [{ size: 16, period: 1 }, { size: 16, period: 4 }, { size: 16, period: 16 }] as const
 * const { output } = scan(clockwork({ groups }))(x)
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function clockwork<const G extends readonly ClockworkGroup[]>(options: ClockworkOptions<G>): Cell<{
    readonly h: SumOfSizes<G>;
    readonly clock: G['length'];
}, {
    readonly h: Vector<SumOfSizes<G>>;
    readonly clock: Vector<G['length']>;
}>;

/** A connection from the state before a step to the one after it, past the layers between. */
type Skip = 'add' | 'concat' | 'highway';
/** Options of {@link deepTransition}. */
interface DeepTransitionOptions<H extends number, O extends readonly number[]> {
    /** Numbers in the hidden state. */
    readonly hiddenSize: H;
    /** Sizes of the layers between the input and the state; none by default. */
    readonly input?: readonly number[];
    /** Sizes of the layers between a state and the next; none by default, which is a plain recurrent layer. */
    readonly transition?: readonly number[];
    /** Sizes of the layers between the state and the output; none by default: the output is the state. */
    readonly output?: O;
    /** The function of every layer, φ; `'tanh'` by default. */
    readonly activation?: RecurrentActivation;
    /**
     * Leads the state past the transition: `'add'` to the last layer's sum, `h' = φ(W k + b + h)`; `'concat'` beside its
     * input, `h' = φ(W [k, h] + b)`; `'highway'` through a gate, `h' = g n + (1 - g) h` with the last layer's result n and
     * `g = σ(W_g u + U_g h + b_g)` (Srivastava et al. 2015; Zilly et al. 2017). None by default.
     */
    readonly skip?: Skip;
}
/** The size of the last of some layers, or of the state. */
type LastOf<O extends readonly number[], H extends number> = O extends readonly [] ? H : O extends readonly [...unknown[], infer L extends number] ? L : number;
/** A cell that {@link deepTransition} makes. */
interface DeepTransition<H extends number, O extends number> extends Cell<{
    readonly h: H;
}, {
    readonly h: Vector<H>;
    readonly output: Vector<O>;
}> {
    /** The layers on the shortest path from a state to the next: 1 with a skip connection. */
    readonly shortestPath: number;
}
/**
 * A cell with several layers from the input to the state, from each state to the next, and from the state to the output
 * (Pascanu, Gulcehre, Cho, Bengio 2014, deep transition and deep output): with `u` the input behind its layers,
 * `k = φ(W_1 h + V u + b_1)`, `k = φ(W_i k + b_i)` for the others, and the last of them `h'`. To be unrolled by `scan`,
 * `bidirectional` or `stacked`.
 *
 * ```ts
 * const { output } = scan(deepTransition({ hiddenSize: 64, transition: [64], skip: 'highway' }))(x)
 * ```
 *
 * Parameters, of {@link linear} layers with a weight and a bias: `input_0` and so on, `entry` (V and b_1), `transition_0`
 * (W_1, no bias), `transition_1` and so on, `output_0` and so on; of a highway `gate_entry` (W_g and b_g) and `gate`
 * (U_g, no bias).
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function deepTransition<H extends number, const O extends readonly number[] = readonly []>(options: DeepTransitionOptions<H, O>): DeepTransition<H, LastOf<O, H>>;

/** Options of {@link delayed}. */
interface DelayedOptions<H extends number> {
    /** Numbers in the hidden state. */
    readonly hiddenSize: H;
    /** The steps back to the states that a step reads, such as `[1, 4, 8]`; each once. */
    readonly delays: readonly number[];
    /** The function of the state, φ; `'tanh'` by default. */
    readonly activation?: RecurrentActivation;
}
/**
 * A cell with skip connections through time (Lin, Horne, Tiňo, Giles 1996):
 * `h[t] = φ(W x[t] + b + Σ_d U_d h[t - d])` over the delays d, so that slopes reach back n steps in n / d factors. Without
 * 1 among the delays it has no connection of length 1.
 *
 * The states are `h`, the last one, and `h_2` to `h_d`, those before it up to the longest delay, all zeros at first.
 * Parameters, of {@link linear} layers: `entry` (W `[H, I]` and b), `delay_1` (U_1 `[H, H]`, no bias) and so on.
 *
 * ```ts
 * const { output } = scan(delayed({ hiddenSize: 32, delays: [1, 4, 8] }))(x)
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function delayed<H extends number>(options: DelayedOptions<H>): Cell<{
    readonly h: H;
}, {
    readonly h: Vector<H>;
}>;

/** Options of {@link linear}. */
interface LinearOptions {
    /** Adds a learned bias; `true` by default. */
    readonly bias?: boolean;
    /** Initial weights; `'glorot'` by default. */
    readonly initializer?: Initializer;
    /**
     * An embedding whose table is the weight (Press, Wolf 2017): scores of as many ids as it has, of vectors of its size.
     * Both learn the sum of their gradients. The graph calls the embedding first.
     */
    readonly tied?: Layer<Tokens | Token, Mapping, unknown>;
    /** Names the layer and its parameters; `linear` or `dense` by default. */
    readonly name?: string;
}
/** Options of {@link dense}. */
interface DenseOptions<S extends number, I extends number | undefined> extends LinearOptions {
    /** Numbers in the result. */
    readonly size: S;
    /** Numbers in a step of the input; needed only if the layer begins a model. */
    readonly inputSize?: I;
    /** A function applied to the result; none by default. */
    readonly activation?: ActivationName;
}
/** The kind stays, the size becomes `S`. */
interface SizeMapping<S extends number> extends Mapping {
    readonly output: Resize<this['input'], S>;
}
/**
 * A learned linear map of each step: `y = activation(x Wᵀ + b)`.
 *
 * sequence `[I]` → sequence `[size]`, vector `[I]` → vector `[size]`. Parameters `weight`
 * `[size, I]`, unless it is `tied` to an embedding's, and `bias` `[size]`. First in `sequential` it takes sequences of `inputSize`.
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

/**
 * 1 for the largest number of a step, or of a vector, and 0 for the others; of equal numbers the first
 * counts. No gradient passes: `straightThrough(argmax(x), softmax(x))` learns all the same.
 */
declare const argmax: Layer<Numeric, Same>;
/** Tokens become sequences, a token a vector, of as many numbers as there are ids. */
interface OneHotMapping extends Mapping {
    readonly output: this['input'] extends Tokens<infer V> ? Sequence<V> : this['input'] extends Token<infer V> ? Vector<V> : never;
}
/** 1 for the number that an id names, 0 for the others: tokens → sequence, token → vector, `[vocabularySize]`. */
declare const oneHot: Layer<Tokens | Token, OneHotMapping>;
/**
 * Gives `hard`, to the bit, but learns as if it were `soft`: the gradient goes to `soft` alone (the straight-through
 * estimator of Bengio, Léonard and Courville, 2013). Sizes are equal, or one is 1.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` for different sizes, `ERR_UNROLLED_KIND` for tokens.
 */
declare function straightThrough<X extends Numeric>(hard: X, soft: NoInfer<X>): X;
declare function straightThrough<A extends Numeric, B extends Numeric>(hard: A, soft: B & SameSizes<readonly [A, B]>[1]): Joined<readonly [A, B], CommonSize<readonly [A, B]>>;
/** Options of {@link gumbelSoftmax}. */
interface GumbelSoftmaxOptions {
    /** Divides the sum of logits and noise: near 0 the result is nearly one-hot; 1 by default. */
    readonly temperature?: number;
    /** Gives a one-hot choice, which learns as the soft one does; `false` by default. */
    readonly hard?: boolean;
}
/**
 * A soft sample of the features: `softmax((x + g) / temperature)`, with `g = -ln(-ln u)` and `u` uniform in (0, 1), drawn
 * for each number while training (Jang, Gu and Poole, 2017). Otherwise `g` is 0: unlike PyTorch's
 * `F.gumbel_softmax`, a prediction is not random.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for tokens.
 */
declare function gumbelSoftmax<X extends Numeric>(x: X, options?: GumbelSoftmaxOptions): X;

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
    /** Numbers in the vector of an id. */
    readonly size: S;
    /** The number of ids; needed if the layer begins a model, else taken from the tokens. */
    readonly vocabularySize?: V;
    /** An id whose vector is zero and never learns; none by default. */
    readonly padding?: number;
    /** `'glorot'`: uniform in ±0.05 (default); `'pytorch'`: normal with deviation 1. */
    readonly initializer?: Initializer;
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
declare function embedding<S extends number, V extends number | undefined = undefined>(options: EmbeddingOptions<S, V>): EmbeddingLayer<S, V>;
/** The layer that {@link embedding} makes. */
type EmbeddingLayer<S extends number, V extends number | undefined> = Layer<Tokens | Token, EmbeddingMapping<S>, V extends number ? Tokens<V> : never>;

/** A function of each number. */
type Elementwise = Layer<Numeric, Same>;
/** `y = |x|`; the slope at 0 is 0. */
declare const abs: Elementwise;
/** `y = exp x`. */
declare const exp: Elementwise;
/** `y = ln x`, the natural logarithm: -∞ at 0, NaN below. */
declare const log: Elementwise;
/** `y = √x`; NaN below 0. */
declare const sqrt: Elementwise;
/** `y = x`, but gradients end here: what comes before learns nothing from what comes after. */
declare const detach: Elementwise;
/**
 * `y = Σ x` over the numbers of a step, or of a vector: `[size]` → `[1]`. A dot product of two values is
 * `sum(multiply(a, b))`.
 */
declare const sum: Layer<Numeric, SizeMapping<1>>;
/**
 * `y[t] = exp(x[t]) / Σ exp(x[s])` over the valid steps `s` of a row, for each number of a step by itself: weights of
 * the steps, whose sum is 1. A row of length 0 has none. Attention pooling is
 * `sumOverTime()(multiply(softmaxOverTime(linear(1)(x)), x))`.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value that is no sequence, and in the step of a cell, which sees
 * one step alone.
 */
declare const softmaxOverTime: Layer<Sequence, Same>;

/** The first values of a {@link parameter}: all equal, or drawn within a bound or with a deviation. */
type ParameterInitializer = number | {
    readonly uniform: number;
} | {
    readonly normal: number;
};
/** Options of {@link parameter}. */
interface ParameterOptions {
    /** The first values; 0 by default. `{ uniform: b }` draws from ±b, `{ normal: s }` with deviation s. */
    readonly initializer?: ParameterInitializer;
    /** The parameter's name; `parameter` by default. */
    readonly name?: string;
}
/**
 * A learned vector, the same in every row and at every step: peephole weights, a first state that is
 * learned, a rate of leakage. Made while a graph or a cell's step is declared.
 *
 * ```ts
 * const tied = cell({ h: 8 }, ({ h }, x) => ({ h: tanh(add(multiply(parameter(8), h), x)) }))
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` outside of a declaration, `ERR_UNROLLED_ARGUMENT` for a bad
 * option.
 */
declare function parameter<S extends number>(size: S, options?: ParameterOptions): Vector<S>;
/**
 * Fixed numbers as a vector, the same in every row and at every step; learns nothing. Made while a graph or
 * a cell's step is declared.
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` outside of a declaration, `ERR_UNROLLED_ARGUMENT` for a number
 * that is not finite.
 */
declare function constant<const V extends readonly number[]>(values: V): Vector<V['length']>;

/** Options of {@link gumbelTree}. */
interface GumbelTreeOptions<H extends number, I extends number | undefined> {
    /** Numbers in h and in c. */
    readonly hiddenSize: H;
    /** Numbers in a step of the input; needed only if the layer begins a model. */
    readonly inputSize?: I;
    /**
     * Divides the scores, noise included, where backward takes a softmax for the choice: near 0 few candidates learn from a
     * choice; 1 by default. Changes no choice.
     */
    readonly temperature?: number;
    /** Initial weights; `'glorot'` by default. */
    readonly initializer?: Initializer;
    /** Names the layer and its parameters; `gumbelTree` by default. */
    readonly name?: string;
}
/** Result of {@link gumbelTree}. */
interface GumbelTree<H extends number> {
    /** h of the root. */
    readonly output: Vector<H>;
    /** The state of the root. */
    readonly state: {
        readonly h: Vector<H>;
        readonly c: Vector<H>;
    };
    /**
     * At step t the place, from 0, of the left one of the two states that merge t joins, among those left; -1 at a row's
     * last step, which has no merge. An output to look at, see {@link treeOfMerges}; sends no gradient back, and so a loss of
     * it is refused.
     */
    readonly merges: Sequence<1>;
}
/** A sequence becomes a {@link GumbelTree}. */
interface GumbelTreeMapping<H extends number> extends Mapping {
    readonly output: GumbelTree<H>;
}
/**
 * A tree over the steps of a row that the layer learns to choose: the Gumbel Tree-LSTM (Choi, Yoo and Lee, 2018, "Learning to
 * Compose Task-Specific Tree Structures").
 *
 * sequence `[I]` → `{ output: vector [H], state: { h, c }, merges: sequence [1] }`. A linear map makes each step a leaf
 * `[h, c] = W_leaf x + b_leaf`. Then, until one state is left, every two neighbors have a candidate, the binary Tree-LSTM
 *
 * `i, f_l, f_r, o, u = W [h_l, h_r] + b`, `c = σ(i) tanh(u) + σ(f_l) c_l + σ(f_r) c_r`, `h = σ(o) tanh(c)`,
 *
 * with the score `query · h`. While training, one is drawn by the softmax of the scores (the largest under Gumbel's noise);
 * otherwise the largest is taken, of equal ones the first. It takes the place of its two states. Backward takes the softmax of
 * `(score + noise) / temperature` for the choice, which mixes all states left (the straight-through estimator). A row of one
 * step gives its leaf, one without steps zeros. For a leaf that knows its neighbors, let a recurrent layer read first.
 *
 * Parameters: `weight_leaf` `[2H, I]`, `bias_leaf` `[2H]`, `weight` `[5H, 2H]`, `bias` `[5H]`, `query` `[H]`. With
 * `'glorot'` both forget gates have the bias 1, and the query is normal with standard deviation 0.01.
 *
 * A tree needs whole rows: no `stream`, `carry` or truncation, and not in a cell.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option; of the call, `ERR_UNROLLED_KIND` for a value that is no
 * sequence.
 */
declare function gumbelTree<H extends number, I extends number | undefined = undefined>(options: GumbelTreeOptions<H, I>): Layer<Sequence, GumbelTreeMapping<H>, I extends number ? Sequence<I> : never>;

/** Options of {@link layerNorm}. */
interface LayerNormOptions {
    /** Added to the variance; 1e-5 by default. */
    readonly epsilon?: number;
    /** Names the layer and its parameters; `layerNorm` by default. */
    readonly name?: string;
}
/**
 * Normalizes the numbers of each step: `y = weight (x - mean) / √(variance + epsilon) + bias`.
 *
 * Keeps kind and size. Parameters `weight` (ones) and `bias` (zeros), both `[F]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
declare function layerNorm(options?: LayerNormOptions): Layer<Numeric, Same>;

/** Options of {@link leaky}. */
interface LeakyOptions {
    /** Learns a rate for each number, `α = σ(rate)`, with `alpha` at first; `false` by default. */
    readonly learned?: boolean;
    /** Runs from each row's last valid step to its first; outputs keep the original order. */
    readonly reverse?: boolean;
    /** Names the layer and its parameter; `leaky` by default. */
    readonly name?: string;
}
/** A sequence becomes its running mean. */
interface LeakyMapping extends Mapping {
    readonly output: Leaked<SizeOf<this['input']>>;
}
/** Result of {@link leaky}. */
type Leaked<F extends number> = Recurrence<F, {
    readonly h: Vector<F>;
}, {
    readonly h: Sequence<F>;
}>;
/** The layer that {@link leaky} makes. */
interface Leaky extends Signed<Signature<Sequence, LeakyMapping, never>> {
    <X extends Sequence>(x: X, options?: Start<{
        readonly h: Vector<SizeOf<X>>;
    }>): Leaked<SizeOf<X>>;
}
/**
 * Leaky units, the running mean of each number (Mozer 1992; Jaeger et al. 2007): `h[t] = α h[t - 1] + (1 - α) x[t]`. An
 * impulse fades as `α^k`.
 *
 * sequence `[F]` → `{ output: sequence [F], state: { h }, trace: { h } }`. With `learned` the parameter `rate` `[F]`
 * holds the logits of α.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an `alpha` outside of 0 to 1 (a learned one lies between), or a bad
 * option; `ERR_UNROLLED_KIND` for a value that is no sequence.
 */
declare function leaky(alpha: number, options?: LeakyOptions): Leaky;

/** Options of {@link matmul}. */
interface MatmulOptions {
    /** Rows of the product. */
    readonly rows: number;
    /** Columns of the first factor and rows of the second, over which the product sums. */
    readonly inner: number;
    /** Columns of the product. */
    readonly columns: number;
    /** The factor that is held transposed: `'a'` as `[inner, rows]`, `'b'` as `[columns, inner]`. */
    readonly transpose?: 'a' | 'b';
}
/**
 * Multiplies two small matrices that each row, or each step, holds flat, row by row: `Y = A B` with
 * `Y[i, j] = Σ_k A[i, k] B[k, j]`. `a` has `rows · inner` numbers, `b` has `inner · columns`, the result
 * `rows · columns`; a vector goes with every step of a sequence. Learned weights that all rows share
 * are a matter of {@link linear}, which is faster.
 *
 * ```ts
 * const outer = matmul(key, value, { rows: 8, inner: 1, columns: 16 }) // key valueᵀ, a fast weight
 * const read = matmul(memory, query, { rows: 16, inner: 8, columns: 1, transpose: 'a' })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_SHAPE` for a value of another
 * size, `ERR_UNROLLED_KIND` for tokens or two axes.
 */
declare function matmul<A extends Numeric, B extends Numeric>(a: A, b: B, options: MatmulOptions): Joined<readonly [A, B], number>;

/** A binary tree over the steps of a row. */
interface MergedTree {
    /** By node, the `length` steps in order and then the merges in order: the node's parent, -1 for the root. */
    readonly parents: Int32Array;
}
/**
 * The tree that merges build over a row of `length` steps: its 2 `length` - 1 nodes by their parents, without a row's
 * steps none.
 *
 * ```ts
 * const { merges } = await model.predict(x)
 * const trees = merges.toNested().map((row) => treeOfMerges(row))
 * ```
 *
 * @param merges By merge, the place of the left one of the two nodes that it joins, among those left: a row of the output
 * `merges` of {@link gumbelTree}. What follows the first `length` - 1 places is not read.
 * @param length The steps of the row; as many as `merges` has by default.
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad length, fewer merges than a tree of that length has, or a place
 * that no pair has.
 */
declare function treeOfMerges(merges: ArrayLike<number | ArrayLike<number>>, length?: number): MergedTree;

/** The operation of {@link pool}. */
type Pooling = 'last' | 'lastStep' | 'root' | 'mean' | 'sum' | 'max';
/** A sequence becomes a vector of its size. */
interface PoolMapping extends Mapping {
    readonly output: Vector<SizeOf<this['input']>>;
}
/**
 * Makes one vector of all valid steps of a row: sequence `[F]` → vector `[F]`. Padding is ignored; a
 * row of length 0 gives zeros.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for an unknown operation, `ERR_UNROLLED_KIND` for a value
 * that is no sequence, `ERR_UNROLLED_GRAPH` for `'last'` where {@link last} refuses the sequence.
 */
declare function pool(how: Pooling): Layer<Sequence, PoolMapping>;
/**
 * The last valid step: `pool('last')`. Of a bidirectional layer's output, the final state of each
 * direction, `[h forward after the last step, h backward after the first]`, or the two merged as the
 * layer merges its outputs: every half has then read the whole row. {@link lastStep} gives the last step of both, where the backward half has read one
 * step alone.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value that is no sequence, `ERR_UNROLLED_GRAPH` for a
 * sequence that other layers made of a bidirectional layer's output step by step: its final states
 * are of two different steps.
 */
declare function last(): Layer<Sequence, PoolMapping>;
/** The last valid step, of a bidirectional layer too: `pool('lastStep')`. */
declare function lastStep(): Layer<Sequence, PoolMapping>;
/**
 * The value of the root of each row's tree: `pool('root')`; zeros for a row without nodes.
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for values that are no nodes of a forest; a run refuses a row of
 * several roots, `ERR_UNROLLED_VALUE`.
 */
declare function root(): Layer<Sequence, PoolMapping>;
/** The mean over the valid steps: `pool('mean')`. */
declare function mean(): Layer<Sequence, PoolMapping>;
/** The sum over the valid steps: `pool('sum')`. */
declare function sumOverTime(): Layer<Sequence, PoolMapping>;
/** The largest of each number over the valid steps: `pool('max')`. */
declare function max(): Layer<Sequence, PoolMapping>;

/** A vector or token at each step. */
type Repeated<X> = X extends Vector<infer F> ? Sequence<F> : X extends Token<infer V> ? Tokens<V> : never;
/**
 * Repeats a vector or a token: `y[t] = x`, for a number of steps, or at each step of another value.
 *
 * A number of steps is an axis of its own, `'5 steps'` for 5, the same in every row: an output on the axis comes out as
 * `[rows, 5, size]`, its targets have 5 steps, and all values of 5 steps go together. Such a model has no streams,
 * since nothing says which of its steps are pushed.
 *
 * ```ts
 * const { output } = lstm({ hiddenSize: 32 })(repeat(image, 12)) // vector to sequence
 * const context = repeat(image, words) // one for each word
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_KIND` for a value of another kind, and in the step of a cell, which sees one step
 * alone; `ERR_UNROLLED_ARGUMENT` for a bad number of steps.
 */
declare function repeat<X extends Vector | Token>(x: X, along: number | Sequence | Tokens): Repeated<X>;

/** Options of {@link shift}. */
interface ShiftOptions<D extends number = number> {
    /** The steps of the delay; 1 by default. */
    readonly by?: D;
    /** The first id of shifted tokens; only for tokens. */
    readonly start?: number;
    /** Names the layer; `shift` by default. */
    readonly name?: string;
}
/** The layer that {@link shift} makes. */
interface Shift<D extends number = 1> extends Layer<Tokens | Sequence, Same> {
    /** `initial`: the first steps of a shifted sequence, one after the other; zeros by default. */
    <X extends Tokens | Sequence>(x: X, options?: {
        readonly initial?: X extends Sequence<infer F> ? Vector<D extends 1 ? F : number> : never;
    }): X;
}
/**
 * Delays a value, for teacher forcing or connections that skip steps: `y[t] = x[t - by]`, and `start`, zeros or
 * `initial` for `t < by`. The last steps of a value that begins without `initial` are states of the model,
 * `shift:last` (one for each step of the delay, the later ones `shift_1:last` and so on), so that pieces and streams go
 * on from them; a sequence with `initial` has none.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` when tokens have no `start`, or sequences have one; `ERR_UNROLLED_SHAPE`
 * when `initial` has not `by` steps of the sequence's size.
 */
declare function shift<D extends number = 1>(options?: ShiftOptions<D>): Shift<D>;

/** Options of {@link slice}. */
interface SliceOptions<S extends number> {
    /** The index of the first value taken, from 0. */
    readonly start: number;
    /** The number of values taken. */
    readonly size: S;
}
/**
 * Takes `size` numbers of each step from `start` on: `y = x[start .. start + size]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` when the value has fewer numbers.
 */
declare function slice<S extends number>(options: SliceOptions<S>): Layer<Numeric, SizeMapping<S>>;

/** Options of {@link treeLstm}. */
interface TreeLstmOptions<H extends number = number> {
    /** Numbers in each state. */
    readonly hiddenSize: H;
    /**
     * The most children of a node, each with weights of its own place (N-ary); by default any number of children, whose
     * states are summed (child-sum).
     */
    readonly children?: number;
    /** Initial weights; `'glorot'` by default. */
    readonly initializer?: Initializer;
    /** Names the layer and its parameters; `treeLstm` by default. */
    readonly name?: string;
}
/** The layer that {@link treeLstm} makes. */
type TreeLstm<H extends number> = Fold<H, Sequence, {
    readonly h: Sequence<H>;
    readonly c: Sequence<H>;
}>;
/**
 * A Tree-LSTM (Tai, Socher, Manning, 2015): values of nodes `[F]` → `{ output: h of every node [H], trace: { h, c } }`.
 *
 * ```text
 * i, o, u = W x + U (sum of h, or the h of all places) + b       one forget gate for each child k:
 * f_k = σ(W_f x + U_f h_k + b_f)                                  child-sum: U_f is the same for all
 * c = σ(i) tanh(u) + Σ_k f_k c_k,  h = σ(o) tanh(c)               N-ary: U_f reads the h of all places
 * ```
 *
 * Parameters: `input.weight` `[4 H, F]` in the order i, o, u, f with `input.bias`; child-sum `sum.weight` `[3 H, H]` and
 * `forget.weight` `[H, H]`; N-ary `input.weight` `[(3 + N) H, F]` and `places.weight` `[(3 + N) H, N H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_KIND` for values of an axis that is no
 * forest; a run refuses a node of more children than `children`, `ERR_UNROLLED_VALUE`.
 */
declare function treeLstm<const H extends number>(options: TreeLstmOptions<H>): TreeLstm<H>;

/** Options of {@link treeRnn}. */
interface TreeRnnOptions<H extends number = number> {
    /** Numbers in the state. */
    readonly hiddenSize: H;
    /**
     * The most children of a node, each with weights of its own place; by default any number of children, whose states are
     * summed.
     */
    readonly children?: number;
    /** Learns a product of each two numbers of the children besides, as an RNTN does; needs `children`. `false` by default. */
    readonly tensor?: boolean;
    /** The function of the sum; `'tanh'` by default. */
    readonly activation?: RecurrentActivation;
    /** Initial weights; `'glorot'` by default. */
    readonly initializer?: Initializer;
    /** Names the layer and its parameters; `treeRnn` by default. */
    readonly name?: string;
}
/** The layer that {@link treeRnn} makes. */
type TreeRnn<H extends number> = Fold<H, Sequence, {
    readonly h: Sequence<H>;
}>;
/**
 * A recursive network (Goodfellow et al., section 10.6): values of nodes `[F]` → `{ output: h of every node [H], trace: { h } }`.
 *
 * ```text
 * h = tanh(W x + U below + b)            below: the sum of the children's h, or the h of all places
 * h = tanh(W x + U below + belowᵀ V below + b)     with `tensor` (Socher et al., 2013: the RNTN), V a matrix for each number
 * ```
 *
 * A place without a child is zeros. Parameters: `input.weight` `[H, F]` and `input.bias`; `below.weight` `[H, H]`, or `[H, N H]` of N
 * places; `tensor.weight` `[H · N H, N H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, or `tensor` without `children`; `ERR_UNROLLED_KIND` for
 * values of an axis that is no forest; a run refuses a node of more children than `children`, `ERR_UNROLLED_VALUE`.
 */
declare function treeRnn<const H extends number>(options: TreeRnnOptions<H>): TreeRnn<H>;

/** The version of the native library. */
declare const version: string;

/**
 * An instruction set that the kernels are compiled for: `'scalar'` (the baseline of the processor), `'neon'`
 * (arm64), `'avx2'` with FMA, `'avx512'` (F, VL, BW, DQ), and `'amx'` (AVX-512, and AMX for products of
 * bf16; Linux alone).
 */
type InstructionSet = 'scalar' | 'neon' | 'avx2' | 'avx512' | 'amx';
/** Facts of the process, from {@link system}. */
interface System {
    /** The version of the library, `'1.2.3'`. */
    readonly version: string;
    /** The platform as its package is named, `'linux-x64-gnu'`; `'wasm32-wasip1'` for the fallback. */
    readonly platform: string;
    /** The instruction set in use. */
    readonly isa: InstructionSet;
    /** The instruction sets of this CPU, the widest last. */
    readonly available: readonly InstructionSet[];
    /**
     * The instructions that multiply numbers of `precision: 'bf16'`: `'amx'`, `'avx512_bf16'`, or `'none'`
     * where bf16 gains nothing. Bits of bf16 differ between the three.
     */
    readonly bf16: 'amx' | 'avx512_bf16' | 'none';
    /** The threads that compute. */
    readonly threads: number;
    readonly memory: {
        /**
         * Bytes that a model or run may take, of those of the machine or container seven eighths; `Infinity` where
         * nothing is known.
         */
        readonly limit: number;
        /**
         * The origin of the limit, which is the least of all that are known: {@link configure} (`'code'`),
         * `UNROLLED_MEMORY` (`'environment'`), the memory of the machine or of the control group around the
         * process (`'container'`).
         */
        readonly source: 'code' | 'environment' | 'machine' | 'container' | 'unknown';
    };
}
/** Settings of the process, for {@link configure}. */
interface SystemSettings {
    /** Threads that compute, from 1 to 1024. By default `UNROLLED_THREADS`, else as many as cores. */
    readonly threads?: number;
    /** The instruction set. By default `UNROLLED_ISA`, else the widest of this CPU. */
    readonly isa?: InstructionSet;
    /**
     * Bytes that a model or run may take, at least 1. By default `UNROLLED_MEMORY`. More than the memory of
     * the machine or container has no effect.
     */
    readonly memory?: number;
}
/**
 * Facts of the process: instruction set, threads and memory as in use, or as they would be chosen if the
 * first model were made now. Asking is no use: {@link configure} may still follow.
 *
 * @returns A frozen object.
 * @throws {UnrolledError} `ERR_UNROLLED_ARGUMENT` for a wrong environment variable of this library.
 */
declare function system(): System;
/**
 * Sets threads, instruction set and memory of the process from code, before the first model is made or
 * loaded. Settings are stronger than environment variables; of two calls, the later one wins where both
 * say something. They hold for the whole process, worker threads included: call this once, at the start of
 * the main thread. None of them changes a result, but for the instruction set of `precision: 'bf16'`.
 *
 * @throws {UnrolledError} `ERR_UNROLLED_ARGUMENT` for an unknown setting, a number out of its range or an
 * instruction set that this CPU lacks, and `ERR_UNROLLED_STATE` after the first model. Nothing is set then.
 *
 * @example
 * configure({ threads: 4, memory: 2 * 2 ** 30 })
 */
declare function configure(settings: SystemSettings): void;

/** The form of a tree in brackets. */
interface ParseTreeOptions {
    /**
     * Reads the first word in a bracket as the label of its node; `true` by default. With `false` every word
     * is a leaf and every bracket a node above, as in the binary parses of SNLI and ListOps:
     * `( ( The cat ) sat )`.
     */
    readonly labels?: boolean;
}
/**
 * Reads a tree in the brackets of the Stanford Sentiment Treebank, `(3 (2 The) (2 Rock))`, or of the Penn
 * Treebank, `( (S (NP (DT the) (NN cat)) (VP sat)))`.
 *
 * A bracket is a node: a label, then its word, or its children. A word among children is a leaf without a
 * label. A bracket without a label around one child is left out, as the Penn Treebank has one around each
 * tree. `-LRB-` and `-RRB-` in words stand for brackets, and become them. Any depth is read. Children come
 * before their parents, the root last.
 *
 * Marcus, Santorini and Marcinkiewicz (1993), Building a Large Annotated Corpus of English; Socher et al.
 * (2013), Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank.
 *
 * @throws UnrolledError `ERR_UNROLLED_FORMAT` with line and column: a bracket that does not close or closes
 * nothing, a node without label or word, no tree, or text after the tree. `ERR_UNROLLED_ARGUMENT`: no text.
 */
declare function parseTree(text: string, options?: ParseTreeOptions): Tree;
/**
 * Reads all trees of a text, such as a file with one a line; none of an empty one. See {@link parseTree}.
 *
 * @throws UnrolledError as {@link parseTree} does.
 */
declare function parseTrees(text: string, options?: ParseTreeOptions): Tree[];

/** The leaves of a tree that is built: their number, or their words. */
type Leaves = number | readonly string[];
/**
 * A binary tree over n leaves whose halves are as large as each other, or the left larger by one leaf. Its
 * depth is ⌈log2 n⌉: 10 over 1,024 leaves. It has 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT`: no number from 1 to 2^23, or no list of so many words.
 */
declare function balancedTree(leaves: Leaves): Tree;
/**
 * The binary tree over n leaves that branches to the left, `(((a b) c) d)`: what a sequence is read as. Its
 * depth is n - 1. It has 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError as {@link balancedTree} does.
 */
declare function leftTree(leaves: Leaves): Tree;
/**
 * The binary tree over n leaves that branches to the right, `(a (b (c d)))`. Its depth is n - 1. It has
 * 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError as {@link balancedTree} does.
 */
declare function rightTree(leaves: Leaves): Tree;
/**
 * A binary tree over n leaves by chance, the same for the same seed: each node above s leaves has 1 to
 * s - 1 of them at its left, each number as likely. It has 2 n - 1 nodes, children before their parents.
 *
 * @throws UnrolledError as {@link balancedTree} does, and `ERR_UNROLLED_ARGUMENT` for a seed that is no whole
 * number from 0.
 */
declare function randomTree(leaves: Leaves, seed: number): Tree;
/**
 * A chain of n nodes, each the only child of the next: node i hangs on node i + 1, the last is the root. Its
 * depth is n - 1. Words are those of the nodes, one for each.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT`: no number from 1 to 2^24, or no list of so many words.
 */
declare function chainTree(nodes: Leaves): Tree;

/** Settings of the check of a tree. */
interface CheckTreeOptions {
    /** Takes several roots; `false` by default, where exactly one node is a root. */
    readonly forest?: boolean;
}
/**
 * Refuses what is no tree: every node but the root hangs on a node of the tree, and the way up from each
 * node ends at the root.
 *
 * @throws UnrolledError with the number of the node. `ERR_UNROLLED_VALUE`: a parent out of range (an
 * orphan), nodes that hang on each other (a cycle), a second root without `forest`, or no node at all.
 * `ERR_UNROLLED_ARGUMENT`: parents that are no list.
 */
declare function checkTree(tree: TreeShape, options?: CheckTreeOptions): void;
/**
 * Refuses rows of which one is no tree, as {@link checkTree} does; the error names the row too.
 *
 * @throws UnrolledError as {@link checkTree} does.
 */
declare function checkTrees(trees: readonly TreeShape[], options?: CheckTreeOptions): void;

/** The dependencies of a sentence: a node for each word, in the order of the sentence. */
interface DependencyTree extends Tree {
    /** By node: the universal part of speech (UPOS), such as `VERB`. */
    readonly labels: readonly (string | undefined)[];
    /** By node: the relation to the parent (DEPREL), such as `nsubj`. */
    readonly relations: readonly (string | undefined)[];
}
/**
 * Reads the sentences of a text in CoNLL-U: forms as words, HEAD as parents, UPOS as labels, DEPREL as
 * relations; `_` in the last two is nothing. Comments, ranges of several words (`3-4`) and empty nodes
 * (`5.1`) are passed over. A blank line ends a sentence.
 *
 * Nivre et al. (2020), Universal Dependencies v2; https://universaldependencies.org/format.html
 *
 * @throws UnrolledError `ERR_UNROLLED_FORMAT` with the line: other than ten fields, ids that do not count
 * up from 1, a head out of range, no root or a second one, or a cycle. `ERR_UNROLLED_ARGUMENT`: no text.
 */
declare function parseConllu(text: string): DependencyTree[];

/**
 * Draws a tree as text, a line for each node: its label and word, or its number where it has neither; of a
 * dependency tree the relation before.
 *
 * ```text
 * S
 * ├── NP
 * │   ├── DT the
 * │   └── NN cat
 * └── VP sat
 * ```
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does; `ERR_UNROLLED_SHAPE`: lists of another
 * length; `ERR_UNROLLED_SIZE`: a drawing of more than 2^24 characters.
 */
declare function drawTree(tree: Tree): string;

/** The regions of a grid: each the parent of those that it is cut into. */
interface GridTree extends Tree {
    /** By node: its cell of the grid, `row * columns + column`, for a leaf; -1 for a larger region. */
    readonly cells: Int32Array;
}
/**
 * The quadtree of a grid, such as an image of `rows` times `columns` patches: the whole is cut into four
 * quarters (upper left, upper right, lower left, lower right), and so on down to the cells. A side of odd
 * length has the larger half first; a region of one row or column is cut into two. Its depth is
 * ⌈log2 max(rows, columns)⌉. Children come before their parents, the root last.
 *
 * Finkel and Bentley (1974), Quad Trees.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT`: no whole numbers of at least 1. `ERR_UNROLLED_SIZE`: more
 * than 2^22 cells.
 */
declare function gridTree(rows: number, columns: number): GridTree;

/** A tree as nested arrays: a word, or the children of a node. */
type NestedTree = string | readonly NestedTree[];
/**
 * Makes a tree of nested arrays, such as `[['the', 'cat'], 'sat']`: each text is a leaf with that word, each
 * array a node above. Any depth is read. Children come before their parents, the root last.
 *
 * @throws UnrolledError with the place. `ERR_UNROLLED_VALUE`: an array of nothing, or one that holds itself.
 * `ERR_UNROLLED_ARGUMENT`: something else than texts and arrays. `ERR_UNROLLED_SIZE`: more than 2^24 nodes.
 */
declare function nestedTree(nested: NestedTree): Tree;
/**
 * Makes a tree of lists of children: `treeOfChildren([[], [], [0, 1]])` is a node 2 above the leaves 0 and
 * 1. Nodes keep their numbers, without labels and words; nodes that no list names are roots.
 *
 * @throws UnrolledError with the number of the node. `ERR_UNROLLED_VALUE`: a child that is no node or is
 * listed twice, children that do not rise (the children of a node stand in the order of their numbers), a
 * cycle, or no node at all. `ERR_UNROLLED_ARGUMENT`: no lists. `ERR_UNROLLED_SIZE`: more than 2^24 nodes.
 */
declare function treeOfChildren(children: readonly (readonly number[])[]): Tree;

/**
 * The edges on the longest way from a root down to a leaf: 0 for a single node, 10 for a balanced tree over
 * 1,024 leaves, n - 1 for a chain of n nodes.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does.
 */
declare function depthOf(tree: TreeShape): number;
/**
 * The nodes that no node hangs on, in rising order; of a tree from brackets, nested arrays or a builder
 * that is the order of the words.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does.
 */
declare function leavesOf(tree: TreeShape): number[];
/**
 * By node: its children in rising order, empty for a leaf.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does.
 */
declare function childrenOf(tree: TreeShape): number[][];

/**
 * Writes a tree in brackets, as {@link parseTree} reads it, a forest with a line for each root:
 * `(3 (2 The) (2 Rock))`. Brackets in words become `-LRB-` and `-RRB-`. A tree without any label is written
 * without: `((The cat) sat)`, to be read with `{ labels: false }`. Reading gives back an equal tree, its
 * nodes renumbered so that children come before their parents.
 *
 * @throws UnrolledError as {@link checkTree} with `forest` does, and `ERR_UNROLLED_VALUE` with the number of
 * a node that brackets cannot hold: a leaf without a word, a word above children, a blank or bracket in a
 * label or word, or a node without a label beside others that have one, where it would be read as another.
 * `ERR_UNROLLED_SHAPE`: lists of another length.
 */
declare function bracketsOf(tree: Tree): string;

export { Model, Result, Session, Stream, UnrolledError, abs, activation, adagrad, adam, adamw, add, affine, argmax, attention, balancedTree, beam, bidirectional, binaryCrossEntropy, bracketsOf, cell, chainTree, checkTree, checkTrees, childrenOf, choose, clockwork, concat, configure, constant, cosineDecay, crossEntropy, deepTransition, delayed, dense, depthOf, detach, divide, drawTree, dropout, elu, embedding, encoderDecoder, exp, exponentialDecay, fold, fromBytes, fromGraph, gelu, graph, gridTree, gru, gruCell, gumbelSoftmax, gumbelTree, hardSigmoid, huber, identity, last, lastStep, layerNorm, leaky, leakyRelu, leavesOf, leftTree, linear, linearDecay, load, log, lstm, lstmCell, matmul, max, maximum, mean, meanAbsolute, meanSquared, minimum, mix, multiply, nestedTree, oneHot, parameter, parseConllu, parseTree, parseTrees, poisson, pool, randomTree, relu, repeat, rightTree, rmsprop, rnn, rnnCell, root, sample, scan, sequential, sgd, shift, sigmoid, silu, slice, softmax, softmaxOverTime, softplus, sqrt, stacked, stepDecay, stepIndex, straightThrough, subtract, sum, sumOverTime, system, tanh, treeCell, treeLstm, treeOfChildren, treeOfMerges, treeRnn, version, where };
export type { Activation, ActivationName, ActivationOptions, AdagradOptions, AdamOptions, AffineOptions, Alignment, Along, AnyCell, AnyValues, Attended, Attention, AttentionOptions, AttentionScore, AverageOptions, AxisOptions, Batches, BeamOptions, BidirectionalOptions, BothStates, BothTraces, BytesOptions, Cell, CellOptions, CheckTreeOptions, CheckpointOptions, Children, ChooseOptions, ClipOptions, ClockworkGroup, ClockworkOptions, Contexts, CosineDecayOptions, CoverageAttention, Covered, CrossEntropyOptions, Data, DeepTransition, DeepTransitionOptions, DelayedOptions, DenseOptions, DependencyTree, DropoutOptions, EarlyStoppingOptions, EmbeddingOptions, EncoderDecoderOptions, EpochEvent, EpochRecord, ErrorCode, EvaluateOptions, Examples, ExponentialDecayOptions, ExposureGap, ExposureOptions, FixedOutputs, Fold, FoldOptions, Folded, ForeignTensor, ForeignTensors, ForestOptions, FreeRunOptions, GenerateFeed, GenerateOptions, GeneratedNumbers, GeneratedScores, GeneratedTokens, GradientOptions, Gradients, GraphContext, GraphJson, GridTree, GruCellOptions, GruOptions, GruState, GruStepOptions, GruTrace, GumbelSoftmaxOptions, GumbelTree, GumbelTreeOptions, History, HuberOptions, InitJson, Initializer, InputKind, Inputs, InstructionSet, ItemLosses, KindJson, Layer, LayerNormOptions, Leaked, Leaky, LeakyOptions, Leaves, LengthOptions, LinearDecayOptions, LinearOptions, LoadOptions, LogProbabilityOptions, Loss, LossLike, LossName, LossOptions, Losses, LstmCellOptions, LstmOptions, LstmState, LstmStepOptions, LstmTrace, MatchOptions, MatchedLayer, MatmulOptions, Memory, Merge, MergedTree, Metadata, Metric, MetricBatch, MetricLike, MetricTargets, ModelOptions, Nested, NestedTree, NodeJson, NodeSizes, Nodes, NumberSide, Numeric, OpJson, Optimizer, OptimizerName, OptimizerOptions, OutputSize, Outputs, Packed, Parameter, ParameterData, ParameterInitializer, ParameterJson, ParameterOptions, Parameters, ParityReport, ParseTreeOptions, Pooling, Position, Precision, PredictOptions, Prediction, Recurrence, RecurrentActivation, RecurrentCall, RecurrentLayer, RecurrentOptions, RecurrentStepOptions, Rename, RmspropOptions, RnnCellOptions, RnnOptions, RnnState, RnnStepOptions, RnnTrace, RowContext, RowOf, RowWeights, RowsStepFeed, RowsStepOf, RowsStepOutputs, Sample, SampleOptions, SaveOptions, Scan, ScanOptions, Schedule, Scores, Search, SearchLike, SearchName, Sequence, SequenceData, SequenceExamples, SequentialOptions, SgdOptions, Shift, ShiftOptions, Signal, Skip, SliceOptions, Stacked, StackedLayer, StackedLayers, StackedOptions, Start, State, StateData, StateSizes, States, Step, StepCell, StepDecayOptions, StepEvent, StepFeed, StepInput, StepOf, StepOptions, StepOutputs, StepWeights, StopOptions, StopReason, System, SystemSettings, Token, TokenData, TokenOptions, TokenSequence, TokenSide, TokenStateOptions, Tokens, TokensData, TrainEvent, TrainMemory, TrainOptions, Tree, TreeCell, TreeLstm, TreeLstmOptions, TreeRnn, TreeRnnOptions, TreeRow, TreeShape, TruncateOptions, Value, Values, Vector, VectorData, VectorOptions, Weights, WeightsSource, ZoneoutRates };
