/** Functions of each number, as ONNX names them: for nodes, and for the gates of its recurrent operators. */
import {
  abs,
  activation,
  add,
  affine,
  constant,
  divide,
  hardSigmoid,
  maximum,
  minimum,
  multiply,
  type Numeric,
  relu,
  sigmoid,
  softplus,
  tanh,
  where,
} from '../../index.js'

/** A function of numbers; `alpha` and `beta` are those of the file, or the defaults of {@link FUNCTIONS}. */
export interface FunctionKind {
  readonly alpha?: number
  readonly beta?: number
  apply(x: Numeric, alpha: number, beta: number): Numeric
}

/** The functions that the gates of recurrent operators may have, by their names in lower case. */
export const FUNCTIONS: ReadonlyMap<string, FunctionKind> = new Map<string, FunctionKind>([
  ['tanh', { apply: tanh }],
  ['sigmoid', { apply: sigmoid }],
  ['relu', { apply: relu }],
  ['softplus', { apply: softplus }],
  ['softsign', { apply: (x) => divide(x, affine(abs(x), { shift: 1 })) }],
  ['affine', { alpha: 1, beta: 0, apply: (x, scale, shift) => affine(x, { scale, shift }) }],
  ['leakyrelu', { alpha: 0.01, apply: (x, slope) => activation('leakyRelu', { slope })(x) }],
  ['elu', { alpha: 1, apply: (x, alpha) => activation('elu', { alpha })(x) }],
  [
    'thresholdedrelu',
    { alpha: 1, apply: (x, alpha) => where(relu(affine(x, { shift: -alpha })), x, constant([0])) },
  ],
  [
    'scaledtanh',
    {
      alpha: 1,
      beta: 1,
      apply: (x, alpha, beta) => affine(tanh(affine(x, { scale: beta })), { scale: alpha }),
    },
  ],
  [
    'hardsigmoid',
    {
      alpha: 0.2,
      beta: 0.5,
      apply: (x, scale, shift) =>
        scale === Math.fround(1 / 6) && shift === 0.5
          ? hardSigmoid(x)
          : clipped(affine(x, { scale, shift }), 0, 1),
    },
  ],
])

/** The functions of nodes alone. */
export const MORE_FUNCTIONS: ReadonlyMap<string, FunctionKind> = new Map<string, FunctionKind>([
  ['HardSwish', { apply: (x) => multiply(x, hardSigmoid(x)) }],
  ['Mish', { apply: (x) => multiply(x, tanh(softplus(x))) }],
  [
    'Selu',
    {
      alpha: 1.6732632423543772,
      beta: 1.0507009873554805,
      apply: (x, alpha, gamma) => affine(activation('elu', { alpha })(x), { scale: gamma }),
    },
  ],
  [
    'Celu',
    {
      alpha: 1,
      apply: (x, alpha) =>
        affine(activation('elu')(affine(x, { scale: 1 / alpha })), { scale: alpha }),
    },
  ],
])

/** Bounds numbers from below and above; an infinite bound bounds nothing. */
export function clipped(x: Numeric, low: number, high: number): Numeric {
  const above = low > -3.4e38 ? maximum(x, constant([low])) : x
  return high < 3.4e38 ? minimum(above, constant([high])) : above
}

/** The approximation of GELU by a tanh. */
export function geluByTanh(x: Numeric): Numeric {
  const cubed = affine(multiply(x, x, x), { scale: 0.044715 })
  const inner = tanh(affine(add(x, cubed), { scale: Math.sqrt(2 / Math.PI) }))
  return multiply(affine(x, { scale: 0.5 }), affine(inner, { shift: 1 }))
}
