import { isRecord } from '../brand.js'
import { mismatch, UnrolledError } from '../errors.js'
import type { GraphJson } from '../graph/json.js'
import { Model } from '../model/model.js'
import type { ParameterData } from '../model/parameters.js'
import { openModel } from '../native/open.js'
import { checkModel, type ModelOptions } from './sequential.js'

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
export function fromGraph<M extends Pick<Model, 'graph'> = Model>(
  graph: GraphJson,
  parameters: ParameterData = {},
  options: ModelOptions = {},
): M {
  if (!isRecord(graph)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fromGraph', 'a graph as plain data', graph)
  }
  const { seed, precision } = checkModel('fromGraph', options)
  const model = new Model(openModel(plain(graph), seed, precision))
  model.setParameters(parameters)
  return model as Pick<Model, 'graph'> as M
}

/** Copies a graph as JSON: its getters run once, and a circle or what else JSON cannot say is found here. */
function plain(graph: GraphJson): GraphJson {
  try {
    return JSON.parse(JSON.stringify(graph))
  } catch (cause) {
    const message = 'fromGraph: expected a graph as plain data, received what JSON cannot say'
    throw new UnrolledError('ERR_UNROLLED_ARGUMENT', message, { cause })
  }
}
