import { isFunction, isObject } from '../brand.js'
import { mismatch } from '../errors.js'
import { Declaration } from '../graph/declaration.js'
import type { GraphJson } from '../graph/json.js'
import { finish, type Outputs } from '../graph/outputs.js'
import { Scope } from '../graph/scope.js'
import { buildIn } from '../graph/step.js'
import type { AnyValues } from '../graph/value.js'
import { Model } from '../model/model.js'
import { openModel } from '../native/open.js'
import { checkOptions } from '../options.js'
import { declareInput, type InputKind, type Inputs, type InputValues, inputsOf } from './inputs.js'
import { checkModel, type ModelOptions } from './sequential.js'

/** The argument of a declaration. */
export interface GraphContext {
  readonly input: Inputs
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
export function graph<O extends Outputs>(
  declare: (context: GraphContext) => O,
  options?: ModelOptions,
): Model<AnyValues, O>
export function graph<const I extends Readonly<Record<string, InputKind>>, O extends Outputs>(
  inputs: I,
  declare: (inputs: InputValues<I>) => O,
  options?: ModelOptions,
): Model<InputValues<I>, O>
export function graph(
  ...given:
    | readonly [declare: Declare<GraphContext>, options?: ModelOptions]
    | readonly [inputs: object, declare: Declare<never>, options?: ModelOptions]
): Model {
  const [declare, options = {}] = hasInputs(given)
    ? [withInputs(given[0], given[1]), given[2]]
    : given
  const { seed, precision } = checkModel('graph', options)
  return new Model(openModel(graphOf(declare), seed, precision))
}

type Declare<X> = (x: X) => Outputs

function hasInputs(
  given: readonly unknown[],
): given is readonly [object, Declare<never>, ModelOptions?] {
  return isObject(given[0])
}

/** Gives the graph of {@link graph} as data. */
export function graphOf(declare: (context: GraphContext, scope: Scope) => Outputs): GraphJson {
  if (!isFunction(declare)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'graph', 'a function', declare)
  }
  const declaration = new Declaration()
  const scope = new Scope(declaration)
  const outputs = buildIn(scope, () => declare({ input: inputsOf(scope) }, scope))
  return finish(declaration, scope, outputs)
}

/** Makes a declaration with inputs of its own of one with given inputs. */
function withInputs(inputs: object, declare: Declare<never>) {
  checkOptions('graph inputs', inputs, Object.keys(inputs), 'input')
  if (!isFunction(declare)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'graph', 'inputs and a function', declare)
  }
  const kinds = Object.entries(inputs)
  return (_: GraphContext, scope: Scope): Outputs => {
    const values = kinds.map(([name, kind]) => [name, declareInput(scope, name, kind)])
    return declare(Object.fromEntries(values) as never)
  }
}
