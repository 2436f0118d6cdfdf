import type { Scope } from '../graph/scope.js'
import type { Vector } from '../graph/value.js'
import { likeFirst } from './gates.js'
import type { CellParameters, MoreParameter } from './kind.js'

/** PyTorch's and {@link layerNorm}'s. */
const EPSILON = 1e-5

/** The parameters of the normalization of `size` numbers: gain 1 and bias 0. */
export function normParameters(name: string, size: number): Record<string, MoreParameter> {
  return {
    ...gainParameter(name, size),
    [`bias${name}`]: { shape: [size], init: 'zeros', fixed: true },
  }
}

/** The gain of a normalization whose bias is another parameter. */
export function gainParameter(name: string, size: number): Record<string, MoreParameter> {
  return { [`gain${name}`]: { shape: [size], init: { constant: { value: 1 } }, fixed: true } }
}

/** Adds a normalization by the parameters `gain{name}` and `bias{name}`, or another bias. */
export function normalized(
  body: Scope,
  label: string,
  x: Vector,
  { more }: CellParameters,
  name: string,
  bias = more.get(`bias${name}`) ?? '',
): Vector {
  const gain = more.get(`gain${name}`) ?? ''
  return likeFirst(body, label, { layerNorm: { gain, bias, epsilon: EPSILON } }, [x])
}
