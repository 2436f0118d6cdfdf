import type { Operator } from './call.js'
import { CHOICES } from './choose.js'
import { COMPARED } from './compare.js'
import { ELEMENTWISE } from './elementwise.js'
import { ERF } from './erf.js'
import { LAYOUT } from './layout.js'
import { LENGTHS } from './lengths.js'
import { LINEAR } from './linear.js'
import { LOOPS } from './loop.js'
import { NORMALIZATIONS } from './normalize.js'
import { ORDERS } from './order.js'
import { PIECES } from './pieces.js'
import { RECURRENT } from './recurrent.js'
import { REDUCTIONS } from './reduce.js'
import { SHAPES } from './shapes.js'

/** All operators that the import knows, by the names of ONNX. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...LAYOUT,
  ...PIECES,
  ...SHAPES,
  ...ELEMENTWISE,
  ...COMPARED,
  ...LENGTHS,
  ...CHOICES,
  ...ERF,
  ...LINEAR,
  ...NORMALIZATIONS,
  ...ORDERS,
  ...REDUCTIONS,
  ...RECURRENT,
  ...LOOPS,
])
