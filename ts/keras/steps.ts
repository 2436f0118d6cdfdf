import { activation, dense, dropout, layerNorm, type Numeric, type Value } from '../index.js'
import type { LayerSpec } from './architecture.js'
import { excess, fault, shown } from './fault.js'
import { functionOf } from './functions.js'
import { type Instance, joined, type Kind, ownName } from './kind.js'
import { turned } from './matrix.js'

/** A layer without steps of its own: its result has the steps of its inputs. */
export function stepwise(make: (spec: LayerSpec) => Instance): Kind {
  return { trace: (_, inputs) => [joined(inputs)], make }
}

/** A layer without weights. */
export function plain(
  conventions: readonly string[],
  apply: (...inputs: Numeric[]) => Value,
): Instance {
  return {
    conventions,
    apply: (inputs) => [apply(...(inputs as Numeric[]))],
    weights: () => [],
  }
}

export function numeric({ where }: LayerSpec, inputs: readonly Value[]): Numeric {
  const [x] = inputs
  if (x?.kind === 'vector' || x?.kind === 'sequence') return x
  throw fault(where, 'numbers', x === undefined ? 'nothing' : `${x.kind}`)
}

function makeDense(spec: LayerSpec): Instance {
  const { config, version } = spec
  const units = config.count('units')
  const bias = config.flag('use_bias', true)
  const after = functionOf(config, 'activation', version)
  const name = ownName(spec)
  const own = after.own !== undefined
  const layer = dense({ size: units, bias, name, ...(own && { activation: after.own }) })
  let inputs = 0
  return {
    conventions: ['kernel transposed', ...(after.note === undefined ? [] : [after.note])],
    apply(values) {
      const x = numeric(spec, values)
      inputs = x.size
      const y: Numeric = layer(x)
      return [own ? y : after.apply(y)]
    },
    weights: () => [
      {
        place: '',
        tensors: [
          { leaf: 'kernel', shape: [inputs, units] },
          ...(bias ? [{ leaf: 'bias', shape: [units] }] : []),
        ],
        convert: ([kernel = EMPTY, offset = EMPTY]) => [
          [`${name}.weight`, turned(kernel, inputs, units, [0])],
          ...(bias ? [[`${name}.bias`, offset] as const] : []),
        ],
      },
    ],
  }
}

const EMPTY = new Float32Array(0)

/** The most numbers that a normalization without weights has: no bytes of the file stand for them. */
const MOST_FREE = 2 ** 20

function makeNorm(spec: LayerSpec): Instance {
  const { config, where } = spec
  const axis = config.get('axis') ?? -1
  const [last, ...more] = Array.isArray(axis) ? (axis as readonly unknown[]) : [axis]
  if (config.flag('rms_scaling')) throw fault(`${where} rms_scaling`, 'false', 'true')
  const [center, scale] = [config.flag('center', true), config.flag('scale', true)]
  const name = ownName(spec)
  const layer = layerNorm({ epsilon: config.number('epsilon', 1e-3), name })
  let size = 0
  return {
    conventions: ['gamma -> weight, beta -> bias'],
    apply(inputs) {
      const x = numeric(spec, inputs)
      size = x.size
      checkLast(`${where} axis`, x, more.length === 0 ? last : axis)
      if (!center && !scale && size > MOST_FREE) {
        throw excess(where, `at most ${MOST_FREE} numbers`, `${size}`)
      }
      return [layer(x)]
    },
    weights: () => [
      {
        place: '',
        tensors: [
          ...(scale ? [{ leaf: 'gamma', shape: [size] }] : []),
          ...(center ? [{ leaf: 'beta', shape: [size] }] : []),
        ],
        convert: (values) => [
          [`${name}.weight`, (scale ? values[0] : undefined) ?? new Float32Array(size).fill(1)],
          [`${name}.bias`, (center ? values[scale ? 1 : 0] : undefined) ?? new Float32Array(size)],
        ],
      },
    ],
  }
}

/** Refuses an axis other than that of the numbers of a step. */
export function checkLast(where: string, x: Numeric, axis: unknown): void {
  const last = x.kind === 'sequence' ? 2 : 1
  if (axis === -1 || axis === last) return
  throw fault(where, `-1 or ${last}, the numbers of a step`, shown(axis))
}

function makeDropout(spec: LayerSpec): Instance {
  const { config, className } = spec
  const noise: unknown = config.get('noise_shape')
  const fixed = className === 'SpatialDropout1D' || (Array.isArray(noise) && noise[1] === 1)
  if (noise !== undefined && !fixed) {
    throw fault(`${spec.where} noise_shape`, 'none, or 1 for time', shown(noise))
  }
  const rate = config.number('rate')
  if (rate === 0) return plain([], (x) => x)
  const layer = dropout({ rate, fixed, name: ownName(spec) })
  return plain([fixed ? 'one mask for all steps of a row' : 'one mask a step'], (x) => layer(x))
}

function makeActivation(spec: LayerSpec, key = 'activation'): Instance {
  const made = functionOf(spec.config, key, spec.version)
  return plain(made.note === undefined ? [] : [made.note], (x) => made.apply(x))
}

function makeRelu({ config, where }: LayerSpec): Instance {
  for (const key of ['max_value', 'threshold']) {
    if ((config.get(key) ?? 0) !== 0) throw fault(`${where} ${key}`, 'none', shown(config.get(key)))
  }
  const slope = config.number('negative_slope', 0)
  const layer = slope === 0 ? activation('relu') : activation('leakyRelu', { slope })
  return plain([], (x) => layer(x))
}

function makeLeaky({ config }: LayerSpec): Instance {
  const slope = config.number('negative_slope', config.number('alpha', 0.3))
  const layer = activation('leakyRelu', { slope })
  return plain([], (x) => layer(x))
}

function makeElu({ config }: LayerSpec): Instance {
  const layer = activation('elu', { alpha: config.number('alpha', 1) })
  return plain([], (x) => layer(x))
}

function makeSoftmax(spec: LayerSpec): Instance {
  const layer = activation('softmax')
  return plain([], (x) => {
    checkLast(`${spec.where} axis`, x, spec.config.get('axis') ?? -1)
    return layer(x)
  })
}

const masking = stepwise(() =>
  plain(
    [
      'mask -> the lengths of the rows: padding is left out, and masked steps inside a row cannot be said',
    ],
    (x) => x,
  ),
)

/** Layers that see one step at a time. */
export const STEPS: readonly (readonly [string, Kind])[] = [
  ['Dense', stepwise(makeDense)],
  ['Activation', stepwise(makeActivation)],
  ['ReLU', stepwise(makeRelu)],
  ['LeakyReLU', stepwise(makeLeaky)],
  ['ELU', stepwise(makeElu)],
  ['Softmax', stepwise(makeSoftmax)],
  ['LayerNormalization', stepwise(makeNorm)],
  ['Dropout', stepwise(makeDropout)],
  ['SpatialDropout1D', stepwise(makeDropout)],
  ['Masking', masking],
]

export const INNER: ReadonlyMap<string, Kind> = new Map(STEPS)
