import { isFunction, isList, isObject } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { Declaration } from '../graph/declaration.js'
import type { GraphJson } from '../graph/json.js'
import { firstOf } from '../graph/layer.js'
import { finish } from '../graph/outputs.js'
import { Scope } from '../graph/scope.js'
import { buildIn } from '../graph/step.js'
import type { Numeric, Sequence, Tokens, Value } from '../graph/value.js'
import { Model } from '../model/model.js'
import { openModel } from '../native/open.js'
import { checkCount, checkOptions } from '../options.js'
import { checkPrecision, type Precision } from '../precision.js'
import type { AtLeastOne, CheckSequential, SequentialInputs, SequentialOutput } from './chain.js'
import { declareInput, type InputKind } from './inputs.js'

/** Options of {@link sequential} and {@link graph}. */
export interface ModelOptions {
  /** Seed of the first weights; 0 by default. */
  readonly seed?: number
  /** Rounds the operands of matrix products; `'f32'`, no rounding, by default. */
  readonly precision?: Precision
}

/** Options of {@link sequential}. */
export interface SequentialOptions<K extends InputKind | undefined = InputKind | undefined>
  extends ModelOptions {
  /**
   * The kind of the input, where the first layer does not fix it, such as a `scan`: a sequence,
   * `{ sequence: { size: 2 } }`, a vector, `{ vector: { size: 3 } }`, or one id a row,
   * `{ token: { vocabularySize: 9 } }`. The input is then named `input`, of ids `tokens` or
   * `token`.
   */
  readonly input?: K
}

export const MODEL_OPTIONS = [
  'seed',
  'precision',
] as const satisfies readonly (keyof ModelOptions)[]

export const SEQUENTIAL_OPTIONS = [
  ...MODEL_OPTIONS,
  'input',
] as const satisfies readonly (keyof SequentialOptions)[]

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
export function sequential<
  const L extends readonly unknown[] & CheckSequential<L, K>,
  const K extends InputKind | undefined = undefined,
>(
  layers: L & AtLeastOne<L>,
  options: SequentialOptions<K> = {},
): Model<SequentialInputs<L, K>, { readonly output: SequentialOutput<L, K> }> {
  checkLayers(layers)
  checkOptions('sequential', options, SEQUENTIAL_OPTIONS)
  const { input, ...rest } = options
  const { seed, precision } = checkModel('sequential', rest)
  return new Model(openModel(sequentialGraph(layers, input), seed, precision))
}

/** Gives the graph of {@link sequential} as data. */
export function sequentialGraph(layers: unknown, input?: InputKind): GraphJson {
  checkLayers(layers)
  const declaration = new Declaration()
  const scope = new Scope(declaration)
  const begin = input === undefined ? firstValue(scope, layers[0]) : given(scope, input)
  const output = buildIn(scope, () =>
    layers.reduce<unknown>((value, layer, index) => onward(index, layer, value), begin),
  )
  return finish(declaration, scope, { output: output as Numeric })
}

/** Checks a model's options and fills in the defaults. */
export function checkModel(where: string, options: ModelOptions): Required<ModelOptions> {
  checkOptions(where, options, MODEL_OPTIONS)
  const seed = checkCount(`${where} seed`, options.seed ?? 0, 0)
  return { seed, precision: checkPrecision(where, options.precision) }
}

/** Declares the input that the options give. */
function given(scope: Scope, input: InputKind): Value {
  const name = Object.keys(input).find((kind) => kind === 'tokens' || kind === 'token')
  return declareInput(scope, name ?? 'input', input)
}

/** Declares the input that the first layer asks for. */
function firstValue(scope: Scope, layer: object): Value {
  const first = firstOf(layer)
  if (first === undefined) {
    const expected = 'inputSize (of an embedding: vocabularySize)'
    const advice =
      'the first layer fixes the input, or the option `input` does: { input: { sequence: { size: 2 } } }'
    const received = new Described('none')
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'sequential layer 0', expected, received, advice)
  }
  if ('tokens' in first) {
    const { vocabulary: vocabularySize, axis } = first.tokens
    const wire = scope.input('tokens', first)
    return scope.value<Tokens>({ kind: 'tokens', vocabularySize, axis }, wire)
  }
  if ('sequence' in first) {
    const wire = scope.input('input', first)
    return scope.value<Sequence>({ kind: 'sequence', ...first.sequence }, wire)
  }
  throw mismatch('ERR_UNROLLED_INTERNAL', 'sequential', 'tokens or a sequence', first)
}

/** A layer, as far as a chain is concerned. */
type Apply = (x: unknown) => unknown

function checkLayers(layers: unknown): asserts layers is [Apply, ...Apply[]] {
  if (!isList(layers) || layers.length === 0) {
    const advice = typeof layers === 'function' ? 'in brackets: sequential([a, b])' : undefined
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'sequential', 'an array of layers', layers, advice)
  }
  for (const [index, layer] of layers.entries()) {
    if (!isFunction(layer)) {
      throw mismatch('ERR_UNROLLED_ARGUMENT', `sequential layer ${index}`, 'a layer', layer)
    }
  }
}

/** Applies a layer; of a recurrent layer's result its output goes on. */
function onward(index: number, layer: Apply, value: unknown): unknown {
  const result = layer(value)
  if (typeof result === 'function') {
    const received = new Described(`the function ${layer.name}, which makes one`)
    const advice = `call it: ${layer.name}()`
    const where = `sequential layer ${index}`
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a layer', received, advice)
  }
  return isObject(result) && 'output' in result ? result.output : result
}
