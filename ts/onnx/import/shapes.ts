/** Operators that ask for shapes, and those that make constants. */
import { DataType } from '../messages.js'
import {
  type Call,
  floatOf,
  floatsOf,
  hasAttribute,
  inputAt,
  intOf,
  intsOf,
  numbersAt,
  type Operator,
  tensorAt,
  tensorIn,
} from './call.js'
import { notOf, truthOf } from './compare.js'
import { NodeFault } from './fault.js'
import { axesOf, constantOf, describe, productOf, sizeOf } from './held.js'
import { placesOf } from './lengths.js'
import { countOf, type Item, listOf, plain, type Tensor } from './tensor.js'

const shapeOf: Operator = (call) => {
  const sizes = axesOf(inputAt(call, 0)).map(sizeOf)
  const end = hasAttribute(call, 'end') ? intOf(call, 'end', 0) : sizes.length
  return constantOf(listOf(sizes.slice(intOf(call, 'start', 0), end)))
}

const sizeOfAll: Operator = (call) =>
  constantOf({ dims: [], data: [productOf(axesOf(inputAt(call, 0)))], float: false })

const constant: Operator = (call) => {
  const tensor = tensorIn(call, 'value') ?? numbersIn(call)
  const [name = ''] = call.node.output
  return { kind: 'constant', tensor, name }
}

function numbersIn(call: Call): Tensor {
  const floats = floatsOf(call, 'value_floats')
  const ints = intsOf(call, 'value_ints')
  if (floats !== undefined) return { ...listOf(floats), float: true }
  if (ints !== undefined) return listOf(ints)
  const float = hasAttribute(call, 'value_float')
  if (!float && !hasAttribute(call, 'value_int'))
    throw new NodeFault('numbers', 'a constant of another kind')
  return {
    dims: [],
    data: [float ? floatOf(call, 'value_float', 0) : intOf(call, 'value_int', 0)],
    float,
  }
}

const constantOfShape: Operator = (call) => {
  const fill = tensorIn(call, 'value') ?? { dims: [1], data: [0], float: true }
  const dims = Array.from(tensorAt(call, 0)?.data ?? [], (item) =>
    typeof item === 'number' ? item : 1,
  )
  const count = countOf(dims)
  return constantOf({
    dims,
    data: new Array<Item>(count).fill(fill.data[0] ?? 0),
    float: fill.float,
  })
}

const range: Operator = (call) => {
  const places = placesOf(numbersAt(call, 0)?.[0], inputAt(call, 1), numbersAt(call, 2)?.[0])
  if (places !== undefined) return places
  const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((i) => numbersAt(call, i)?.[0])
  const count = Math.max(0, Math.ceil((limit - start) / delta))
  countOf([count])
  return constantOf(listOf(Array.from({ length: count }, (_, i) => start + i * delta)))
}

/** The types of numbers that need not be whole. */
const FLOATS: readonly number[] = [
  DataType.FLOAT,
  DataType.FLOAT16,
  DataType.DOUBLE,
  DataType.BFLOAT16,
]

const cast: Operator = (call) => {
  const held = inputAt(call, 0)
  const to = intOf(call, 'to', 1)
  const float = FLOATS.includes(to)
  if (held.kind === 'flow' && to === DataType.BOOL) return truthOf(held)
  if (held.kind === 'flow' && !float && !held.truth) {
    const expected = 'numbers that need not be whole, or the truth of comparisons'
    throw new NodeFault(expected, `${describe(held)} that become whole`)
  }
  if (held.kind !== 'constant') return held
  if (to === DataType.BOOL) return notOf(notOf(held))
  if (float || !held.tensor.float) return { ...held, tensor: { ...held.tensor, float } }
  return constantOf({ ...held.tensor, float, data: Array.from(plain(held.tensor), Math.trunc) })
}

export const SHAPES: readonly (readonly [string, Operator])[] = [
  ['Cast', cast],
  ['Shape', shapeOf],
  ['Size', sizeOfAll],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Range', range],
]
