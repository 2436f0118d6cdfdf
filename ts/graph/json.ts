/**
 * The graph as plain data: the only description of a model. The core checks and compiles the graph;
 * a saved file carries it.
 */
export interface GraphJson {
  readonly version: 1
  readonly parameters: readonly ParameterJson[]
  readonly nodes: readonly NodeJson[]
  readonly outputs: readonly OutputJson[]
}

/** A learned array: its name is PyTorch's, its shape row-major. */
export interface ParameterJson {
  readonly name: string
  readonly shape: readonly number[]
  readonly init: InitJson
}

/** The initial values of a parameter. */
export type InitJson =
  | 'zeros'
  | 'glorotUniform'
  | { readonly constant: { readonly value: number } }
  | { readonly blocks: { readonly values: readonly number[] } }
  | { readonly uniform: { readonly bound: number } }
  | { readonly normal: { readonly std: number } }
  | { readonly orthogonal: { readonly blocks: number } }

/** One operation; `inputs` are wires: `node`, or `node:port` for a node with several results. */
export interface NodeJson {
  readonly name: string
  readonly op: OpJson
  readonly inputs: readonly string[]
}

/** A named result: of the graph, or of a scan's body. */
export interface OutputJson {
  readonly name: string
  readonly from: string
}

/** The content of one row of an input. */
export type KindJson =
  | { readonly vector: { readonly size: number } }
  | { readonly sequence: { readonly size: number; readonly axis: string } }
  | { readonly tokens: { readonly vocabulary: number; readonly axis: string } }
  | { readonly token: { readonly vocabulary: number } }
  | { readonly forest: { readonly axis: string } }
  | { readonly alignment: { readonly axis: string | null; readonly memory: string } }

/** One step of a scan, or one node of a fold. */
export interface BodyJson {
  readonly nodes: readonly NodeJson[]
  readonly outputs: readonly OutputJson[]
}

/** The score of a key in an `attention` node. */
export type ScoreJson =
  | { readonly dot: { readonly scale: number } }
  | { readonly additive: { readonly weight: string; readonly coverage?: string } }

/** The functions that an `activation` node applies. */
export const ACTIVATIONS = [
  'tanh',
  'sigmoid',
  'relu',
  'softplus',
  'hardSigmoid',
  'silu',
  'gelu',
  'softmax',
] as const

/** The function of an `activation` node. */
export type ActivationJson = (typeof ACTIVATIONS)[number]

/** An axis of as many steps in every row. */
export interface StepsJson {
  readonly count: number
  readonly axis: string
}

/** The operations of the core. */
export type OpJson =
  | { readonly input: KindJson }
  | { readonly state: { readonly size: number } }
  | { readonly tokenState: { readonly vocabulary: number; readonly start: number } }
  | {
      readonly choose: {
        readonly by: 'argmax' | 'sample'
        readonly ratio: number
        readonly evaluation: 'free' | 'forced'
      }
    }
  | { readonly repeat: { readonly steps: StepsJson | null } }
  | { readonly embedding: { readonly weight: string; readonly padding: number | null } }
  | {
      readonly linear: {
        readonly weight: string
        readonly bias: string | null
        readonly rows: readonly [number, number] | null
      }
    }
  | {
      readonly scan: {
        readonly reverse: boolean
        readonly initial: readonly string[]
        readonly body: BodyJson
      }
    }
  | { readonly fold: { readonly body: BodyJson } }
  | 'sumOfChildren'
  | { readonly child: { readonly index: number } }
  | 'root'
  | 'last'
  | 'mean'
  | 'max'
  | 'sumOverTime'
  | 'softmaxOverTime'
  | 'argmax'
  | 'oneHot'
  | 'straightThrough'
  | 'gumbelNoise'
  | 'concat'
  | { readonly slice: { readonly start: number; readonly size: number } }
  | 'add'
  | 'multiply'
  | 'divide'
  | 'maximum'
  | 'minimum'
  | 'where'
  | 'sum'
  | {
      readonly matmul: {
        readonly rows: number
        readonly inner: number
        readonly columns: number
        readonly transpose: 'a' | 'b' | null
      }
    }
  | 'abs'
  | 'exp'
  | 'log'
  | 'sqrt'
  | { readonly elu: { readonly alpha: number } }
  | { readonly leakyRelu: { readonly slope: number } }
  | { readonly parameter: { readonly weight: string } }
  | { readonly constant: { readonly values: readonly number[] } }
  | 'detach'
  | { readonly affine: { readonly scale: number; readonly shift: number } }
  | { readonly activation: ActivationJson }
  | {
      readonly layerNorm: {
        readonly gain: string
        readonly bias: string
        readonly epsilon: number
      }
    }
  | { readonly dropout: { readonly rate: number; readonly fixed: boolean } }
  | { readonly shift: { readonly start?: number } }
  | { readonly attention: { readonly score: ScoreJson } }
  | {
      readonly gumbelTree: {
        readonly weight: string
        readonly bias: string | null
        readonly query: string
        readonly temperature: number
      }
    }
  | 'lstmGates'
  | 'gruGates'
