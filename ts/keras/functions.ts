import {
  type ActivationName,
  abs,
  activation,
  affine,
  divide,
  exp,
  hardSigmoid,
  multiply,
  type Numeric,
  softplus,
  tanh,
} from '../index.js'
import { fault, shown } from './fault.js'
import type { Fields } from './fields.js'

/** A function of each number, as the file names it. */
export interface NumberFunction {
  /** The same function of a layer here; nothing for one that is composed. */
  readonly own?: ActivationName
  readonly note?: string
  apply<X extends Numeric>(x: X): X
}

/** The version of Keras that wrote a file: functions of one name differ. */
export type Version = 2 | 3

const SELU = { scale: 1.05070098735548, alpha: 1.67326324235438 }

function named(own: ActivationName): NumberFunction {
  const layer = activation(own)
  return { own, apply: <X extends Numeric>(x: X) => layer(x) as Numeric as X }
}

function composed(apply: (x: Numeric) => Numeric, note?: string): NumberFunction {
  return {
    ...(note !== undefined && { note }),
    apply: <X extends Numeric>(x: X) => apply(x) as X,
  }
}

const SHARED: ReadonlyMap<string, () => NumberFunction> = new Map([
  ['linear', () => named('identity')],
  ['relu', () => named('relu')],
  ['sigmoid', () => named('sigmoid')],
  ['tanh', () => named('tanh')],
  ['softmax', () => named('softmax')],
  ['softplus', () => named('softplus')],
  ['silu', () => named('silu')],
  ['swish', () => named('silu')],
  ['gelu', () => named('gelu')],
  ['elu', () => named('elu')],
  ['exponential', () => composed(exp)],
  ['softsign', () => composed((x) => divide(x, affine(abs(x), { shift: 1 })))],
  ['selu', () => composed((x) => affine(elu(x), { scale: SELU.scale }))],
  ['mish', () => composed((x) => multiply(x, tanh(softplus(x))))],
  ['leaky_relu', () => composed(activation('leakyRelu', { slope: 0.2 }))],
])

const elu = activation('elu', { alpha: SELU.alpha })

const OWN: Readonly<Record<Version, ReadonlyMap<string, () => NumberFunction>>> = {
  2: new Map([
    [
      'hard_sigmoid',
      () => composed((x) => hardSigmoid(affine(x, { scale: 1.2 })), 'hard_sigmoid 0.2 x + 0.5'),
    ],
  ]),
  3: new Map([
    ['hard_sigmoid', () => ({ ...named('hardSigmoid'), note: 'hard_sigmoid x / 6 + 0.5' })],
    ['hard_silu', () => composed((x) => multiply(x, hardSigmoid(x)))],
  ]),
}

/** Finds a function by its name in the file; the identity where the file has none. */
export function functionOf(config: Fields, key: string, version: Version): NumberFunction {
  const where = `${config.where} ${key}`
  const name = nameOf(config.get(key)) ?? shown(config.get(key))
  const found = OWN[version].get(name) ?? SHARED.get(name)
  if (found !== undefined) return found()
  const known = [...SHARED.keys(), ...OWN[version].keys()].join(', ')
  throw fault(where, `one of ${known}`, name)
}

/** Gives the name of a function: text, or `{ class_name: 'function', config: name }`. */
function nameOf(value: unknown): string | undefined {
  if (value === undefined) return 'linear'
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return undefined
  const read = (key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value
  const config = read('config')
  if (typeof config === 'string') return config
  const name = read('class_name')
  return typeof name === 'string' ? `an object of ${name}` : undefined
}
