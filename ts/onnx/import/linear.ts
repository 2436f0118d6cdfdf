/** Operators with learned weights that look at one step: products, convolutions of one place, normalization. */
import {
  add,
  affine,
  concat,
  layerNorm,
  linear,
  matmul,
  multiply,
  type Numeric,
  type Sequence,
  slice,
  sum,
  sumOverTime,
} from '../../index.js'
import { commonAxes, spread } from './broadcast.js'
import {
  type Call,
  floatOf,
  flowAt,
  inputAt,
  intOf,
  intsOf,
  type Operator,
  tensorAt,
} from './call.js'
import { NodeFault } from './fault.js'
import {
  type Axis,
  axisAt,
  describe,
  type Flow,
  featureDims,
  flow,
  isFeature,
  isTime,
  moved,
} from './held.js'
import { transposed } from './move.js'
import { countOf, plain, type Tensor } from './tensor.js'

/** The most groups of features that one node treats alike. */
const MOST_GROUPS = 256

/** Applies a layer to each group of so many neighbors among the features. */
export function each(value: Numeric, size: number, apply: (x: Numeric) => Numeric): Numeric {
  const count = value.size / size
  if (count === 1) return apply(value)
  if (count > MOST_GROUPS)
    throw new NodeFault(`at most ${MOST_GROUPS} groups of features`, String(count))
  const groups = Array.from({ length: count }, (_, i) =>
    apply(slice({ start: i * size, size })(value)),
  )
  return concat(...groups)
}

/** Applies a layer along one axis of features, wherever the axis stands; `size` features come out. */
export function along(x: Flow, at: number, size: number, apply: (x: Numeric) => Numeric): Flow {
  const axis = x.axes[at]
  if (!isFeature(axis)) throw new NodeFault(`features on axis ${at}`, describe(x))
  const order = [...x.axes.keys()].filter((i) => i !== at)
  const dims = featureDims(x.axes)
  const ahead = [...order, at]
  const turned = moved(x, transposed(dims, ahead)) as Flow
  const value = each(turned.value, axis, apply)
  const result = dims.map((dim, i) => (i === at ? size : dim))
  const back = transposed(
    ahead.map((i) => result[i] ?? 1),
    result.map((_, i) => ahead.indexOf(i)),
  )
  const axes = x.axes.map((it, i): Axis => (i === at ? size : it))
  return moved(flow(axes, value), back, axes) as Flow
}

/** The numbers of a matrix with its axes exchanged. */
function turnedOver(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j] ?? 0
  }
  return turned
}

/** A learned map of the file's weights, `[outputs, inputs]`, as a layer. */
function mapOf(
  call: Call,
  size: number,
  weight: Float32Array,
  bias?: ArrayLike<number>,
): (x: Numeric) => Numeric {
  const name = call.build.unique(call.node.name || call.op.toLowerCase())
  const layer = linear(size, { name, bias: bias !== undefined })
  call.build.match(call.node.name || name, {
    [`${name}.weight`]: weight,
    ...(bias !== undefined && { [`${name}.bias`]: bias }),
  })
  return layer
}

const matrixProduct: Operator = (call) => {
  const x = flowAt(call, 0)
  const other = inputAt(call, 1)
  if (other.kind === 'flow') return productOfTwo(x, other, call.build.looping)
  const weight = tensorAt(call, 1) as Tensor
  const [inner = 0, columns = 1] = weight.dims.slice(-2)
  const size = countOf(weight.dims, 2 ** 30)
  if (weight.dims.length < 2 || inner * columns !== size) {
    throw new NodeFault('one matrix as input 1', describe(other))
  }
  const layer = mapOf(call, columns, turnedOver(plain(weight), inner, columns))
  checkInner(x, inner)
  return along(x, x.axes.length - 1, columns, layer)
}

function checkInner(x: Flow, inner: number): void {
  if (x.axes.at(-1) !== inner)
    throw new NodeFault(`${inner} features on the last axis`, describe(x))
}

/** A product of two matrices that each row or step has of its own. */
function productOfTwo(a: Flow, b: Flow, looping: boolean): Flow {
  const [rows, inner] = a.axes.slice(-2)
  const [deep, columns] = b.axes.slice(-2)
  const ahead = commonAxes(a.axes.slice(0, -2), b.axes.slice(0, -2))
  // A row for each step of a time: one query and the keys, or one weight a step and the values.
  const apart = rows === 1 && !looping
  if (apart && isTime(columns) && inner === deep && isFeature(inner))
    return flow([...ahead, 1, columns], sum(multiply(a.value, b.value)))
  if (apart && isTime(inner) && isTime(deep) && inner.axis === deep.axis && isFeature(columns))
    return flow([...ahead, 1, columns], sumOverTime()(multiply(a.value, b.value) as Sequence))
  const fits = isFeature(rows) && isFeature(inner) && isFeature(deep) && isFeature(columns)
  if (!fits || inner !== deep || countOf(featureDims(ahead), 2 ** 30) !== 1) {
    throw new NodeFault('two matrices in each row or step', `${describe(a)} and ${describe(b)}`)
  }
  return flow([...ahead, rows, columns], matmul(a.value, b.value, { rows, inner, columns }))
}

const gemm: Operator = (call) => {
  const x = flowAt(call, 0)
  const weight = tensorAt(call, 1)
  if (intOf(call, 'transA', 0) !== 0 || weight?.dims.length !== 2 || x.axes.length !== 2) {
    throw new NodeFault('x W + b with a constant W', describe(x))
  }
  const [first = 0, second = 0] = weight.dims
  const transposed = intOf(call, 'transB', 0) !== 0
  const [inner, columns] = transposed ? [second, first] : [first, second]
  checkInner(x, inner)
  const alpha = floatOf(call, 'alpha', 1)
  const whole = transposed
    ? Float32Array.from(plain(weight))
    : turnedOver(plain(weight), inner, columns)
  const bias = call.inputs[2]
  const scaled = alpha === 1 ? whole : whole.map((value) => value * alpha)
  const own =
    bias?.kind === 'constant' &&
    bias.tensor.data.length === columns &&
    (bias.tensor.dims.at(-1) ?? 1) === columns
  const beta = floatOf(call, 'beta', 1)
  const values = own ? Float32Array.from(plain(bias.tensor), (value) => value * beta) : undefined
  const y = along(x, 1, columns, mapOf(call, columns, scaled, values))
  if (own || bias === undefined) return y
  const summand = affine(spread(call, bias, y.axes), { scale: beta })
  return flow(y.axes, add(y.value, summand))
}

/** A convolution whose kernel covers one place: a product with the channels. */
const convolution: Operator = (call) => {
  const x = flowAt(call, 0)
  const weight = tensorAt(call, 1)
  const [size = 0, channels = 0, ...kernel] = weight?.dims ?? []
  const ones = [...kernel, ...(intsOf(call, 'strides') ?? []), intOf(call, 'group', 1)]
  const still =
    ones.every((it) => it === 1) && (intsOf(call, 'pads') ?? []).every((pad) => pad === 0)
  if (weight === undefined || !still) {
    throw new NodeFault(
      'a kernel of one place, without strides, groups and padding',
      `[${kernel.join(', ')}]`,
    )
  }
  if (x.axes[1] !== channels) throw new NodeFault(`${channels} channels on axis 1`, describe(x))
  const bias = tensorAt(call, 2)
  const layer = mapOf(call, size, Float32Array.from(plain(weight)), bias && plain(bias))
  return along(x, 1, size, layer)
}

const normalization: Operator = (call) => {
  const x = flowAt(call, 0)
  const rank = x.axes.length
  const at = axisAt(rank, intOf(call, 'axis', -1))
  const size = x.axes.at(-1)
  if (at !== rank - 1 || !isFeature(size)) throw new NodeFault('the last axis alone', describe(x))
  const epsilon = floatOf(call, 'epsilon', 1e-5)
  const name = call.build.unique(call.node.name || 'layerNorm')
  const [gain, bias] = [tensorAt(call, 1), tensorAt(call, 2)]
  const numbers = (tensor: Tensor | undefined, otherwise: number): ArrayLike<number> =>
    tensor === undefined || tensor.data.length !== size
      ? new Float32Array(size).fill(tensor === undefined ? otherwise : Number(plain(tensor)[0]))
      : plain(tensor)
  call.build.match(call.node.name || name, {
    [`${name}.weight`]: numbers(gain, 1),
    [`${name}.bias`]: numbers(bias, 0),
  })
  return flow(x.axes, each(x.value, size, layerNorm({ epsilon, name })))
}

export const LINEAR: readonly (readonly [string, Operator])[] = [
  ['MatMul', matrixProduct],
  ['Gemm', gemm],
  ['Conv', convolution],
  ['LayerNormalization', normalization],
]
