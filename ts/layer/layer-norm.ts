import { type Layer, layer, type Same } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Numeric } from '../graph/value.js'
import { checkOptions, checkPositive } from '../options.js'

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number
  /** Names the layer and its parameters; `layerNorm` by default. */
  readonly name?: string
}

export const LAYER_NORM_OPTIONS = [
  'epsilon',
  'name',
] as const satisfies readonly (keyof LayerNormOptions)[]

/**
 * Normalizes the numbers of each step: `y = weight (x - mean) / √(variance + epsilon) + bias`.
 *
 * Keeps kind and size. Parameters `weight` (ones) and `bias` (zeros), both `[F]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function layerNorm(options: LayerNormOptions = {}): Layer<Numeric, Same> {
  checkOptions('layerNorm', options, LAYER_NORM_OPTIONS)
  const epsilon = checkPositive(
    `${nameOf('layerNorm', options.name)} epsilon`,
    options.epsilon ?? 1e-5,
  )
  return layer({
    kind: 'layerNorm',
    name: options.name,
    accepts: ['vector', 'sequence'],
    build(site, x) {
      const gain = site.parameter('weight', [x.size], { constant: { value: 1 } })
      const bias = site.parameter('bias', [x.size], 'zeros')
      const wire = site.scope.node(site.label, { layerNorm: { gain, bias, epsilon } }, [x])
      return site.scope.value(x, wire)
    },
  })
}
