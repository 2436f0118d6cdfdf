/** Normalization with fixed moments, as a map of each feature: `y = x w + b`, with `w = γ / √(σ² + ε)` and `b = β - μ w`. */
import { add, multiply, type Numeric, parameter } from '../../index.js'
import { floatOf, flowAt, intOf, numbersAt, type Operator } from './call.js'
import { NodeFault } from './fault.js'
import { describe, isFeature } from './held.js'
import { along } from './linear.js'

const batchNormalization: Operator = (call) => {
  const x = flowAt(call, 0)
  const training = intOf(call, 'training_mode', 0) !== 0
  if (training || call.node.output.filter((name) => name !== '').length > 1)
    throw new NodeFault('fixed means and variances, as model.eval() exports', 'those of a batch')
  const size = x.axes[1]
  if (intOf(call, 'spatial', 1) !== 1 || !isFeature(size))
    throw new NodeFault('a mean and variance for each feature, on axis 1', describe(x))
  const [gain, bias, mean, variance] = [1, 2, 3, 4].map((i) => numbersAt(call, i) ?? [])
  if ([gain, bias, mean, variance].some((numbers) => numbers?.length !== size))
    throw new NodeFault(`${size} gains, shifts, means and variances`, describe(x))
  const epsilon = floatOf(call, 'epsilon', 1e-5)
  const at = (numbers: ArrayLike<number> | undefined, i: number): number => numbers?.[i] ?? 0
  const weights = Array.from(
    { length: size },
    (_, i) => at(gain, i) / Math.sqrt(at(variance, i) + epsilon),
  )
  const name = call.build.unique(call.node.name || 'batchNorm')
  call.build.match(
    call.node.name || name,
    {
      [`${name}.weight`]: weights,
      [`${name}.bias`]: weights.map((weight, i) => at(bias, i) - at(mean, i) * weight),
    },
    ['mean and variance -> in weight and bias'],
  )
  const [w, b] = ['weight', 'bias'].map((own) => parameter(size, { name: `${name}.${own}` }))
  return along(x, 1, size, (part) => add(multiply(part, w as Numeric), b as Numeric))
}

export const NORMALIZATIONS: readonly (readonly [string, Operator])[] = [
  ['BatchNormalization', batchNormalization],
]
