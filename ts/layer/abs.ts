import { layer } from '../graph/layer.js'
import type { Activation } from './activation.js'

/** `y = |x|`; the slope at 0 is 0. */
export const abs: Activation = layer({
  kind: 'abs',
  accepts: ['vector', 'sequence'],
  build: ({ scope }, x) => scope.value(x, scope.node('abs', 'abs', [x])),
})
